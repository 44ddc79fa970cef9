import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';

const hexOf = (bytes: number) => z.string().regex(new RegExp(`^[0-9A-F]{${bytes * 2}}$`));
const named = {
  id: z.string().regex(/^[a-z0-9-]+$/),
  label: z.string(),
  labelZh: z.string(),
  /** What the card does, in a word. */
  behaviour: z.string(),
  /** Where the test number or the answer to reset comes from. */
  source: z.string(),
};
const plainAtr = z.string().regex(/^3B[0-9A-F]+$/);

/** What can be wrong with a payment card. */
const faults = z.strictObject({
  /** The dynamic signature does not fit the data. */
  signature: z.literal('wrong').optional(),
  /** `foreign`: the issuer's certificate is signed by nobody's CA under a known index; `unlisted`: the index is not in the key file. */
  ca: z.enum(['foreign', 'unlisted']).optional(),
  /** Leaves the field at this APDU (the first is 1), which stays unanswered. */
  tornAt: z.int().min(1).optional(),
  /** A phone that wants to be unlocked first: the first presentation answers 6986 to GPO. */
  seePhone: z.literal(true).optional(),
});

const emv = z.strictObject({
  ...named,
  kind: z.literal('emv'),
  scheme: z.enum(['unionpay', 'visa']),
  atr: plainAtr,
  aid: z.string().regex(/^A[0-9A-F]{9,31}$/),
  /** Application label, tag 50. */
  application: z.string().max(16),
  pan: z.string().regex(/^\d{13,19}$/),
  sequence: z.string().regex(/^\d{2}$/),
  /** YYMMDD. */
  expiry: z.string().regex(/^\d{6}$/),
  effective: z.string().regex(/^\d{6}$/),
  holder: z.string().max(26),
  country: z.string().regex(/^\d{4}$/),
  /** What the card answers when it is free to choose; a card that would approve offline still goes online when the terminal asks. */
  decision: z.enum(['TC', 'ARQC', 'AAC']),
  /** Card transaction qualifiers (tag 9F6C) below the terminal's cardholder verification limit and from it on. */
  ctq: z.strictObject({ below: hexOf(2), above: hexOf(2) }),
  faults: faults.default({}),
});

const other = z.strictObject({
  ...named,
  kind: z.enum(['storage', 'transit', 'garbage']),
  scheme: z.literal('other'),
  atr: plainAtr,
});

/** A card file: `cards/NAME.json`. */
const definition = z.discriminatedUnion('kind', [emv, other]);
export type Definition = z.infer<typeof definition>;
export type EmvDefinition = z.infer<typeof emv>;

/** Reads every card file of the folder, in the order of their names. Throws a zod error that names what is wrong. */
export async function readDefinitions(folder: string): Promise<readonly Definition[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();
  return Promise.all(
    names.map(async (name) => definition.parse(JSON.parse(await readFile(join(folder, name), 'utf8')))),
  );
}

/** The check digit that makes `digits` a valid number by the Luhn rule (ISO/IEC 7812-1, annex B). */
export function luhn(digits: string): string {
  const sum = [...digits].reverse().reduce((total, digit, at) => {
    const value = Number(digit) * (at % 2 === 0 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return String((10 - (sum % 10)) % 10);
}

/** The number of the card `#index` of a family: the account digits after the first eight counted up, the check digit made anew. */
export function panOf(base: string, index: number): string {
  if (index === 0) return base;
  const room = base.length - 9;
  const account = (Number(base.slice(8, -1)) + index) % 10 ** room;
  const digits = base.slice(0, 8) + String(account).padStart(room, '0');
  return digits + luhn(digits);
}
