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
  return Buffer.concat([cipher.update(message.subarray(0, (blocks - 1) * 16)), cipher.update(last)]).subarray(-16);
}

/** The eight bytes that end a message. */
export function sign(key: Buffer, covered: Buffer): Buffer {
  return cmac(key, covered).subarray(0, 8);
}

export function verifies(key: Buffer, covered: Buffer, mac: Buffer): boolean {
  return mac.length === 8 && timingSafeEqual(sign(key, covered), mac);
}

/** A fresh session key and its block for DE 62: version, key under the master key, key check value (hex). */
export function newSession(master: Buffer): { readonly key: Buffer; readonly block: string } {
  const key = randomBytes(16);
  const check = cmac(key, Buffer.alloc(16)).subarray(0, 3);
  return {
    key,
    block: Buffer.concat([Buffer.from([1]), encipher(master, key), check])
      .toString('hex')
      .toUpperCase(),
  };
}
