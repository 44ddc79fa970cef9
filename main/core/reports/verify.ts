import type { Verification } from '../../../contract/device.ts';
import type { Book } from '../ledger/book.ts';
import { bookFault } from '../ledger/check.ts';
import { readJournal } from '../ledger/journal.ts';

/**
 * Recomputes everything: the journal's chain, the database's copy of it, every transfer, and the state of every payment,
 * and names the first place where something does not fit. `ms` is left to the caller.
 */
export function verifyBook(book: Book): Omit<Verification, 'ms'> {
  const { lines, broken } = readJournal(book.journalBytes());
  const firstBreak =
    (broken && { where: 'journal' as const, seq: broken.seq, what: broken.what }) ?? bookFault(book.db, lines) ?? null;
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
