import { generateKeyPairSync, sign } from 'node:crypto';
import { expect, test } from 'vitest';
import { blockContent, blockKey, readBlockFile } from './blockfile.ts';

const bank = generateKeyPairSync('ed25519').privateKey;
const other = generateKeyPairSync('ed25519').privateKey;
const tokens = ['0'.repeat(32), 'f'.repeat(32)];

function file(changes: object = {}, key = bank, version = 3): string {
  const { kty, crv, x } = key.export({ format: 'jwk' });
  const signature = sign(null, Buffer.from(blockContent(version, tokens)), key).toString('base64url');
  return JSON.stringify({ version, tokens, signer: { kty, crv, x }, signature, ...changes });
}

/** The thumbprint as a refusal of a file by nobody known tells it. */
function thumbprint(key = bank): string {
  const read = readBlockFile(file({}, key), '');
  return read.ok ? '' : read.detail.replace('signed by ', '');
}

test('a list that the profile’s signer has signed is read', () => {
  expect(readBlockFile(file(), thumbprint())).toEqual({ ok: true, version: 3, tokens });
});

test.each<[string, string, string]>([
  ['no JSON', 'version 3', 'blocklist-damaged'],
  ['no signature', JSON.stringify({ version: 3, tokens }), 'blocklist-damaged'],
  ['a card number for a token', file({ tokens: ['4761739001010119'] }), 'blocklist-damaged'],
  ['a member too many', file({ more: 1 }), 'blocklist-damaged'],
  ['a version that is none', file({ version: 0 }), 'blocklist-damaged'],
  ['another version than was signed', file({ version: 4 }), 'blocklist-forged'],
  ['a token less than was signed', file({ tokens: tokens.slice(1) }), 'blocklist-forged'],
  ['another signer', file({}, other), 'blocklist-foreign'],
])('%s is refused', (_name, text, code) => {
  expect(readBlockFile(text, thumbprint())).toMatchObject({ ok: false, code });
});

test('the key of block tokens comes from the master key', () => {
  const key = blockKey('000102030405060708090a0b0c0d0e0f');
  // HMAC-SHA-256 of the text under these bytes, made with openssl.
  expect(Buffer.from(key ?? []).toString('hex')).toBe(
    'f1071dff5136cb6428e427f9ffa75ba053d0e192c79cb063bcb31627fc9da7dd',
  );
  expect(blockKey(undefined)).toBeUndefined();
});
