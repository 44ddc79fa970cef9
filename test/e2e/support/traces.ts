import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkout } from './simulators.ts';

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesUnder(path);
    return entry.isFile() ? [path] : [];
  });
}

/** The full numbers of all cards that can be tapped. */
function cardNumbers(): string[] {
  const texts = filesUnder(join(checkout, 'simulators/card/cards')).map((path) => readFileSync(path, 'utf8'));
  const numbers = texts.flatMap((text) => [...text.matchAll(/"pan": "(\d{12,19})"/g)].map((match) => match[1] ?? ''));
  if (numbers.length === 0) throw new Error('The cards of the simulator have no numbers.');
  return numbers;
}

/** The ways in which a number may lie in a file: as text, with spaces, packed two digits a byte. */
function forms(pan: string): Buffer[] {
  const even = pan.length % 2 === 0 ? pan : `${pan}F`;
  return [Buffer.from(pan), Buffer.from(pan.replace(/(.{4})(?=.)/g, '$1 ')), Buffer.from(even, 'hex')];
}

/** Where below `folder` a full card number was written: "file: last four digits"; empty in good order. */
export function cardNumbersIn(folder: string): string[] {
  const numbers = cardNumbers();
  return filesUnder(folder).flatMap((path) => {
    const bytes = readFileSync(path);
    return numbers
      .filter((pan) => forms(pan).some((form) => bytes.includes(form)))
      .map((pan) => `${path}: ${pan.slice(-4)}`);
  });
}
