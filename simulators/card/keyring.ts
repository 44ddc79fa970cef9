import { link, readFile, rm, writeFile } from 'node:fs/promises';
import * as z from 'zod';
import { makeKey, openKey, privateJwk, type SigningKey } from './rsa.ts';

const perScheme = z.strictObject({ visa: privateJwk, unionpay: privateJwk });
const stored = z.strictObject({ ca: perScheme, issuer: perScheme, card: perScheme, foreign: privateJwk });
type Stored = z.infer<typeof stored>;

/** Sizes in bits: a real chain is shaped so, each key smaller than the one above it. */
const bits = { ca: 1408, issuer: 1152, card: 1024 } as const;

interface SchemeKeys {
  readonly visa: SigningKey;
  readonly unionpay: SigningKey;
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

async function makeAll(): Promise<Stored> {
  const make = async (size: number) => {
    const [visa, unionpay] = await Promise.all([makeKey(size), makeKey(size)]);
    return { visa, unionpay };
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

/** Opens the key file, made at first use. Throws KeyRingError when it is damaged. */
export async function openKeyRing(file: string): Promise<KeyRing> {
  const keys = (await read(file)) ?? (await keep(file, await makeAll()));
  const open = (pair: Stored['ca']): SchemeKeys => ({ visa: openKey(pair.visa), unionpay: openKey(pair.unionpay) });
  return { ca: open(keys.ca), issuer: open(keys.issuer), card: open(keys.card), foreign: openKey(keys.foreign) };
}
