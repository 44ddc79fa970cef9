import { voidedCash } from '../ledger/account.ts';
import type { Facts, PaymentEvent } from './event.ts';
import { stepForward } from './forward.ts';
import type { Payment } from './payment.ts';
import { posted, stepPurchase } from './purchase.ts';
import { stepTakeback } from './takeback.ts';
import { ignored, outcome, type Rules, type Step, UndrawnTransition } from './transition.ts';
import { stepVoid } from './void.ts';

/**
 * The payment state machine: what an event makes of a payment. Pure; docs/payments.md draws it.
 * @throws UndrawnTransition
 */
export function step(payment: Payment, event: PaymentEvent, facts: Facts, rules: Rules): Step {
  if (payment.kind === 'void') return stepVoid(payment, event, facts, rules);
  switch (payment.state) {
    case 'opened':
    case 'sealed':
    case 'sending':
    case 'unknown':
    case 'querying':
      return stepPurchase(payment, event, facts, rules);
    case 'reversal-due':
    case 'cancel-due':
      return stepTakeback(payment, event, facts, rules);
    case 'saf-accepted':
    case 'saf-sending':
    case 'saf-unknown':
      return stepForward(payment, event, facts, rules);
    case 'approved':
    case 'saf-approved':
    case 'void-due':
      return stepApproved(payment, event);
    case 'settled':
    case 'declined':
    case 'reversed':
    case 'cancelled':
    case 'voided':
    case 'abandoned':
    case 'saf-declined':
    case 'saf-expired':
    case 'saf-voided':
      return stepFinal(payment, event);
  }
}

function stepApproved(payment: Payment, event: PaymentEvent): Step {
  if (event.type === 'void' && payment.tender === 'cash') {
    return outcome(
      { state: 'voided', print: 'queued', copies: 0 },
      [{ type: 'print' }, { type: 'drawer' }],
      [voidedCash(posted(payment))],
    );
  }
  if (event.type === 'void' && payment.state !== 'void-due') return outcome({ state: 'void-due' });
  if (event.type === 'void-end' && payment.state === 'void-due') {
    return outcome({ state: event.approved ? 'voided' : payment.acceptedAt === null ? 'approved' : 'saf-approved' });
  }
  return stepFinal(payment, event);
}

/** What still comes in for a payment that has its outcome changes nothing (I6). */
function stepFinal(payment: Payment, event: PaymentEvent): Step {
  switch (event.type) {
    case 'answer':
    case 'restart':
    case 'due':
    case 'give-up':
    case 'cancel':
    case 'clear':
      return ignored;
    default:
      throw new UndrawnTransition(payment, event);
  }
}
