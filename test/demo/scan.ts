import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { z } from '../../contract/schema.ts';

const deck = join(import.meta.dirname, '../../simulators/card/cards');

const Card = z.object({ id: z.string(), pan: z.string().optional() });

/** The check digit of ISO/IEC 7812-1, annex B. */
function luhn(digits: string): string {
  let sum = 0;
  for (const [at, digit] of [...digits].reverse().entries()) {
    const value = Number(digit) * (at % 2 === 0 ? 2 : 1);
    sum += value > 9 ? value - 9 : value;
  }
  return String((10 - (sum % 10)) % 10);
}

/** The number of the N-th card of a kind: its account digits, those after the first eight, are counted up. */
function counted(pan: string, n: number): string {
  if (n === 0) return pan;
  const account = pan.slice(8, -1);
  const digits = pan.slice(0, 8) + String(Number(account) + n).padStart(account.length, '0');
  return digits + luhn(digits);
}

/** The full numbers of these cards of the simulated deck, NAME, NAME#N or torn-at-N. */
export function cardNumbers(cards: readonly string[]): string[] {
  const files = filesOf(deck, []).filter((path) => path.endsWith('.json'));
  const numbers = cards.flatMap((id) => {
    const [name = '', index = '0'] = id.startsWith('torn-at-') ? ['torn'] : id.split('#');
    const file = files.find((path) => basename(path) === `${name}.json`);
    if (file === undefined) throw new Error(`The deck has no card ${id}.`);
    const { pan } = Card.parse(JSON.parse(readFileSync(file, 'utf8')));
    return pan === undefined ? [] : [counted(pan, Number(index))];
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
