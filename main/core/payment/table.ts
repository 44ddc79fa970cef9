import type { Database } from 'better-sqlite3';
import { type Currency, money } from '../../../contract/money.ts';
import type { PaymentState, PrintState } from '../../../contract/payment.ts';
import { openBatch } from '../ledger/batch.ts';
import type { Book } from '../ledger/book.ts';
import { Kept } from '../store/kept.ts';
import { prepared } from '../store/statement.ts';
import type { OfflineUse } from './offline.ts';
import { byPlace, type Payment, type PaymentRow, paymentOf } from './payment.ts';

/** States in which something is still to be done by the terminal itself, in the order of urgency. */
const workable: readonly PaymentState[] = [
  'reversal-due',
  'cancel-due',
  'refund-due',
  'unknown',
  'querying',
  'partial',
];
/** States in which nothing is left to be done. Most payments are in one of them, and no index holds them by it. */
const ended: readonly PaymentState[] = [
  'approved',
  'settled',
  'declined',
  'abandoned',
  'reversed',
  'cancelled',
  'refunded',
  'completed',
  'voided',
  'saf-approved',
  'saf-voided',
];
/**
 * The payments that are in none of these, by the index that holds only them. The condition of a partial index stands here,
 * and wherever else one is used, word for word and with nothing bound: a bound value that could decide whether the index
 * serves makes SQLite prepare the statement anew at every call.
 */
export const openPayments = `payment INDEXED BY payment_open WHERE state NOT IN (${ended.map((one) => `'${one}'`).join(', ')})`;
/** The queue of payments accepted offline, by the index that keeps its order. */
const queue = "payment INDEXED BY payment_forward WHERE state IN ('saf-accepted', 'saf-sending', 'saf-unknown')";

/** The payments in these states. */
function inAny(states: readonly PaymentState[]): string {
  const list = states.map((one) => `'${one}'`).join(', ');
  return states.some((one) => ended.includes(one))
    ? `payment WHERE state IN (${list})`
    : `${openPayments} AND state IN (${list})`;
}

type Waiting = Exclude<PrintState, 'none' | 'printed'>;

/** The payments whose paper waits and is in one of these states. */
function printing(states: readonly Waiting[]): string {
  const list = states.map((one) => `'${one}'`).join(', ');
  return `payment INDEXED BY payment_print WHERE print IN ('queued', 'printing', 'held', 'asked') AND print IN (${list})`;
}

const oldestQueued = `SELECT id, seq FROM ${printing(['queued'])} ORDER BY seq LIMIT 1`;
const oldestHeld = `SELECT id, seq FROM ${printing(['held'])} ORDER BY seq LIMIT 1`;

/** Reads of the table `payment`; nothing here writes. */
export class PaymentTable {
  readonly #db: Database;
  readonly #rows: Kept;
  readonly #states: Kept;

  constructor(book: Pick<Book, 'db' | 'writes'>) {
    this.#db = book.db;
    this.#rows = new Kept(() => book.writes('payment'));
    this.#states = new Kept(() => book.writes('payment'));
  }

  find(id: string): Payment | undefined {
    return this.#rows.of(id, () => {
      const row = prepared<[string], PaymentRow>(this.#db, 'SELECT * FROM payment WHERE id = ?').get(id);
      return row && paymentOf(row);
    });
  }

  get(id: string): Payment {
    const payment = this.find(id);
    if (!payment) throw new Error(`no payment ${id}`);
    return payment;
  }

  inStates(states: readonly PaymentState[]): readonly Payment[] {
    return this.#states.of(states.join(), () =>
      prepared<[], PaymentRow>(this.#db, `SELECT * FROM ${inAny(states)}`)
        .all()
        .map(paymentOf)
        .sort(byPlace),
    );
  }

  /** Reversals, cancellations, queries and voids waiting for their next step. */
  workable(): readonly Payment[] {
    return this.inStates(workable);
  }

  /** The oldest payments accepted offline that were never sent. */
  toForward(limit: number): readonly Payment[] {
    return this.#states.of(`forward ${limit}`, () => this.#toForward(limit));
  }

  #toForward(limit: number): Payment[] {
    // The limit stands in the text: with one that is bound SQLite prepares the statement anew at every call.
    return prepared<[], PaymentRow>(
      this.#db,
      `SELECT * FROM ${queue} AND state = 'saf-accepted' ORDER BY seq LIMIT ${limit}`,
    )
      .all()
      .map(paymentOf);
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
      `SELECT * FROM ${openPayments} AND state = 'saf-unknown' AND id IN (SELECT payment FROM sealed)
         ORDER BY seq`,
    )
      .all()
      .map(paymentOf);
  }

  /** Whether any payment is in one of these states. */
  anyIn(states: readonly PaymentState[]): boolean {
    return prepared<[]>(this.#db, `SELECT 1 FROM ${inAny(states)} LIMIT 1`).get() !== undefined;
  }

  countIn(states: readonly PaymentState[]): number {
    return prepared<[], { n: number }>(this.#db, `SELECT count(*) AS n FROM ${inAny(states)}`).get()?.n ?? 0;
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
      `SELECT count(*) AS n FROM payment WHERE token IS NOT NULL AND token = ? AND accepted_at IS NOT NULL AND seq > (
         SELECT coalesce(max(seq), -1) FROM payment WHERE token IS NOT NULL AND token = ? AND accepted_at IS NULL
           AND state IN ('approved', 'settled', 'void-due', 'voided'))`,
    ).get(token, token);
    return row?.n ?? 0;
  }

  /** Whether a reversal waits that has not been delivered to the host even once (I10). */
  reversalUndelivered(): boolean {
    return (
      prepared<[]>(
        this.#db,
        `SELECT 1 FROM ${openPayments} AND state = 'reversal-due' AND attempt = 0 LIMIT 1`,
      ).get() !== undefined
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
    const sql = `SELECT * FROM payment WHERE state NOT IN ('opened', 'abandoned') ORDER BY seq DESC LIMIT ${limit}`;
    return prepared<[], PaymentRow>(this.#db, sql).all().map(paymentOf);
  }

  /** Minor units of a payment that went back, or may go back yet: refunds and voids that were not refused (I16). */
  givenBack(original: string): number {
    return (
      prepared<[string], { sum: number }>(
        this.#db,
        `SELECT coalesce(sum(amount), 0) AS sum FROM payment
           WHERE original IS NOT NULL AND original = ? AND kind IN ('refund', 'void') AND state NOT IN ('declined', 'abandoned')`,
      ).get(original)?.sum ?? 0
    );
  }

  /** Whether a payment is counted with the batch that is open; one in cash when its money moved since that was opened. */
  current(payment: Payment): boolean {
    const batch = openBatch(this.#db);
    if (payment.tender !== 'cash') return payment.batch === batch.no;
    const moved = prepared<[string, number]>(
      this.#db,
      `SELECT 1 FROM transfer INDEXED BY transfer_payment
         WHERE (debit = 'cash' OR credit = 'cash') AND payment = ? AND seq >= ? LIMIT 1`,
    );
    return moved.get(payment.id, batch.opened_seq) !== undefined;
  }

  /** Payments that do not come to their end: the bank has been asked about them so often. */
  stuck(attempts: number): number {
    return (
      prepared<[number], { n: number }>(
        this.#db,
        `SELECT count(*) AS n FROM ${openPayments} AND state IN ('reversal-due', 'cancel-due', 'refund-due', 'unknown') AND attempt >= ?`,
      ).get(attempts)?.n ?? 0
    );
  }

  /** What was asked for later about a payment: refunds, voids, completions, oldest first. */
  about(original: string): Payment[] {
    return prepared<[string], PaymentRow>(this.#db, 'SELECT * FROM payment WHERE original IS NOT NULL AND original = ?')
      .all(original)
      .map(paymentOf)
      .sort(byPlace);
  }

  /** The payment whose receipt has waited longest. */
  toPrint(): Payment | undefined {
    const [first, other] = [this.#oldest(oldestQueued), this.#oldest(oldestHeld)];
    const row = first && other ? (first.seq < other.seq ? first : other) : (first ?? other);
    return row && this.get(row.id);
  }

  #oldest(sql: string): { readonly id: string; readonly seq: number } | undefined {
    return prepared<[], { id: string; seq: number }>(this.#db, sql).get();
  }

  inPrintState(states: readonly Waiting[]): Payment[] {
    return prepared<[], PaymentRow>(this.#db, `SELECT * FROM ${printing(states)}`)
      .all()
      .map(paymentOf)
      .sort(byPlace);
  }

  /** How many receipts wait so. */
  countPrint(states: readonly Waiting[]): number {
    return prepared<[], { n: number }>(this.#db, `SELECT count(*) AS n FROM ${printing(states)}`).get()?.n ?? 0;
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
