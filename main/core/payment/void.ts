import { voided } from '../ledger/account.ts';
import type { Facts, PaymentEvent } from './event.ts';
import type { Payment } from './payment.ts';
import { posted } from './purchase.ts';
import { stepRepeated } from './repeated.ts';
import { ignored, outcome, type Rules, type Step } from './transition.ts';

/** The taking back of an approved purchase of the open batch; the purchase learns of its end in the same commit. */
export function stepVoid(payment: Payment, event: PaymentEvent, facts: Facts, rules: Rules): Step {
  if (payment.state === 'approved' || payment.state === 'declined' || payment.state === 'settled') return ignored;
  return stepRepeated(payment, event, rules, {
    exchange: 'void',
    approved: ({ authCode }) => {
      const transfer = voided(posted(payment), payment.scheme ?? 'other', payment.batch ?? facts.batch);
      const change = { state: 'approved', authCode, reason: null, print: 'queued' } as const;
      return {
        ...outcome(change, [{ type: 'print' }], [transfer]),
        original: { type: 'void-end', approved: true },
      };
    },
    refused: (reason) => ({
      ...outcome({ state: 'declined', reason }),
      original: { type: 'void-end', approved: false },
    }),
  });
}
