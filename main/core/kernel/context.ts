import type { TornLog } from './torn.ts';

/** What a tap may lean on beside the card and the rules. All of it may be left out. */
export interface TapContext {
  /** Random bytes, for the random selection of payments that go online. Left out: none is selected. */
  readonly random?: (count: number) => Uint8Array;
  /** Payments that a kernel 2 card left in mid-command. Left out: none is recovered. */
  readonly torn?: TornLog;
  /** Whether the card of this block token (`Vault.blockToken`) is on the block list, beside the acquirer's `blockedBins`. */
  readonly blocked?: (token: string) => boolean;
  /** Beginnings of the only card numbers that this reader may read. Left out: it may read all. */
  readonly onlyCards?: readonly string[] | undefined;
  /** How many payments in a row the card of this token has made offline here. */
  readonly offlineInARow?: (token: string) => number;
}

/** Whether this reader may read the card of this number. */
export function mayRead({ onlyCards }: TapContext, pan: string): boolean {
  return onlyCards === undefined || onlyCards.some((start) => pan.startsWith(start));
}
