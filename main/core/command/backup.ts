import { existsSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { z } from '../../../contract/schema.ts';
import { makeBackup, openBackup } from '../backup.ts';
import type { Core } from '../core.ts';
import { type Counted, readAnchor } from '../ledger/anchor.ts';
import { findMigrations, type StartOptions } from '../open.ts';
import { readCounted, readCounter } from '../payment/number.ts';
import { RESTORING } from '../record.ts';
import { Refused } from '../refused.ts';
import { type Restored, restoreBackup } from '../restore.ts';
import { DATABASE, holdFolder, lookInto } from '../store/database.ts';
import { openDiskStorage, replaceFile } from '../store/disk.ts';
import { makeFolder, syncFolder } from '../store/folder.ts';
import type { Storage } from '../store/storage.ts';
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
  replaceFile(dirname(resolve(file)), basename(file), bytes);
  const opened = openBackup(readFileSync(file), passphrase);
  if (!opened.ok) return failed('store-failed', `the backup was written and is ${opened.code}: ${opened.detail}`);
  const { head } = opened.content.header;
  return { body: { backup: { file, bytes: bytes.length, encrypted: !plain, head, verified: true } }, exit: 0 };
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
  const begun = cutOff(storage) ?? begin(folder, storage, at);
  // From here on whatever is cut off leaves a folder in which no terminal starts before the restore was done again.
  const say = (moved: boolean): void =>
    storage.replace(RESTORING, Buffer.from(`${JSON.stringify({ ...begun, moved })}\n`));
  if (begun.moved) removeRecord(folder);
  else {
    say(false);
    moveAside(folder, begun.aside);
    say(true);
  }
  let restored: Restored;
  try {
    const { counted, anchor } = begun;
    const before = {
      counted: counted ?? undefined,
      anchor: anchor === null ? undefined : Buffer.from(anchor, 'base64'),
    };
    restored = await restoreBackup(storage, findMigrations(), opened.content, { at, by, before });
  } catch (error) {
    removeRecord(folder);
    // What stands in the folder from here on is what was there before, and not half a restore.
    say(false);
    putBack(folder, begun.aside);
    throw error;
  }
  rmSync(join(folder, RESTORING));
  syncFolder(folder);
  const aside = begun.aside === null ? null : join(folder, begun.aside);
  return { body: { restored: { ...restored, madeAt: opened.content.header.at, by, aside } }, exit: 0 };
}

const RECORD = /^(countertap\.(sqlite|sqlite\.left|sqlite-wal|sqlite-shm|journal)|device\.key)$/;

/** What a restore has found and done: one that was cut off is taken up by this, not begun anew on what it had half done. */
const Begun = z.strictObject({
  /** The folder into which the record goes that was there; null where there was none. */
  aside: z.string().nullable(),
  /** All of it is there; what stands in its place is half a restore. */
  moved: z.boolean(),
  /** The anchor as it was, base64. */
  anchor: z.string().nullable(),
  counted: z.strictObject({ epoch: z.int(), trace: z.int(), receipt: z.int() }).nullable(),
});
type Begun = z.infer<typeof Begun>;

/** The restore that was begun in this folder and has not come to its end. */
function cutOff(storage: Storage): Begun | undefined {
  const found = storage.read(RESTORING);
  if (!found) return undefined;
  try {
    return Begun.safeParse(JSON.parse(Buffer.from(found).toString('utf8'))).data;
  } catch {
    return undefined;
  }
}

function begin(folder: string, storage: Storage, at: number): Begun {
  const counted = countedIn(folder) ?? null;
  const anchor = readAnchor(storage.anchor);
  const there = readdirSync(folder).some((name) => RECORD.test(name));
  const aside = there ? `before-restore-${new Date(at).toISOString().replace(/[:.]/g, '-')}` : null;
  return { aside, moved: false, anchor: anchor ? Buffer.from(anchor).toString('base64') : null, counted };
}

/** The names are on the disk in the new folder before that is said. */
function moveAside(folder: string, name: string | null): void {
  if (name === null) return;
  const aside = join(folder, name);
  makeFolder(aside);
  for (const one of readdirSync(folder).filter((file) => RECORD.test(file)))
    renameSync(join(folder, one), join(aside, one));
  syncFolder(aside);
}

function removeRecord(folder: string): void {
  for (const name of readdirSync(folder).filter((one) => RECORD.test(one))) rmSync(join(folder, name));
}

/** What was moved aside takes its place again: the folder is as it was before the restore. */
function putBack(folder: string, name: string | null): void {
  if (name !== null) {
    const aside = join(folder, name);
    for (const one of readdirSync(aside)) renameSync(join(aside, one), join(folder, one));
    rmdirSync(aside);
  }
  rmSync(join(folder, RESTORING));
  syncFolder(folder);
}

/**
 * How far the record counts that is to make room; undefined where there is none, or none that can be read: a database that
 * cannot be opened at all is what a restore is for. It is left as it is. @throws Refused for a folder in which a terminal runs
 */
function countedIn(folder: string): Counted | undefined {
  const storage = openDiskStorage(folder);
  try {
    holdFolder(storage);
    return existsSync(join(folder, DATABASE)) ? lookInto(storage, readCounted) : undefined;
  } catch (error) {
    if (error instanceof Error && 'fault' in error && error.fault === 'in-use')
      throw new Refused('data-in-use', error.message);
    return undefined;
  } finally {
    storage.letGo?.();
  }
}
