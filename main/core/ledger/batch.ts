import type { Database } from 'better-sqlite3';
import { prepared } from '../store/statement.ts';

/** A run of payments that terminal and acquirer count together. */
export interface Batch {
  readonly no: number;
  readonly state: 'open' | 'closing' | 'differs' | 'closed';
  readonly opened_at: number;
  readonly opened_seq: number;
  readonly day: string;
  readonly stan: number | null;
  readonly rrn: string | null;
  readonly sent_at: number | null;
  readonly attempt: number;
  readonly closed_at: number | null;
  readonly z: number | null;
  readonly report: string | null;
}

/** The batch in which money sent now is counted. There is always exactly one. */
export function openBatch(db: Database): Batch {
  const batch = prepared<[], Batch>(db, "SELECT * FROM batch WHERE state = 'open' ORDER BY no DESC LIMIT 1").get();
  if (!batch) throw new Error('no open batch');
  return batch;
}

/** A batch whose close was begun and has not come to its end. */
export function unfinishedBatch(db: Database): Batch | undefined {
  return prepared<[], Batch>(db, "SELECT * FROM batch WHERE state IN ('closing', 'differs') ORDER BY no LIMIT 1").get();
}

export function batchOf(db: Database, no: number): Batch | undefined {
  return prepared<[number], Batch>(db, 'SELECT * FROM batch WHERE no = ?').get(no);
}

/** The batch that was closed under this Z number. */
export function closedAs(db: Database, z: number): Batch | undefined {
  return prepared<[number], Batch>(db, 'SELECT * FROM batch WHERE z = ?').get(z);
}

export function closedBatches(db: Database, limit: number): Batch[] {
  return prepared<[number], Batch>(db, "SELECT * FROM batch WHERE state = 'closed' ORDER BY no DESC LIMIT ?").all(
    limit,
  );
}
