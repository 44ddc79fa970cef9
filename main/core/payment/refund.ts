import { refunded, refundedCash } from '../ledger/account.ts';
import type { Facts, PaymentEvent } from './event.ts';
import { NOT_CANCELLED } from './moneyback.ts';
import type { Payment } from './payment.ts';
import { posted } from './purchase.ts';
import { stepRepeated } from './repeated.ts';
import { ignored, outcome, type Rules, type Step, UndrawnTransition } from './transition.ts';

/**
 * Money of an earlier purchase given back, in part or whole, in any later batch. In cash at once from the drawer; by card
 * or code through the bank, which is asked with the same numbers until it answers.
 */
export function stepRefund(payment: Payment, event: PaymentEvent, facts: Facts, rules: Rules): Step {
  switch (payment.state) {
    case 'opened':
      return stepOpened(payment, event);
    case 'sending':
    case 'unknown':
      return stepRepeated(payment, event, rules, {
        exchange: 'refund',
        approved: ({ authCode, hostRrn }) => ({
          ...outcome(
            { state: 'approved', authCode, hostRrn: hostRrn ?? null, reason: null, print: 'queued' },
            [{ type: 'print' }],
            [refunded(posted(payment), payment.scheme ?? 'other', payment.batch ?? facts.batch)],
          ),
          ...teaches(payment, 'approved'),
        }),
        refused: (reason) => ({
          ...outcome({ state: 'declined', reason }),
          ...teaches(payment, reason === 'not-sent' ? 'not-sent' : 'refused'),
        }),
      });
    case 'approved':
    case 'settled':
    case 'declined':
    case 'abandoned':
      if (event.type === 'void' || event.type === 'refund-end' || event.type === 'decide')
        throw new UndrawnTransition(payment, event);
      return ignored;
    default:
      throw new UndrawnTransition(payment, event);
  }
}

/** Only a payment that waits for its refund hears of the end of one. */
function teaches(
  { cause }: Payment,
  end: Extract<PaymentEvent, { type: 'refund-end' }>['end'],
): { readonly original?: PaymentEvent } {
  return cause === NOT_CANCELLED ? { original: { type: 'refund-end', end } } : {};
}

/** A refund in cash between its numbers and the drawer: nothing has been given yet. */
function stepOpened(payment: Payment, event: PaymentEvent): Step {
  switch (event.type) {
    case 'cash':
      return outcome(
        { state: 'approved', tender: 'cash', scheme: 'cash', print: 'queued' },
        [{ type: 'print' }, { type: 'drawer' }],
        [refundedCash(posted(payment))],
      );
    case 'restart':
    case 'cancel':
      return outcome({ state: 'abandoned', reason: event.type === 'restart' ? 'restarted' : 'customer-cancel' });
    case 'due':
    case 'clear':
      return ignored;
    default:
      throw new UndrawnTransition(payment, event);
  }
}
