import { createCipheriv, timingSafeEqual } from 'node:crypto';
import { type IsoMessage, pack } from './codec.ts';

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

const FIRST_HALF = 64;
const SECOND_HALF = 128;

/** The MAC is the last field of its message: 64, or 128 when a field above 64 is present. */
function macField(message: IsoMessage): number {
  const above = [...message.fields.keys()].some((number) => number > FIRST_HALF && number !== SECOND_HALF);
  return above ? SECOND_HALF : FIRST_HALF;
}

/** The bytes of a message with its MAC. Throws IsoError like `pack`. */
export function packSigned(message: IsoMessage, cmac: Cmac): Uint8Array {
  const fields = new Map(message.fields).set(macField(message), '00'.repeat(MAC_LENGTH));
  return sign(pack({ mti: message.mti, fields }), cmac);
}

/** Whether a received message carries its MAC in the right field and the MAC is right. */
export function trusted(bytes: Uint8Array, message: IsoMessage, cmac: Cmac): boolean {
  const field = macField(message);
  const other = field === FIRST_HALF ? SECOND_HALF : FIRST_HALF;
  return message.fields.has(field) && !message.fields.has(other) && verified(bytes, cmac);
}
