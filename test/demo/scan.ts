import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { panOf, readDefinitions } from '../../simulators/card/definition.ts';

const deck = join(import.meta.dirname, '../../simulators/card/cards');

/** The full numbers of these cards of the simulated deck, NAME, NAME#N or torn-at-N. */
export async function cardNumbers(cards: readonly string[]): Promise<string[]> {
  const definitions = await readDefinitions(deck);
  const numbers = cards.flatMap((id) => {
    const [name, index] = id.startsWith('torn-at-') ? ['torn', '0'] : id.split('#');
    const card = definitions.find((one) => one.id === name);
    return card?.kind === 'emv' ? [panOf(card.pan, Number(index ?? 0))] : [];
  });
  return [...new Set(numbers)];
}

/** A number as text, as text of two bytes a character, and packed two digits a byte as cards and messages carry it. */
function formsOf(number: string): Buffer[] {
  const packed = Buffer.from(number.length % 2 === 0 ? number : `${number}F`, 'hex');
  return [Buffer.from(number, 'latin1'), Buffer.from(number, 'utf16le'), packed];
}

/** Files under `folder`, those below the folders of `except` left out. */
function filesOf(folder: string, except: readonly string[]): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (except.includes(path)) return [];
    return entry.isDirectory() ? filesOf(path, except) : [path];
  });
}

/** Issuers have eight digits in common: few enough to look for first, more than a masked number shows. */
const ISSUER_DIGITS = 8;

/** Where a full card number stands in any file under `folder`, masked; nothing when all is well. */
export function findNumbers(folder: string, numbers: readonly string[], except: readonly string[] = []): string[] {
  const issuers = [...new Set(numbers.map((number) => number.slice(0, ISSUER_DIGITS)))].flatMap(formsOf);
  return filesOf(folder, except).flatMap((path) => {
    const bytes = readFileSync(path);
    if (!issuers.some((form) => bytes.includes(form))) return [];
    return numbers
      .filter((number) => formsOf(number).some((form) => bytes.includes(form)))
      .map((number) => `${relative(folder, path)} holds …${number.slice(-4)}`);
  });
}
