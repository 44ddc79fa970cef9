import { createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { codeHash, recognise } from './code.ts';

// Forms of the wallets' payment codes as docs/bank-link.md names them; the digits are made up.
const rules = [
  { scheme: 'alipay', pattern: '^(2[5-9]|30)\\d{14,22}$' },
  { scheme: 'wechat', pattern: '^1[0-5]\\d{16}$' },
  { scheme: 'unionpay-code', pattern: '^62\\d{17}$' },
  { scheme: 'e-cny', pattern: '^01\\d{17}$' },
];

test.each([
  ['2812345678901234', 'alipay'],
  ['301234567890123456789012', 'alipay'],
  ['131234567890123456', 'wechat'],
  ['6212345678901234567', 'unionpay-code'],
  ['0112345678901234567', 'e-cny'],
  [' 131234567890123456\r\n', 'wechat'],
])('%s is of %s', (text, scheme) => {
  expect(recognise(text, rules)).toBe(scheme);
});

test.each([
  '',
  '28123456789012',
  '3112345678901234',
  '161234567890123456',
  '62123456789012345678',
  'https://example.org/281234567890123456',
  '13123456789012345６',
  '1312345678 90123456',
  '\u001b281234567890123456',
  '2'.repeat(4_096),
])('“%s” is no payment code', (text) => {
  expect(recognise(text, rules)).toBeUndefined();
});

test('nothing but digits is ever recognised, whatever the rules say', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 64 }), (text) => {
      const scheme = recognise(text, [{ scheme: 'any', pattern: '' }]);
      expect(scheme === undefined || /^\d{10,32}$/.test(text.trim())).toBe(true);
    }),
  );
});

test('what is kept of a code is keyed, the same for the same code, and not the code', () => {
  const key = createSecretKey(new Uint8Array(32).fill(1));
  const hash = codeHash('131234567890123456', key);
  expect(hash).toMatch(/^[0-9a-f]{64}$/);
  expect(codeHash(' 131234567890123456 ', key)).toBe(hash);
  expect(codeHash('131234567890123457', key)).not.toBe(hash);
  expect(codeHash('131234567890123456', createSecretKey(new Uint8Array(32).fill(2)))).not.toBe(hash);
});
