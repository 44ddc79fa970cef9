import type { Database } from 'better-sqlite3';
import { prepared } from '../store/statement.ts';
import { depositsOf } from './deposits.ts';
import { gapsOf } from './gaps.ts';
import type { ReportContext } from './report.ts';
import type { LineRow, StatementRow } from './statements.ts';

export interface DoneRow {
  readonly line: string;
  readonly at: number;
  readonly staff: string;
  readonly how: string;
  readonly payment: string | null;
}

/** A bank's line by what it is and not by where it stands: a corrected file calls it the same. */
export function lineId({ terminal, rrn, kind, nth }: Pick<LineRow, 'terminal' | 'rrn' | 'kind' | 'nth'>): string {
  return `${terminal}:${rrn}:${kind}:${nth ?? 0}`;
}

export function depositId(day: string, currency: string): string {
  return `deposit:${day}:${currency}`;
}

export function doneOf(db: Database, line: string): DoneRow | undefined {
  return prepared<[string], DoneRow>(db, 'SELECT * FROM difference_done WHERE line = ?').get(line);
}

/** The bank's line of this name in a statement, differing unless said otherwise. */
export function lineNamed(
  { db }: ReportContext,
  statement: StatementRow,
  id: string,
  verdict: 'differs' | 'waiting' = 'differs',
): LineRow | undefined {
  const [terminal, rrn, kind, nth] = id.split(':');
  return prepared<unknown[], LineRow>(
    db,
    `SELECT * FROM statement_line INDEXED BY statement_line_rrn
       WHERE rrn = ? AND statement = ? AND kind = ? AND terminal = ? AND nth = ? AND verdict = ?`,
  ).get(rrn, statement.no, kind, terminal, Number(nth), verdict);
}

/** Whether a statement has a differing line, deposit or missing payment of this name. */
export function findLine(context: ReportContext, statement: StatementRow, id: string): boolean {
  const { db, days } = context;
  if (lineNamed(context, statement, id)) return true;
  for (const gap of gapsOf(db, statement, days)) if (gap.payment === id && gap.verdict === 'differs') return true;
  return depositsOf(db, statement).some(
    ({ sums, verdict }) => verdict === 'differs' && depositId(sums.day, sums.currency) === id,
  );
}
