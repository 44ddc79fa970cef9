import type { Money } from '../../../contract/money.ts';
import type { PaymentState } from '../../../contract/payment.ts';
import type { SaleState } from '../../../contract/sale.ts';
import { captured } from '../payment/payment.ts';

/** What a customer owes: a row of the table `sale`. */
export interface Sale {
  readonly id: string;
  readonly total: Money;
  readonly state: SaleState;
  /** Divided on purpose: it stays at the counter until it is paid or dropped. */
  readonly split: boolean;
  readonly staff: string;
  readonly approver: string | null;
  readonly at: number;
  readonly day: string;
}

/** How a payment stands towards its sale: it pays, it may still pay, or it pays nothing (any more). */
type Standing = 'paid' | 'under-way' | 'nothing';

const standings: Readonly<Record<PaymentState, Standing>> = {
  opened: 'under-way',
  sealed: 'under-way',
  sending: 'under-way',
  partial: 'under-way',
  unknown: 'under-way',
  querying: 'under-way',
  approved: 'paid',
  settled: 'paid',
  'void-due': 'paid',
  'saf-accepted': 'paid',
  'saf-sending': 'paid',
  'saf-unknown': 'paid',
  'saf-approved': 'paid',
  // The customer has gone with the goods: the loss is the store's, the sale is paid.
  'saf-declined': 'paid',
  'saf-expired': 'paid',
  declined: 'nothing',
  abandoned: 'nothing',
  // Decided: whatever the bank still says, it never becomes an approval (I6).
  'reversal-due': 'nothing',
  reversed: 'nothing',
  'cancel-due': 'nothing',
  cancelled: 'nothing',
  'refund-due': 'nothing',
  refunded: 'nothing',
  voided: 'nothing',
  'saf-voided': 'nothing',
  // Only of amounts held, which are no part of a sale.
  authorized: 'nothing',
  completing: 'nothing',
  completed: 'nothing',
};

/** What a payment of a sale came to, as far as it counts. */
export interface Part {
  readonly id: string;
  readonly state: PaymentState;
  readonly amount: Money;
  /** Minor units that the bank approved where that is less. */
  readonly approved: number | null;
}

/** Whether a payment in this state pays a part of its sale. */
export function pays(state: PaymentState): boolean {
  return standings[state] === 'paid';
}

function sumOf(parts: readonly Part[], standing: Standing): number {
  return parts
    .filter(({ state }) => standings[state] === standing)
    .reduce((sum, part) => sum + captured(part).minor, 0);
}

/** Minor units of the sums of a sale. */
export interface Sums {
  readonly paid: number;
  readonly underWay: number;
  readonly owed: number;
}

export function sumsOf(sale: Pick<Sale, 'total'>, parts: readonly Part[]): Sums {
  const paid = sumOf(parts, 'paid');
  return { paid, underWay: sumOf(parts, 'under-way'), owed: sale.total.minor - paid };
}

/** The part that was sent and whose outcome is not known: nothing more is taken before it is cancelled or known (R10). */
export function unknownPart(parts: readonly Part[]): Part | undefined {
  return parts.find(({ state }) => state === 'sending' || state === 'unknown' || state === 'querying');
}

/** What was sold offline and is never paid: of a sale that is given up there is nothing to give back. */
function lost(parts: readonly Part[]): number {
  return parts
    .filter(({ state }) => state === 'saf-declined' || state === 'saf-expired')
    .reduce((sum, part) => sum + captured(part).minor, 0);
}

/** What a sale is when its parts have come to this, and so many minor units of them were refunded. */
export function stateAfter(sale: Pick<Sale, 'state' | 'total'>, parts: readonly Part[], refunded = 0): SaleState {
  const { paid, underWay, owed } = sumsOf(sale, parts);
  if (sale.state === 'open') return owed === 0 ? 'paid' : 'open';
  if (sale.state === 'dropping') return paid - lost(parts) <= refunded && underWay === 0 ? 'dropped' : 'dropping';
  return sale.state;
}

/** Why a part of this amount cannot be taken now; undefined when it can. */
export function partRefusal(
  sale: Sale,
  parts: readonly Part[],
  amount: Money,
): 'sale-not-open' | 'sale-part-unknown' | 'sale-overpaid' | undefined {
  if (sale.state !== 'open') return 'sale-not-open';
  if (unknownPart(parts)) return 'sale-part-unknown';
  const { owed, underWay } = sumsOf(sale, parts);
  const fits = amount.currency === sale.total.currency && amount.minor <= owed - underWay;
  return fits ? undefined : 'sale-overpaid';
}
