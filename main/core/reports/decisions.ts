import type { Database } from 'better-sqlite3';
import type { Decision } from '../../../contract/day.ts';
import { type Batch, batchOf } from '../ledger/batch.ts';
import { parseEntry } from '../ledger/entry.ts';
import { type PaymentRow, paymentOf } from '../payment/payment.ts';
import { prepared } from '../store/statement.ts';

/** What people decided by name while a batch was the open one, oldest first (I9, B8). */
export function readDecisions(db: Database, batch: Batch): Decision[] {
  const until = batchOf(db, batch.no + 1)?.opened_seq ?? Number.MAX_SAFE_INTEGER;
  return prepared<[number, number], { body: string }>(
    db,
    "SELECT body FROM entry WHERE seq >= ? AND seq < ? AND kind = 'decision' ORDER BY seq",
  )
    .all(batch.opened_seq, until)
    .flatMap(({ body }) => {
      const { payment, at, by, event } = parseEntry(body);
      const row = prepared<[string], PaymentRow>(db, 'SELECT * FROM payment WHERE id = ?').get(payment ?? '');
      if (!row) return [];
      const { id, receiptNo, amount } = paymentOf(row);
      return [{ payment: id, receiptNo, amount, done: event['done'] === 1, cause: String(event['cause']), by, at }];
    });
}
