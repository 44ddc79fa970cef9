import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { KEY_FILE, openKeyStore, type Sealer } from './bank/keystore.ts';
import { type AcquirerProfile, readProfile } from './bank/profile.ts';
import { Core } from './core.ts';
import { readCaKeys, withCaKeys } from './kernel/cakeys.ts';
import { TamperError } from './ledger/recovery.ts';
import { Refused } from './refused.ts';
import { type Migration, readMigrations, StoreError } from './store/database.ts';
import type { Storage } from './store/storage.ts';
import { type OpenDevices, openDevices } from './world/devices.ts';
import { openRealWorld } from './world/real.ts';

/** What the terminal is started with, on the command line or by the shell. */
export interface StartOptions {
  readonly data: string;
  /** Acquirer profile file; `profile.json` in the data folder when not given. */
  readonly profile?: string | undefined;
  /** CA keys laid over the profile's: signed as the profile is, or unsigned ones of test cards. */
  readonly caKeys?: string | undefined;
  readonly reader?: string | undefined;
  /** host:port of a class A reader (docs/encrypting-reader.md). */
  readonly sealedReader?: string | undefined;
  /** host:port instead of the profile's. */
  readonly acquirer?: string | undefined;
  /** Control port of the virtual counter. */
  readonly virtual?: string | undefined;
  readonly printer?: string | undefined;
  /** Device paths of serial scanners. */
  readonly scanner?: readonly string[] | undefined;
  readonly zone: string;
  /** Enciphers the daily backups; that of the environment when not given. */
  readonly backupPassphrase?: string | undefined;
  /** File that the journal's head is kept in, outside the data folder; beside the folder when not given. */
  readonly anchor?: string | undefined;
  /** Opens the master key of a profile that holds none (`terminal key load`). */
  readonly sealer?: Sealer | undefined;
}

export interface Terminal {
  readonly core: Core;
  readonly devices: OpenDevices;
}

const COLUMNS = 48;

/**
 * Opens the terminal on the real world.
 * @throws Refused with a code of the contract when there is no usable profile or data folder.
 */
export async function openTerminal(options: StartOptions, onFatal: (error: unknown) => void): Promise<Terminal> {
  if (!isZone(options.zone)) throw new Refused('input-invalid', `"${options.zone}" is no time zone`);
  const { profile, signer } = loadProfile(options);
  const devices = await openDevices({
    readers: {
      pcsc: true,
      allowVirtual: profile.virtual,
      ...(options.virtual === undefined ? {} : { virtualPort: 0 }),
      ...(options.sealedReader === undefined ? {} : { sealed: hostPort(options.sealedReader) }),
      ...(options.reader === undefined ? {} : { only: options.reader }),
    },
    scanners: { serial: (options.scanner ?? []).map((path) => ({ path })) },
    ...(options.printer === undefined ? {} : { printer: { ...hostPort(options.printer), columns: COLUMNS } }),
  });
  try {
    const world = openRealWorld(options.data, devices, anchorOf(options, profile.virtual));
    const { reader, zone } = options;
    const keyed = withMasterKey(profile, world.storage, options.sealer);
    const { sealer } = options;
    const keySealed = profile.masterKey === undefined;
    // From the environment, so that no list of processes shows it.
    const backupPassphrase = options.backupPassphrase ?? process.env['COUNTERTAP_BACKUP_PASSPHRASE'];
    const given = { profile: keyed, signer, sealer, keySealed, backupPassphrase };
    const core = new Core({ world, migrations: findMigrations(), ...given, zone, reader, onFatal });
    return { core, devices };
  } catch (error) {
    await devices.close();
    throw startRefusal(error);
  }
}

function isZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** No real money moves at a virtual counter, and its folder is thrown away at will: it keeps an anchor only when told to. */
function anchorOf({ data, anchor }: StartOptions, virtual: boolean): string | undefined {
  return anchor ?? (virtual ? undefined : `${resolve(data)}.anchor`);
}

/**
 * The profile with the master key that was loaded into the data folder, where it holds none itself. Before the first key is
 * loaded the terminal starts without: the line waits for it.
 */
function withMasterKey(profile: AcquirerProfile, storage: Storage, sealer: Sealer | undefined): AcquirerProfile {
  if (profile.masterKey !== undefined) return profile;
  if (!sealer && !storage.exists(KEY_FILE)) return profile;
  if (!sealer) throw new Refused('profile-damaged', 'the master key is sealed: its passphrase is needed');
  const loaded = openKeyStore(storage, sealer).load();
  if (!loaded.ok && loaded.code === 'absent') return profile;
  if (!loaded.ok) throw new Refused('profile-damaged', `master key ${loaded.code}: terminal key load`);
  return { ...profile, masterKey: Buffer.from(loaded.key).toString('hex') };
}

/** What keeps the terminal from starting, as a refusal that the screens can explain. */
function startRefusal(error: unknown): unknown {
  if (error instanceof TamperError) return new Refused('data-damaged', `entry ${error.seq}: ${error.message}`);
  if (bySystem(error)) return new Refused('store-failed', error.message);
  if (!(error instanceof StoreError)) return error;
  if (error.fault === 'in-use') return new Refused('data-in-use', error.message);
  if (error.fault === 'newer') return new Refused('data-newer', error.message);
  return error.fault === 'not-a-database'
    ? new Refused('data-damaged', error.message)
    : new Refused('store-failed', error.message);
}

/** The data folder cannot be made, read or written: no right, no room, a file in the way. */
function bySystem(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error;
}

function loadProfile(options: StartOptions): { profile: AcquirerProfile; signer: string } {
  const path = options.profile ?? join(options.data, 'profile.json');
  const read = readProfile(readOr('profile-missing', path));
  if (!read.ok) throw new Refused('profile-damaged', `${read.code}: ${read.detail}`);
  const cards =
    options.caKeys === undefined ? read.profile.cards : withFileKeys(read.profile, options.caKeys, read.signer);
  const address = options.acquirer === undefined ? {} : hostPort(options.acquirer);
  return { profile: { ...read.profile, cards, ...address }, signer: read.signer };
}

/** CA keys of a file over the profile's: signed by the profile's signer, or unsigned ones of test cards, which is told. */
function withFileKeys(profile: AcquirerProfile, path: string, signer: string): AcquirerProfile['cards'] {
  const today = new Date().toISOString().slice(0, 10);
  const file = readCaKeys(readOr('ca-keys-unusable', path).toString('utf8'), { signer, today });
  if (!file.ok) throw new Refused('ca-keys-unusable', `${file.code}: ${file.detail}`);
  return withCaKeys(profile.cards, file.keys, file.signer !== undefined);
}

function readOr(code: 'profile-missing' | 'ca-keys-unusable', path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new Refused(code, error instanceof Error ? error.message : path);
  }
}

/** "127.0.0.1:9100" or "[::1]:9100". */
export function hostPort(text: string): { readonly host: string; readonly port: number } {
  const match = /^\[?([^\]]+)\]?:(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (!match?.[1] || port < 1 || port > 65_535) throw new Refused('input-invalid', `"${text}" is not HOST:PORT`);
  return { host: match[1], port };
}

/** The folder `migrations` stands beside the built program and two levels above its sources alike. */
export function findMigrations(): Migration[] {
  let folder = import.meta.dirname;
  for (let level = 0; level < 4; level += 1) {
    const candidate = join(folder, 'migrations');
    const files = listed(candidate).filter((name) => name.endsWith('.sql'));
    if (files.length > 0)
      return readMigrations(files.map((name) => ({ name, sql: readFileSync(join(candidate, name), 'utf8') })));
    folder = dirname(folder);
  }
  throw new StoreError('failed', 'the migrations are missing from this installation');
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
