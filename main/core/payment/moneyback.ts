import { givenBackOutside, purchased } from '../ledger/account.ts';
import type { Answer, Facts, PaymentEvent } from './event.ts';
import type { Payment } from './payment.ts';
import { posted } from './purchase.ts';
import {
  ALERT_ATTEMPTS,
  ignored,
  type Next,
  outcome,
  pause,
  type Rules,
  type Step,
  UndrawnTransition,
} from './transition.ts';

/** The cause of a refund that the terminal makes by itself. */
export const NOT_CANCELLED = 'not-cancelled';

/** How long a refund that the bank keeps refusing waits for its next try once a person was told. */
const REFUSED_MS = 3_600_000;

/** The bank has the money of a wallet payment that was given up: sold in its batch, and to be refunded. */
export function paidAfterAll(payment: Payment, answer: Extract<Answer, { kind: 'approved' }>, facts: Facts): Next {
  const { authCode, hostRrn = null } = answer;
  const batch = facts.counted || payment.batch === null ? facts.batch : payment.batch;
  const change = { state: 'refund-due', reason: 'cancel-refused', authCode, hostRrn, batch, attempt: 0 } as const;
  return outcome(change, [{ type: 'later', ms: 0 }], [purchased(posted(payment), payment.scheme ?? 'other', batch)]);
}

/**
 * The customer was told that nothing was charged, and the bank cancels no more: the whole goes back by a refund of its own.
 * One that the bank refuses is asked for anew, ever more slowly, until it is done or the owner says so (R8, I9).
 */
export function stepMoneyback(payment: Payment, event: PaymentEvent, facts: Facts, rules: Rules): Step {
  switch (event.type) {
    case 'due':
      return outcome({ attempt: payment.attempt }, [{ type: 'refund' }]);
    case 'refund-end': {
      if (event.end === 'approved') return outcome({ state: 'refunded' });
      if (event.end === 'not-sent') return outcome({ attempt: payment.attempt }, [again(rules, 1)]);
      const attempt = payment.attempt + 1;
      const alert = attempt === ALERT_ATTEMPTS ? [{ type: 'alert' } as const] : [];
      return outcome({ attempt }, [again(rules, attempt), ...alert]);
    }
    case 'decide':
      // The customer was told that it goes back: only that can be decided.
      if (!event.done) throw new UndrawnTransition(payment, event);
      return outcome(
        { state: 'refunded', reason: 'decided' },
        [],
        [givenBackOutside({ ...posted(payment), day: facts.day })],
      );
    case 'restart':
      return outcome({ reason: payment.reason }, [{ type: 'later', ms: 0 }]);
    case 'answer':
    case 'cancel':
    case 'give-up':
    case 'clear':
      return ignored;
    default:
      throw new UndrawnTransition(payment, event);
  }
}

function again(rules: Rules, attempt: number): { readonly type: 'later'; readonly ms: number } {
  return { type: 'later', ms: attempt >= ALERT_ATTEMPTS ? REFUSED_MS : pause(rules, attempt) };
}
