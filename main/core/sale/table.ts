import type { Database } from 'better-sqlite3';
import type { SaleState } from '../../../contract/sale.ts';
import type { Book } from '../ledger/book.ts';
import { row as amountOf, type Write } from '../ledger/entry.ts';
import { byPlace, type Payment, type PaymentRow, paymentOf } from '../payment/payment.ts';
import { Kept } from '../store/kept.ts';
import { prepared } from '../store/statement.ts';
import type { GivenBack } from './back.ts';
import { type Part, pays, type Sale, stateAfter, sumsOf } from './sale.ts';

interface SaleRow {
  readonly id: string;
  readonly total: number;
  readonly currency: string;
  readonly state: SaleState;
  readonly split: number;
  readonly staff: string;
  readonly approver: string | null;
  readonly at: number;
  readonly day: string;
}

function saleOf({ total, currency, split, ...row }: SaleRow): Sale {
  return { ...row, total: amountOf(total, currency), split: split === 1 };
}

/**
 * By the index that holds only these sales, whose condition stands here word for word. SQLite prepares a statement anew
 * at every call when a value bound to it could have decided between indexes, so the state is not bound.
 */
const inState = {
  open: "SELECT * FROM sale INDEXED BY sale_open WHERE state IN ('open', 'dropping') AND state = 'open'",
  dropping: "SELECT * FROM sale INDEXED BY sale_open WHERE state IN ('open', 'dropping') AND state = 'dropping'",
} as const;

/** Reads of the table `sale`; nothing here writes. */
export class SaleTable {
  readonly #db: Database;
  readonly #sales: Kept;
  readonly #states: Kept;
  readonly #parts: Kept;

  constructor(book: Pick<Book, 'db' | 'writes'>) {
    this.#db = book.db;
    this.#sales = new Kept(() => book.writes('sale'));
    this.#states = new Kept(() => book.writes('sale'));
    this.#parts = new Kept(() => book.writes('payment'));
  }

  find(id: string): Sale | undefined {
    return this.#sales.of(id, () => {
      const row = prepared<[string], SaleRow>(this.#db, 'SELECT * FROM sale WHERE id = ?').get(id);
      return row && saleOf(row);
    });
  }

  get(id: string): Sale {
    const sale = this.find(id);
    if (!sale) throw new Error(`no sale ${id}`);
    return sale;
  }

  /** The purchases of a sale, in their order. */
  parts(id: string): readonly Payment[] {
    return this.#parts.of(id, () =>
      prepared<[string], PaymentRow>(
        this.#db,
        "SELECT * FROM payment INDEXED BY payment_sale WHERE sale IS NOT NULL AND sale = ? AND kind = 'purchase'",
      )
        .all(id)
        .map(paymentOf)
        .sort(byPlace),
    );
  }

  inState(state: 'open' | 'dropping'): readonly Sale[] {
    const order = (a: Sale, b: Sale): number => a.at - b.at || (a.id < b.id ? -1 : 1);
    return this.#states.of(state, () => prepared<[], SaleRow>(this.#db, inState[state]).all().map(saleOf).sort(order));
  }

  /** The sale that must be paid or dropped before another one begins: divided on purpose, or paid in part. */
  live(): Sale | undefined {
    return this.inState('open').find((sale) => sale.split || sumsOf(sale, this.parts(sale.id)).paid > 0);
  }

  /** Ends every sale of which nothing was paid and nothing can be any more: its customer went, or tried anew. */
  forgotten(): Write[] {
    return this.inState('open')
      .filter((sale) => {
        const { paid, underWay } = sumsOf(sale, this.parts(sale.id));
        return !sale.split && paid === 0 && underWay === 0;
      })
      .map((sale) => moved(sale, 'dropped'));
  }

  /** What was given back of a part by payments of their own. */
  givenBack(part: string): GivenBack {
    const rows = prepared<[string], { kind: string; state: string; byBank: number; sum: number }>(
      this.#db,
      `SELECT kind, state, reason LIKE 'bank-%' AS byBank, sum(amount) AS sum FROM payment WHERE original IS NOT NULL AND original = ?
         GROUP BY kind, state, byBank`,
    ).all(part);
    // What never left was refused by nobody, and is tried again.
    const refused = (kind: string): boolean =>
      rows.some((one) => one.kind === kind && one.state === 'declined' && one.byBank === 1);
    const refunds = rows.filter(
      ({ kind, state }) => kind === 'refund' && (state === 'approved' || state === 'settled'),
    );
    return {
      refunded: refunds.reduce((total, { sum }) => total + sum, 0),
      underWay: rows.some(({ state }) => state === 'opened' || state === 'sending' || state === 'unknown'),
      voidRefused: refused('void'),
      refundRefused: refused('refund'),
    };
  }

  /** What becomes of the sale of a payment when the payment becomes this, in the same commit. */
  after(payment: Payment, change: Partial<Part>): Write[] {
    if (change.state === undefined) return [];
    if (payment.kind === 'refund' && change.state === 'approved') return this.#afterRefund(payment);
    if (payment.kind !== 'purchase' || payment.sale === null) return [];
    const sale = this.get(payment.sale);
    const parts = this.parts(sale.id).map((part) => (part.id === payment.id ? { ...part, ...change } : part));
    const state = stateAfter(sale, parts, sale.state === 'dropping' ? this.refunded(parts) : 0);
    return state === sale.state ? [] : [moved(sale, state)];
  }

  /** The last refund of a sale that is given up ends it. */
  #afterRefund(refund: Payment): Write[] {
    const sale = this.#saleOfPart(refund.original ?? '');
    if (sale?.state !== 'dropping') return [];
    const parts = this.parts(sale.id);
    const paying = parts.some(({ id, state }) => id === refund.original && pays(state));
    const state = stateAfter(sale, parts, this.refunded(parts) + (paying ? refund.amount.minor : 0));
    return state === sale.state ? [] : [moved(sale, state)];
  }

  #saleOfPart(part: string): Sale | undefined {
    const row = prepared<[string], SaleRow>(
      this.#db,
      'SELECT * FROM sale WHERE id = (SELECT sale FROM payment WHERE id = ?)',
    ).get(part);
    return row && saleOf(row);
  }

  /** Minor units that were refunded of these parts. */
  refunded(parts: readonly Part[]): number {
    return parts.reduce((sum, { id, state }) => sum + (pays(state) ? this.givenBack(id).refunded : 0), 0);
  }
}

/** Compare-and-set on the state that a sale was read in. */
export function moved(sale: Sale, state: SaleState, more: { readonly approver?: string | null } = {}): Write {
  return { op: 'update', table: 'sale', key: { id: sale.id, state: sale.state }, values: { state, ...more } };
}

export function begun(sale: Sale): Write {
  const { total, split, ...values } = sale;
  return {
    op: 'insert',
    table: 'sale',
    values: { ...values, total: total.minor, currency: total.currency, split: split ? 1 : 0 },
  };
}
