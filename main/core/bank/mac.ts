import { createCipheriv, timingSafeEqual } from 'node:crypto';

/** Computes the AES-CMAC of data: 16 bytes (RFC 4493). */
export type Cmac = (data: Uint8Array) => Uint8Array;

const BLOCK = 16;

/** AES-128-CMAC under one key of 16 bytes; the subkeys are made once (RFC 4493 clauses 2.3 and 2.4). */
export function openCmac(key: Uint8Array): Cmac {
  const k1 = doubled(encipher(key, new Uint8Array(BLOCK)));
  const k2 = doubled(k1);
  return (data) => {
    const blocks = Math.max(1, Math.ceil(data.length / BLOCK));
    const padded = new Uint8Array(blocks * BLOCK);
    padded.set(data);
    const whole = data.length === blocks * BLOCK;
    if (!whole) padded[data.length] = 0x80;
    const subkey = whole ? k1 : k2;
    for (let i = 0; i < BLOCK; i++) padded[padded.length - BLOCK + i]! ^= subkey[i]!;
    return encipher(key, padded).subarray(-BLOCK);
  };
}

/** AES-128-CBC without padding from a zero vector: its last block is the CBC-MAC. */
function encipher(key: Uint8Array, data: Uint8Array): Uint8Array {
  const cipher = createCipheriv('aes-128-cbc', key, new Uint8Array(BLOCK)).setAutoPadding(false);
  return Buffer.concat([cipher.update(data), cipher.final()]);
}

/** Multiplies by x in GF(2^128) with the polynomial of RFC 4493 clause 2.3. */
function doubled(block: Uint8Array): Uint8Array {
  const out = new Uint8Array(BLOCK);
  for (let i = 0; i < BLOCK; i++) out[i] = ((block[i]! << 1) | ((block[i + 1] ?? 0) >> 7)) & 0xff;
  if (block[0]! & 0x80) out[BLOCK - 1]! ^= 0x87;
  return out;
}

/** Bytes of the MAC at the end of a message. */
export const MAC_LENGTH = 8;

/** Puts the MAC into a packed message that ends with a MAC field of zeros. */
export function sign(message: Uint8Array, cmac: Cmac): Uint8Array {
  const signed = Uint8Array.from(message);
  const end = message.length - MAC_LENGTH;
  signed.set(cmac(message.subarray(0, end)).subarray(0, MAC_LENGTH), end);
  return signed;
}

/** Whether the last eight bytes are the MAC of all before them. The caller knows that the last field is a MAC. */
export function verified(message: Uint8Array, cmac: Cmac): boolean {
  const end = message.length - MAC_LENGTH;
  if (end < 0) return false;
  return timingSafeEqual(cmac(message.subarray(0, end)).subarray(0, MAC_LENGTH), message.subarray(end));
}
