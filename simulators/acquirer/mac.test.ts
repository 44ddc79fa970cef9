import { expect, test } from 'vitest';
import { cmac, des, newAesKey, newRetailKey, newUnionPayKey, sameMac, unionPayMac, x919 } from './mac.ts';

// RFC 4493 section 4, examples 1 to 4.
const key = Buffer.from('2b7e151628aed2a6abf7158809cf4f3c', 'hex');
const text =
  '6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710';

test.each([
  [0, 'bb1d6929e95937287fa37d129b756746'],
  [16, '070a16b46b4d4144f79bdd9dd04a287c'],
  [40, 'dfa66747de9ae63030ca32611497c827'],
  [64, '51f0bebf7e3b9d92fc49741779363cfe'],
])('AES-CMAC of %i bytes', (length, mac) => {
  expect(cmac(key, Buffer.from(text, 'hex').subarray(0, length)).toString('hex')).toBe(mac);
});

test('X9.19 as Botan has it', () => {
  const retail = Buffer.from('0123456789ABCDEFFEDCBA9876543210', 'hex');
  const known =
    '31311C3931383237333634351C1C35383134333237361C1C3B313233343536373839303132333435363D3939313231303030303F1C30303031323530301C393738363533343132343837363932331C';
  expect(x919(retail, Buffer.from(known, 'hex')).toString('hex').toUpperCase()).toBe('C209CCB78EE1B606');
});

test('UnionPay ECB as a worked example has it (csdn zfr_xuexiao66, article 94665452)', () => {
  const double = Buffer.from('55036372B17543ECB173730768B8D6C4', 'hex');
  expect(unionPayMac(double, Buffer.from('1212B04E1227809C', 'hex')).toString()).toBe('5FE058DB');
});

test('a MAC is the same as itself and no other', () => {
  const mac = cmac(key, Buffer.from('one'));
  expect(sameMac(mac, cmac(key, Buffer.from('one')))).toBe(true);
  expect(sameMac(mac, cmac(key, Buffer.from('two')))).toBe(false);
  expect(sameMac(mac, mac.subarray(0, 7))).toBe(false);
});

test('session key blocks carry key and check value, and every key is new', () => {
  expect(newAesKey(key).block).toMatch(/^01[0-9A-F]{38}$/);
  expect(newAesKey(key).block).not.toBe(newAesKey(key).block);
  const retail = newRetailKey(key);
  expect(retail.block).toHaveLength(38);
  expect(retail.block.slice(32)).toBe(des(retail.key, Buffer.alloc(8)).toString('hex').toUpperCase().slice(0, 6));
  const union = newUnionPayKey(key);
  expect(union.block).toHaveLength(80);
  expect(union.block.slice(40, 72)).toBe(des(key, union.key).toString('hex').toUpperCase());
});
