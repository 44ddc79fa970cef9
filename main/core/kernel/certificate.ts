import { createHash } from 'node:crypto';
import { concat, hex, sameBytes, unhex } from './bytes.ts';

/** An RSA public key as cards carry them. */
export interface PublicKey {
  readonly modulus: Uint8Array;
  readonly exponent: Uint8Array;
}

export type Opened<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

function no(reason: string): { readonly ok: false; readonly reason: string } {
  return { ok: false, reason };
}

function number(bytes: Uint8Array): bigint {
  return BigInt(`0x${hex(bytes)}`);
}

/** RSA with the public key (EMV Book 2, A2.1): a block as long as the modulus. Keys and data here are public. */
export function recover(key: PublicKey, block: Uint8Array): Uint8Array {
  const modulus = number(key.modulus);
  let base = number(block) % modulus;
  let result = 1n;
  for (let exponent = number(key.exponent); exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * base) % modulus;
    base = (base * base) % modulus;
  }
  return unhex(result.toString(16).padStart(key.modulus.length * 2, '0'));
}

const HEADER = 0x6a;
const TRAILER = 0xbc;
const SHA1_LENGTH = 20;

/**
 * Recovers a signed block and checks header, format, trailer and SHA-1 (Book 2, 5.3, 6.3, 6.4, 6.5): the hash covers
 * the block after its header, then `suffix`. `reason` says which failed.
 */
export function openSigned(key: PublicKey, block: Uint8Array, format: number, suffix: Uint8Array): Opened<Uint8Array> {
  if (block.length !== key.modulus.length) return no('length is not that of the key');
  if (number(block) >= number(key.modulus))
    return no('does not open with the key: its number is not below the modulus');
  const plain = recover(key, block);
  if (plain[0] !== HEADER || plain.at(-1) !== TRAILER) return no('does not open with the key');
  if (plain[1] !== format) return no('format');
  const hashed = plain.slice(1, -1 - SHA1_LENGTH);
  const hash = createHash('sha1').update(hashed).update(suffix).digest();
  return sameBytes(hash, plain.slice(-1 - SHA1_LENGTH, -1)) ? { ok: true, value: plain } : no('hash');
}

/** Left part and remainder of a certified modulus, with its padding checked (Book 2, tables 6 and 14). */
function modulusOf(left: Uint8Array, remainder: Uint8Array, length: number): Opened<Uint8Array> {
  if (length <= left.length) {
    if (remainder.length > 0) return no('remainder where there is none');
    if (!left.slice(length).every((byte) => byte === 0xbb)) return no('padding');
    return { ok: true, value: left.slice(0, length) };
  }
  return left.length + remainder.length === length
    ? { ok: true, value: concat(left, remainder) }
    : no('remainder length');
}

/** Whether the month of a certificate (MMYY, BCD) is this month (YYMMDD) or later. */
function inForce(month: Uint8Array, today: string): boolean {
  const text = hex(month);
  if (!/^(0[1-9]|1[0-2])\d\d$/.test(text)) return false;
  const century = (yy: string) => (Number(yy) < 50 ? 2000 : 1900) + Number(yy);
  const until = century(text.slice(2)) * 12 + Number(text.slice(0, 2));
  return until >= century(today.slice(0, 2)) * 12 + Number(today.slice(2, 4));
}

interface Certified {
  readonly plain: Uint8Array;
  /** Offset of the expiry month in the recovered block. */
  readonly month: number;
  readonly remainder: Uint8Array;
  readonly exponent: Uint8Array;
  readonly today: string;
}

/** The parts that issuer and ICC certificates have in common: expiry, algorithms, modulus. */
function certifiedKey({ plain, month, remainder, exponent, today }: Certified): Opened<PublicKey> {
  if (!inForce(plain.slice(month, month + 2), today)) return no('expired');
  const at = month + 5;
  if (plain[at] !== 0x01 || plain[at + 1] !== 0x01) return no('algorithm');
  const [length, exponentLength] = [plain[at + 2]!, plain[at + 3]!];
  if (exponentLength !== exponent.length) return no('exponent length');
  if (!['03', '010001'].includes(hex(exponent))) return no('exponent');
  const modulus = modulusOf(plain.slice(at + 4, -1 - SHA1_LENGTH), remainder, length);
  if (!modulus.ok) return modulus;
  if (modulus.value.length < 48 || modulus.value[0]! === 0) return no('modulus');
  return { ok: true, value: { modulus: modulus.value, exponent } };
}

/** Issuer public key from 90, 92 and 9F32 (Book 2, 6.3). `today` is YYMMDD; `revoked` knows serial numbers, hex. */
export function issuerKey(
  authority: PublicKey,
  card: { certificate: Uint8Array; remainder: Uint8Array; exponent: Uint8Array },
  pan: string,
  today: string,
  revoked: (serial: string) => boolean = () => false,
): Opened<PublicKey> {
  const opened = openSigned(authority, card.certificate, 0x02, concat(card.remainder, card.exponent));
  if (!opened.ok) return opened;
  const plain = opened.value;
  const identifier = /^(\d{3,8})F*$/.exec(hex(plain.slice(2, 6)))?.[1];
  if (!identifier || !pan.startsWith(identifier)) return no('issuer identifier is not of the PAN');
  if (revoked(hex(plain.slice(8, 11)))) return no('revoked');
  return certifiedKey({ plain, month: 6, remainder: card.remainder, exponent: card.exponent, today });
}

/** ICC public key from 9F46, 9F48 and 9F47 over the static data (Book 2, 6.4). `today` is YYMMDD. */
export function iccKey(
  issuer: PublicKey,
  card: { certificate: Uint8Array; remainder: Uint8Array; exponent: Uint8Array },
  staticData: Uint8Array,
  pan: string,
  today: string,
): Opened<PublicKey> {
  const suffix = concat(card.remainder, card.exponent, staticData);
  const opened = openSigned(issuer, card.certificate, 0x04, suffix);
  if (!opened.ok) return opened;
  const plain = opened.value;
  if (hex(plain.slice(2, 12)).replace(/F*$/, '') !== pan) return no('PAN of the certificate is another one');
  return certifiedKey({ plain, month: 12, remainder: card.remainder, exponent: card.exponent, today });
}

/** Signed dynamic application data (tag 9F4B) with what its hash covers beside itself. */
export interface DynamicSignature {
  /** 05 for DDA and CDA, 95 for fDDA. */
  readonly format: 0x05 | 0x95;
  readonly block: Uint8Array;
  readonly suffix: Uint8Array;
}

/** The ICC dynamic data inside a dynamic signature that holds (Book 2, 6.5.2). */
export function openDynamic(icc: PublicKey, signature: DynamicSignature): Opened<Uint8Array> {
  const opened = openSigned(icc, signature.block, signature.format, signature.suffix);
  if (!opened.ok) return opened;
  const plain = opened.value;
  if (plain[2] !== 0x01) return no('algorithm');
  const length = plain[3]!;
  const padding = plain.slice(4 + length, -1 - SHA1_LENGTH);
  if (length > plain.length - 25 || !padding.every((byte) => byte === 0xbb)) return no('padding');
  return { ok: true, value: plain.slice(4, 4 + length) };
}

/** Signed static application data (tag 93) over the static data (Book 2, 5.4): the data authentication code, two bytes. */
export function openStatic(issuer: PublicKey, block: Uint8Array, staticData: Uint8Array): Opened<Uint8Array> {
  const opened = openSigned(issuer, block, 0x03, staticData);
  if (!opened.ok) return opened;
  const plain = opened.value;
  if (plain[2] !== 0x01) return no('algorithm');
  const padding = plain.slice(5, -1 - SHA1_LENGTH);
  return padding.every((byte) => byte === 0xbb) ? { ok: true, value: plain.slice(3, 5) } : no('padding');
}
