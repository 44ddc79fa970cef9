import type { Database } from 'better-sqlite3';
import type { Books } from '../../../contract/day.ts';
import { type Currency, equal, money } from '../../../contract/money.ts';
import type { Totals } from '../bank/link.ts';
import { BANK, RECEIVABLE, REFUNDS, SALES } from '../ledger/account.ts';
import type { Book } from '../ledger/book.ts';
import { parseEntry } from '../ledger/entry.ts';
import { readJournal } from '../ledger/journal.ts';

interface Sums {
  readonly debitCount: number;
  readonly debit: number;
  readonly creditCount: number;
  readonly credit: number;
}

function totals(sums: Sums | undefined, currency: Currency): Totals {
  return {
    debitCount: sums?.debitCount ?? 0,
    debit: money(sums?.debit ?? 0, currency),
    creditCount: sums?.creditCount ?? 0,
    credit: money(sums?.credit ?? 0, currency),
  };
}

/** What the payments themselves say of a batch. */
export function terminalTotals(db: Database, batch: number, currency: Currency): Totals {
  const sums = db
    .prepare<[number, string], Sums>(
      `SELECT count(*) FILTER (WHERE kind <> 'refund') AS debitCount,
         coalesce(sum(coalesce(approved, amount)) FILTER (WHERE kind <> 'refund'), 0) AS debit,
         count(*) FILTER (WHERE kind = 'refund' OR state = 'voided') AS creditCount,
         coalesce(sum(coalesce(approved, amount)) FILTER (WHERE kind = 'refund' OR state = 'voided'), 0) AS credit
       FROM payment WHERE batch IS NOT NULL AND batch = ? AND currency = ? AND kind IN ('purchase', 'completion', 'refund')
         AND tender <> 'cash'
         AND state IN ('approved', 'saf-approved', 'settled', 'void-due', 'voided', 'refund-due', 'refunded')`,
    )
    .get(batch, currency);
  return totals(sums, currency);
}

/** What the ledger says: what went into the receivables and what was taken out again. */
export function ledgerTotals(db: Database, batch: number, currency: Currency): Totals {
  const sums = db
    .prepare<[number, string], Sums>(
      `SELECT count(*) FILTER (WHERE debit LIKE '${RECEIVABLE}%' AND credit <> '${BANK}') AS debitCount,
         coalesce(sum(amount) FILTER (WHERE debit LIKE '${RECEIVABLE}%' AND credit <> '${BANK}'), 0) AS debit,
         count(*) FILTER (WHERE credit LIKE '${RECEIVABLE}%' AND debit IN ('${SALES}', '${REFUNDS}')) AS creditCount,
         coalesce(sum(amount) FILTER (WHERE credit LIKE '${RECEIVABLE}%' AND debit IN ('${SALES}', '${REFUNDS}')), 0) AS credit
       FROM transfer WHERE batch IS NOT NULL AND batch = ? AND currency = ?`,
    )
    .get(batch, currency);
  return totals(sums, currency);
}

/** What the journal file says, read from the disk and not from memory (B3). */
export function journalTotals(book: Book, batch: number, currency: Currency): Totals {
  const sums = { debitCount: 0, debit: 0, creditCount: 0, credit: 0 };
  for (const line of readJournal(book.journalBytes()).lines) {
    // Parsing is the cost of this walk; entries without a transfer need none.
    if (line.body.includes('"transfers":[],')) continue;
    for (const { debit, credit, amount, batch: counted } of parseEntry(line.body).transfers) {
      if (counted !== batch || amount.currency !== currency) continue;
      if (debit.startsWith(RECEIVABLE) && credit !== BANK) {
        sums.debitCount += 1;
        sums.debit += amount.minor;
      } else if (credit.startsWith(RECEIVABLE) && (debit === SALES || debit === REFUNDS)) {
        sums.creditCount += 1;
        sums.credit += amount.minor;
      }
    }
  }
  return totals(sums, currency);
}

export function sameTotals(a: Totals, b: Totals): boolean {
  return (
    a.debitCount === b.debitCount &&
    a.creditCount === b.creditCount &&
    equal(a.debit, b.debit) &&
    equal(a.credit, b.credit)
  );
}

export function readBooks(book: Book, batch: number, currency: Currency): Omit<Books, 'bank'> {
  return {
    terminal: terminalTotals(book.db, batch, currency),
    ledger: ledgerTotals(book.db, batch, currency),
    journal: journalTotals(book, batch, currency),
  };
}

/** Terminal, ledger and journal say the same, and the bank too where it was asked. */
export function agreed(books: Books): boolean {
  return (
    sameTotals(books.terminal, books.ledger) &&
    sameTotals(books.ledger, books.journal) &&
    (books.bank === null || sameTotals(books.journal, books.bank))
  );
}
