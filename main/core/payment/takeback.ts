import type { ReversalReason } from '../bank/link.ts';
import type { Answer, Facts, PaymentEvent } from './event.ts';
import { paidAfterAll } from './moneyback.ts';
import type { Payment } from './payment.ts';
import {
  ALERT_ATTEMPTS,
  ignored,
  intent,
  outcome,
  pause,
  type Rules,
  type Step,
  UndrawnTransition,
} from './transition.ts';

/**
 * A purchase being taken back because its outcome is not known: reversal-due for cards, cancel-due for wallet codes.
 * Repeated with the same numbers until the host has answered, across restarts and days (R2, R3).
 */
export function stepTakeback(payment: Payment, event: PaymentEvent, facts: Facts, rules: Rules): Step {
  switch (event.type) {
    case 'due':
      return intent({ attempt: payment.attempt + 1 }, [
        { type: 'exchange', exchange: 'reversal', reason: reasonOf(payment) },
        ...(payment.attempt + 1 === ALERT_ATTEMPTS ? [{ type: 'alert' } as const] : []),
      ]);
    case 'decide':
      // The customer was told "not charged": only that can be decided.
      if (!event.done) throw new UndrawnTransition(payment, event);
      return takenBack(payment);
    case 'answer':
      if (event.to === 'reversal') return stepAnswer(payment, event.answer, facts, rules);
      return event.to === 'query' && payment.state === 'cancel-due' && payment.attempt > 0
        ? stepTruth(payment, event.answer, facts, rules)
        : ignored;
    case 'restart':
      return outcome({ reason: payment.reason }, [{ type: 'later', ms: 0 }]);
    case 'cancel':
    case 'give-up':
    case 'clear':
      return ignored;
    default:
      throw new UndrawnTransition(payment, event);
  }
}

function reasonOf(payment: Payment): ReversalReason {
  if (payment.state === 'cancel-due') return 'not-completed';
  return payment.reason === 'released' ? 'customer-cancel' : 'no-answer';
}

function stepAnswer(payment: Payment, answer: Answer, facts: Facts, rules: Rules): Step {
  const again = { type: 'later', ms: pause(rules, payment.attempt) } as const;
  switch (answer.kind) {
    case 'approved':
      return takenBack(payment);
    case 'not-found': {
      // The original may still be on its way: only when it has outlived every queue is "not found" the truth (R6).
      const since = payment.notFoundAt;
      if (since === null) return outcome({ notFoundAt: facts.now }, [again]);
      return facts.waited(since) >= rules.messageLifetimeMs ? takenBack(payment) : outcome({}, [again]);
    }
    case 'declined':
      // A bank that does not cancel may have been paid in between: it is asked before it is asked to cancel again (R8).
      if (payment.state === 'cancel-due')
        return intent({ attempt: payment.attempt }, [{ type: 'exchange', exchange: 'query' }]);
      return outcome({ attempt: payment.attempt }, [again]);
    case 'partial':
    case 'pending':
    case 'no-answer':
    case 'not-sent':
      return outcome({ attempt: payment.attempt }, [again]);
  }
}

/** What the bank says of a wallet payment that it did not cancel: paid, it goes back as a refund (R8). */
function stepTruth(payment: Payment, answer: Answer, facts: Facts, rules: Rules): Step {
  if (answer.kind === 'approved') return paidAfterAll(payment, answer, facts);
  if (answer.kind === 'declined') return takenBack(payment);
  return outcome({ attempt: payment.attempt }, [{ type: 'later', ms: pause(rules, payment.attempt) }]);
}

function takenBack(payment: Payment): Step {
  return outcome({ state: payment.state === 'cancel-due' ? 'cancelled' : 'reversed' });
}
