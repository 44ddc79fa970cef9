import type { Answer, PaymentEvent } from './event.ts';
import type { Payment } from './payment.ts';
import {
  ALERT_ATTEMPTS,
  ignored,
  intent,
  type Next,
  outcome,
  pause,
  type Rules,
  type Step,
  UndrawnTransition,
} from './transition.ts';

/** What an answer makes of a message that is repeated until it is answered. */
export interface Repeated {
  readonly exchange: 'void' | 'refund' | 'completion';
  readonly approved: (answer: { readonly authCode: string | null; readonly hostRrn?: string }) => Next;
  readonly refused: (reason: string) => Next;
}

/**
 * A payment of its own about an earlier one: void, refund, completion. It begins in `sending`; without an answer it is
 * repeated with the same numbers until there is one. The host knows a repeat by them, so that doing it twice is doing it
 * once, and it needs no reversal of its own.
 */
export function stepRepeated(payment: Payment, event: PaymentEvent, rules: Rules, repeated: Repeated): Step {
  switch (event.type) {
    case 'answer':
      return event.to === repeated.exchange && payment.state === 'sending'
        ? stepAnswer(payment, event.answer, rules, repeated)
        : ignored;
    case 'due':
      if (payment.state !== 'unknown') return ignored;
      return intent({ state: 'sending', attempt: payment.attempt + 1 }, [
        { type: 'exchange', exchange: repeated.exchange },
        ...(payment.attempt + 1 === ALERT_ATTEMPTS ? [{ type: 'alert' } as const] : []),
      ]);
    case 'restart':
      return outcome({ state: 'unknown', reason: 'restarted' }, [{ type: 'later', ms: 0 }]);
    case 'decide':
      if (payment.state !== 'unknown') throw new UndrawnTransition(payment, event);
      return event.done ? repeated.approved({ authCode: null }) : repeated.refused('decided');
    case 'cancel':
    case 'clear':
    case 'give-up':
      return ignored;
    default:
      throw new UndrawnTransition(payment, event);
  }
}

function stepAnswer(payment: Payment, answer: Answer, rules: Rules, repeated: Repeated): Step {
  switch (answer.kind) {
    case 'approved':
      return repeated.approved(answer);
    case 'declined':
    case 'not-found':
      return repeated.refused(`bank-${answer.code}`);
    case 'not-sent':
      // Nothing ever left: it is as if it had not been asked for (I7).
      return payment.attempt <= 1 ? repeated.refused('not-sent') : again(payment, rules);
    case 'partial':
    case 'pending':
    case 'no-answer':
      return again(payment, rules);
  }
}

function again(payment: Payment, rules: Rules): Next {
  return outcome({ state: 'unknown', reason: 'no-answer' }, [{ type: 'later', ms: pause(rules, payment.attempt) }]);
}
