import type { Database } from 'better-sqlite3';
import type { Irregular } from '../../../contract/day.ts';
import { type Batch, batchOf } from '../ledger/batch.ts';
import { prepared } from '../store/statement.ts';

/** What was out of order while a batch was the open one: receipt numbers passed over, answers nobody waited for, payments of a clock in doubt (B8). */
export function readIrregular(db: Database, batch: Batch): Irregular {
  const until = batchOf(db, batch.no + 1)?.opened_seq ?? Number.MAX_SAFE_INTEGER;
  const answers = prepared<[number, number], { n: number }>(
    db,
    `SELECT count(*) AS n FROM entry
     WHERE seq >= ? AND seq < ? AND kind = 'core' AND json_extract(body, '$.event.type') = 'late'`,
  ).get(batch.opened_seq, until);
  const [before] = numbers(
    db,
    'SELECT receipt_no FROM payment WHERE seq < ? ORDER BY seq DESC LIMIT 1',
    batch.opened_seq,
  );
  const own = numbers(db, 'SELECT receipt_no FROM payment WHERE seq >= ? AND seq < ?', batch.opened_seq, until);
  const suspect = prepared<[number, number], { n: number }>(
    db,
    'SELECT count(*) AS n FROM payment WHERE seq >= ? AND seq < ? AND clock_suspect = 1',
  ).get(batch.opened_seq, until);
  return { receiptsMissing: missing(before, own), lateAnswers: answers?.n ?? 0, clockSuspect: suspect?.n ?? 0 };
}

function numbers(db: Database, sql: string, ...range: number[]): number[] {
  return prepared<number[], { receipt_no: string }>(db, sql)
    .all(...range)
    .map(({ receipt_no }) => Number(receipt_no.split('-').at(-1)));
}

/** Numbers between those of a batch, and between it and the payment `before` it, that no payment has. */
function missing(before: number | undefined, own: readonly number[]): number {
  if (own.length === 0) return 0;
  const last = own.reduce((most, one) => Math.max(most, one));
  const first = before === undefined ? own.reduce((least, one) => Math.min(least, one)) - 1 : before;
  return last - first - own.length;
}
