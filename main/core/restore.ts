import type { BackupContent } from './backup.ts';
import { anchorText, type Counted, compareAnchor, parseAnchor } from './ledger/anchor.ts';
import { openBatch } from './ledger/batch.ts';
import type { Book } from './ledger/book.ts';
import type { Values, Write } from './ledger/entry.ts';
import { JOURNAL, openBook } from './ledger/recovery.ts';
import { burnNumbers, readCounted, readCounter } from './payment/number.ts';
import { DATABASE, type Migration, openDatabase } from './store/database.ts';
import type { Storage } from './store/storage.ts';

export interface Restored {
  readonly epoch: number;
  /** Where the backup ends. */
  readonly head: { readonly seq: number; readonly hash: string };
  /** Entries that the anchor knows and the backup has not; null when there is no anchor that can be compared with. */
  readonly missing: number | null;
  /** Payments that were open and whose end is not known now. */
  readonly reopened: number;
  /** PINs must be set again: the backup has no key of the device they were made on. */
  readonly pinsLost: boolean;
}

/** What was in the place of the record that is restored. */
export interface Before {
  /** The anchor as it was; undefined without one. */
  readonly anchor: Uint8Array | undefined;
  /** How far the record had counted that was there, undefined where there was none that could be read. */
  readonly counted: Counted | undefined;
}

/**
 * Makes a data folder of a proved backup and begins a new epoch in it: numbers that may have been used since are burnt,
 * whatever was open is unknown, and the anchor follows. The folder must be empty.
 * @throws StoreError, TamperError
 */
export async function restoreBackup(
  storage: Storage,
  migrations: readonly Migration[],
  content: BackupContent,
  { at, by, before }: { readonly at: number; readonly by: string; readonly before: Before },
): Promise<Restored> {
  storage.replace(DATABASE, content.database);
  storage.replace(JOURNAL, content.journal);
  if (content.deviceKey) storage.replace('device.key', content.deviceKey);
  const db = openDatabase(storage, migrations);
  try {
    const { book } = openBook(storage, db);
    const missing = missingOf(book, before.anchor);
    const counted = furthest(before.counted, before.anchor && parseAnchor(before.anchor)?.counted);
    const pinsLost = content.deviceKey === undefined;
    if (pinsLost) db.exec('DELETE FROM staff');
    const { head } = book;
    // The same backup may have been restored before: that was an epoch of its own, with numbers of its own.
    const epoch = Math.max(readCounter(db, 'epoch'), counted?.epoch ?? 0) + 1;
    const open = openRows(book, at);
    const event = { type: 'restored', epoch, head: head.seq, hash: head.hash, missing, reopened: open.length };
    const writes: Write[] = [
      put('epoch', epoch),
      ...burnNumbers(db, missing ?? 0, counted),
      // A person has chosen this record by name: that is the acknowledgement.
      { op: 'put', table: 'setting', key: 'alarm', value: '' },
      ...open,
    ];
    book.commit({ kind: 'core', at, by, event, writes, transfers: [] }, 'outcome');
    const { seq, hash } = book.head;
    await storage.anchor?.write(Buffer.from(anchorText({ seq, hash }, readCounted(db)), 'latin1'));
    return { epoch, head, missing, reopened: open.length, pinsLost };
  } finally {
    db.close();
  }
}

/** The record itself and its anchor may each know more than the other. */
function furthest(...known: readonly (Counted | undefined)[]): Counted | undefined {
  return known.reduce(
    (a, b) =>
      a && b
        ? {
            epoch: Math.max(a.epoch, b.epoch),
            trace: Math.max(a.trace, b.trace),
            receipt: Math.max(a.receipt, b.receipt),
          }
        : (a ?? b),
    undefined,
  );
}

function missingOf(book: Book, anchor: Uint8Array | undefined): number | null {
  const rollback = compareAnchor(book, anchor);
  if (rollback?.found === 'shorter') return rollback.anchored.seq - book.head.seq;
  // An anchor of another record, or one that cannot be read, tells nothing of what is missing.
  return anchor === undefined || rollback ? null : 0;
}

function put(key: string, value: number): Write {
  return { op: 'put', table: 'counter', key, value };
}

interface OpenRow {
  readonly id: string;
  readonly state: string;
  readonly tender: string | null;
  readonly attempt: number;
}

/**
 * What was open when the backup was made may have come to any end since. A payment for which nothing was sent then may have
 * been sent: it counts as sending, which the next start makes unknown and takes back. What was accepted offline may have been
 * forwarded: it is told again as a repeat, by the numbers that the host knows.
 */
function openRows(book: Book, at: number): Write[] {
  const { no } = openBatch(book.db);
  return book.db
    .prepare<[], OpenRow>(
      `SELECT id, state, tender, attempt FROM payment
       WHERE state = 'saf-accepted' OR (state IN ('opened', 'sealed') AND kind IN ('purchase', 'pre-authorization')) ORDER BY id`,
    )
    .all()
    .map(({ id, state, tender, attempt }) => {
      const values: Values =
        state === 'saf-accepted'
          ? { state: 'saf-unknown', batch: no, attempt: attempt + 1, sent_at: at }
          : { state: 'sending', tender: tender ?? 'contactless', batch: no, attempt: attempt + 1, sent_at: at };
      return { op: 'update', table: 'payment', key: { id, state }, values };
    });
}
