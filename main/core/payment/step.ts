import { voidedCash } from '../ledger/account.ts';
import { stepAuthorization, stepCompletion } from './authorization.ts';
import { asDrawn } from './drawn.ts';
import type { Facts, PaymentEvent } from './event.ts';
import { stepForward } from './forward.ts';
import { stepMoneyback } from './moneyback.ts';
import type { Payment } from './payment.ts';
import { posted, stepPurchase } from './purchase.ts';
import { stepRefund } from './refund.ts';
import { stepTakeback } from './takeback.ts';
import { outcome, type Rules, type Step, stepFinal } from './transition.ts';
import { stepVoid } from './void.ts';

/**
 * The payment state machine: what an event makes of a payment. Pure; docs/payments.md draws it, and what is not drawn is
 * never taken.
 * @throws UndrawnTransition
 */
export function step(payment: Payment, event: PaymentEvent, facts: Facts, rules: Rules): Step {
  return asDrawn(payment, event, stepKind(payment, event, facts, rules), facts, rules);
}

function stepKind(payment: Payment, event: PaymentEvent, facts: Facts, rules: Rules): Step {
  switch (payment.kind) {
    case 'void':
      return stepVoid(payment, event, facts, rules);
    case 'refund':
      return stepRefund(payment, event, facts, rules);
    case 'pre-authorization':
      return stepAuthorization(payment, event, facts, rules);
    case 'completion':
      return payment.state === 'sending' || payment.state === 'unknown'
        ? stepCompletion(payment, event, facts, rules)
        : stepSale(payment, event, facts, rules);
    case 'purchase':
      return stepSale(payment, event, facts, rules);
  }
}

/** What is sold: a purchase, and a completion once it is approved. */
function stepSale(payment: Payment, event: PaymentEvent, facts: Facts, rules: Rules): Step {
  switch (payment.state) {
    case 'opened':
    case 'sealed':
    case 'sending':
    case 'partial':
    case 'unknown':
    case 'querying':
      return stepPurchase(payment, event, facts, rules);
    case 'reversal-due':
    case 'cancel-due':
      return stepTakeback(payment, event, facts, rules);
    case 'refund-due':
      return stepMoneyback(payment, event, facts, rules);
    case 'saf-accepted':
    case 'saf-sending':
    case 'saf-unknown':
      return stepForward(payment, event, facts, rules);
    case 'approved':
    case 'saf-approved':
    case 'void-due':
      return stepApproved(payment, event, facts);
    case 'settled':
    case 'declined':
    case 'reversed':
    case 'cancelled':
    case 'refunded':
    case 'voided':
    case 'abandoned':
    case 'saf-declined':
    case 'saf-expired':
    case 'saf-voided':
    case 'authorized':
    case 'completing':
    case 'completed':
      return stepFinal(payment, event);
  }
}

function stepApproved(payment: Payment, event: PaymentEvent, facts: Facts): Step {
  if (event.type === 'void' && payment.tender === 'cash') {
    return outcome(
      { state: 'voided', print: 'queued', copies: 0 },
      [{ type: 'print' }, { type: 'drawer' }],
      [voidedCash({ ...posted(payment), day: facts.day })],
    );
  }
  if (event.type === 'void' && payment.state !== 'void-due') return outcome({ state: 'void-due' });
  if (event.type === 'void-end' && payment.state === 'void-due') {
    return outcome({ state: event.approved ? 'voided' : payment.acceptedAt === null ? 'approved' : 'saf-approved' });
  }
  return stepFinal(payment, event);
}
