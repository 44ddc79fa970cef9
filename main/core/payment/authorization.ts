import { purchased } from '../ledger/account.ts';
import type { Facts, PaymentEvent } from './event.ts';
import type { Payment } from './payment.ts';
import { posted, stepPurchase } from './purchase.ts';
import { stepRepeated } from './repeated.ts';
import { stepTakeback } from './takeback.ts';
import { outcome, type Rules, type Step, stepFinal, UndrawnTransition } from './transition.ts';

/**
 * An amount held on the customer's account. Asked for like a card purchase, taken back like one when nobody knows what
 * became of it, and never held offline. No money moves before a completion takes it.
 */
export function stepAuthorization(payment: Payment, event: PaymentEvent, facts: Facts, rules: Rules): Step {
  switch (payment.state) {
    case 'opened':
      return stepOpened(payment, event, facts, rules);
    case 'sending':
      if (event.type === 'answer' && event.to === 'purchase' && event.answer.kind === 'approved') {
        const { authCode, hostRrn } = event.answer;
        const change = {
          state: 'authorized',
          authCode,
          hostRrn: hostRrn ?? null,
          reason: null,
          print: 'queued',
        } as const;
        return { ...outcome(change, [{ type: 'print' }]), shred: true };
      }
      return stepPurchase(payment, event, facts, rules);
    case 'sealed':
    case 'unknown':
      return stepPurchase(payment, event, facts, rules);
    case 'reversal-due':
      return stepTakeback(payment, event, facts, rules);
    case 'authorized':
      if (event.type === 'complete') return outcome({ state: 'completing' });
      if (event.type === 'release') {
        return outcome({ state: 'reversal-due', reason: 'released', attempt: 0 }, [{ type: 'later', ms: 0 }]);
      }
      return stepFinal(payment, event);
    case 'completing':
      if (event.type === 'complete-end') return outcome({ state: event.approved ? 'completed' : 'authorized' });
      return stepFinal(payment, event);
    case 'completed':
    case 'declined':
    case 'reversed':
    case 'abandoned':
      return stepFinal(payment, event);
    default:
      throw new UndrawnTransition(payment, event);
  }
}

function stepOpened(payment: Payment, event: PaymentEvent, facts: Facts, rules: Rules): Step {
  switch (event.type) {
    case 'cash':
    case 'code':
    case 'show':
      throw new UndrawnTransition(payment, event);
    case 'card': {
      const read = event.decision !== 'declined' && event.card !== null;
      if (read && (event.decision === 'approved-offline' || !facts.online)) {
        const change = { ...event.card, state: 'declined', tender: 'contactless', reason: 'hold-needs-line' } as const;
        return { ...outcome(change), shred: true };
      }
      return stepPurchase(payment, event, facts, rules);
    }
    default:
      return stepPurchase(payment, event, facts, rules);
  }
}

/** The taking of a held amount, or of a part of it: once. It begins in `sending`; the hold learns of its end. */
export function stepCompletion(payment: Payment, event: PaymentEvent, facts: Facts, rules: Rules): Step {
  return stepRepeated(payment, event, rules, {
    exchange: 'completion',
    approved: ({ authCode, hostRrn }) => ({
      ...outcome(
        { state: 'approved', authCode, hostRrn: hostRrn ?? null, reason: null, print: 'queued' },
        [{ type: 'print' }],
        [purchased(posted(payment), payment.scheme ?? 'other', payment.batch ?? facts.batch)],
      ),
      original: { type: 'complete-end', approved: true },
    }),
    refused: (reason) => ({
      ...outcome({ state: 'declined', reason }),
      original: { type: 'complete-end', approved: false },
    }),
  });
}
