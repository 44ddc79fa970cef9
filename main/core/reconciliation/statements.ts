import type { Database } from 'better-sqlite3';
import type { Statement as StatementView } from '../../../contract/reconciliation.ts';
import { prepared } from '../store/statement.ts';
import type { Judged } from './judge.ts';
import type { StatementLine } from './line.ts';

/** A row of the table `statement`. */
export interface StatementRow {
  readonly no: number;
  readonly hash: string;
  readonly name: string;
  readonly format: string;
  readonly from_day: string;
  readonly to_day: string;
  readonly lines: number;
  readonly at: number;
  readonly staff: string;
  readonly superseded_by: number | null;
}

/** A row of the table `statement_line`: what the bank says, and what was found of it. */
export interface LineRow extends Omit<StatementLine, 'currency'> {
  readonly statement: number;
  readonly currency: string;
  readonly verdict: Judged['verdict'] | null;
  readonly reason: Judged['reason'];
  readonly nth: number | null;
  readonly payment: string | null;
  readonly till: number | null;
  readonly expected_fee: number | null;
  readonly extra: number | null;
}

/** Statements that no corrected file has taken the place of. */
export const IN_FORCE = 'SELECT no FROM statement WHERE superseded_by IS NULL';

export function findStatement(db: Database, no: number): StatementRow | undefined {
  return prepared<[number], StatementRow>(db, 'SELECT * FROM statement WHERE no = ?').get(no);
}

export function statementOfHash(db: Database, hash: string): StatementRow | undefined {
  return prepared<[string], StatementRow>(db, 'SELECT * FROM statement WHERE hash = ?').get(hash);
}

/** The statement that a file of this name and last day corrects. */
export function statementToCorrect(db: Database, name: string, to: string): StatementRow | undefined {
  return prepared<[string, string], StatementRow>(
    db,
    'SELECT * FROM statement WHERE name = ? AND to_day = ? AND superseded_by IS NULL ORDER BY no DESC LIMIT 1',
  ).get(name, to);
}

/** Newest first. */
export function recentStatements(db: Database, limit: number): StatementRow[] {
  return prepared<[number], StatementRow>(db, 'SELECT * FROM statement ORDER BY no DESC LIMIT ?').all(limit);
}

/** Whether some statement in force says everything of a settlement day. */
export function covered(db: Database, day: string): boolean {
  return (
    prepared<[string, string]>(
      db,
      'SELECT 1 FROM statement WHERE superseded_by IS NULL AND from_day <= ? AND to_day >= ? LIMIT 1',
    ).get(day, day) !== undefined
  );
}

function countLines(db: Database, no: number): number {
  return (
    prepared<[number], { n: number }>(db, 'SELECT count(*) AS n FROM statement_line WHERE statement = ?').get(no)?.n ??
    0
  );
}

export function complete(db: Database, { no, lines }: StatementRow): boolean {
  return countLines(db, no) === lines;
}

export function viewOfStatement(db: Database, row: StatementRow): StatementView {
  const { no, hash, name, format, from_day: from, to_day: to, lines, at, staff: by, superseded_by: supersededBy } = row;
  return { no, hash, name, format, from, to, lines, at, by, supersededBy, complete: complete(db, row) };
}

/** A number for the lines of an import that has not come to its end: above every statement and every line. */
export function stagingNumber(db: Database): number {
  const top = prepared<[], { top: number }>(
    db,
    `SELECT max(coalesce((SELECT max(no) FROM statement), 0), coalesce((SELECT max(statement) FROM statement_line), 0)) AS top`,
  ).get();
  return (top?.top ?? 0) + 1;
}

/** Throws away what was left of imports that did not come to their end. */
export function dropStaged(db: Database): void {
  prepared<[]>(db, 'DELETE FROM statement_line WHERE statement NOT IN (SELECT no FROM statement)').run();
}

export function stageLines(db: Database, statement: number, lines: readonly StatementLine[]): void {
  const insert = prepared<unknown[]>(
    db,
    `INSERT INTO statement_line (statement, n, kind, day, time, terminal, stan, rrn, scheme, card, gross, fee, net, currency)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  db.transaction(() => {
    for (const line of lines) {
      const { n, kind, day, time, terminal, stan, rrn, scheme, card, gross, fee, net, currency } = line;
      insert.run(statement, n, kind, day, time, terminal, stan, rrn, scheme, card, gross, fee, net, currency);
    }
  })();
}

/** Gives staged lines to the statement that the journal still knows and whose own lines were lost. */
export function adoptLines(db: Database, staged: number, no: number): void {
  prepared<[number, number]>(db, 'UPDATE statement_line SET statement = ? WHERE statement = ?').run(no, staged);
}
