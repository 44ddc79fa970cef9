import type { Database } from 'better-sqlite3';
import { Currency } from '../../../contract/money.ts';
import { prepared } from '../store/statement.ts';
import { type Judged, judge, type Own, type Terms } from './judge.ts';
import type { StatementLine } from './line.ts';
import { IN_FORCE, type LineRow } from './statements.ts';

/** Lines that are matched at a time: between two such slices the terminal sells. */
const SLICE = 1_000;

interface OwnRow {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly amount: number;
  readonly currency: string;
  readonly scheme: string | null;
  readonly stan: number;
  readonly at: number;
  readonly sent_at: number | null;
}

interface Found extends LineRow {
  readonly own: string | null;
  readonly siblings: number;
}

/**
 * Judges every line of a statement and writes down what changed. `pause` is awaited between slices. Deposits are judged by
 * the sums of their lines, in the report.
 */
export async function matchStatement(
  db: Database,
  no: number,
  terms: Terms,
  pause: () => Promise<void>,
): Promise<void> {
  for (let after = 0; ; ) {
    const rows = slice(db, no, after);
    const last = rows.at(-1);
    if (!last) return;
    after = last.n;
    const judged = rows.flatMap((row) => judgeRow(db, row, terms));
    db.transaction(() => {
      for (const one of judged) write(db, no, one);
    })();
    await pause();
  }
}

function slice(db: Database, no: number, after: number): Found[] {
  return prepared<[number, number, number], Found>(
    db,
    `SELECT l.*, p.id AS own, (SELECT count(*) FROM statement_line s WHERE s.rrn = l.rrn AND s.rrn <> '') AS siblings
       FROM statement_line l LEFT JOIN payment p ON p.rrn = l.rrn AND p.tender IS NOT 'cash'
      WHERE l.statement = ? AND l.n > ? AND l.kind <> 'deposit' ORDER BY l.n LIMIT ?`,
  ).all(no, after, SLICE);
}

interface Change {
  readonly judged: Judged;
  readonly row: LineRow;
}

/** Judges the lines of one RRN together, when the first of them comes. */
function judgeRow(db: Database, found: Found, terms: Terms): Change[] {
  const own = found.own === null ? undefined : ownOf(db, found.own);
  const all = found.siblings > 1 ? siblingsOf(db, found.rrn, found.statement) : [found];
  const lines = all.filter(({ statement }) => statement === found.statement);
  if (lines[0]?.n !== found.n) return [];
  const before = all.filter(({ statement }) => statement < found.statement).map(({ kind }) => kind);
  const elsewhere = all.some(({ statement, kind }) => statement !== found.statement && kind === 'void');
  const voidSeen = elsewhere || (own !== undefined && ownVoidSeen(db, own));
  const judged = judge({ lines: lines.map(lineOf), own, before, voidSeen }, terms);
  return judged.flatMap((one) => {
    const row = lines.find(({ n }) => n === one.n);
    return row === undefined || same(one, row) ? [] : [{ judged: one, row }];
  });
}

export function lineOf(row: LineRow): StatementLine {
  return { ...row, currency: Currency.parse(row.currency) };
}

/** Lines of an RRN in this statement and in every one in force. */
function siblingsOf(db: Database, rrn: string, statement: number): LineRow[] {
  return prepared<[string, number], LineRow>(
    db,
    `SELECT * FROM statement_line WHERE rrn = ? AND (statement = ? OR statement IN (${IN_FORCE})) ORDER BY statement, n`,
  ).all(rrn, statement);
}

function ownOf(db: Database, id: string): Own | undefined {
  const row = prepared<[string], OwnRow>(
    db,
    'SELECT id, kind, state, amount, currency, scheme, stan, at, sent_at FROM payment WHERE id = ?',
  ).get(id);
  return row && { ...ownFields(row), undoneAt: row.state === 'voided' ? undoneAt(db, id) : null };
}

function ownFields({ at, sent_at, ...row }: OwnRow): Omit<Own, 'undoneAt'> {
  return { ...row, from: at, until: Math.max(at, sent_at ?? at) };
}

const VOIDS = "payment v WHERE v.original = ? AND v.kind = 'void' AND v.state IN ('approved', 'settled')";

function undoneAt(db: Database, id: string): number | null {
  return (
    prepared<[string], { at: number | null }>(db, `SELECT max(coalesce(v.sent_at, v.at)) AS at FROM ${VOIDS}`).get(id)
      ?.at ?? null
  );
}

function ownVoidSeen(db: Database, own: Own): boolean {
  if (own.state !== 'voided') return false;
  return (
    prepared<[string]>(
      db,
      `SELECT 1 FROM statement_line l WHERE l.kind = 'void' AND l.statement IN (${IN_FORCE})
         AND l.rrn IN (SELECT v.rrn FROM ${VOIDS}) LIMIT 1`,
    ).get(own.id) !== undefined
  );
}

function same(judged: Judged, row: LineRow): boolean {
  return (
    judged.verdict === row.verdict &&
    judged.reason === row.reason &&
    judged.nth === row.nth &&
    judged.payment === row.payment &&
    judged.till === row.till &&
    judged.expectedFee === row.expected_fee &&
    judged.extra === row.extra
  );
}

function write(db: Database, no: number, { judged }: Change): void {
  const { verdict, reason, nth, payment, till, expectedFee, extra, n } = judged;
  prepared<unknown[]>(
    db,
    `UPDATE statement_line SET verdict = ?, reason = ?, nth = ?, payment = ?, till = ?, expected_fee = ?, extra = ?
      WHERE statement = ? AND n = ?`,
  ).run(verdict, reason, nth, payment, till, expectedFee, extra, no, n);
}
