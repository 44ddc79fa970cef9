import { expect, test } from 'vitest';
import { readCaKeys, withCaKeys } from './cakeys.ts';
import { CaKey, CardRules, caKeyHash } from './config.ts';
import { publishedKeys } from './test/vectors.ts';

const published = publishedKeys();

test.each(published.map((key) => [`${key.rid} ${key.index}`, key] as const))(
  'CA key %s has its published hash',
  (_, key) => {
    expect(caKeyHash(key)).toBe(key.sha1);
    expect(CaKey.safeParse(key).success).toBe(true);
  },
);

test('a CA key with one digit changed is refused', () => {
  const key = published[0]!;
  const modulus = `${key.modulus.slice(0, -1)}${key.modulus.endsWith('5') ? '7' : '5'}`;
  for (const wrong of [
    { modulus },
    { index: '02' },
    { exponent: '010001' },
    { sha1: '00'.repeat(20) },
    { rid: 'A000000004' },
  ]) {
    expect(CaKey.safeParse({ ...key, ...wrong }).success).toBe(false);
  }
});

test('a file of CA keys is read whole or not at all', () => {
  expect(readCaKeys(JSON.stringify(published))).toMatchObject({ ok: true, keys: { length: published.length } });
  expect(readCaKeys('[')).toMatchObject({ ok: false, code: 'ca-keys-damaged' });
  expect(readCaKeys('{}')).toMatchObject({ ok: false, code: 'ca-keys-invalid' });
  const spoiled = [published[0], { ...published[1], sha1: '00'.repeat(20) }];
  expect(readCaKeys(JSON.stringify(spoiled))).toMatchObject({
    ok: false,
    code: 'ca-keys-invalid',
    detail: expect.stringMatching(/^1\.sha1: /),
  });
  expect(readCaKeys(JSON.stringify([{ ...published[0], extra: 1 }]))).toMatchObject({ ok: false });
});

const rules = {
  country: '156',
  ttq: '36004080',
  applications: [{ aid: 'a000000333010101', kernel: 7, scheme: 'unionpay' }],
  caKeys: [],
};

test('the shipped form of a profile is enough, times have defaults, hex is upper case', () => {
  expect(CardRules.parse(rules)).toMatchObject({
    exchangeMs: 2_000,
    dialogueMs: 10_000,
    applications: [{ aid: 'A000000333010101' }],
  });
});

test.each([
  { country: '15' },
  { ttq: '3600408' },
  { applications: [] },
  { applications: [{ aid: 'A0000003', kernel: 7, scheme: 'unionpay' }] },
  { applications: [{ aid: 'A000000333', kernel: 4, scheme: 'amex' }] },
  { caKeys: [{}] },
  { unknown: 1 },
])('rules with %o are refused', (wrong) => {
  expect(CardRules.safeParse({ ...rules, ...wrong }).success).toBe(false);
});

test('a further CA key takes the place of the one it replaces', () => {
  const [a, b, c] = published.map((key) => CaKey.parse(key));
  const first = withCaKeys(CardRules.parse(rules), [a!, b!]);
  const second = withCaKeys(first, [{ ...b!, modulus: c!.modulus }, c!]);
  expect(second.caKeys.map((key) => key.index)).toEqual([a!.index, b!.index, c!.index]);
  expect(second.caKeys[1]!.modulus).toBe(c!.modulus);
});
