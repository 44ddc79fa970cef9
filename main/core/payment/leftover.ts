import type { Database } from 'better-sqlite3';
import { sealedIn } from './drawn.ts';

/**
 * Destroys sealed card data that an older database brought back: what the journal holds of its payment is an end, and the
 * commit of that end had destroyed it (I18). Answers how many there were.
 */
export function shredLeftover(db: Database): number {
  const states = [...sealedIn].map((state) => `'${state}'`).join(', ');
  const { changes } = db
    .prepare(`DELETE FROM sealed WHERE payment NOT IN (SELECT id FROM payment WHERE state IN (${states}))`)
    .run();
  if (changes > 0) db.pragma('wal_checkpoint(TRUNCATE)');
  return changes;
}
