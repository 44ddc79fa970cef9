import { createDecipheriv, timingSafeEqual } from 'node:crypto';
import { type Cmac, openCmac } from './mac.ts';

export type KeyBlock =
  | { readonly ok: true; readonly cmac: Cmac }
  | { readonly ok: false; readonly code: 'key-block' | 'key-version' | 'key-check' };

/** Bytes of the block: version, enciphered key, check value. */
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
  const cmac = openCmac(Buffer.concat([decipher.update(bytes.subarray(1, 17)), decipher.final()]));
  if (!timingSafeEqual(cmac(new Uint8Array(16)).subarray(0, 3), bytes.subarray(17)))
    return { ok: false, code: 'key-check' };
  return { ok: true, cmac };
}
