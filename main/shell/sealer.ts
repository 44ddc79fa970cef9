import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SafeStorage } from 'electron';
import type { ToCore } from '../../contract/process.ts';

/** What the core is told to seal keys with. */
export type SealerMessage = Extract<ToCore, { type: 'sealer' }>;

/** Electron's store, as far as it is used; the calls that do not wait are those of older runtimes. */
export type Store = Pick<SafeStorage, 'encryptString' | 'decryptString' | 'isEncryptionAvailable'> &
  Partial<
    Pick<
      SafeStorage,
      'encryptStringAsync' | 'decryptStringAsync' | 'isAsyncEncryptionAvailable' | 'getSelectedStorageBackend'
    >
  >;

export interface SealerPlace {
  readonly data: string;
  readonly env: NodeJS.ProcessEnv;
  readonly store: Store;
  readonly platform: NodeJS.Platform;
  readonly log: (event: string, details: { readonly [name: string]: string }) => void;
}

export const PASSPHRASE = 'COUNTERTAP_KEY_PASSPHRASE';
export const PASSPHRASE_FILE = 'COUNTERTAP_KEY_PASSPHRASE_FILE';

/** Backends that keep the password with a keyring. `basic_text` has one that everybody knows: it is not called sealing here. */
const REAL = new Set(['gnome_libsecret', 'kwallet', 'kwallet5', 'kwallet6']);

const FILE = 'seal.key';
const BYTES = 32;

const none: SealerMessage = { type: 'sealer', kind: 'none', secret: '' };

/**
 * With what the core seals keys: an operator's passphrase where one is given, else the system's own store where it is real, else
 * nothing, which is said. The answer goes to the core alone.
 */
export async function chooseSealer(place: SealerPlace): Promise<SealerMessage> {
  const passphrase = passphraseOf(place);
  if (passphrase !== undefined) return { type: 'sealer', kind: 'passphrase', secret: passphrase };
  if (!(await isReal(place))) {
    place.log('sealer-none', { backend: backendOf(place) });
    return none;
  }
  try {
    const key = await storedKey(place);
    return { type: 'sealer', kind: 'safe-storage', secret: key.toString('base64') };
  } catch (error) {
    // A key that another user or machine sealed: the one sealed with it cannot be opened either, and is not replaced.
    place.log('sealer-locked', { detail: error instanceof Error ? error.message : String(error) });
    return none;
  }
}

function passphraseOf({ env, log }: SealerPlace): string | undefined {
  const given = env[PASSPHRASE];
  if (given !== undefined && given !== '') return given;
  const file = env[PASSPHRASE_FILE];
  if (file === undefined || file === '') return undefined;
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    log('passphrase-unread', { detail: error instanceof Error ? error.message : String(error) });
    return undefined;
  }
}

function backendOf({ store, platform }: SealerPlace): string {
  return platform === 'linux' ? (store.getSelectedStorageBackend?.() ?? 'unknown') : platform;
}

async function isReal(place: SealerPlace): Promise<boolean> {
  const { store, platform } = place;
  const available = store.isAsyncEncryptionAvailable
    ? await store.isAsyncEncryptionAvailable()
    : store.isEncryptionAvailable();
  return available && (platform !== 'linux' || REAL.has(backendOf(place)));
}

/** The key kept under the system's store in the data folder; made at the first start. */
async function storedKey({ data, store }: SealerPlace): Promise<Buffer> {
  const path = join(data, FILE);
  if (existsSync(path)) {
    const sealed = readFileSync(path);
    const text = store.decryptStringAsync
      ? (await store.decryptStringAsync(sealed)).result
      : store.decryptString(sealed);
    const key = Buffer.from(text, 'base64');
    if (key.length !== BYTES) throw new Error('the sealing key is not one');
    return key;
  }
  const key = randomBytes(BYTES);
  const text = key.toString('base64');
  const sealed = store.encryptStringAsync ? await store.encryptStringAsync(text) : store.encryptString(text);
  writeFileSync(`${path}.new`, sealed, { mode: 0o600 });
  renameSync(`${path}.new`, path);
  return key;
}
