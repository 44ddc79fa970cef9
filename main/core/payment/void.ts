import { voided } from '../ledger/account.ts';
import type { Answer, Facts, PaymentEvent } from './event.ts';
import type { Payment } from './payment.ts';
import { posted } from './purchase.ts';
import { ignored, intent, type Next, outcome, pause, type Rules, type Step, UndrawnTransition } from './transition.ts';

/**
 * The taking back of an approved purchase of the open batch. It begins in `sending`; without an answer it is repeated
 * with the same numbers until there is one: voiding twice is voiding once, so it needs no reversal of its own.
 */
export function stepVoid(payment: Payment, event: PaymentEvent, facts: Facts, rules: Rules): Step {
  if (payment.state === 'approved' || payment.state === 'declined' || payment.state === 'settled') return ignored;
  switch (event.type) {
    case 'answer':
      return event.to === 'void' && payment.state === 'sending'
        ? stepAnswer(payment, event.answer, facts, rules)
        : ignored;
    case 'due':
      if (payment.state !== 'unknown') return ignored;
      return intent({ state: 'sending', attempt: payment.attempt + 1 }, [{ type: 'exchange', exchange: 'void' }]);
    case 'restart':
      return outcome({ state: 'unknown', reason: 'restarted' }, [{ type: 'later', ms: 0 }]);
    case 'cancel':
    case 'clear':
    case 'give-up':
      return ignored;
    default:
      throw new UndrawnTransition(payment, event);
  }
}

function stepAnswer(payment: Payment, answer: Answer, facts: Facts, rules: Rules): Step {
  switch (answer.kind) {
    case 'approved': {
      const transfer = voided(posted(payment), payment.scheme ?? 'other', payment.batch ?? facts.batch);
      const approved: Next = outcome(
        { state: 'approved', authCode: answer.authCode, reason: null, print: 'queued' },
        [{ type: 'print' }],
        [transfer],
      );
      return { ...approved, original: { type: 'void-end', approved: true } };
    }
    case 'declined':
    case 'not-found':
      return refused(`bank-${answer.code}`);
    case 'not-sent':
      return payment.attempt <= 1 ? refused('not-sent') : again(payment, rules);
    case 'pending':
    case 'no-answer':
      return again(payment, rules);
  }
}

function refused(reason: string): Next {
  return { ...outcome({ state: 'declined', reason }), original: { type: 'void-end', approved: false } };
}

function again(payment: Payment, rules: Rules): Next {
  return outcome({ state: 'unknown', reason: 'no-answer' }, [{ type: 'later', ms: pause(rules, payment.attempt) }]);
}
