import type { Database } from 'better-sqlite3';
import type { Money } from '../../../contract/money.ts';
import type { Tender } from '../../../contract/payment.ts';
import type { Charge } from '../bank/link.ts';
import type { Write } from '../ledger/entry.ts';
import { prepared } from '../store/statement.ts';
import type { Payment } from './payment.ts';
import { openPayments } from './table.ts';
import { unfinished } from './unfinished.ts';

/** What a person gives back for when the bank charged without a payment here that stands; words under `refund.cause`. */
const CHARGE_CAUSE = 'charged-by-bank';

/** A charge on the bank's statement for which no payment here stands. */
export interface FoundCharge {
  /** The statement's line, as it is named in a corrected file too. */
  readonly line: string;
  readonly statement: number;
  readonly rrn: string;
  /** Null where the statement has none. */
  readonly stan: number | null;
  /** YYYY-MM-DD by the bank's clock. */
  readonly day: string;
  /** To be given back: at most what was charged. */
  readonly amount: Money;
  readonly tender: Tender;
  readonly scheme: string | null;
  readonly maskedPan: string | null;
  /** The payment here that was taken back or refused, where there is one. */
  readonly own: string | null;
}

interface ChargeRow {
  readonly rrn: string;
  readonly stan: number | null;
  readonly day: string;
}

/** Writes the charge down that a refund is to be of. */
export function chargeWrite(id: string, charge: FoundCharge): Write {
  const { line, statement, rrn, stan, day, amount, own } = charge;
  const values = { id, line, statement, rrn, stan, day, amount: amount.minor, currency: amount.currency, own };
  return { op: 'insert', table: 'charge', values };
}

/** What the refund of a charge begins with, sent at once and counted in `batch`, and what is written before it. */
export function refundOf(
  id: string,
  charge: FoundCharge,
  batch: number,
  sentAt: number,
): { readonly change: Partial<Payment>; readonly before: readonly Write[] } {
  const { tender, scheme, maskedPan } = charge;
  const change = { tender, scheme, maskedPan, cause: CHARGE_CAUSE, charge: id, batch, attempt: 1, sentAt };
  return { change, before: [chargeWrite(id, charge)] };
}

/** How a refund names its charge to the bank. Throws where there is none of this id. */
export function chargeNamed(db: Database, id: string): Charge {
  const row = prepared<[string], ChargeRow>(db, 'SELECT rrn, stan, day FROM charge WHERE id = ?').get(id);
  if (!row) throw new Error(`no charge ${id}`);
  const { rrn, stan, day } = row;
  return { rrn, day, ...(stan === null ? {} : { stan }) };
}

const OPEN = unfinished.map((state) => `'${state}'`).join(', ');

/**
 * Whether a payment here whose end is not known yet may be this charge: a host that makes reference numbers of its own lists
 * it under one that was never heard here. By its STAN, or by its amount where the statement has none.
 */
export function maybeOpen(db: Database, { rrn, stan, amount }: Pick<FoundCharge, 'rrn' | 'stan' | 'amount'>): boolean {
  return (
    prepared<unknown[]>(
      db,
      `SELECT 1 FROM ${openPayments} AND state IN (${OPEN}, 'void-due') AND kind IN ('purchase', 'completion')
         AND tender IS NOT 'cash' AND (rrn = ? OR stan = ? OR (? IS NULL AND amount = ? AND currency = ?)) LIMIT 1`,
    ).get(rrn, stan, stan, amount.minor, amount.currency) !== undefined
  );
}
