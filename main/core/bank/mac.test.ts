import { createCipheriv } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { desCheckValue, openKeyBlock, openRetailBlock, openUnionPayBlock } from './keys.ts';
import { encipherDes, openCmac, openRetailMac, openUnionPayMac, sign, verified } from './mac.ts';

interface Retail {
  readonly vectors: readonly { readonly key: string; readonly data: string; readonly mac: string }[];
}
const x919 = JSON.parse(readFileSync(join(import.meta.dirname, 'vectors/x919.json'), 'utf8')) as Retail;

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

test.each(x919.vectors)('X9.19, Botan: $mac', ({ key: retail, data, mac }) => {
  expect(hex(openRetailMac(bytes(retail))(bytes(data))).toUpperCase()).toBe(mac);
});

// pyemv's tests of ISO/IEC 9797-1 algorithm 3.
test.each([
  [1, '78DA3D3DEB48FD4D'],
  [2, '2BC2D9EDE0CF31F6'],
] as const)('ISO 9797-1 algorithm 3 with padding method %i', (padding, mac) => {
  const retail = bytes('AA'.repeat(8) + 'BB'.repeat(8));
  expect(hex(openRetailMac(retail, padding)(Buffer.from('hello world'))).toUpperCase()).toBe(mac);
});

describe('the ECB MAC of UnionPay terminals', () => {
  // Worked example with every step: csdn zhu244912654, article 80005341.
  test('under a single-length key', () => {
    const mab =
      '0200302004C020C0981100000000000000005100183402100006324392260009942820D13121011200843931363638383031343030303030' +
      '30303030303030303031313536ACF46E73838A82F92600000000000000000822000001';
    expect(Buffer.from(openUnionPayMac(bytes('C24A8FB57AA20123'))(bytes(mab))).toString('latin1')).toBe('8A9E91B8');
  });
  // Worked example: csdn zfr_xuexiao66, article 94665452. The blocks add up to 1212B04E1227809C.
  test('under a double-length key', () => {
    const mac = openUnionPayMac(bytes('55036372B17543ECB173730768B8D6C4'))(bytes('1212B04E1227809C'));
    expect(Buffer.from(mac).toString('latin1')).toBe('5FE058DB');
  });
  test('adds blocks: what is the same twice counts for nothing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 8 }), fc.uint8Array({ maxLength: 64 }), (block, rest) => {
        const mac = openUnionPayMac(bytes('C24A8FB57AA20123'));
        expect(mac(Buffer.concat([block, block, rest]))).toEqual(mac(rest));
      }),
    );
  });
});

test('a DES key has 8 or 16 bytes', () => {
  expect(() => openRetailMac(new Uint8Array(5))).toThrow(RangeError);
  expect(() => encipherDes(new Uint8Array(24), new Uint8Array(8))).toThrow(RangeError);
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
    expect(opened.ok && hex(opened.mac(new Uint8Array(0)))).toBe('bb1d6929e95937287fa37d129b756746');
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

describe('session keys under a triple-DES master key', () => {
  const master = bytes('70F2A84CCBC2AE8625CBB0F2C22AB923');
  const double = bytes('0123456789ABCDEFFEDCBA9876543210');
  const sealed = (one: Uint8Array, check: number): string =>
    hex(encipherDes(master, one)) + hex(desCheckValue(one).subarray(0, check));
  const pin = bytes('11'.repeat(16));

  test('a key that was published enciphered comes out as it was', () => {
    // The same worked example: 96D605EA176B7E9E is C24A8FB57AA20123 under this master key.
    const single = bytes('C24A8FB57AA20123');
    expect(hex(encipherDes(master, single)).toUpperCase()).toBe('96D605EA176B7E9E');
    const opened = openUnionPayBlock(master, sealed(pin.subarray(0, 8), 4) + sealed(single, 4));
    expect(opened.ok && opened.mac(bytes('00'))).toEqual(openUnionPayMac(single)(bytes('00')));
  });
  test('Hypercom style and UnionPay style, double-length', () => {
    const retail = openRetailBlock(master, sealed(double, 3));
    expect(retail.ok && retail.mac(bytes(text))).toEqual(openRetailMac(double)(bytes(text)));
    const union = openUnionPayBlock(master, sealed(pin, 4) + sealed(double, 4));
    expect(union.ok && union.mac(bytes(text))).toEqual(openUnionPayMac(double)(bytes(text)));
  });
  test.each([
    ['nothing', '', 'key-block'],
    ['no hex', 'z'.repeat(38), 'key-block'],
    ['another length', '00'.repeat(21), 'key-block'],
    ['a wrong check value', '00'.repeat(19), 'key-check'],
  ])('%s is refused', (_name, block, code) => {
    expect(openRetailBlock(master, block)).toEqual({ ok: false, code });
  });
  test('a wrong check value of either key is refused', () => {
    const wrong = '00000000';
    const good = sealed(double, 4);
    expect(openUnionPayBlock(master, good.slice(0, -8) + wrong + good)).toMatchObject({ code: 'key-check' });
    expect(openUnionPayBlock(master, good + good.slice(0, -8) + wrong)).toMatchObject({ code: 'key-check' });
    expect(openUnionPayBlock(double, good + good)).toMatchObject({ code: 'key-check' });
    expect(openUnionPayBlock(master, good)).toMatchObject({ code: 'key-block' });
  });
});
