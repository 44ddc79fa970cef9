import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkout } from './simulators.ts';

/** The full numbers of all cards that can be tapped. */
function cardNumbers(): string[] {
  const folder = join(checkout, 'simulators/card/cards');
  return readdirSync(folder).flatMap((name) => {
    const { pan } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as { pan?: string };
    return pan === undefined ? [] : [pan];
  });
}

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesUnder(path);
    return entry.isFile() ? [path] : [];
  });
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
