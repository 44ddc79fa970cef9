import { generateKeyPairSync, sign } from 'node:crypto';
import { expect, test } from 'vitest';
import type { AcquirerLink } from './bank/link.ts';
import { thumbprint } from './bank/profile.ts';
import { openBook } from './ledger/recovery.ts';
import { BankParameters, type ParametersParts } from './parameters.ts';
import { openBlocklist } from './risk/blocklist.ts';
import { canonical } from './store/canonical.ts';
import { openDatabase } from './store/database.ts';
import { openManualClock } from './test/clock.ts';
import { migrations } from './test/migrations.ts';
import { openMemoryStorage } from './test/storage.ts';
import { makeProfile } from './test/till.ts';

const BLOCKED = 'ab'.repeat(16);

test('whatever of them was not done when the terminal was ended is done by the next start', async () => {
  const { profile } = await makeProfile();
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const { x = '' } = publicKey.export({ format: 'jwk' });
  const parameters = { version: 1, id: profile.id, terms: {}, blocked: { version: 1, tokens: [BLOCKED] } };
  const signature = sign(null, Buffer.from(canonical(parameters) ?? ''), privateKey).toString('base64url');
  const signed = { parameters, signer: { kty: 'OKP', crv: 'Ed25519', x }, signature };
  const bundle = Buffer.from(JSON.stringify(signed));
  const storage = openMemoryStorage();
  const { book } = openBook(storage, openDatabase(storage, migrations));
  const world = { storage, clock: openManualClock() };
  const blocklist = openBlocklist(book, world);
  const link = { parameters: async () => ({ kind: 'newer', bundle }) } as unknown as AcquirerLink;
  const start = (list: ParametersParts['blocklist']): BankParameters => {
    const rest = { adopt: () => undefined, onChange: () => () => undefined, changed: () => undefined };
    const fatal = (error: unknown): never => {
      throw error;
    };
    const known = { profile, signer: thumbprint(x), idle: () => true };
    return new BankParameters({ world, book, link, blocklist: list, fatal, ...known, ...rest });
  };
  const ended = {
    replace: () => {
      throw new Error('ended');
    },
  };
  await expect(start(ended).ask()).rejects.toThrow('ended');
  expect(blocklist.has(BLOCKED)).toBe(false);
  const next = start(blocklist);
  expect(next.state).toEqual({ version: 0, waiting: 1 });
  next.go();
  expect(next.state).toEqual({ version: 1 });
  expect(blocklist.has(BLOCKED)).toBe(true);
  next.stop();
});
