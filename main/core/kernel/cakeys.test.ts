import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { expect, test } from 'vitest';
import { caKeysContent, readCaKeys, withCaKeys } from './cakeys.ts';
import { CaKey } from './config.ts';
import { config, tap, visa } from './test/setting.ts';
import { testCard } from './test/testcard.ts';
import { publishedKeys } from './test/vectors.ts';

const keys = publishedKeys()
  .slice(0, 3)
  .map((key, at) => CaKey.parse({ ...key, ...(at === 0 ? { expires: '2030-12-31' } : {}) }));
const pair = generateKeyPairSync('ed25519');
const { x = '' } = pair.publicKey.export({ format: 'jwk' });
const signer = createHash('sha256').update(`{"crv":"Ed25519","kty":"OKP","x":"${x}"}`).digest('base64url');
const trusted = { signer, today: '2026-11-21' };

function file(change: Record<string, unknown> = {}): string {
  const content = caKeysContent('2026-12-31', keys);
  const signature = sign(null, Buffer.from(content), pair.privateKey).toString('base64url');
  return JSON.stringify({
    keys,
    expires: '2026-12-31',
    signer: { kty: 'OKP', crv: 'Ed25519', x },
    signature,
    ...change,
  });
}

test('what is signed is the keys in one fixed form', () => {
  expect(caKeysContent('2026-12-31', keys.slice(0, 1))).toMatch(
    /^\{"expires":"2026-12-31","keys":\[\{"expires":"2030-12-31","exponent":"03","index":"..","modulus":"[0-9A-F]+","rid":"A\d{9}","sha1":"[0-9A-F]{40}"\}\]\}$/,
  );
});

test('a file signed by the one who is trusted is taken, whatever the order of its members', () => {
  expect(readCaKeys(file(), trusted)).toEqual({ ok: true, keys, signer });
  const turned = keys.map((key) => Object.fromEntries(Object.entries(key).reverse()));
  expect(readCaKeys(file({ keys: turned }), trusted)).toMatchObject({ ok: true });
});

test.each<[string, Record<string, unknown>, string]>([
  ['a key less', { keys: keys.slice(1) }, 'ca-keys-forged'],
  ['a longer life', { expires: '2027-12-31' }, 'ca-keys-forged'],
  ['another key’s life', { keys: keys.map((key) => ({ ...key, expires: '2040-01-01' })) }, 'ca-keys-forged'],
  ['a signature of nobody', { signature: 'A'.repeat(86) }, 'ca-keys-forged'],
  ['a modulus that has another hash', { keys: [{ ...keys[0], index: '55' }] }, 'ca-keys-invalid'],
  ['an unknown member', { note: 1 }, 'ca-keys-invalid'],
])('%s makes the file worth nothing', (_, change, code) => {
  expect(readCaKeys(file(change), trusted)).toMatchObject({ ok: false, code });
});

test('a stranger’s file, an old one and one where nobody is trusted are refused', () => {
  expect(readCaKeys(file(), { ...trusted, signer: 'x' })).toMatchObject({ code: 'ca-keys-foreign' });
  expect(readCaKeys(file(), { ...trusted, today: '2027-01-01' })).toMatchObject({ code: 'ca-keys-expired' });
  expect(readCaKeys(file())).toMatchObject({ code: 'ca-keys-foreign' });
});

test('keys that nobody signed are told with every card', async () => {
  const list = readCaKeys(JSON.stringify(config.cards.caKeys), trusted);
  if (!list.ok) throw new Error(list.detail);
  expect(list.signer).toBeUndefined();
  const unsigned = { ...config, cards: withCaKeys({ ...config.cards, caKeys: [] }, list.keys) };
  expect((await tap(testCard(visa), { config: unsigned })).outcome).toMatchObject({ card: { keys: 'unsigned' } });
  const signed = { ...config, cards: withCaKeys({ ...config.cards, caKeys: [] }, list.keys, true) };
  const { outcome } = await tap(testCard(visa), { config: signed });
  expect('card' in outcome && outcome.card && 'keys' in outcome.card).toBe(false);
});
