import { createHash } from 'node:crypto';
import type { Database } from 'better-sqlite3';
import { Currency as Currencies, type Currency, money } from '../../../contract/money.ts';
import { PaymentState } from '../../../contract/payment.ts';
import type { ReconciliationLine, Verdict } from '../../../contract/reconciliation.ts';
import { BANK_DIFFERENCE, REFUNDS } from '../ledger/account.ts';
import type { Transfer } from '../ledger/entry.ts';
import type { FoundCharge } from '../payment/charge.ts';
import { prepared } from '../store/statement.ts';
import { doneOf, lineId } from './done.ts';
import { standingOf } from './judge.ts';
import { dayOf } from './line.ts';
import { IN_FORCE, type LineRow } from './statements.ts';

/**
 * The key under which the refund of a line is asked for the nth time: always the same for the same line, in a corrected file
 * too, so that it is given back once whatever happens. Another time comes only after the bank refused the one before.
 */
export function refundKey(line: string, nth = 0): string {
  const named = nth === 0 ? `refund of ${line}` : `refund ${nth} of ${line}`;
  const hex = createHash('sha256').update(named).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

interface AskedRow {
  readonly payment: string;
  readonly state: string;
  readonly receipt_no: string;
  readonly amount: number;
  readonly rrn: string;
  readonly host_rrn: string | null;
}

interface Asked {
  readonly last: AskedRow | undefined;
  /** Under which the next one would be asked for. */
  readonly nextKey: string;
}

function askedOf(db: Database, line: string): Asked {
  let last: AskedRow | undefined;
  for (let nth = 0; ; nth += 1) {
    const nextKey = refundKey(line, nth);
    // One after the other: asked for in one, SQLite prepares the statement anew at every call.
    const asked = prepared<[string], { payment: string }>(db, 'SELECT payment FROM request WHERE key = ?').get(nextKey);
    const row =
      asked &&
      prepared<[string], AskedRow>(
        db,
        'SELECT id AS payment, state, receipt_no, amount, rrn, host_rrn FROM payment WHERE id = ?',
      ).get(asked.payment);
    if (!row) return { last, nextKey };
    last = row;
  }
}

/** The key under which the line's refund is to be asked for now. */
export function nextRefundKey(db: Database, line: string): string {
  return askedOf(db, line).nextKey;
}

/** Whether a line's extra charge can be given back here, and the refund that was asked for last. */
export function refundOf(db: Database, id: string, row: LineRow): Pick<ReconciliationLine, 'refundable' | 'refund'> {
  if (row.kind !== 'sale') return { refundable: false, refund: null };
  const { last } = askedOf(db, id);
  const state = PaymentState.safeParse(last?.state);
  const refund =
    last && state.success
      ? { payment: last.payment, receiptNo: last.receipt_no, state: state.data, verdict: verdictOf(db, last) }
      : null;
  const offered = row.extra !== null && (ofCharge(row) ? !heldHere(db, row) : standsHere(db, row));
  return { refundable: offered && !givingBack(db, id) && doneOf(db, id) === undefined, refund };
}

/** Whether a line's refund was asked for and the bank has not refused it: nobody says otherwise of the line. */
export function givingBack(db: Database, line: string): boolean {
  const state = askedOf(db, line).last?.state;
  return state !== undefined && state !== 'declined' && state !== 'abandoned';
}

/** What a statement in force says of a refund: it waits until one has it. */
function verdictOf(db: Database, { rrn, host_rrn: hostRrn }: AskedRow): Verdict {
  const found = prepared<[string, string | null], { verdict: Verdict | 'other' | null }>(
    db,
    `SELECT verdict FROM statement_line l INDEXED BY statement_line_rrn WHERE l.rrn IN (?, ?) AND l.kind = 'refund'
       AND l.statement IN (${IN_FORCE}) LIMIT 1`,
  ).get(rrn, hostRrn)?.verdict;
  return found === 'agreed' || found === 'differs' ? found : 'waiting';
}

/** Only the bank's statement knows of it: no payment here stands for it. */
export function ofCharge({ kind, reason }: LineRow): boolean {
  return kind === 'sale' && (reason === 'missing-at-till' || reason === 'charged-at-bank');
}

/** An amount held here: what was charged of it may be its completion, which has numbers of its own. */
function heldHere(db: Database, row: LineRow): boolean {
  const state = row.payment === null ? undefined : stateOf(db, row.payment);
  return state === 'authorized' || state === 'completing' || state === 'completed';
}

/** Only a payment that stands here has something of which a refund can be made. */
function standsHere(db: Database, row: LineRow): boolean {
  if (row.payment === null || (row.reason !== 'duplicate-at-bank' && row.reason !== 'amount')) return false;
  const state = stateOf(db, row.payment);
  return state !== undefined && standingOf(state) === 'stands';
}

function stateOf(db: Database, payment: string): string | undefined {
  return prepared<[string], { state: string }>(db, 'SELECT state FROM payment WHERE id = ?').get(payment)?.state;
}

/** The charge of a line as the bank is to be told of it. */
export function chargeOf(row: LineRow, amount: FoundCharge['amount']): FoundCharge {
  const { statement, rrn, stan, day, time, scheme, card: maskedPan, payment: own } = row;
  return {
    line: lineId(row),
    statement,
    rrn,
    stan,
    // The bank's own date, where the statement has one beside the settlement day.
    day: dayOf(time.split(' ')[0] ?? '') ?? day,
    amount,
    tender: maskedPan === null ? 'code' : 'contactless',
    scheme,
    maskedPan,
    own,
  };
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
    "SELECT * FROM statement_line WHERE statement = ? AND verdict = 'differs' AND kind = 'sale'",
  )
    .all(statement)
    .flatMap((row) => {
      const line = lineId(row);
      const { last } = askedOf(db, line);
      if (last === undefined || standingOf(last.state) !== 'stands' || doneOf(db, line)) return [];
      const currency: Currency = Currencies.parse(row.currency);
      const amount = money(last.amount, currency);
      const transfer = { payment: null, debit: BANK_DIFFERENCE, credit: REFUNDS, amount, day: today, batch: null };
      return [{ line, payment: last.payment, receiptNo: last.receipt_no, transfer }];
    });
}
