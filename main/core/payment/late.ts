import type { Database } from 'better-sqlite3';
import { type Currency, money } from '../../../contract/money.ts';
import type { LateReport, LateStep, LateWhat } from '../../../contract/queue.ts';
import { recovered } from '../ledger/account.ts';
import type { Book } from '../ledger/book.ts';
import { Refused } from '../refused.ts';
import { prepared } from '../store/statement.ts';
import type { Clock } from '../world/world.ts';
import { type Payment, type PaymentRow, paymentOf } from './payment.ts';
import { posted } from './purchase.ts';
import type { Actor } from './runner.ts';
import { openPayments } from './table.ts';

/** Offline payments that the bank refused or that ran out of time, and what people do about them. */
const late = `SELECT * FROM ${openPayments} AND state IN ('saf-declined', 'saf-expired')`;
const closed = "SELECT payment FROM late WHERE what IN ('paid-again', 'written-off')";

interface Row extends LateStep {
  readonly n: number;
  readonly again: string | null;
}

/** Those that nobody has closed yet, oldest first. */
export function openLate(db: Database, limit: number): Payment[] {
  return prepared<[number], PaymentRow>(db, `${late} AND id NOT IN (${closed}) ORDER BY seq LIMIT ?`)
    .all(limit)
    .map(paymentOf);
}

/** How many are open. */
export function countLate(db: Database): number {
  const sql = `SELECT count(*) AS n FROM (${late} AND id NOT IN (${closed}))`;
  return prepared<[], { n: number }>(db, sql).get()?.n ?? 0;
}

/** Those closed last, newest first. */
export function closedLate(db: Database, limit: number): Payment[] {
  return prepared<[number], PaymentRow>(
    db,
    `SELECT payment.* FROM late JOIN payment ON payment.id = late.payment
       WHERE late.what IN ('paid-again', 'written-off') ORDER BY late.seq DESC LIMIT ?`,
  )
    .all(limit)
    .map(paymentOf);
}

/** What was done about one, oldest first, and the payment that was last taken again for it. */
export function lateSteps(db: Database, payment: string): { steps: LateStep[]; again: string | undefined } {
  const rows = rowsOf(db, payment);
  return {
    steps: rows.map(({ what, staff, approver, at, note }) => ({ what, staff, approver, at, note })),
    again: rows.findLast(({ again }) => again !== null)?.again ?? undefined,
  };
}

function rowsOf(db: Database, payment: string): Row[] {
  return prepared<[string], Row>(
    db,
    'SELECT n, what, staff, approver, at, note, again FROM late WHERE payment = ? ORDER BY n',
  ).all(payment);
}

export interface LateParts {
  readonly book: Book;
  readonly clock: Clock;
  /** Business day now. */
  readonly day: string;
}

/** What is written down about one. */
export interface LateDone {
  readonly what: LateWhat;
  readonly note?: string | undefined;
  /** The payment by which the customer makes good for it. */
  readonly again?: string | undefined;
}

/**
 * Writes down by name what was done about a late decline. The last word on it is said once, and "paid again" only of a
 * payment of the same amount that was approved, for one of them. @throws Refused
 */
export function recordLate({ book, clock, day }: LateParts, payment: Payment, done: LateDone, actor: Actor): void {
  refuseClosed(book.db, payment);
  const { what, note = null } = done;
  const again = what === 'paid-again' ? lateSteps(book.db, payment.id).again : done.again;
  if (what === 'paid-again' && !paidAgain(book.db, payment, again)) throw new Refused('late-not-paid');
  const at = clock.now();
  const values = {
    payment: payment.id,
    n: (rowsOf(book.db, payment.id).at(-1)?.n ?? 0) + 1,
    seq: book.head.seq + 1,
    what,
    staff: actor.staff,
    approver: actor.approver ?? null,
    at,
    note,
    again: again ?? null,
  };
  const event = { type: `late-${what}`, approver: values.approver, note, again: values.again };
  book.commit(
    {
      kind: 'payment',
      at,
      by: actor.staff,
      payment: payment.id,
      event,
      writes: [{ op: 'insert', table: 'late', values }],
      // The goods were sold once: what was paid now takes the place of the sale that brought nothing.
      transfers: what === 'paid-again' ? [recovered({ ...posted(payment), day }, payment.state === 'saf-expired')] : [],
    },
    'outcome',
  );
}

/** @throws Refused when it is no late decline, or somebody has closed it. */
export function refuseClosed(db: Database, payment: Payment): void {
  const open = payment.state === 'saf-declined' || payment.state === 'saf-expired';
  const sql = `${closed} AND payment = ?`;
  if (!open || prepared<[string]>(db, sql).get(payment.id) !== undefined) throw new Refused('late-not-open');
}

function paidAgain(db: Database, { amount }: Payment, again: string | undefined): boolean {
  if (again === undefined) return false;
  const row = prepared<[string], PaymentRow>(db, 'SELECT * FROM payment WHERE id = ?').get(again);
  const paid = row !== undefined && ['approved', 'saf-approved', 'settled'].includes(row.state);
  const used = prepared<[string]>(db, "SELECT 1 FROM late WHERE again = ? AND what = 'paid-again'").get(again);
  return paid && used === undefined && row.amount === amount.minor && row.currency === amount.currency;
}

/** What the day report says: how much is open, and what was closed from journal entry `from` on and before `until`. */
export function lateReport(db: Database, from: number, until: number | undefined, currency: Currency): LateReport {
  const open = prepared<[], { count: number; sum: number }>(
    db,
    `SELECT count(*) AS count, coalesce(sum(amount), 0) AS sum FROM (${late} AND id NOT IN (${closed}))`,
  ).get();
  const rows = prepared<
    [number, number],
    { receiptNo: string; amount: number; what: LateWhat; staff: string; approver: string | null }
  >(
    db,
    `SELECT payment.receipt_no AS receiptNo, payment.amount, late.what, late.staff, late.approver
       FROM late JOIN payment ON payment.id = late.payment
       WHERE late.seq >= ? AND late.seq < ? AND late.what IN ('paid-again', 'written-off') ORDER BY late.seq`,
  ).all(from, until ?? Number.MAX_SAFE_INTEGER);
  return {
    open: { count: open?.count ?? 0, amount: money(open?.sum ?? 0, currency) },
    closed: rows.map((row) => ({ ...row, amount: money(row.amount, currency) })),
  };
}
