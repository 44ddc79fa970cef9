import { createCipheriv, createDecipheriv, scryptSync, timingSafeEqual } from 'node:crypto';
import type { Storage } from '../store/storage.ts';
import type { DialectName } from './dialects/named.ts';
import { aesCheckValue, desCheckValue } from './keys.ts';

/** Seals bytes so that the disk alone does not give them back. The shell has another one over the system's own store. */
export interface Sealer {
  /** Written beside what it sealed. */
  readonly kind: 'passphrase' | 'safe-storage';
  seal(bytes: Uint8Array): Uint8Array;
  /** Undefined when this sealer did not seal them, or they were changed. */
  open(sealed: Uint8Array): Uint8Array | undefined;
}

/** Shortest passphrase, in characters. */
export const PASSPHRASE_LENGTH = 12;

const SALT = 16;
const NONCE = 12;
const TAG = 16;
/** scrypt with N 2^15, r 8, p 1: 32 MiB, a tenth of a second (RFC 7914). */
const COST = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 };
const PURPOSE = Buffer.from('countertap master key, version 1');

/** AES-256-GCM under a key made of a passphrase. Throws RangeError for a passphrase that is too short. */
export function passphraseSealer(passphrase: string, random: (length: number) => Uint8Array): Sealer {
  if (passphrase.length < PASSPHRASE_LENGTH) {
    throw new RangeError(`a passphrase has at least ${PASSPHRASE_LENGTH} characters`);
  }
  const keyOf = (salt: Uint8Array): Buffer => scryptSync(passphrase.normalize('NFKC'), salt, 32, COST);
  return {
    kind: 'passphrase',
    seal(bytes) {
      const salt = random(SALT);
      const nonce = random(NONCE);
      const cipher = createCipheriv('aes-256-gcm', keyOf(salt), nonce).setAAD(PURPOSE);
      const enciphered = Buffer.concat([cipher.update(bytes), cipher.final()]);
      return Buffer.concat([salt, nonce, cipher.getAuthTag(), enciphered]);
    },
    open(sealed) {
      if (sealed.length < SALT + NONCE + TAG) return undefined;
      const nonce = sealed.subarray(SALT, SALT + NONCE);
      const decipher = createDecipheriv('aes-256-gcm', keyOf(sealed.subarray(0, SALT)), nonce).setAAD(PURPOSE);
      decipher.setAuthTag(sealed.subarray(SALT + NONCE, SALT + NONCE + TAG));
      try {
        return Buffer.concat([decipher.update(sealed.subarray(SALT + NONCE + TAG)), decipher.final()]);
      } catch {
        return undefined;
      }
    },
  };
}

/** AES-256-GCM under a key that the shell keeps in the system's own store (32 bytes). */
export function safeStorageSealer(key: Uint8Array, random: (length: number) => Uint8Array): Sealer {
  return {
    kind: 'safe-storage',
    seal(bytes) {
      const nonce = random(NONCE);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(PURPOSE);
      const enciphered = Buffer.concat([cipher.update(bytes), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), enciphered]);
    },
    open(sealed) {
      if (sealed.length < NONCE + TAG) return undefined;
      const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE)).setAAD(PURPOSE);
      decipher.setAuthTag(sealed.subarray(NONCE, NONCE + TAG));
      try {
        return Buffer.concat([decipher.update(sealed.subarray(NONCE + TAG)), decipher.final()]);
      } catch {
        return undefined;
      }
    },
  };
}

export type LoadedKey =
  | { readonly ok: true; readonly key: Uint8Array }
  | {
      readonly ok: false;
      /** No key was loaded; sealed in another way, or the passphrase is wrong; the file is not one of ours. */
      readonly code: 'absent' | 'locked' | 'damaged';
    };

/** Where the terminal master key lies. */
export interface KeyStore {
  readonly kind: Sealer['kind'];
  save(key: Uint8Array): void;
  load(): LoadedKey;
}

/** Name of the file that holds it in the data folder. */
export const KEY_FILE = 'master.key';

/** The master key of one terminal in its data folder, sealed. */
export function openKeyStore(storage: Pick<Storage, 'read' | 'replace'>, sealer: Sealer): KeyStore {
  return {
    kind: sealer.kind,
    save(key) {
      const sealed = Buffer.from(sealer.seal(key)).toString('base64url');
      storage.replace(KEY_FILE, Buffer.from(`${JSON.stringify({ version: 1, kind: sealer.kind, sealed })}\n`));
    },
    load() {
      const bytes = storage.read(KEY_FILE);
      if (!bytes) return { ok: false, code: 'absent' };
      const kept = parsed(bytes);
      if (!kept) return { ok: false, code: 'damaged' };
      const key = kept.kind === sealer.kind ? sealer.open(Buffer.from(kept.sealed, 'base64url')) : undefined;
      return key ? { ok: true, key } : { ok: false, code: 'locked' };
    },
  };
}

function parsed(bytes: Uint8Array): { readonly kind: string; readonly sealed: string } | undefined {
  try {
    const json: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    if (typeof json !== 'object' || json === null) return undefined;
    if (!('version' in json) || json.version !== 1 || !('kind' in json) || !('sealed' in json)) return undefined;
    const { kind, sealed } = json;
    return typeof kind === 'string' && typeof sealed === 'string' ? { kind, sealed } : undefined;
  } catch {
    return undefined;
  }
}

/** Bytes of a master key and of each of its components. */
export const KEY_LENGTH = 16;

export type Combined =
  | { readonly ok: true; readonly key: Uint8Array }
  | { readonly ok: false; readonly code: 'component-invalid' | 'components-equal' | 'key-weak' };

/** Puts a master key together from the two components that two people hold: neither alone says anything of it. */
export function combine(first: string, second: string): Combined {
  const components = [first, second].map((text) => text.replace(/[\s-]/g, ''));
  const [a, b] = components.map((text) => Buffer.from(text, 'hex'));
  const whole = components.every((text) => /^[\dA-Fa-f]*$/.test(text) && text.length === 2 * KEY_LENGTH);
  if (!a || !b || !whole) return { ok: false, code: 'component-invalid' };
  if (timingSafeEqual(a, b)) return { ok: false, code: 'components-equal' };
  const key = Buffer.from(a.map((byte, index) => byte ^ (b[index] ?? 0)));
  const half = KEY_LENGTH / 2;
  // Two equal halves make triple DES a single one, and one byte throughout is no key.
  const weak =
    timingSafeEqual(key.subarray(0, half), key.subarray(half)) || [a, b].some((one) => new Set(one).size === 1);
  return weak ? { ok: false, code: 'key-weak' } : { ok: true, key };
}

/** Six hex digits by which people compare a key without seeing it. */
export function checkValue(key: Uint8Array, dialect: DialectName): string {
  const value = dialect === 'countertap' ? aesCheckValue(key) : desCheckValue(key);
  return Buffer.from(value.subarray(0, 3)).toString('hex').toUpperCase();
}
