import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { chooseSealer, PASSPHRASE, PASSPHRASE_FILE, type SealerPlace, type Store } from './sealer.ts';

let data: string;
let said: string[];

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'sealer-'));
  said = [];
});

afterEach(() => rmSync(data, { recursive: true, force: true }));

/** A store whose sealing is turning the text round and naming the user. */
function store(backend: ReturnType<NonNullable<Store['getSelectedStorageBackend']>>, user = 'a'): Store {
  return {
    isEncryptionAvailable: () => true,
    getSelectedStorageBackend: () => backend,
    encryptString: (text) => Buffer.from(user + [...text].reverse().join('')),
    decryptString: (sealed) => {
      if (!sealed.toString().startsWith(user)) throw new Error('not ours');
      return [...sealed.toString().slice(1)].reverse().join('');
    },
  };
}

function place(change: Partial<SealerPlace> = {}): SealerPlace {
  const log = (event: string) => said.push(event);
  return { data, env: {}, store: store('gnome_libsecret'), platform: 'linux', log, ...change };
}

test('a keyring keeps one key over restarts; it is not on the disk in the clear', async () => {
  const first = await chooseSealer(place());
  expect(first).toMatchObject({ kind: 'safe-storage' });
  expect(Buffer.from(first.secret, 'base64')).toHaveLength(32);
  expect(await chooseSealer(place())).toEqual(first);
  expect(readFileSync(join(data, 'seal.key'), 'latin1')).not.toContain(first.secret);
});

test('the calls of newer runtimes are used where they are', async () => {
  const { encryptString, decryptString } = store('kwallet5');
  const never = (): never => {
    throw new Error('an older call');
  };
  const newer: Store = {
    isEncryptionAvailable: never,
    encryptString: never,
    decryptString: never,
    getSelectedStorageBackend: () => 'kwallet5',
    isAsyncEncryptionAvailable: async () => true,
    encryptStringAsync: async (text) => encryptString(text),
    decryptStringAsync: async (sealed) => ({ result: decryptString(sealed), shouldReEncrypt: false }),
  };
  const first = await chooseSealer(place({ store: newer }));
  expect(first.kind).toBe('safe-storage');
  expect(await chooseSealer(place({ store: newer }))).toEqual(first);
});

test.each(['basic_text', 'unknown'] as const)('a store of the kind %s is not called sealing', async (backend) => {
  expect(await chooseSealer(place({ store: store(backend) }))).toEqual({ type: 'sealer', kind: 'none', secret: '' });
  expect(said).toEqual(['sealer-none']);
});

test('a store that is not there is not used, nor is one that does not open what it sealed', async () => {
  const absent = { ...store('gnome_libsecret'), isEncryptionAvailable: () => false };
  expect((await chooseSealer(place({ store: absent }))).kind).toBe('none');
  await chooseSealer(place());
  const kept = readFileSync(join(data, 'seal.key'));
  expect((await chooseSealer(place({ store: store('gnome_libsecret', 'b') }))).kind).toBe('none');
  expect(said).toEqual(['sealer-none', 'sealer-locked']);
  expect(readFileSync(join(data, 'seal.key'))).toEqual(kept);
});

test('a passphrase from the environment or a file goes first', async () => {
  const env = { [PASSPHRASE]: 'correct horse battery' };
  expect(await chooseSealer(place({ env }))).toEqual({ type: 'sealer', kind: 'passphrase', secret: env[PASSPHRASE] });
  const file = join(data, 'passphrase');
  writeFileSync(file, 'correct horse staple\n');
  expect(await chooseSealer(place({ env: { [PASSPHRASE_FILE]: file } }))).toMatchObject({
    kind: 'passphrase',
    secret: 'correct horse staple',
  });
  const gone = { [PASSPHRASE_FILE]: join(data, 'gone') };
  expect((await chooseSealer(place({ env: gone, store: store('basic_text') }))).kind).toBe('none');
  expect(said).toEqual(['passphrase-unread', 'sealer-none']);
});
