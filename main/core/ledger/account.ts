import type { Money } from '../../../contract/money.ts';
import type { Transfer } from './entry.ts';

/** The chart of accounts. A receivable is what the acquirer owes for one scheme. */
export const SALES = 'sales';
export const CASH = 'cash';
export const BANK = 'bank';
export const LOSS_LATE_DECLINE = 'loss:late-decline';
export const LOSS_EXPIRED = 'loss:expired';
export const RECEIVABLE = 'receivable:';
export const OFFLINE = 'offline:';

interface Posted {
  readonly payment: string;
  readonly amount: Money;
  readonly day: string;
}

function transfer(posted: Posted, debit: string, credit: string, batch: number | null): Transfer {
  return { ...posted, debit, credit, batch };
}

/** A purchase that the acquirer approved and counts in `batch`. */
export function purchased(posted: Posted, scheme: string, batch: number): Transfer {
  return transfer(posted, RECEIVABLE + scheme, SALES, batch);
}

/** An approved purchase taken back in the same batch. */
export function voided(posted: Posted, scheme: string, batch: number): Transfer {
  return transfer(posted, SALES, RECEIVABLE + scheme, batch);
}

/** A purchase accepted offline: sold, and owed by nobody yet but the risk. */
export function acceptedOffline(posted: Posted, scheme: string): Transfer {
  return transfer(posted, OFFLINE + scheme, SALES, null);
}

/** The acquirer approved what had been accepted offline. */
export function forwarded(posted: Posted, scheme: string, batch: number): Transfer {
  return transfer(posted, RECEIVABLE + scheme, OFFLINE + scheme, batch);
}

export function lateDeclined(posted: Posted, scheme: string): Transfer {
  return transfer(posted, LOSS_LATE_DECLINE, OFFLINE + scheme, null);
}

export function expired(posted: Posted, scheme: string): Transfer {
  return transfer(posted, LOSS_EXPIRED, OFFLINE + scheme, null);
}

export function voidedOffline(posted: Posted, scheme: string): Transfer {
  return transfer(posted, SALES, OFFLINE + scheme, null);
}

export function paidCash(posted: Posted): Transfer {
  return transfer(posted, CASH, SALES, null);
}

export function voidedCash(posted: Posted): Transfer {
  return transfer(posted, SALES, CASH, null);
}
