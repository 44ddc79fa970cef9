import { createCipheriv, randomBytes, timingSafeEqual } from 'node:crypto';

function encipher(key: Buffer, block: Buffer): Buffer {
  const cipher = createCipheriv('aes-128-ecb', key, null).setAutoPadding(false);
  return Buffer.concat([cipher.update(block), cipher.final()]);
}

/** Doubling in GF(2^128), RFC 4493 section 2.3. */
function double(block: Buffer): Buffer {
  const value = (BigInt(`0x${block.toString('hex')}`) << 1n) & ((1n << 128n) - 1n);
  const carry = (block[0] ?? 0) & 0x80 ? 0x87n : 0n;
  return Buffer.from((value ^ carry).toString(16).padStart(32, '0'), 'hex');
}

function xor(a: Buffer, b: Buffer): Buffer {
  return Buffer.from(a.map((byte, index) => byte ^ (b[index] ?? 0)));
}

/** AES-CMAC (RFC 4493) with a 16-byte key: 16 bytes. */
export function cmac(key: Buffer, message: Buffer): Buffer {
  const first = double(encipher(key, Buffer.alloc(16)));
  const blocks = Math.max(1, Math.ceil(message.length / 16));
  const tail = message.subarray((blocks - 1) * 16);
  const padded = Buffer.concat([tail, Buffer.from([0x80]), Buffer.alloc(16)]).subarray(0, 16);
  const last = tail.length === 16 ? xor(tail, first) : xor(padded, double(first));
  const cipher = createCipheriv('aes-128-cbc', key, Buffer.alloc(16)).setAutoPadding(false);
  return cipher.update(Buffer.concat([message.subarray(0, (blocks - 1) * 16), last])).subarray(-16);
}

/** The eight bytes that end a message of the dialect `countertap`. */
export function cmacOf(key: Buffer, covered: Buffer): Buffer {
  return cmac(key, covered).subarray(0, 8);
}

/** A fresh session key and its block for DE 62 (hex). */
export interface NewKey {
  readonly key: Buffer;
  readonly block: string;
}

/** Version, key under the master key, key check value. */
export function newAesKey(master: Buffer): NewKey {
  const key = randomBytes(16);
  const check = cmac(key, Buffer.alloc(16)).subarray(0, 3);
  const block = Buffer.concat([Buffer.from([1]), encipher(master, key), check]);
  return { key, block: block.toString('hex').toUpperCase() };
}

/** Triple DES with two keys, one or more blocks, each by itself. */
export function des(key: Buffer, blocks: Buffer): Buffer {
  const cipher = createCipheriv('des-ede3', Buffer.concat([key, key.subarray(0, 8)]), null).setAutoPadding(false);
  return Buffer.concat([cipher.update(blocks), cipher.final()]);
}

function blocksOf(data: Buffer): Buffer[] {
  const count = Math.max(1, Math.ceil(data.length / 8));
  const padded = Buffer.concat([data, Buffer.alloc(8)]).subarray(0, count * 8);
  return Array.from({ length: count }, (_, index) => padded.subarray(index * 8, index * 8 + 8));
}

/** ANSI X9.19: a chain of single DES, the last block enciphered with both keys. Key of 16 bytes. */
export function x919(key: Buffer, covered: Buffer): Buffer {
  const left = Buffer.concat([key.subarray(0, 8), key.subarray(0, 8)]);
  const blocks = blocksOf(covered);
  const last = blocks.pop() ?? Buffer.alloc(8);
  const cipher = createCipheriv('des-ede3-cbc', Buffer.concat([left, left.subarray(0, 8)]), Buffer.alloc(8));
  const chained = cipher.setAutoPadding(false).update(Buffer.concat([Buffer.alloc(0), ...blocks]));
  return des(key, blocks.length === 0 ? last : xor(chained.subarray(-8), last));
}

/** UnionPay ECB: the blocks added and written in hex, enciphered half by half; eight hex characters. Key of 16 bytes. */
export function unionPayMac(key: Buffer, covered: Buffer): Buffer {
  const sum = blocksOf(covered).reduce((total, block) => xor(total, block), Buffer.alloc(8));
  const text = Buffer.from(sum.toString('hex').toUpperCase());
  const last = des(key, xor(des(key, text.subarray(0, 8)), text.subarray(8)));
  return Buffer.from(last.toString('hex').toUpperCase().slice(0, 8));
}

function desBlock(master: Buffer, key: Buffer, check: number): Buffer {
  return Buffer.concat([des(master, key), des(key, Buffer.alloc(8)).subarray(0, check)]);
}

/** A double-length key under the master key with three bytes of check value. */
export function newRetailKey(master: Buffer): NewKey {
  const key = randomBytes(16);
  return { key, block: desBlock(master, key, 3).toString('hex').toUpperCase() };
}

/** A PIN key and a MAC key, each with four bytes of check value. */
export function newUnionPayKey(master: Buffer): NewKey {
  const key = randomBytes(16);
  const block = Buffer.concat([desBlock(master, randomBytes(16), 4), desBlock(master, key, 4)]);
  return { key, block: block.toString('hex').toUpperCase() };
}

export function sameMac(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
