import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import * as z from 'zod';
import { makeKey, openKey, type PrivateJwk, privateJwk, type SigningKey } from './rsa.ts';

/** `mastercard` is missing in folders of older decks and made when such a one is opened. */
const perScheme = z.strictObject({ visa: privateJwk, unionpay: privateJwk, mastercard: privateJwk.optional() });
const stored = z.strictObject({ ca: perScheme, issuer: perScheme, card: perScheme, foreign: privateJwk });
type Stored = z.infer<typeof stored>;
type PerScheme = Record<'visa' | 'unionpay' | 'mastercard', PrivateJwk>;
interface Whole extends Stored {
  readonly ca: PerScheme;
  readonly issuer: PerScheme;
  readonly card: PerScheme;
}

/** Sizes in bits: a real chain is shaped so, each key smaller than the one above it. */
const bits = { ca: 1408, issuer: 1152, card: 1024 } as const;

interface SchemeKeys {
  readonly visa: SigningKey;
  readonly unionpay: SigningKey;
  readonly mastercard: SigningKey;
}

/** All keys behind the deck. `foreign` belongs to no CA that a terminal lists. */
export interface KeyRing {
  readonly ca: SchemeKeys;
  readonly issuer: SchemeKeys;
  readonly card: SchemeKeys;
  readonly foreign: SigningKey;
}

/** The key file is there but no longer readable as one. */
class KeyRingError extends Error {
  readonly code = 'keys-damaged';
  constructor(file: string) {
    super(`${file} is damaged; delete it and new test keys are made (the terminal needs the new CA keys then)`);
    this.name = 'KeyRingError';
  }
}

async function makeAll(): Promise<Whole> {
  const make = async (size: number): Promise<PerScheme> => {
    const [visa, unionpay, mastercard] = await Promise.all([makeKey(size), makeKey(size), makeKey(size)]);
    return { visa, unionpay, mastercard };
  };
  const [ca, issuer, card, foreign] = await Promise.all([
    make(bits.ca),
    make(bits.issuer),
    make(bits.card),
    makeKey(bits.ca),
  ]);
  return { ca, issuer, card, foreign };
}

const missing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';
const exists = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'EEXIST';

async function read(file: string): Promise<Stored | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (missing(error)) return undefined;
    throw error;
  }
  try {
    return stored.parse(JSON.parse(text));
  } catch {
    throw new KeyRingError(file);
  }
}

/** Keeps new keys, unless another program was quicker: then its keys count. */
async function keep(file: string, keys: Stored): Promise<Stored> {
  const own = `${file}.${process.pid}`;
  await writeFile(own, JSON.stringify(keys), { mode: 0o600 });
  try {
    await link(own, file);
    return keys;
  } catch (error) {
    if (!exists(error)) throw error;
    return (await read(file)) ?? keys;
  } finally {
    await rm(own, { force: true });
  }
}

/** The same keys with those that an older deck did not have, kept for the next start. */
async function completed(file: string, keys: Stored): Promise<Whole> {
  const add = async (pair: Stored['ca'], size: number): Promise<PerScheme> => ({
    ...pair,
    mastercard: pair.mastercard ?? (await makeKey(size)),
  });
  const whole: Whole = {
    foreign: keys.foreign,
    ca: await add(keys.ca, bits.ca),
    issuer: await add(keys.issuer, bits.issuer),
    card: await add(keys.card, bits.card),
  };
  if (keys.ca.mastercard && keys.issuer.mastercard && keys.card.mastercard) return whole;
  await writeFile(`${file}.new`, JSON.stringify(whole), { mode: 0o600 });
  await rename(`${file}.new`, file);
  return whole;
}

/** Opens the key file, made at first use. Throws KeyRingError when it is damaged. */
export async function openKeyRing(file: string): Promise<KeyRing> {
  const keys = await completed(file, (await read(file)) ?? (await keep(file, await makeAll())));
  const open = (keysOf: PerScheme): SchemeKeys => ({
    visa: openKey(keysOf.visa),
    unionpay: openKey(keysOf.unionpay),
    mastercard: openKey(keysOf.mastercard),
  });
  return { ca: open(keys.ca), issuer: open(keys.issuer), card: open(keys.card), foreign: openKey(keys.foreign) };
}
