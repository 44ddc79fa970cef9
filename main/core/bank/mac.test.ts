import { createCipheriv } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openKeyBlock } from './keys.ts';
import { openCmac, sign, verified } from './mac.ts';

const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');
const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex');
const key = bytes('2b7e151628aed2a6abf7158809cf4f3c');
const text = [
  '6bc1bee22e409f96e93d7e117393172a',
  'ae2d8a571e03ac9c9eb76fac45af8e51',
  '30c81c46a35ce411e5fbc1191a0a52ef',
  'f69f2445df4f9b17ad2b417be66c3710',
].join('');

describe('AES-CMAC, RFC 4493 clause 4', () => {
  test.each([
    [0, 'bb1d6929e95937287fa37d129b756746'],
    [16, '070a16b46b4d4144f79bdd9dd04a287c'],
    [40, 'dfa66747de9ae63030ca32611497c827'],
    [64, '51f0bebf7e3b9d92fc49741779363cfe'],
  ])('of %i bytes', (length, mac) => expect(hex(openCmac(key)(bytes(text).subarray(0, length)))).toBe(mac));
});

describe('a signed message', () => {
  const cmac = openCmac(key);
  test('is verified, and no other that differs in one bit', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 200 }), fc.nat(), (message, bit) => {
        const signed = sign(message, cmac);
        expect(verified(signed, cmac)).toBe(true);
        signed[(bit >> 3) % signed.length]! ^= 1 << (bit & 7);
        expect(verified(signed, cmac)).toBe(false);
      }),
    );
  });
  test('is not verified under another key', () => {
    const message = sign(bytes(text), cmac);
    expect(verified(message, openCmac(bytes('00'.repeat(16))))).toBe(false);
  });
  test('too short for a MAC is not verified', () => expect(verified(new Uint8Array(7), cmac)).toBe(false));
});

describe('a session key block', () => {
  const master = bytes('000102030405060708090a0b0c0d0e0f');
  const cipher = createCipheriv('aes-128-ecb', master, null).setAutoPadding(false);
  const enciphered = hex(Buffer.concat([cipher.update(key), cipher.final()]));
  const check = hex(openCmac(key)(new Uint8Array(16)).subarray(0, 3));

  test('gives the key it holds', () => {
    const opened = openKeyBlock(master, `01${enciphered}${check}`);
    expect(opened.ok && hex(opened.cmac(new Uint8Array(0)))).toBe('bb1d6929e95937287fa37d129b756746');
  });
  test.each([
    ['another version', `02${enciphered}${check}`, 'key-version'],
    ['a wrong check value', `01${enciphered}000000`, 'key-check'],
    ['a short block', `01${enciphered}`, 'key-block'],
    ['no hex', 'z'.repeat(40), 'key-block'],
  ])('with %s is refused', (_name, block, code) => expect(openKeyBlock(master, block)).toEqual({ ok: false, code }));
  test('under another master key is refused', () => {
    expect(openKeyBlock(key, `01${enciphered}${check}`)).toEqual({ ok: false, code: 'key-check' });
  });
});
