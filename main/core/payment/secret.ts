import type { SealedWrite, Write } from '../ledger/entry.ts';
import type { Next } from './transition.ts';

/** A code that was presented is good once: its keyed hash is kept. */
export function seenCode(payment: string, hash: string, at: number): Write {
  return { op: 'insert', table: 'code', values: { hash, payment, at } };
}

/**
 * What becomes of sealed card data in the commit of a step: kept, or destroyed where it is of no more use (I18). Nothing is
 * accepted offline without it (I17): such a sale could never be told to the bank.
 */
export function sealedWrites(payment: string, next: Next, sealed: string | undefined): SealedWrite[] {
  const accepts = next.change.state === 'saf-accepted' && next.change.acceptedAt !== undefined;
  if (accepts && !sealed) throw new Error(`payment ${payment} would be accepted offline without its card`);
  if (next.shred) return [{ op: 'shred', payment }];
  return sealed === undefined ? [] : [{ op: 'keep', payment, blob: sealed }];
}
