import type { Payment } from './payment.ts';
import { ALERT_ATTEMPTS } from './transition.ts';

/** What is looked up of a payment only where the decision needs it. */
interface Known {
  /** Its card data is still there. */
  readonly sealed: () => boolean;
  /** The bank is being asked for a refund of it: then it is the refund of which something can be said. */
  readonly refunding: () => boolean;
}

/**
 * Whether a payment has shown that it does not come to its end by itself, so that the owner may say by name what the bank
 * says of it (I9).
 */
export function decidable(payment: Payment, { sealed, refunding }: Known): boolean {
  switch (payment.state) {
    case 'reversal-due':
    case 'cancel-due':
      return payment.attempt >= ALERT_ATTEMPTS;
    case 'refund-due':
      return payment.attempt >= ALERT_ATTEMPTS && !refunding();
    case 'unknown':
      return isAbout(payment) && payment.attempt >= ALERT_ATTEMPTS;
    case 'saf-unknown':
      // Without its card data it cannot be told again.
      return !sealed();
    default:
      return false;
  }
}

/** What can be decided of it: of one that is being taken back only that it is, for the customer was told so. */
export function mayDecide(payment: Payment, done: boolean): boolean {
  return done || !['reversal-due', 'cancel-due', 'refund-due'].includes(payment.state);
}

function isAbout({ kind }: Payment): boolean {
  return kind === 'void' || kind === 'refund' || kind === 'completion';
}
