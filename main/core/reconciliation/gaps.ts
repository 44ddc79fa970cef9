import type { Database } from 'better-sqlite3';
import type { DifferenceReason, Verdict } from '../../../contract/reconciliation.ts';
import { dayBefore } from '../ledger/day.ts';
import { prepared } from '../store/statement.ts';
import { type BankDays, bankDay, dayAfter } from './days.ts';
import { lineKindOf } from './judge.ts';
import { covered, IN_FORCE, type StatementRow } from './statements.ts';

/** A payment of this terminal that no statement in force has a line of. */
export interface Gap {
  readonly payment: string;
  readonly verdict: Verdict;
  readonly reason: DifferenceReason;
  /** The last day on which the bank should have it. */
  readonly day: string;
  readonly kind: 'sale' | 'void' | 'refund';
  readonly rrn: string;
  readonly stan: number;
  readonly scheme: string | null;
  readonly maskedPan: string | null;
  readonly currency: string;
  /** Minor units, less than zero for a refund. */
  readonly till: number;
}

interface Row {
  readonly id: string;
  readonly kind: string;
  readonly amount: number;
  readonly currency: string;
  readonly at: number;
  readonly sent_at: number | null;
  readonly day: string;
  readonly clock_suspect: 0 | 1;
  readonly stan: number;
  readonly rrn: string;
  readonly scheme: string | null;
  readonly masked_pan: string | null;
}

/** What was accepted offline may be sent so many days after its own (at most a week by the profile). */
const FORWARD_DAYS = 9;

/**
 * The payments that a statement should have and no statement in force has: missing, or waiting because the cut-off came
 * first. A voided payment that the bank leaves out altogether is none: nothing moved.
 */
export function* gapsOf(db: Database, statement: StatementRow, days: BankDays): Generator<Gap> {
  const { from_day: from, to_day: to } = statement;
  let low = from;
  for (let back = 0; back < FORWARD_DAYS; back += 1) low = dayBefore(low);
  const query = prepared<[string, string], Row>(
    db,
    `SELECT id, kind, coalesce(approved, amount) AS amount, currency, at, sent_at, day, clock_suspect, stan, rrn, scheme, masked_pan
       FROM payment p
      WHERE day BETWEEN ? AND ? AND kind IN ('purchase', 'completion', 'refund') AND tender IS NOT 'cash'
        AND state IN ('approved', 'saf-approved', 'settled', 'refund-due', 'refunded')
        AND NOT EXISTS (SELECT 1 FROM statement_line l INDEXED BY statement_line_rrn
          WHERE l.rrn IN (p.rrn, p.host_rrn) AND l.statement IN (${IN_FORCE}))`,
  );
  // All are read before anything else is asked of the database: it answers one question at a time.
  for (const row of query.all(low, dayAfter(to))) {
    const latest = latestOf(row, days);
    const found = placeOf(db, row, latest, statement, days);
    const kind = lineKindOf(row.kind);
    if (!found) continue;
    yield {
      payment: row.id,
      ...found,
      day: latest,
      kind,
      rrn: row.rrn,
      stan: row.stan,
      scheme: row.scheme,
      maskedPan: row.masked_pan,
      currency: row.currency,
      till: kind === 'sale' ? row.amount : -row.amount,
    };
  }
}

/** The settlement day by which the bank should have it. Of a clock in doubt only the business day counts: it ends in the next one. */
function latestOf({ at, sent_at, day, clock_suspect }: Row, days: BankDays): string {
  return clock_suspect === 1 ? dayAfter(day) : bankDay(Math.max(at, sent_at ?? at) + days.graceMs, days);
}

function placeOf(
  db: Database,
  row: Row,
  latest: string,
  { from_day: from, to_day: to }: StatementRow,
  days: BankDays,
): Pick<Gap, 'verdict' | 'reason'> | undefined {
  if (latest < from) return undefined;
  if (latest <= to) return { verdict: 'differs', reason: 'missing-at-bank' };
  const touches = row.day <= to || (row.clock_suspect === 0 && bankDay(row.at - days.graceMs, days) <= to);
  return touches && !covered(db, latest) ? { verdict: 'waiting', reason: 'after-cut-off' } : undefined;
}
