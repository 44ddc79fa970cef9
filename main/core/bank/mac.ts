import { createCipheriv, timingSafeEqual } from 'node:crypto';
import { type IsoMessage, type Layout, pack } from './codec.ts';

/** Computes the MAC of data; a message carries its first eight bytes. */
export type Mac = (data: Uint8Array) => Uint8Array;

/** The schemes a profile may name. */
export type MacScheme = 'aes-cmac' | 'x9.19' | 'unionpay-ecb';

const BLOCK = 16;

/** AES-128-CMAC under one key of 16 bytes; the subkeys are made once (RFC 4493 clauses 2.3 and 2.4). 16 bytes. */
export function openCmac(key: Uint8Array): Mac {
  const k1 = doubled(encipherAes(key, new Uint8Array(BLOCK)));
  const k2 = doubled(k1);
  return (data) => {
    const blocks = Math.max(1, Math.ceil(data.length / BLOCK));
    const padded = new Uint8Array(blocks * BLOCK);
    padded.set(data);
    const whole = data.length === blocks * BLOCK;
    if (!whole) padded[data.length] = 0x80;
    const subkey = whole ? k1 : k2;
    for (let i = 0; i < BLOCK; i++) padded[padded.length - BLOCK + i]! ^= subkey[i]!;
    return encipherAes(key, padded).subarray(-BLOCK);
  };
}

/** AES-128-CBC without padding from a zero vector: its last block is the CBC-MAC. */
function encipherAes(key: Uint8Array, data: Uint8Array): Uint8Array {
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

const DES_BLOCK = 8;

/** The three DES keys of a single key of 8 bytes or a double one of 16. Throws RangeError for any other length. */
export function tripled(key: Uint8Array): Uint8Array {
  if (key.length !== 8 && key.length !== 16) throw new RangeError(`a DES key of ${key.length} bytes`);
  return Buffer.concat([key, key.length === 8 ? key : key.subarray(0, 8), key.subarray(0, 8)]).subarray(0, 24);
}

/** Triple DES, ECB, whole blocks. This name of the cipher is known to OpenSSL and to Electron's BoringSSL alike. */
export function encipherDes(key: Uint8Array, data: Uint8Array): Uint8Array {
  const cipher = createCipheriv('des-ede3', tripled(key), null).setAutoPadding(false);
  return Buffer.concat([cipher.update(data), cipher.final()]);
}

/**
 * Retail MAC: ISO/IEC 9797-1 algorithm 3 over DES. Padding method 1 (zeros) is ANSI X9.19, method 2 puts a bit first.
 * A key of 16 bytes, or of 8 where both halves are the same. 8 bytes.
 */
export function openRetailMac(key: Uint8Array, padding: 1 | 2 = 1): Mac {
  const first = tripled(key.subarray(0, 8));
  return (data) => {
    const length = padding === 2 ? data.length + 1 : Math.max(1, data.length);
    const padded = new Uint8Array(Math.ceil(length / DES_BLOCK) * DES_BLOCK);
    padded.set(data);
    if (padding === 2) padded[data.length] = 0x80;
    const last = padded.subarray(-DES_BLOCK);
    if (padded.length > DES_BLOCK) {
      const cipher = createCipheriv('des-ede3-cbc', first, new Uint8Array(DES_BLOCK)).setAutoPadding(false);
      const chained = Buffer.concat([cipher.update(padded.subarray(0, -DES_BLOCK)), cipher.final()]);
      xorInto(last, chained.subarray(-DES_BLOCK));
    }
    return encipherDes(key, last);
  };
}

/**
 * The ECB MAC of UnionPay terminals: all blocks are added, the sum written in hex, its first half enciphered, the second
 * added, enciphered again; the first eight hex characters of that are the MAC. Key of 8 or 16 bytes.
 */
export function openUnionPayMac(key: Uint8Array): Mac {
  return (data) => {
    const sum = new Uint8Array(DES_BLOCK);
    for (let at = 0; at < data.length; at++) sum[at % DES_BLOCK]! ^= data[at]!;
    const text = Buffer.from(Buffer.from(sum).toString('hex').toUpperCase(), 'latin1');
    const block = Uint8Array.from(encipherDes(key, text.subarray(0, DES_BLOCK)));
    xorInto(block, text.subarray(DES_BLOCK));
    const hex = Buffer.from(encipherDes(key, block)).toString('hex').toUpperCase();
    return Buffer.from(hex.slice(0, DES_BLOCK), 'latin1');
  };
}

function xorInto(block: Uint8Array, other: Uint8Array): void {
  for (let i = 0; i < block.length; i++) block[i]! ^= other[i] ?? 0;
}

const OPENERS: Readonly<Record<MacScheme, (key: Uint8Array) => Mac>> = {
  'aes-cmac': openCmac,
  'x9.19': openRetailMac,
  'unionpay-ecb': openUnionPayMac,
};

export function openMac(scheme: MacScheme, key: Uint8Array): Mac {
  return OPENERS[scheme](key);
}

/** Bytes of the MAC at the end of a message. */
export const MAC_LENGTH = 8;

/** Puts the MAC into a packed message that ends with a MAC field of zeros. */
export function sign(message: Uint8Array, mac: Mac): Uint8Array {
  const signed = Uint8Array.from(message);
  const end = message.length - MAC_LENGTH;
  signed.set(mac(message.subarray(0, end)).subarray(0, MAC_LENGTH), end);
  return signed;
}

/** Whether the last eight bytes are the MAC of all before them. The caller knows that the last field is a MAC. */
export function verified(message: Uint8Array, mac: Mac): boolean {
  const end = message.length - MAC_LENGTH;
  if (end < 0) return false;
  return timingSafeEqual(mac(message.subarray(0, end)).subarray(0, MAC_LENGTH), message.subarray(end));
}

const FIRST_HALF = 64;
const SECOND_HALF = 128;

/** The MAC is the last field of its message: 64, or 128 when a field above 64 is present. */
function macField(message: IsoMessage): number {
  const above = [...message.fields.keys()].some((number) => number > FIRST_HALF && number !== SECOND_HALF);
  return above ? SECOND_HALF : FIRST_HALF;
}

/** The bytes of a message with its MAC. Throws IsoError like `pack`. */
export function packSigned(message: IsoMessage, mac: Mac, layout: Layout): Uint8Array {
  const fields = new Map(message.fields).set(macField(message), '00'.repeat(MAC_LENGTH));
  return sign(pack({ mti: message.mti, fields }, layout), mac);
}

/** Whether a received message carries its MAC in the right field and the MAC is right. */
export function trusted(bytes: Uint8Array, message: IsoMessage, mac: Mac): boolean {
  const field = macField(message);
  const other = field === FIRST_HALF ? SECOND_HALF : FIRST_HALF;
  return message.fields.has(field) && !message.fields.has(other) && verified(bytes, mac);
}

/** Whether a message carries no MAC at all. */
export function unsigned(message: IsoMessage): boolean {
  return !message.fields.has(FIRST_HALF) && !message.fields.has(SECOND_HALF);
}
