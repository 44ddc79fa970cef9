import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { makeBackup, openBackup } from '../backup.ts';
import type { Core } from '../core.ts';
import { findMigrations, type StartOptions } from '../open.ts';
import { readCounter } from '../payment/number.ts';
import { RESTORING } from '../record.ts';
import { Refused } from '../refused.ts';
import { type Restored, restoreBackup } from '../restore.ts';
import { DATABASE, holdFolder, openDatabase } from '../store/database.ts';
import { openDiskStorage } from '../store/disk.ts';
import { syncFolder } from '../store/folder.ts';
import { realClock } from '../world/real.ts';
import { failed, type Result } from './result.ts';

/** The passphrase comes from the environment, so that no list of processes shows it. */
function backupPassphrase(): string | undefined {
  return process.env['COUNTERTAP_BACKUP_PASSPHRASE'];
}

/** Writes the whole record to one file, reads it back and proves it. */
export function backUp(core: Core, file: string, plain: boolean): Result {
  const passphrase = plain ? undefined : backupPassphrase();
  if (!plain && passphrase === undefined)
    throw new Refused(
      'input-invalid',
      'set COUNTERTAP_BACKUP_PASSPHRASE, or say --plain: then whoever has the file can read it',
    );
  const { world, book } = core;
  const deviceKey = world.storage.read('device.key');
  const epoch = readCounter(book.db, 'epoch');
  const bytes = makeBackup(book, { at: world.clock.now(), epoch, deviceKey, passphrase, random: world.random });
  writeSynced(file, bytes);
  const opened = openBackup(readFileSync(file), passphrase);
  if (!opened.ok) return failed('store-failed', `the backup was written and is ${opened.code}: ${opened.detail}`);
  const { head } = opened.content.header;
  return { body: { backup: { file, bytes: bytes.length, encrypted: !plain, head, verified: true } }, exit: 0 };
}

function writeSynced(path: string, bytes: Uint8Array): void {
  const file = openSync(`${path}.new`, 'w', 0o600);
  try {
    for (let done = 0; done < bytes.length; )
      done += writeSync(file, bytes, done, Math.min(bytes.length - done, 1024 ** 3));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(`${path}.new`, path);
}

/**
 * Puts a backup in the place of the data folder. What was there is moved aside and never deleted; the profile and the sealed
 * master key stay.
 */
export async function restore(options: StartOptions, file: string, by: string): Promise<Result> {
  if (!existsSync(file)) throw new Refused('input-invalid', `${file} is not there`);
  const opened = openBackup(readFileSync(file), backupPassphrase());
  if (!opened.ok) return failed('input-invalid', `${opened.code}: ${opened.detail}`);
  const folder = resolve(options.data);
  const at = realClock().now();
  const storage = openDiskStorage(folder, options.anchor ?? `${folder}.anchor`);
  refuseInUse(folder);
  // From here on whatever is cut off leaves a folder in which no terminal starts before the restore was done again.
  storage.replace(RESTORING, Buffer.from(`${file}\n`));
  const aside = moveAside(folder, at);
  let restored: Restored;
  try {
    restored = await restoreBackup(storage, findMigrations(), opened.content, { at, by });
  } catch (error) {
    putBack(folder, aside);
    throw error;
  }
  rmSync(join(folder, RESTORING));
  syncFolder(folder);
  return { body: { restored: { ...restored, madeAt: opened.content.header.at, by, aside } }, exit: 0 };
}

const RECORD = /^(countertap\.(sqlite|sqlite-wal|sqlite-shm|journal)|device\.key|ballast)$/;

function moveAside(folder: string, at: number): string | null {
  const names = readdirSync(folder).filter((name) => RECORD.test(name));
  if (names.length === 0) return null;
  const aside = join(folder, `before-restore-${new Date(at).toISOString().replace(/[:.]/g, '-')}`);
  mkdirSync(aside, { mode: 0o700 });
  for (const name of names) renameSync(join(folder, name), join(aside, name));
  return aside;
}

/** What was moved aside takes its place again: the folder is as it was before the restore. */
function putBack(folder: string, aside: string | null): void {
  for (const name of readdirSync(folder).filter((one) => RECORD.test(one))) rmSync(join(folder, name));
  if (aside !== null) {
    for (const name of readdirSync(aside)) renameSync(join(aside, name), join(folder, name));
    rmdirSync(aside);
  }
  rmSync(join(folder, RESTORING));
  syncFolder(folder);
}

/** A folder in which a terminal runs is left alone; a database that cannot be opened at all is what a restore is for. */
function refuseInUse(folder: string): void {
  const storage = openDiskStorage(folder);
  try {
    holdFolder(storage);
    // No version is known to it: it looks, and leaves everything as it is.
    if (existsSync(join(folder, DATABASE))) openDatabase(storage, []).close();
  } catch (error) {
    if (error instanceof Error && 'fault' in error && error.fault === 'in-use')
      throw new Refused('data-in-use', error.message);
  } finally {
    storage.letGo?.();
  }
}
