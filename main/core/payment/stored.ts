import type { Payment } from './payment.ts';
import type { PaymentTable } from './table.ts';

/** Something was about to be sent or told that does not stand in the record: the core stops. */
export class NotStored extends Error {
  override name = 'NotStored';
  constructor(of: Payment, stored: Payment) {
    super(
      `payment ${of.id}: ${of.state} (attempt ${of.attempt}) is not what is stored, ${stored.state} (${stored.attempt})`,
    );
  }
}

/**
 * Holds what is about to leave the core to what the database holds, in production too: nothing is sent before its intent
 * (I3), and nothing is told before it is written (I4).
 * @throws NotStored
 */
export function asStored(payments: Pick<PaymentTable, 'get'>, payment: Payment): void {
  const stored = payments.get(payment.id);
  const { state, attempt, amount, print } = payment;
  const same = stored.state === state && stored.attempt === attempt && stored.print === print;
  if (!same || stored.amount.minor !== amount.minor) throw new NotStored(payment, stored);
}

/** Payments were about to be worked off in another order than that of their entries: the core stops. */
export class OutOfOrder extends Error {
  override name = 'OutOfOrder';
}

/** Holds payments to the order of their entries, which no clock can change (I20). @throws OutOfOrder */
export function asPlaced(payments: readonly Pick<Payment, 'id' | 'seq'>[]): void {
  payments.forEach(({ id, seq }, index) => {
    const before = payments[index - 1];
    if (before && before.seq >= seq) throw new OutOfOrder(`entry ${seq} of ${id} comes after ${before.seq}`);
  });
}
