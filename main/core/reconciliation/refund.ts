import { createHash } from 'node:crypto';
import type { Database } from 'better-sqlite3';
import { Currency as Currencies, type Currency, money } from '../../../contract/money.ts';
import { PaymentState, type PaymentState as State } from '../../../contract/payment.ts';
import type { ReconciliationLine } from '../../../contract/reconciliation.ts';
import { BANK_DIFFERENCE, REFUNDS } from '../ledger/account.ts';
import type { Transfer } from '../ledger/entry.ts';
import { prepared } from '../store/statement.ts';
import { doneOf, lineId } from './done.ts';
import { standingOf } from './judge.ts';
import type { LineRow } from './statements.ts';

/**
 * The key under which the refund of a line is asked for: always the same for the same line, in a corrected file too, so that it
 * is given back once whatever happens.
 */
export function refundKey(line: string): string {
  const hex = createHash('sha256').update(`refund of ${line}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

interface Asked {
  readonly payment: string;
  readonly state: string;
  readonly receipt_no: string;
}

function askedOf(db: Database, line: string): Asked | undefined {
  return prepared<[string], Asked>(
    db,
    `SELECT r.payment, p.state, p.receipt_no FROM request r JOIN payment p ON p.id = r.payment WHERE r.key = ?`,
  ).get(refundKey(line));
}

/** Whether a line's extra charge can be given back here, and the refund where one was asked for. */
export function refundOf(db: Database, id: string, row: LineRow): Pick<ReconciliationLine, 'refundable' | 'refund'> {
  if (row.extra === null) return { refundable: false, refund: null };
  const asked = askedOf(db, id);
  const state = PaymentState.safeParse(asked?.state);
  const refund = asked && state.success ? { payment: asked.payment, state: state.data satisfies State } : null;
  return { refundable: refund === null && doneOf(db, id) === undefined && standsHere(db, row), refund };
}

/** Only a payment that stands here has something of which a refund can be made. */
function standsHere(db: Database, row: LineRow): boolean {
  if (row.payment === null || (row.reason !== 'duplicate-at-bank' && row.reason !== 'amount')) return false;
  const own = prepared<[string], { state: string }>(db, 'SELECT state FROM payment WHERE id = ?').get(row.payment);
  return own !== undefined && standingOf(own.state) === 'stands';
}

/** A refund that the bank has approved: its line is seen to, and what was given back is no loss of the shop's. */
export interface Given {
  readonly line: string;
  readonly payment: string;
  readonly receiptNo: string;
  readonly transfer: Transfer;
}

/** Approved refunds of a statement's lines that nobody has written down yet. */
export function givenBack(db: Database, statement: number, today: string): Given[] {
  return prepared<[number], LineRow>(
    db,
    "SELECT * FROM statement_line WHERE statement = ? AND verdict = 'differs' AND extra > 0",
  )
    .all(statement)
    .flatMap((row) => {
      const line = lineId(row);
      const asked = askedOf(db, line);
      if (asked === undefined || standingOf(asked.state) !== 'stands' || doneOf(db, line)) return [];
      const currency: Currency = Currencies.parse(row.currency);
      const amount = money(row.extra ?? 0, currency);
      const transfer = { payment: null, debit: BANK_DIFFERENCE, credit: REFUNDS, amount, day: today, batch: null };
      return [{ line, payment: asked.payment, receiptNo: asked.receipt_no, transfer }];
    });
}
