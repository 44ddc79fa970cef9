import { createHmac } from 'node:crypto';
import type { Database } from 'better-sqlite3';
import { openedBatch } from './bank/settlement.ts';
import { LEAST_ROOM } from './custody.ts';
import type { Book, Recovered } from './ledger/book.ts';
import { businessDay } from './ledger/day.ts';
import { JOURNAL, openBook, TamperError } from './ledger/recovery.ts';
import { shredLeftover } from './payment/leftover.ts';
import { Refused } from './refused.ts';
import { holdFolder, leaveDatabase, type Migration, openDatabase, storeFault } from './store/database.ts';
import { readSetting } from './store/settings.ts';
import type { World } from './world/world.ts';

/** Stands in the data folder while a backup is being put there: half of it is no record. */
export const RESTORING = 'restoring';

interface RecordOptions {
  readonly world: World;
  readonly migrations: readonly Migration[];
  /** Fingerprint of whoever signed the acquirer profile. */
  readonly signer: string;
  readonly zone: string;
}

interface OpenedRecord {
  readonly db: Book['db'];
  readonly book: Book;
  readonly recovered: Recovered;
  /** There was no room on the disk: the start took what was kept back. */
  readonly full: boolean;
}

/**
 * Opens the terminal's record and makes database and journal agree.
 * @throws StoreError, TamperError, or Refused when the profile is signed by another than the one trusted so far
 */
export function openRecord(options: RecordOptions): OpenedRecord {
  const { world } = options;
  if (world.storage.exists(RESTORING)) throw new Refused('data-damaged', 'a restore was cut off: restore again');
  // A start writes: where there is no room it takes what was kept back for such a day.
  const full = world.storage.freeBytes() < LEAST_ROOM;
  if (full) world.storage.release?.();
  holdFolder(world.storage);
  try {
    const db = openDatabase(world.storage, options.migrations);
    return { db, full, ...opened(db, options) };
  } catch (error) {
    world.storage.letGo?.();
    throw error;
  }
}

/** What is refused is left as it was found, byte for byte. */
function opened(db: Database, options: RecordOptions): Pick<OpenedRecord, 'book' | 'recovered'> {
  const { storage } = options.world;
  const journalled = storage.exists(JOURNAL);
  try {
    const { book, recovered } = openBook(storage, db);
    if (recovered.replayed > 0) shredLeftover(db);
    firstEntries(book, options);
    storage.tidy?.();
    return { book, recovered };
  } catch (error) {
    leaveDatabase(storage, db);
    if (error instanceof TamperError && !journalled) storage.remove(JOURNAL);
    throw storeFault(error);
  }
}

/** The first batch and the signer of the profile, each recorded once in the life of a terminal. */
function firstEntries(book: Book, { world, zone, signer }: RecordOptions): void {
  const at = world.clock.now();
  if (book.head.seq === 0) {
    const writes = [openedBatch(1, at, 1, businessDay(at, zone, '04:00'))];
    book.commit({ kind: 'core', at, by: 'terminal', event: { type: 'born' }, writes, transfers: [] }, 'outcome');
  }
  const pinned = readSetting(book.db, 'signer');
  if (pinned !== undefined && pinned !== signer) {
    throw new Refused(
      'profile-damaged',
      'the acquirer profile is signed by somebody else than the one this terminal trusts',
    );
  }
  if (pinned === undefined) {
    const writes = [{ op: 'put', table: 'setting', key: 'signer', value: signer }] as const;
    const event = { type: 'signer-pinned' };
    book.commit({ kind: 'setting', at, by: 'terminal', event, writes, transfers: [] }, 'outcome');
  }
}

/**
 * A key of this device alone, made at its first start; nothing that needs it can be used without it. Where it was lost no PIN
 * fits any more: they are set anew, as after a lost database, instead of calling every PIN wrong.
 */
export function deviceKey(world: World, book: Book): Uint8Array {
  const found = world.storage.read('device.key');
  if (found?.length === 32) return found;
  const people = book.db.prepare('DELETE FROM staff').run().changes;
  if (people > 0) {
    const event = { type: 'pins-lost', people };
    const at = world.clock.now();
    book.commit({ kind: 'core', at, by: 'terminal', event, writes: [], transfers: [] }, 'outcome');
  }
  const made = world.random(32);
  world.storage.replace('device.key', made);
  return made;
}

/** One key for one purpose, so that what is kept for one tells nothing about another. */
export function derive(key: Uint8Array, purpose: string): Uint8Array {
  return createHmac('sha256', key).update(purpose).digest();
}
