import type { Database } from 'better-sqlite3';
import type { Counted } from '../ledger/anchor.ts';
import type { Write } from '../ledger/entry.ts';
import { prepared } from '../store/statement.ts';

/** Numbers that a payment gets in the commit that opens it (I2): strictly increasing, gaps allowed, repeats never. */
export interface Numbers {
  readonly stan: number;
  readonly rrn: string;
  readonly receiptNo: string;
  readonly writes: readonly Write[];
}

export function readCounter(db: Database, name: string): number {
  return prepared<[string], { value: number }>(db, 'SELECT value FROM counter WHERE name = ?').get(name)?.value ?? 0;
}

/** Takes the next STAN, RRN and receipt number; the writes belong into the same commit. */
export function takeNumbers(db: Database, terminal: string, at: number): Numbers {
  const { stan, rrn, writes } = takeTrace(db, at);
  const receipt = readCounter(db, 'receipt') + 1;
  return {
    stan,
    rrn,
    receiptNo: `${terminal}-${String(receipt).padStart(6, '0')}`,
    writes: [...writes, { op: 'put', table: 'counter', key: 'receipt', value: receipt }],
  };
}

/** Takes the next STAN and RRN alone, for a message that is no payment. */
export function takeTrace(db: Database, at: number): { stan: number; rrn: string; writes: readonly Write[] } {
  const count = readCounter(db, 'trace') + 1;
  const stan = ((count - 1) % 999_999) + 1;
  return { stan, rrn: rrnOf(at, count), writes: [{ op: 'put', table: 'counter', key: 'trace', value: count }] };
}

/** How many numbers are passed over when nobody knows any more which ones were used. */
export const BURNT = 100_000;

/** Of a record that nobody has opened yet, too. */
export function readCounted(db: Database): Counted {
  const [epoch, trace, receipt] = ['epoch', 'trace', 'receipt'].map((name) => readCounter(db, name));
  return { epoch: epoch ?? 0, trace: trace ?? 0, receipt: receipt ?? 0 };
}

/**
 * Passes over every number that may have been used since a record ended of which `missing` entries are lost: the bank would
 * take the next sale for one that it has, and give it that one's answer. `before`: where another record of this terminal ends.
 */
export function burnNumbers(db: Database, missing: number, before?: Counted): readonly Write[] {
  return (['trace', 'receipt'] as const).map((key) => ({
    op: 'put',
    table: 'counter',
    key,
    value: BURNT + Math.max(readCounter(db, key) + missing, before?.[key] ?? 0),
  }));
}

/** Twelve characters: last digit of the year, day of the year, hour (UTC), then six digits that never repeat within an hour. */
function rrnOf(at: number, count: number): string {
  const date = new Date(at);
  const dayOfYear = Math.floor((at - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000) + 1;
  const head = `${date.getUTCFullYear() % 10}${String(dayOfYear).padStart(3, '0')}${String(date.getUTCHours()).padStart(2, '0')}`;
  return head + String(count % 1_000_000).padStart(6, '0');
}
