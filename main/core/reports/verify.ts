import type { Verification } from '../../../contract/device.ts';
import type { Book } from '../ledger/book.ts';
import { type Entry, parseEntry } from '../ledger/entry.ts';
import { type JournalLine, readJournal } from '../ledger/journal.ts';

type Break = NonNullable<Verification['firstBreak']>;

interface StoredEntry {
  readonly seq: number;
  readonly hash: string;
  readonly body: string;
}

interface StoredTransfer {
  readonly seq: number;
  readonly n: number;
  readonly debit: string;
  readonly credit: string;
  readonly amount: number;
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

function compareTransfers(book: Book, entries: readonly Entry[]): Break | undefined {
  const stored = book.db
    .prepare<[], StoredTransfer>('SELECT seq, n, debit, credit, amount FROM transfer ORDER BY seq, n')
    .all();
  let index = 0;
  for (const entry of entries) {
    for (const [n, transfer] of entry.transfers.entries()) {
      const found = stored[index];
      index += 1;
      const same =
        found?.seq === entry.seq &&
        found.n === n &&
        found.debit === transfer.debit &&
        found.credit === transfer.credit &&
        found.amount === transfer.amount.minor;
      if (!same) return { where: 'ledger', seq: entry.seq, what: 'a transfer differs from the journal' };
    }
  }
  const extra = stored[index];
  return extra && { where: 'ledger', seq: extra.seq, what: 'a transfer that the journal does not know' };
}

/** Folds every write of the journal to what each payment must be now, and compares amount and state. */
function comparePayments(book: Book, entries: readonly Entry[]): Break | undefined {
  const expected = foldPayments(entries);
  const stored = book.db
    .prepare<[], { id: string; state: string; amount: number; currency: string }>(
      'SELECT id, state, amount, currency FROM payment',
    )
    .all();
  for (const payment of stored) {
    const wanted = expected.get(payment.id);
    if (!wanted) return { where: 'database', seq: 0, what: `payment ${payment.id} is not in the journal` };
    if (wanted.state !== payment.state || wanted.amount !== payment.amount || wanted.currency !== payment.currency) {
      return { where: 'database', seq: wanted.seq, what: `payment ${payment.id} differs from the journal` };
    }
    expected.delete(payment.id);
  }
  const [missing] = expected;
  return missing && { where: 'database', seq: missing[1].seq, what: `payment ${missing[0]} is missing` };
}

interface Folded {
  seq: number;
  state: string;
  batch: number | null;
  readonly amount: number;
  readonly currency: string;
}

function foldPayments(entries: readonly Entry[]): Map<string, Folded> {
  const payments = new Map<string, Folded>();
  for (const entry of entries) {
    for (const write of entry.writes) {
      if (write.op === 'settle') settle(payments, write.batch, entry.seq);
      else if (write.op === 'insert' && write.table === 'payment') {
        const { id, state, amount, currency, batch } = write.values;
        payments.set(String(id), {
          seq: entry.seq,
          state: String(state),
          batch: typeof batch === 'number' ? batch : null,
          amount: Number(amount),
          currency: String(currency),
        });
      } else if (write.op === 'update' && write.table === 'payment') {
        const payment = payments.get(String(write.key['id']));
        if (!payment) continue;
        payment.seq = entry.seq;
        if (typeof write.values['state'] === 'string') payment.state = write.values['state'];
        if (typeof write.values['batch'] === 'number') payment.batch = write.values['batch'];
      }
    }
  }
  return payments;
}

function settle(payments: Map<string, Folded>, batch: number, seq: number): void {
  for (const payment of payments.values()) {
    if (payment.batch !== batch || (payment.state !== 'approved' && payment.state !== 'saf-approved')) continue;
    payment.state = 'settled';
    payment.seq = seq;
  }
}
