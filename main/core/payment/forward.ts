import { expired, forwarded, lateDeclined, voidedOffline } from '../ledger/account.ts';
import type { Answer, Facts, PaymentEvent } from './event.ts';
import type { Payment } from './payment.ts';
import { posted } from './purchase.ts';
import { ignored, intent, outcome, pause, type Rules, type Step, UndrawnTransition } from './transition.ts';

/** A purchase accepted offline, on its way to the bank. An advice is repeated until answered, never reversed (R7). */
export function stepForward(payment: Payment, event: PaymentEvent, facts: Facts, rules: Rules): Step {
  const scheme = payment.scheme ?? 'other';
  switch (event.type) {
    case 'due':
      if (payment.state === 'saf-sending') return ignored;
      return intent(
        { state: 'saf-sending', batch: batchOf(payment, facts), attempt: payment.attempt + 1, sentAt: facts.now },
        [{ type: 'exchange', exchange: 'advice' }],
      );
    case 'answer':
      return event.to === 'advice' ? stepAnswer(payment, event.answer, facts, rules, scheme) : ignored;
    case 'restart':
      // What waits in the queue goes on waiting; what was being sent may have arrived.
      return payment.state === 'saf-sending' ? outcome({ state: 'saf-unknown' }, [{ type: 'later', ms: 0 }]) : ignored;
    case 'void':
      if (payment.state !== 'saf-accepted' || payment.attempt > 0) throw new UndrawnTransition(payment, event);
      return {
        ...outcome(
          { state: 'saf-voided', print: 'queued', copies: 0 },
          [{ type: 'print' }],
          [voidedOffline(posted(payment), scheme)],
        ),
        shred: true,
      };
    case 'expire':
      // What was sent once may have been approved: only the bank's answer ends it.
      if (payment.state !== 'saf-accepted' || payment.attempt > 0) return ignored;
      return { ...outcome({ state: 'saf-expired' }, [], [expired(posted(payment), scheme)]), shred: true };
    case 'decide':
      if (payment.state !== 'saf-unknown') throw new UndrawnTransition(payment, event);
      return event.done ? approved(payment, { authCode: null }, facts, scheme) : declined(payment, 'decided', scheme);
    case 'cancel':
    case 'clear':
    case 'give-up':
      return ignored;
    default:
      throw new UndrawnTransition(payment, event);
  }
}

function stepAnswer(payment: Payment, answer: Answer, facts: Facts, rules: Rules, scheme: string): Step {
  if (payment.state !== 'saf-sending') return ignored;
  switch (answer.kind) {
    case 'approved':
      return approved(payment, answer, facts, scheme);
    case 'declined':
    case 'not-found':
      return declined(payment, `bank-${answer.code}`, scheme);
    case 'not-sent':
      // Nothing left this time; if nothing ever left, it is as untouched as before (I7).
      return payment.attempt <= 1
        ? outcome({ state: 'saf-accepted', batch: null, attempt: 0 }, [{ type: 'later', ms: pause(rules, 1) }])
        : outcome({ state: 'saf-unknown' }, [{ type: 'later', ms: pause(rules, payment.attempt) }]);
    case 'partial':
    case 'pending':
    case 'no-answer':
      return outcome({ state: 'saf-unknown' }, [{ type: 'later', ms: pause(rules, payment.attempt) }]);
  }
}

function approved(
  payment: Payment,
  { authCode, hostRrn }: { readonly authCode: string | null; readonly hostRrn?: string },
  facts: Facts,
  scheme: string,
): Step {
  const transfer = forwarded(posted(payment), scheme, payment.batch ?? facts.batch);
  return {
    ...outcome({ state: 'saf-approved', authCode, hostRrn: hostRrn ?? null }, [], [transfer]),
    shred: true,
  };
}

/** Sold already and not paid: the merchant's loss. */
function declined(payment: Payment, reason: string, scheme: string): Step {
  const transfer = lateDeclined(posted(payment), scheme);
  return { ...outcome({ state: 'saf-declined', reason }, [], [transfer]), shred: true };
}

/** What may already have left names the batch in which the host counts it; a repeat does not change that. */
function batchOf(payment: Payment, facts: Facts): number {
  return payment.attempt > 0 && payment.batch !== null ? payment.batch : facts.batch;
}
