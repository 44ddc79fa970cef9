import type { Database } from 'better-sqlite3';
import { Currency } from '../../../contract/money.ts';
import { type Deposited, deposited } from '../ledger/account.ts';
import type { Transfer, Write } from '../ledger/entry.ts';
import { prepared } from '../store/statement.ts';
import { type DaySums, judgeDeposit, type Paid } from './judge.ts';
import { IN_FORCE, type StatementRow } from './statements.ts';

/** A settlement day of a statement: its lines' sums, what the bank paid, and what keeps it from being posted. */
export interface DepositState {
  readonly sums: DaySums;
  readonly paid: Paid | undefined;
  readonly verdict: 'agreed' | 'differs' | 'waiting';
  readonly reason: 'deposit-sum' | 'other-file' | null;
  readonly posted: boolean;
  /** Lines that differ and nobody has seen to, and lines that wait. */
  readonly open: number;
}

interface SumRow {
  readonly day: string;
  readonly currency: string;
  readonly gross: number;
  readonly fees: number;
  readonly net: number;
}

const NET = 'coalesce(net, gross - coalesce(fee, 0))';
/** Lines of this terminal that a deposit cannot be posted with: to be seen to, or not known yet. */
const OPEN = `(verdict IS NULL OR verdict = 'waiting' OR (verdict = 'differs' AND NOT EXISTS (
  SELECT 1 FROM difference_done d WHERE d.line = l.terminal || ':' || l.rrn || ':' || l.kind || ':' || l.nth)))`;

/** Every settlement day that a statement has lines or a deposit of. */
export function depositsOf(db: Database, statement: StatementRow): DepositState[] {
  // The number as a query of its own: a bound value that an index could go by makes SQLite prepare the statement anew.
  const keys = prepared<[number], { day: string; currency: string }>(
    db,
    'SELECT DISTINCT day, currency FROM statement_line WHERE statement = (SELECT ?) ORDER BY day, currency',
  ).all(statement.no);
  return keys.map(({ day, currency }) => {
    const sums = sumsOf(db, day, currency);
    const paid = paidOf(db, day, currency);
    return {
      sums: sums ?? { day, currency: Currency.parse(currency), gross: 0, fees: 0, net: 0 },
      paid,
      ...judgeDeposit(sums, paid),
      posted: postedOf(db, day, currency) !== undefined,
      open: openLines(db, day, currency),
    };
  });
}

const LINES = `statement_line l WHERE l.statement IN (${IN_FORCE} AND from_day <= @day AND to_day >= @day)
  AND l.day = @day AND l.currency = @currency AND l.kind <> 'deposit'`;

interface Key {
  readonly day: string;
  readonly currency: string;
}

function sumsOf(db: Database, day: string, currency: string): DaySums | undefined {
  const row = prepared<[Key], SumRow & { n: number }>(
    db,
    `SELECT count(*) AS n, sum(gross) AS gross, sum(coalesce(fee, 0)) AS fees, sum(${NET}) AS net FROM ${LINES}`,
  ).get({ day, currency });
  if (!row || row.n === 0) return undefined;
  const { gross, fees, net } = row;
  return { day, currency: Currency.parse(currency), gross, fees, net };
}

function paidOf(db: Database, day: string, currency: string): Paid | undefined {
  const row = prepared<[string, string], Paid & { n: number }>(
    db,
    `SELECT count(*) AS n, sum(gross) AS gross, sum(fee) AS fee, sum(net) AS net FROM statement_line
      WHERE kind = 'deposit' AND day = ? AND currency = ? AND statement IN (${IN_FORCE})`,
  ).get(day, currency);
  return row && row.n > 0 ? { gross: row.gross, fee: row.fee, net: row.net } : undefined;
}

function openLines(db: Database, day: string, currency: string): number {
  return (
    prepared<[Key], { n: number }>(db, `SELECT count(*) AS n FROM ${LINES} AND ${OPEN}`).get({ day, currency })?.n ?? 0
  );
}

interface PostedRow extends Deposited {
  readonly statement: number;
  readonly day: string;
  readonly currency: string;
}

function postedOf(db: Database, day: string, currency: string): PostedRow | undefined {
  return prepared<[string, string], PostedRow>(
    db,
    'SELECT * FROM deposit WHERE day = ? AND currency = ? AND reversed_at IS NULL LIMIT 1',
  ).get(day, currency);
}

/** What a commit records and moves. */
export interface Posting {
  readonly writes: readonly Write[];
  readonly transfers: readonly Transfer[];
}

/**
 * The postings of a statement's deposits that agree, whose lines all agree or were seen to, and that were not posted yet.
 * `today` is the business day on which they are posted.
 */
export function duePostings(db: Database, statement: StatementRow, at: number, today: string): Posting {
  const writes: Write[] = [];
  const transfers: Transfer[] = [];
  for (const { sums, verdict, posted, open } of depositsOf(db, statement)) {
    if (verdict !== 'agreed' || posted || open > 0) continue;
    const { day, currency } = sums;
    const own = ownSums(db, day, currency);
    const values = { statement: statement.no, day, currency, ...own, at, reversed_at: null };
    writes.push({ op: 'insert', table: 'deposit', values });
    transfers.push(...deposited(own, currency, today));
  }
  return { writes, transfers };
}

/** Of this terminal's lines alone: the others of the shop post theirs. */
function ownSums(db: Database, day: string, currency: string): Deposited {
  const row = prepared<[Key], { net: number | null; fees: number | null; difference: number | null }>(
    db,
    `SELECT sum(${NET}) AS net, sum(gross - ${NET}) AS fees, sum(gross - coalesce(till, 0)) AS difference
       FROM ${LINES} AND verdict <> 'other'`,
  ).get({ day, currency });
  return { net: row?.net ?? 0, fees: row?.fees ?? 0, difference: row?.difference ?? 0 };
}

/** Takes back what was posted of a statement that a corrected one replaces. */
export function reversedPostings(db: Database, statement: number, at: number, today: string): Posting {
  const rows = prepared<[number], PostedRow>(
    db,
    'SELECT * FROM deposit WHERE statement = ? AND reversed_at IS NULL',
  ).all(statement);
  return {
    writes: rows.map(({ day, currency }) => ({
      op: 'update',
      table: 'deposit',
      key: { statement, day, currency, reversed_at: null },
      values: { reversed_at: at },
    })),
    transfers: rows.flatMap((row) => deposited(row, Currency.parse(row.currency), today, true)),
  };
}
