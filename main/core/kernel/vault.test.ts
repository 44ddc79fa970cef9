import { generateKeyPairSync } from 'node:crypto';
import { decodeProtectedHeader } from 'jose';
import { expect, test } from 'vitest';
import { opened, VISA_PAN, vault } from './test/setting.ts';
import { openVault } from './vault.ts';

const secrets = { pan: VISA_PAN, track2: `${VISA_PAN}D30122010000000F`, expiry: '3012' };

test('only the acquirer opens a seal, and each seal is another', async () => {
  const [first, second] = [await vault.seal(secrets), await vault.seal(secrets)];
  expect(first.split('.')).toHaveLength(5);
  expect(first).not.toBe(second);
  expect(decodeProtectedHeader(first)).toMatchObject({ alg: 'ECDH-ES', enc: 'A256GCM', kid: 'test' });
  expect(await opened(first)).toEqual(secrets);
  const spoiled = first
    .split('.')
    .with(3, 'A'.repeat(first.split('.')[3]!.length))
    .join('.');
  await expect(opened(spoiled)).rejects.toThrow();
  expect(first.length).toBeLessThan(999);
});

test('a token is the same for the same PAN and key, and another for any other', () => {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });
  const sealing = { kid: 'x', jwk: { kty: 'EC', crv: 'P-256', x: pair.x ?? '', y: pair.y ?? '' } } as const;
  const other = openVault(sealing, new Uint8Array(32).fill(8));
  expect(vault.token(VISA_PAN)).toBe(vault.token(VISA_PAN));
  expect(vault.token(VISA_PAN)).toMatch(/^[0-9a-f]{32}$/);
  expect(vault.token('6210948000000011')).not.toBe(vault.token(VISA_PAN));
  expect(other.token(VISA_PAN)).not.toBe(vault.token(VISA_PAN));
});

test('keys that are none are refused at once', () => {
  const good = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });
  const jwk = { kty: 'EC', crv: 'P-256', x: good.x ?? '', y: good.y ?? '' } as const;
  expect(() => openVault({ kid: 'x', jwk }, new Uint8Array(8))).toThrow(RangeError);
  expect(() => openVault({ kid: 'x', jwk: { ...jwk, x: 'AAAA' } }, new Uint8Array(32))).toThrow();
  expect(() => openVault({ kid: 'x', jwk: { ...jwk, y: jwk.x } }, new Uint8Array(32))).toThrow();
});

test('a block token is made with the key that the acquirer has too', () => {
  expect(vault.blockToken(VISA_PAN)).toMatch(/^[0-9a-f]{32}$/);
  expect(vault.blockToken(VISA_PAN)).not.toBe(vault.token(VISA_PAN));
  expect(vault.blockToken('6210948000000011')).not.toBe(vault.blockToken(VISA_PAN));
});
