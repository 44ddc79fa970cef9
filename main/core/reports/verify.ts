import type { Verification } from '../../../contract/device.ts';
import type { Book } from '../ledger/book.ts';
import { canonicalText, type Entry, parseEntry, type Value, type Values } from '../ledger/entry.ts';
import { type JournalLine, readJournal } from '../ledger/journal.ts';
import { turnoverFault } from '../ledger/turnover.ts';

type Break = NonNullable<Verification['firstBreak']>;

interface StoredEntry {
  readonly seq: number;
  readonly hash: string;
  readonly body: string;
}

/**
 * Recomputes everything: the journal's chain, the database's copy of it, every transfer, and the state of every payment,
 * and names the first place where something does not fit. `ms` is left to the caller.
 */
export function verifyBook(book: Book): Omit<Verification, 'ms'> {
  const { lines, broken } = readJournal(book.journalBytes());
  const entries = lines.map((line) => parseEntry(line.body));
  const firstBreak =
    (broken && { where: 'journal' as const, seq: broken.seq, what: broken.what }) ??
    compareEntries(book, lines) ??
    compareTransfers(book, entries) ??
    comparePayments(book, entries) ??
    compareSums(book) ??
    null;
  const count = (table: string): number =>
    book.db.prepare<[], { n: number }>(`SELECT count(*) AS n FROM ${table}`).get()?.n ?? 0;
  return {
    ok: firstBreak === null,
    entries: lines.length,
    payments: count('payment'),
    transfers: count('transfer'),
    headHash: book.head.hash,
    firstBreak,
  };
}

function compareEntries(book: Book, lines: readonly JournalLine[]): Break | undefined {
  const stored = book.db.prepare<[], StoredEntry>('SELECT seq, hash, body FROM entry ORDER BY seq').all();
  for (let index = 0; index < Math.max(stored.length, lines.length); index += 1) {
    const line = lines[index];
    const entry = stored[index];
    if (!line) return { where: 'journal', seq: index + 1, what: 'the journal ends before the database' };
    if (entry?.seq !== line.seq) return { where: 'database', seq: index + 1, what: 'the entry is missing' };
    if (entry.hash !== line.hash || entry.body !== line.body) {
      return { where: 'database', seq: entry.seq, what: 'the entry differs from the journal' };
    }
  }
  return undefined;
}

/** Every column of every transfer, beside the one that the journal's entry says. */
function compareTransfers(book: Book, entries: readonly Entry[]): Break | undefined {
  const stored = book.db.prepare<[], { seq: number }>('SELECT * FROM transfer ORDER BY seq, n').all();
  let index = 0;
  for (const entry of entries) {
    for (const [n, transfer] of entry.transfers.entries()) {
      const { amount: money, ...rest } = transfer;
      const wanted = { seq: entry.seq, n, at: entry.at, ...rest, amount: money.minor, currency: money.currency };
      const found = stored[index];
      index += 1;
      if (!found || canonicalText(found) !== canonicalText(wanted)) {
        return { where: 'ledger', seq: entry.seq, what: 'a transfer differs from the journal' };
      }
    }
  }
  const extra = stored[index];
  return extra && { where: 'ledger', seq: extra.seq, what: 'a transfer that the journal does not know' };
}

function compareSums(book: Book): Break | undefined {
  const what = turnoverFault(book.db);
  return what === undefined ? undefined : { where: 'ledger', seq: 0, what };
}

/** Folds every write of the journal to what each payment must be now, and compares whatever was ever written of it. */
function comparePayments(book: Book, entries: readonly Entry[]): Break | undefined {
  const expected = foldPayments(entries);
  const stored = book.db.prepare<[], Values>('SELECT * FROM payment').all();
  for (const payment of stored) {
    const id = String(payment['id']);
    const wanted = expected.get(id);
    if (!wanted) return { where: 'database', seq: 0, what: `payment ${id} is not in the journal` };
    const column = Object.keys(payment).find((name) => payment[name] !== (wanted.values[name] ?? unwritten(name)));
    if (column !== undefined) {
      return { where: 'database', seq: wanted.seq, what: `payment ${id} differs from the journal in ${column}` };
    }
    expected.delete(id);
  }
  const [missing] = expected;
  return missing && { where: 'database', seq: missing[1].seq, what: `payment ${missing[0]} is missing` };
}

/** What a column holds that no entry ever named (migrations/0001-counter.sql). */
function unwritten(column: string): Value {
  if (column === 'attempt' || column === 'copies') return 0;
  return column === 'print' ? 'none' : null;
}

interface Folded {
  /** The last entry that wrote it. */
  seq: number;
  readonly values: Record<string, Value>;
}

function foldPayments(entries: readonly Entry[]): Map<string, Folded> {
  const payments = new Map<string, Folded>();
  for (const { seq, writes } of entries) {
    for (const write of writes) {
      if (write.op === 'settle') {
        settle(payments, write.batch, seq);
      } else if (write.op === 'insert' && write.table === 'payment') {
        payments.set(String(write.values['id']), { seq, values: { ...write.values } });
      } else if (write.op === 'update' && write.table === 'payment') {
        const payment = payments.get(String(write.key['id']));
        if (!payment) continue;
        payment.seq = seq;
        Object.assign(payment.values, write.values);
      }
    }
  }
  return payments;
}

function settle(payments: Map<string, Folded>, batch: number, seq: number): void {
  for (const payment of payments.values()) {
    const { state } = payment.values;
    if (payment.values['batch'] !== batch || (state !== 'approved' && state !== 'saf-approved')) continue;
    payment.values['state'] = 'settled';
    payment.seq = seq;
  }
}
