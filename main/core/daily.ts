import { makeBackup, openBackup } from './backup.ts';
import type { Book } from './ledger/book.ts';
import { localTime } from './ledger/day.ts';
import type { Write } from './ledger/entry.ts';
import { readCounter } from './payment/number.ts';
import { removeEarlier } from './store/database.ts';
import { readSetting } from './store/settings.ts';
import type { Copies } from './store/storage.ts';
import type { World } from './world/world.ts';

export interface DailyParts {
  readonly world: Pick<World, 'clock' | 'random' | 'storage'>;
  readonly book: Book;
  readonly zone: string;
  /** None: the daily backups are as plain as the data folder itself. */
  readonly passphrase: string | undefined;
}

/** How many daily backups are kept. */
export const KEPT = 14;
const SETTING = 'backup';
/** A day was closed, and its backup was not made yet. */
const DUE = 'due';
/** Room that a backup must leave on the disk, as a multiple of its own size. */
const ROOM = 3;

export type Kept =
  | { readonly ok: true; readonly name: string; readonly bytes: number }
  | {
      readonly ok: false;
      readonly code: 'no-room' | 'not-written' | 'not-sound';
      readonly detail: string;
    };

/**
 * Backs the record up once the day is closed: written, read back, proved, and the oldest beyond KEPT removed. What became of
 * it is journalled; undefined where there is no folder for backups. A backup that cannot be made keeps nothing else from going on.
 */
export function keepDaily({ world, book, zone, passphrase }: DailyParts): Kept | undefined {
  const { clock, storage } = world;
  if (!storage.copies) return undefined;
  const at = clock.now();
  const { head } = book;
  const kept = write(storage.copies, { world, book, zone, passphrase }, at);
  const event = kept.ok
    ? { type: 'backed-up', name: kept.name, bytes: kept.bytes, head: head.seq, hash: head.hash }
    : { type: 'backup-failed', code: kept.code, detail: kept.detail };
  // So that the screens say it until one was made, across restarts.
  const writes = [{ op: 'put', table: 'setting', key: SETTING, value: kept.ok ? '' : kept.code }] as const;
  book.commit({ kind: 'core', at, by: 'terminal', event, writes, transfers: [] }, 'outcome');
  return kept;
}

/** Whether the last daily backup could not be made. */
export function backupFailed(book: Book): boolean {
  const found = readSetting(book.db, SETTING) ?? '';
  return found !== '' && found !== DUE;
}

export interface Daily {
  /** Belongs into the commit that closes a day: from then on its backup is owed. */
  readonly owed: readonly Write[];
  /** A day was closed. */
  closed(): void;
  /** For a moment of rest: makes the backup that a stop has kept from being made. */
  rest(): void;
}

/** The backup of every day that is closed, whatever ends the terminal in between. */
export function openDaily(parts: () => DailyParts, { book, world }: Pick<DailyParts, 'book' | 'world'>): Daily {
  let due = readSetting(book.db, SETTING) === DUE;
  const keep = (): void => {
    due = false;
    keepDaily(parts());
  };
  return {
    owed: world.storage.copies ? [{ op: 'put', table: 'setting', key: SETTING, value: DUE }] : [],
    closed: keep,
    rest: () => {
      if (due && !book.failed) keep();
    },
  };
}

function write(copies: Copies, { world, book, zone, passphrase }: DailyParts, at: number): Kept {
  const { storage } = world;
  const epoch = readCounter(book.db, 'epoch');
  const deviceKey = storage.read('device.key');
  try {
    const bytes = makeBackup(book, { at, epoch, deviceKey, passphrase, random: world.random });
    if (storage.freeBytes() < ROOM * bytes.length)
      return { ok: false, code: 'no-room', detail: `${bytes.length} bytes` };
    const { date, hour, minute, second } = localTime(at, zone);
    const time = [hour, minute, second].map((part) => String(part).padStart(2, '0')).join('');
    const name = `${date}-${time}-${book.head.seq}.backup`;
    copies.write(name, bytes);
    const opened = openBackup(copies.read(name), passphrase);
    if (!opened.ok) {
      copies.remove(name);
      return { ok: false, code: 'not-sound', detail: opened.detail };
    }
    removeEarlier(book.db, storage);
    for (const old of copies.list().sort().slice(0, -KEPT)) copies.remove(old);
    return { ok: true, name, bytes: bytes.length };
  } catch (error) {
    return { ok: false, code: 'not-written', detail: error instanceof Error ? error.message : String(error) };
  }
}
