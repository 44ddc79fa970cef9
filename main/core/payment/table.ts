import type { Database } from 'better-sqlite3';
import { type Currency, money } from '../../../contract/money.ts';
import type { PaymentState } from '../../../contract/payment.ts';
import { openBatch } from '../ledger/batch.ts';
import { prepared } from '../store/statement.ts';
import type { OfflineUse } from './offline.ts';
import { type Payment, type PaymentRow, paymentOf } from './payment.ts';

/** States in which something is still to be done by the terminal itself, in the order of urgency. */
const workable: readonly PaymentState[] = [
  'reversal-due',
  'cancel-due',
  'refund-due',
  'unknown',
  'querying',
  'partial',
];
/** The queue of payments accepted offline, by the index that keeps its order. */
const queue = "payment INDEXED BY payment_forward WHERE state IN ('saf-accepted', 'saf-sending', 'saf-unknown')";

/** Reads of the table `payment`; nothing here writes. */
export class PaymentTable {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  find(id: string): Payment | undefined {
    const row = prepared<[string], PaymentRow>(this.#db, 'SELECT * FROM payment WHERE id = ?').get(id);
    return row && paymentOf(row);
  }

  get(id: string): Payment {
    const payment = this.find(id);
    if (!payment) throw new Error(`no payment ${id}`);
    return payment;
  }

  inStates(states: readonly PaymentState[]): Payment[] {
    const marks = states.map(() => '?').join(', ');
    return prepared<unknown[], PaymentRow>(this.#db, `SELECT * FROM payment WHERE state IN (${marks}) ORDER BY seq`)
      .all(...states)
      .map(paymentOf);
  }

  /** Reversals, cancellations, queries and voids waiting for their next step. */
  workable(): Payment[] {
    return this.inStates(workable);
  }

  /** The oldest payments accepted offline that were never sent. */
  toForward(limit: number): Payment[] {
    // No LIMIT that is bound: with one SQLite prepares the statement anew at every call.
    const rows = prepared<[], PaymentRow>(
      this.#db,
      `SELECT * FROM ${queue} AND state = 'saf-accepted' ORDER BY seq`,
    ).iterate();
    const found: Payment[] = [];
    for (const row of rows) {
      found.push(paymentOf(row));
      if (found.length >= limit) break;
    }
    return found;
  }

  /** The oldest payment accepted offline that was not answered, sent or not. */
  oldestWaiting(): Payment | undefined {
    const row = prepared<[], PaymentRow>(this.#db, `SELECT * FROM ${queue} ORDER BY seq LIMIT 1`).get();
    return row && paymentOf(row);
  }

  /** Payments accepted offline, sent and not answered. Without its card data one cannot be sent again. */
  unanswered(): Payment[] {
    return prepared<[], PaymentRow>(
      this.#db,
      `SELECT * FROM payment INDEXED BY payment_state WHERE state = 'saf-unknown' AND id IN (SELECT payment FROM sealed)
         ORDER BY seq`,
    )
      .all()
      .map(paymentOf);
  }

  /** Whether any payment is in one of these states. */
  anyIn(states: readonly PaymentState[]): boolean {
    const marks = states.map(() => '?').join(', ');
    const sql = `SELECT 1 FROM payment WHERE state IN (${marks}) LIMIT 1`;
    return prepared<unknown[]>(this.#db, sql).get(...states) !== undefined;
  }

  countIn(states: readonly PaymentState[]): number {
    const marks = states.map(() => '?').join(', ');
    const sql = `SELECT count(*) AS n FROM payment WHERE state IN (${marks})`;
    return prepared<unknown[], { n: number }>(this.#db, sql).get(...states)?.n ?? 0;
  }

  offlineUse(currency: Currency, token: string | null): Omit<OfflineUse, 'oldestMs'> {
    const use = prepared<[string | null], { count: number; sum: number; card: number | null }>(
      this.#db,
      `SELECT count(*) AS count, coalesce(sum(amount), 0) AS sum, sum(token IS NOT NULL AND token IS ?) AS card
         FROM ${queue}`,
    ).get(token);
    return {
      count: use?.count ?? 0,
      sum: money(use?.sum ?? 0, currency),
      cardWaiting: (use?.card ?? 0) > 0,
    };
  }

  /** How often the card of this token was accepted offline here since the bank last approved it online. */
  offlineInARow(token: string): number {
    const row = prepared<[string, string], { n: number }>(
      this.#db,
      `SELECT count(*) AS n FROM payment WHERE token = ? AND accepted_at IS NOT NULL AND seq > (
         SELECT coalesce(max(seq), -1) FROM payment WHERE token = ? AND accepted_at IS NULL
           AND state IN ('approved', 'settled', 'void-due', 'voided'))`,
    ).get(token, token);
    return row?.n ?? 0;
  }

  /** Whether a reversal waits that has not been delivered to the host even once (I10). */
  reversalUndelivered(): boolean {
    return (
      prepared<[]>(this.#db, "SELECT 1 FROM payment WHERE state = 'reversal-due' AND attempt = 0 LIMIT 1").get() !==
      undefined
    );
  }

  sealed(id: string): string | undefined {
    return prepared<[string], { blob: string }>(this.#db, 'SELECT blob FROM sealed WHERE payment = ?').get(id)?.blob;
  }

  request(key: string): { readonly body: string; readonly payment: string } | undefined {
    return prepared<[string], { body: string; payment: string }>(
      this.#db,
      'SELECT body, payment FROM request WHERE key = ?',
    ).get(key);
  }

  codeSeen(hash: string): boolean {
    return prepared<[string]>(this.#db, 'SELECT 1 FROM code WHERE hash = ?').get(hash) !== undefined;
  }

  recent(limit: number): Payment[] {
    return prepared<[number], PaymentRow>(
      this.#db,
      "SELECT * FROM payment WHERE state NOT IN ('opened', 'abandoned') ORDER BY seq DESC LIMIT ?",
    )
      .all(limit)
      .map(paymentOf);
  }

  /** Minor units of a payment that went back, or may go back yet: refunds and voids that were not refused (I16). */
  givenBack(original: string): number {
    return (
      prepared<[string], { sum: number }>(
        this.#db,
        `SELECT coalesce(sum(amount), 0) AS sum FROM payment
           WHERE original = ? AND kind IN ('refund', 'void') AND state NOT IN ('declined', 'abandoned')`,
      ).get(original)?.sum ?? 0
    );
  }

  /** Whether a payment is counted with the batch that is open; one in cash when its money moved since that was opened. */
  current(payment: Payment): boolean {
    const batch = openBatch(this.#db);
    if (payment.tender !== 'cash') return payment.batch === batch.no;
    const moved = prepared<[string, number]>(this.#db, 'SELECT 1 FROM transfer WHERE payment = ? AND seq >= ? LIMIT 1');
    return moved.get(payment.id, batch.opened_seq) !== undefined;
  }

  /** Payments that do not come to their end: the bank has been asked about them so often. */
  stuck(attempts: number): number {
    return (
      prepared<[number], { n: number }>(
        this.#db,
        `SELECT count(*) AS n FROM payment INDEXED BY payment_state
           WHERE state IN ('reversal-due', 'cancel-due', 'refund-due', 'unknown') AND attempt >= ?`,
      ).get(attempts)?.n ?? 0
    );
  }

  /** What was asked for later about a payment: refunds, voids, completions, oldest first. */
  about(original: string): Payment[] {
    return prepared<[string], PaymentRow>(this.#db, 'SELECT * FROM payment WHERE original = ? ORDER BY seq')
      .all(original)
      .map(paymentOf);
  }

  toPrint(): Payment | undefined {
    const row = prepared<[], PaymentRow>(
      this.#db,
      "SELECT * FROM payment WHERE print IN ('queued', 'held') ORDER BY seq LIMIT 1",
    ).get();
    return row && paymentOf(row);
  }

  inPrintState(states: readonly string[]): Payment[] {
    const marks = states.map(() => '?').join(', ');
    return prepared<unknown[], PaymentRow>(this.#db, `SELECT * FROM payment WHERE print IN (${marks}) ORDER BY seq`)
      .all(...states)
      .map(paymentOf);
  }

  /** Newest first; `search` matches amount, last four digits, receipt number, RRN or authorization code. */
  list(filter: {
    readonly search?: string | undefined;
    readonly day?: string | undefined;
    readonly before?: string | undefined;
    readonly limit: number;
  }): Payment[] {
    const where: string[] = ["state <> 'abandoned'"];
    const values: unknown[] = [];
    if (filter.day !== undefined) {
      where.push('day = ?');
      values.push(filter.day);
    }
    const before = filter.before === undefined ? undefined : this.find(filter.before);
    if (before) {
      where.push('seq < ?');
      values.push(before.seq);
    }
    const search = filter.search?.trim() ?? '';
    if (search !== '') {
      const digits = search.replace(/[^0-9]/g, '');
      where.push('(receipt_no LIKE ? OR rrn = ? OR auth_code = ? OR masked_pan LIKE ? OR amount = ?)');
      const exact = /^\d+\.\d\d$/.test(search) ? Number(digits) : /^\d+$/.test(search) ? Number(digits) * 100 : -1;
      values.push(`%${search}%`, search, search, `%${digits === '' ? search : digits}`, exact);
    }
    return prepared<unknown[], PaymentRow>(
      this.#db,
      `SELECT * FROM payment WHERE ${where.join(' AND ')} ORDER BY seq DESC LIMIT ?`,
    )
      .all(...values, filter.limit)
      .map(paymentOf);
  }
}
