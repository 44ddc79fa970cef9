import { outcomeOf, type PaymentView } from '../../../contract/payment.ts';
import type { Payment } from './payment.ts';

/** What a payment's view needs to know beside the row. */
export interface ViewContext {
  /** The open batch: only its payments can be voided. */
  readonly batch: number;
  /** When the next automatic step is planned, UTC milliseconds. */
  readonly dueAt: (payment: Payment) => number;
}

const nextSteps: Partial<Record<Payment['state'], NonNullable<PaymentView['next']>['what']>> = {
  unknown: 'reverse',
  'reversal-due': 'reverse',
  querying: 'query',
  'cancel-due': 'cancel',
  'saf-accepted': 'forward',
  'saf-sending': 'forward',
  'saf-unknown': 'forward',
};

/** Whether a payment can be taken back in the batch that is open. */
export function voidable(payment: Payment, batch: number): boolean {
  if (payment.kind !== 'purchase') return false;
  if (payment.state === 'saf-accepted') return payment.attempt === 0;
  if (payment.state !== 'approved' && payment.state !== 'saf-approved') return false;
  return payment.tender === 'cash' || payment.batch === batch;
}

export function viewOf(payment: Payment, context: ViewContext): PaymentView {
  const what = payment.kind === 'void' && payment.state === 'unknown' ? 'void' : nextSteps[payment.state];
  return {
    id: payment.id,
    kind: payment.kind,
    at: payment.at,
    day: payment.day,
    receiptNo: payment.receiptNo,
    amount: payment.amount,
    tender: payment.tender,
    scheme: payment.scheme,
    maskedPan: payment.maskedPan,
    state: payment.state,
    outcome: outcomeOf(payment.state, payment.kind),
    reason: payment.reason,
    stan: payment.stan,
    rrn: payment.rrn,
    authCode: payment.authCode,
    batch: payment.batch,
    original: payment.original,
    print: payment.print,
    voidable: voidable(payment, context.batch),
    next: what ? { what, at: context.dueAt(payment), attempt: payment.attempt } : null,
  };
}
