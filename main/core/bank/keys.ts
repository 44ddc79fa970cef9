import { createDecipheriv, timingSafeEqual } from 'node:crypto';
import { encipherDes, type Mac, openCmac, openRetailMac, openUnionPayMac, tripled } from './mac.ts';

export type KeyBlock =
  | { readonly ok: true; readonly mac: Mac }
  | { readonly ok: false; readonly code: 'key-block' | 'key-version' | 'key-check' };

/** Bytes of the AES block: version, enciphered key, check value. */
const LENGTH = 20;

/**
 * Opens the session key block of a sign-on answer (DE 62, hex): version 01, the session key enciphered with AES-128-ECB under
 * the master key, three bytes of check value (docs/bank-link.md, "Keys and MAC"). The key itself never leaves the result's closure.
 */
export function openKeyBlock(masterKey: Uint8Array, block: string): KeyBlock {
  const bytes = Buffer.from(block, 'hex');
  if (bytes.length !== LENGTH || block.length !== LENGTH * 2) return { ok: false, code: 'key-block' };
  if (bytes[0] !== 1) return { ok: false, code: 'key-version' };
  const decipher = createDecipheriv('aes-128-ecb', masterKey, null).setAutoPadding(false);
  const mac = openCmac(Buffer.concat([decipher.update(bytes.subarray(1, 17)), decipher.final()]));
  if (!timingSafeEqual(mac(new Uint8Array(16)).subarray(0, 3), bytes.subarray(17)))
    return { ok: false, code: 'key-check' };
  return { ok: true, mac };
}

/** Opens one DES key enciphered under the master key; undefined when its check value, the start of E(key, zeros), differs. */
function openDesKey(masterKey: Uint8Array, enciphered: Uint8Array, check: Uint8Array): Uint8Array | undefined {
  const decipher = createDecipheriv('des-ede3', tripled(masterKey), null).setAutoPadding(false);
  const key = Buffer.concat([decipher.update(enciphered), decipher.final()]);
  return timingSafeEqual(desCheckValue(key).subarray(0, check.length), check) ? key : undefined;
}

/** What a DES key makes of a block of zeros: its first three or four bytes are its check value. */
export function desCheckValue(key: Uint8Array): Uint8Array {
  return encipherDes(key, new Uint8Array(8));
}

/** What an AES key makes of CMAC over a block of zeros: its first three bytes are its check value. */
export function aesCheckValue(key: Uint8Array): Uint8Array {
  return openCmac(key)(new Uint8Array(16));
}

/** Hypercom style: a double-length key under the triple-DES master key, and three bytes of check value. */
export function openRetailBlock(masterKey: Uint8Array, block: string): KeyBlock {
  const bytes = Buffer.from(block, 'hex');
  if (bytes.length !== 19 || block.length !== 38) return { ok: false, code: 'key-block' };
  const key = openDesKey(masterKey, bytes.subarray(0, 16), bytes.subarray(16));
  return key ? { ok: true, mac: openRetailMac(key) } : { ok: false, code: 'key-check' };
}

/**
 * UnionPay style: a PIN key and a MAC key, each with four bytes of check value; 24 bytes with single-length keys, 40 with
 * double-length ones. Only the MAC key is kept.
 */
export function openUnionPayBlock(masterKey: Uint8Array, block: string): KeyBlock {
  const bytes = Buffer.from(block, 'hex');
  if ((bytes.length !== 24 && bytes.length !== 40) || block.length !== bytes.length * 2)
    return { ok: false, code: 'key-block' };
  const size = bytes.length / 2;
  const pin = openDesKey(masterKey, bytes.subarray(0, size - 4), bytes.subarray(size - 4, size));
  const key = openDesKey(masterKey, bytes.subarray(size, -4), bytes.subarray(-4));
  if (!pin || !key) return { ok: false, code: 'key-check' };
  return { ok: true, mac: openUnionPayMac(key) };
}
