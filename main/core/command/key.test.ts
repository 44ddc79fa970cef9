import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openKeyStore, passphraseSealer } from '../bank/keystore.ts';
import { makeAuthority } from '../bank/test/certificates.ts';
import { profileContent, signProfile } from '../bank/test/profile.ts';
import { openMemoryStorage } from '../test/storage.ts';
import { loadKey } from './key.ts';

const FIRST = '0123456789ABCDEF0011223344556677';
const SECOND = '1111111111111111222222222222222F';
const PASSPHRASE = 'correct horse battery';

let dir: string;
let profile: string;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'key-'));
  profile = join(dir, 'profile.json');
  const authority = await makeAuthority('Test CA');
  const content = profileContent({ ca: authority.cert, client: await authority.issue('terminal', 'client') });
  const { masterKey: _, ...rest } = content;
  const signed = signProfile(
    { ...rest, dialect: 'hypercom', virtual: false },
    generateKeyPairSync('ed25519').privateKey,
  );
  writeFileSync(profile, signed);
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function load(...typed: string[]) {
  const storage = openMemoryStorage();
  const told: string[] = [];
  const lines = [...typed];
  const result = await loadKey({ profile, storage, random: randomBytes, tell: (text) => told.push(text) }, async () =>
    lines.shift(),
  );
  return { storage, told, result };
}

test('two components and a passphrase make a sealed key; only check values are told', async () => {
  const { storage, told, result } = await load(FIRST, SECOND, PASSPHRASE);
  expect(result).toMatchObject({ exit: 0, body: { key: { algorithm: 'TDES-2', sealed: 'passphrase' } } });
  expect(told).toHaveLength(3);
  const everything = JSON.stringify([told, result]) + Buffer.from(storage.read('master.key') ?? []).toString();
  for (const secret of [FIRST, SECOND, PASSPHRASE])
    expect(everything.toUpperCase()).not.toContain(secret.toUpperCase());
  const loaded = openKeyStore(storage, passphraseSealer(PASSPHRASE, randomBytes)).load();
  expect(loaded.ok && Buffer.from(loaded.key).toString('hex').toUpperCase()).toBe('1032547698BADCFE2233001166774458');
});

test.each([
  ['half a component', [FIRST.slice(1), SECOND, PASSPHRASE]],
  ['the same component twice', [FIRST, FIRST, PASSPHRASE]],
  ['no second person', [FIRST]],
  ['a short passphrase', [FIRST, SECOND, 'short']],
])('%s loads nothing, and the refusal does not repeat it', async (_name, typed) => {
  const { storage, result } = await load(...typed);
  expect(result).toMatchObject({ exit: 1, body: { error: { code: 'input-invalid' } } });
  expect(storage.exists('master.key')).toBe(false);
  for (const secret of typed.filter((one) => one.length > 10)) expect(JSON.stringify(result)).not.toContain(secret);
});
