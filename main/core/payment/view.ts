import { money } from '../../../contract/money.ts';
import { outcomeOf, type PaymentView } from '../../../contract/payment.ts';
import { captured, type Payment } from './payment.ts';

/** What a payment's view needs to know beside the row. */
export interface ViewContext {
  /** Whether a payment belongs to the open batch: only such can be voided. */
  readonly current: (payment: Payment) => boolean;
  /** What has gone back of a payment, or may go back yet. */
  readonly givenBack: (payment: Payment) => number;
  /** Whether the owner may decide what became of a payment. */
  readonly decidable: (payment: Payment) => boolean;
  /** What a held amount may be completed with, and until when. */
  readonly held: (payment: Payment) => PaymentView['held'];
  /** When the next automatic step is planned, UTC milliseconds. */
  readonly dueAt: (payment: Payment) => number;
}

const nextSteps: Partial<Record<Payment['state'], NonNullable<PaymentView['next']>['what']>> = {
  unknown: 'reverse',
  'reversal-due': 'reverse',
  querying: 'query',
  'cancel-due': 'cancel',
  'refund-due': 'refund',
  'saf-accepted': 'forward',
  'saf-sending': 'forward',
  'saf-unknown': 'forward',
};

/** Whether a payment can be taken back in the batch that is open. A part given back already cannot come back with it. */
export function voidable(payment: Payment, current: boolean, givenBack: number): boolean {
  if (payment.kind !== 'purchase' && payment.kind !== 'completion') return false;
  if (payment.state === 'saf-accepted') return payment.attempt === 0;
  if (payment.state !== 'approved' && payment.state !== 'saf-approved') return false;
  return current && givenBack === 0;
}

/** Minor units that may still be given back of a payment, 0 when it was not paid, not yet, or no longer (I16). */
export function refundable(payment: Payment, givenBack: number): number {
  if (payment.kind !== 'purchase' && payment.kind !== 'completion') return 0;
  if (!paid.has(payment.state)) return 0;
  return Math.max(0, captured(payment).minor - givenBack);
}

const paid: ReadonlySet<Payment['state']> = new Set(['approved', 'saf-approved', 'settled']);

/** What a row of its own repeats while its end is not known. */
const repeats: Partial<Record<Payment['kind'], NonNullable<PaymentView['next']>['what']>> = {
  void: 'void',
  refund: 'refund',
  completion: 'complete',
};

export function viewOf(payment: Payment, context: ViewContext): PaymentView {
  const what = (payment.state === 'unknown' ? repeats[payment.kind] : undefined) ?? nextSteps[payment.state];
  // Of any other nothing can go back, and it is not looked up.
  const back = paid.has(payment.state);
  const givenBack = back ? context.givenBack(payment) : 0;
  const left = refundable(payment, givenBack);
  return {
    id: payment.id,
    kind: payment.kind,
    at: payment.at,
    day: payment.day,
    clockSuspect: payment.clockSuspect,
    receiptNo: payment.receiptNo,
    amount: captured(payment),
    asked: payment.approved === null ? null : payment.amount,
    tendered: payment.tendered === null ? null : money(payment.tendered, payment.amount.currency),
    sale: payment.sale,
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
    cause: payment.cause,
    print: payment.print,
    voidable: voidable(payment, back && context.current(payment), givenBack),
    refundable: left === 0 ? null : money(left, payment.amount.currency),
    held: context.held(payment),
    decidable: context.decidable(payment),
    next: what ? { what, at: context.dueAt(payment), attempt: payment.attempt } : null,
  };
}
