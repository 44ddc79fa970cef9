import type { Database } from 'better-sqlite3';
import { Currency } from '../../../contract/money.ts';
import { prepared } from '../store/statement.ts';
import { dayAfter } from './days.ts';
import { type Judged, judge, type Own, type Terms } from './judge.ts';
import type { StatementLine } from './line.ts';
import { IN_FORCE, type LineRow } from './statements.ts';

/** Lines that are matched at a time: between two such slices the terminal sells. */
const SLICE = 2_000;

interface Found extends LineRow {
  readonly own: string | null;
  readonly own_kind: string;
  readonly own_state: string;
  readonly own_amount: number;
  readonly own_currency: string;
  readonly own_scheme: string | null;
  readonly own_stan: number;
  readonly own_at: number;
  readonly own_sent_at: number | null;
  readonly own_day: string;
  readonly own_suspect: 0 | 1;
  readonly siblings: number;
}

/** A statement that is being matched, beside those in force. */
interface Match {
  readonly db: Database;
  readonly no: number;
  readonly inForce: ReadonlySet<number>;
  readonly terms: Terms;
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
  const inForce = new Set(
    prepared<[], { no: number }>(db, IN_FORCE)
      .all()
      .map((row) => row.no),
  );
  const match = { db, no, inForce, terms };
  for (let after = 0; ; ) {
    const rows = slice(db, no, after);
    const last = rows.at(-1);
    if (!last) return;
    after = last.n;
    const judged = rows.flatMap((row) => judgeRow(match, row));
    db.transaction(() => {
      for (const one of judged) write(db, no, one);
    })();
    await pause();
  }
}

function slice(db: Database, no: number, after: number): Found[] {
  return prepared<[number, number, number], Found>(
    db,
    `SELECT l.*, p.id AS own, p.kind AS own_kind, p.state AS own_state, coalesce(p.approved, p.amount) AS own_amount,
            p.currency AS own_currency, p.scheme AS own_scheme, p.stan AS own_stan, p.at AS own_at, p.sent_at AS own_sent_at,
            p.day AS own_day, p.clock_suspect AS own_suspect,
            (SELECT count(*) FROM statement_line s LEFT JOIN statement t ON t.no = s.statement
               WHERE s.rrn = l.rrn AND (s.statement = l.statement OR (t.no IS NOT NULL AND t.superseded_by IS NULL))) AS siblings
       FROM statement_line l LEFT JOIN payment p ON p.tender IS NOT 'cash' AND p.id = coalesce(
            (SELECT id FROM payment WHERE rrn = l.rrn), (SELECT id FROM payment WHERE host_rrn = l.rrn))
      WHERE l.statement = ? AND l.n > ? AND l.kind <> 'deposit' ORDER BY l.n LIMIT ?`,
  ).all(no, after, SLICE);
}

interface Change {
  readonly judged: Judged;
  readonly row: LineRow;
}

/** Judges the lines of one RRN together, when the first of them comes. */
function judgeRow({ db, no, inForce, terms }: Match, found: Found): Change[] {
  const own = ownOf(db, found, terms);
  const all =
    found.siblings > 1
      ? siblingsOf(db, found.rrn).filter(({ statement }) => statement === no || inForce.has(statement))
      : [found];
  const lines = all.filter(({ statement }) => statement === no);
  if (lines[0]?.n !== found.n) return [];
  const before = all.filter(({ statement }) => statement < no).map(({ kind }) => kind);
  const elsewhere = all.some(({ statement, kind }) => statement !== no && kind === 'void');
  const voidSeen = elsewhere || (own !== undefined && ownVoidSeen(db, own));
  const refunded = all.reduce((sum, { kind, gross }) => (kind === 'refund' ? sum - gross : sum), 0);
  const judged = judge({ lines: lines.map(lineOf), own, before, voidSeen, refunded }, terms);
  return judged.flatMap((one) => {
    const row = lines.find(({ n }) => n === one.n);
    return row === undefined || same(one, row) ? [] : [{ judged: one, row }];
  });
}

function lineOf(row: LineRow): StatementLine {
  return { ...row, currency: Currency.parse(row.currency) };
}

/** Lines of an RRN in all statements, those of imports that did not come to their end too. */
function siblingsOf(db: Database, rrn: string): LineRow[] {
  return prepared<[string], LineRow>(db, 'SELECT * FROM statement_line INDEXED BY statement_line_rrn WHERE rrn = ?')
    .all(rrn)
    .sort((a, b) => a.statement - b.statement || a.n - b.n);
}

function ownOf(db: Database, found: Found, terms: Terms): Own | undefined {
  const { own: id, own_state: state } = found;
  if (id === null) return undefined;
  return {
    id,
    kind: found.own_kind,
    state,
    amount: found.own_amount,
    currency: found.own_currency,
    scheme: found.own_scheme,
    stan: found.own_stan,
    ...madeWithin(found, terms),
    undoneAt: state === 'voided' ? undoneAt(db, id) : null,
  };
}

/**
 * When it was made and sent, at the earliest and at the latest. The stamps of a clock in doubt count for nothing: it may have been
 * at every time of its business day, which ends on the calendar day after.
 */
function madeWithin(found: Found, { window }: Terms): Pick<Own, 'from' | 'until'> {
  const { own_at: from, own_sent_at: sent, own_day: day } = found;
  if (found.own_suspect === 0) return { from, until: Math.max(from, sent ?? from) };
  return { from: window(day).start, until: window(dayAfter(day)).end - 1 };
}

const VOIDS = "payment v WHERE v.original = ? AND v.kind = 'void' AND v.state IN ('approved', 'settled')";

function undoneAt(db: Database, id: string): number | null {
  return (
    prepared<[string], { at: number | null }>(
      db,
      `SELECT max(iif(v.clock_suspect = 1, unixepoch(v.day, '+2 days') * 1000, coalesce(v.sent_at, v.at))) AS at FROM ${VOIDS}`,
    ).get(id)?.at ?? null
  );
}

function ownVoidSeen(db: Database, own: Own): boolean {
  if (own.state !== 'voided') return false;
  return (
    prepared<[string, string]>(
      db,
      `SELECT 1 FROM statement_line l INDEXED BY statement_line_rrn WHERE l.kind = 'void' AND l.statement IN (${IN_FORCE})
         AND (l.rrn IN (SELECT v.rrn FROM ${VOIDS}) OR l.rrn IN (SELECT v.host_rrn FROM ${VOIDS})) LIMIT 1`,
    ).get(own.id, own.id) !== undefined
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
