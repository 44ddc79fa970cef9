import type { SealedWrite, Write } from '../ledger/entry.ts';
import type { Next } from './transition.ts';

/** A code that was presented is good once: its keyed hash is kept. */
export function seenCode(payment: string, hash: string, at: number): Write {
  return { op: 'insert', table: 'code', values: { hash, payment, at } };
}

/** What becomes of sealed card data in the commit of a step: kept, or destroyed where it is of no more use (I18). */
export function sealedWrites(payment: string, next: Next, sealed: string | undefined): SealedWrite[] {
  if (next.shred) return [{ op: 'shred', payment }];
  return sealed === undefined ? [] : [{ op: 'keep', payment, blob: sealed }];
}
