import { type Currency, type Money, money } from '../../../contract/money.ts';
import type { Transfer } from './entry.ts';

/** What an account is. Assets, expenses and losses grow by debits; liabilities and income by credits. */
export type AccountKind = 'asset' | 'liability' | 'income' | 'expense';

/** Sold, less what was voided. */
export const SALES = 'sales';
/** Given back after the sale: stands against `sales`. */
export const REFUNDS = 'refunds';
/** Price reductions that the shop bears. */
const DISCOUNTS = 'discounts';
/** Notes and coins in the drawer. */
export const CASH = 'cash';
/** Where the drawer's money comes from and goes to outside sales: the safe. Its credit balance is what the drawer owes it. */
export const FLOAT = 'float';
/** Paid out of the drawer for the shop: postage, milk. */
export const PETTY_CASH = 'petty-cash';
/** Counted less than expected (debit) or more (credit). */
export const OVER_SHORT = 'over-short';
/** Settled or brought in: on its way to, or on, the merchant's account. */
export const BANK = 'bank';
/** Arrived on the merchant's account, as the bank's statement says. */
export const ACCOUNT = 'account';
/** Kept back by the acquirer. */
export const FEES = 'fees';
/** Paid by the bank above what was sold here (credit) or below it (debit), as its statement says; seen to by a person. */
export const BANK_DIFFERENCE = 'bank-difference';
/** Points given to customers and not redeemed yet. */
const POINTS = 'points';
export const LOSS_LATE_DECLINE = 'loss:late-decline';
export const LOSS_EXPIRED = 'loss:expired';
/** With the scheme: what the acquirer owes for its sales. */
export const RECEIVABLE = 'receivable:';
/** With the scheme: accepted offline and not answered yet. */
export const OFFLINE = 'offline:';

/** The chart of accounts; docs/ledger.md is its description. A name that ends in ":" stands for all that begin so. */
const chart: Readonly<Record<string, AccountKind>> = {
  [SALES]: 'income',
  [REFUNDS]: 'income',
  [DISCOUNTS]: 'expense',
  [CASH]: 'asset',
  [FLOAT]: 'liability',
  [PETTY_CASH]: 'expense',
  [OVER_SHORT]: 'expense',
  [BANK]: 'asset',
  [ACCOUNT]: 'asset',
  [FEES]: 'expense',
  [BANK_DIFFERENCE]: 'liability',
  [POINTS]: 'liability',
  [LOSS_LATE_DECLINE]: 'expense',
  [LOSS_EXPIRED]: 'expense',
  [RECEIVABLE]: 'asset',
  [OFFLINE]: 'asset',
};

/** What an account is, undefined for a name that is not in the chart. */
export function accountKind(account: string): AccountKind | undefined {
  const known = Object.hasOwn(chart, account) && !account.endsWith(':');
  if (known) return chart[account];
  const colon = account.indexOf(':');
  const family = account.slice(0, colon + 1);
  return colon > 0 && colon < account.length - 1 && Object.hasOwn(chart, family) ? chart[family] : undefined;
}

export interface Posted {
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

/** A refund that the acquirer approved and counts in `batch`, which may be a later one than the purchase's. */
export function refunded(posted: Posted, scheme: string, batch: number): Transfer {
  return transfer(posted, REFUNDS, RECEIVABLE + scheme, batch);
}

/** Given back to the customer by the bank outside any message: its statement will show so much less. */
export function givenBackOutside(posted: Posted): Transfer {
  return transfer(posted, REFUNDS, BANK_DIFFERENCE, null);
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

/** A late loss that the customer has made good by another payment: that is the sale, and this one was none. */
export function recovered(posted: Posted, wasExpired: boolean): Transfer {
  return transfer(posted, SALES, wasExpired ? LOSS_EXPIRED : LOSS_LATE_DECLINE, null);
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

/** A refund given back in notes and coins. */
export function refundedCash(posted: Posted): Transfer {
  return transfer(posted, REFUNDS, CASH, null);
}

/** The sums of one deposit of the bank, minor units; less than zero where more went back than came in. */
export interface Deposited {
  readonly net: number;
  readonly fees: number;
  /** Paid above what was sold here. */
  readonly difference: number;
}

/** A deposit that was found in the bank's statement; the other way round where it is taken back. */
export function deposited(
  { net, fees, difference }: Deposited,
  currency: Currency,
  day: string,
  back = false,
): Transfer[] {
  const move = (debit: string, credit: string, minor: number): Transfer[] => {
    const [from, to] = minor < 0 !== back ? [credit, debit] : [debit, credit];
    const amount = money(Math.abs(minor), currency);
    return minor === 0 ? [] : [{ payment: null, debit: from, credit: to, amount, day, batch: null }];
  };
  return [...move(FEES, BANK, fees), ...move(ACCOUNT, BANK, net), ...move(BANK, BANK_DIFFERENCE, difference)];
}
