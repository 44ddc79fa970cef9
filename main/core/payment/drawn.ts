import type { PaymentKind, PaymentState } from '../../../contract/payment.ts';
import type { Facts, PaymentEvent } from './event.ts';
import { captured, type Payment } from './payment.ts';
import { type Next, type Rules, type Step, UndrawnTransition } from './transition.ts';

/** Whether a change of state posts money in its commit: never, always once, or once in some cases. */
type Money = 'none' | 'once' | 'maybe';
type Edges = Readonly<Partial<Record<PaymentState, Readonly<Partial<Record<PaymentState, Money>>>>>>;

/** Asked for at the bank and repeated until it is answered. */
const repeated: Edges = {
  sending: { approved: 'once', declined: 'none', unknown: 'none' },
  unknown: { sending: 'none', approved: 'once', declined: 'none' },
};

const purchase: Edges = {
  opened: {
    sealed: 'none',
    sending: 'none',
    approved: 'once',
    declined: 'none',
    abandoned: 'none',
    'saf-accepted': 'once',
  },
  sealed: { sending: 'none', declined: 'none', abandoned: 'none' },
  sending: {
    partial: 'none',
    approved: 'once',
    declined: 'none',
    querying: 'none',
    'reversal-due': 'none',
    'cancel-due': 'none',
    unknown: 'none',
  },
  partial: { approved: 'once', 'reversal-due': 'none' },
  unknown: { 'reversal-due': 'none', querying: 'none' },
  querying: { approved: 'once', declined: 'none', 'cancel-due': 'none' },
  'reversal-due': { reversed: 'none' },
  'cancel-due': { cancelled: 'none', 'refund-due': 'once' },
  'refund-due': { refunded: 'maybe' },
  approved: { 'void-due': 'none', voided: 'once' },
  'saf-accepted': { 'saf-sending': 'none', 'saf-expired': 'once', 'saf-voided': 'once' },
  'saf-sending': { 'saf-approved': 'once', 'saf-declined': 'once', 'saf-unknown': 'none', 'saf-accepted': 'none' },
  'saf-unknown': { 'saf-sending': 'none', 'saf-approved': 'once', 'saf-declined': 'once' },
  'saf-approved': { 'void-due': 'none' },
  'void-due': { voided: 'none', approved: 'none', 'saf-approved': 'none' },
};

/** Every change of state there is, as docs/payments.md draws them. Only the close settles, and it asks no step. */
export const edges: Readonly<Record<PaymentKind, Edges>> = {
  purchase,
  void: repeated,
  refund: { ...repeated, opened: { approved: 'once', abandoned: 'none' } },
  completion: {
    ...repeated,
    approved: { 'void-due': 'none' },
    'void-due': { voided: 'none', approved: 'none' },
  },
  'pre-authorization': {
    opened: { sealed: 'none', sending: 'none', declined: 'none', abandoned: 'none' },
    sealed: { sending: 'none', declined: 'none', abandoned: 'none' },
    sending: { authorized: 'none', declined: 'none', 'reversal-due': 'none', unknown: 'none' },
    unknown: { 'reversal-due': 'none' },
    'reversal-due': { reversed: 'none' },
    authorized: { completing: 'none', 'reversal-due': 'none' },
    completing: { completed: 'none', authorized: 'none' },
  },
};

/** States in which the sealed card data may still have to be sent. */
export const sealedIn: ReadonlySet<PaymentState> = new Set<PaymentState>([
  'sealed',
  'sending',
  'unknown',
  'saf-accepted',
  'saf-sending',
  'saf-unknown',
]);

/** States in which the bank has been asked and has not answered. */
const asked: ReadonlySet<PaymentState> = new Set<PaymentState>([
  'sending',
  'unknown',
  'querying',
  'reversal-due',
  'cancel-due',
  'refund-due',
  'saf-sending',
  'saf-unknown',
]);

/** What a payment that the bank was asked about comes to by the bank's word or the owner's alone (I9). */
const ends: ReadonlySet<PaymentState> = new Set<PaymentState>([
  'approved',
  'authorized',
  'declined',
  'reversed',
  'cancelled',
  'refunded',
  'saf-approved',
  'saf-declined',
]);

/** What a payment goes on to that may have left before. */
const maybeLeft: ReadonlySet<PaymentState> = new Set<PaymentState>(['unknown', 'saf-unknown']);

const words: ReadonlySet<PaymentEvent['type']> = new Set<PaymentEvent['type']>(['answer', 'decide', 'refund-end']);

/**
 * Holds a step to what is drawn before anything of it is written, in production too: the change of state, the money that it
 * posts (I12), intent before anything leaves (I3), paper queued in the same commit (I4), sealed card data destroyed (I18),
 * whose word ends it (I9, R6), what may be done at a start (I8) and before older reversals (I10), and that what may have left
 * before is not taken for not sent (I7).
 * @throws UndrawnTransition
 */
export function asDrawn(payment: Payment, event: PaymentEvent, taken: Step, facts: Facts, rules: Rules): Step {
  if (taken.kind === 'ignored') return taken;
  const to = taken.change.state ?? payment.state;
  const why =
    moneyFault(payment, to, taken) ??
    effectFault(payment, to, taken) ??
    wordFault(payment, event, to, taken, facts, rules);
  if (why !== undefined) throw new UndrawnTransition(payment, event, why);
  return taken;
}

function moneyFault(payment: Payment, to: PaymentState, { change, transfers }: Next): string | undefined {
  const { kind, state } = payment;
  const drawn = to === state ? 'none' : edges[kind][state]?.[to];
  if (drawn === undefined) return `${state} to ${to} is not drawn`;
  const posted = transfers.length;
  if (posted > (drawn === 'none' ? 0 : 1) || (drawn === 'once' && posted === 0)) return `${posted} transfers to ${to}`;
  if (posted === 0) return undefined;
  const { minor, currency } = captured({ amount: payment.amount, approved: change.approved ?? payment.approved });
  const whole = transfers.every(
    ({ payment: of, amount }) => of === payment.id && amount.minor === minor && amount.currency === currency,
  );
  return whole ? undefined : `posts another amount than ${minor}`;
}

function effectFault(payment: Payment, to: PaymentState, { change, effects, order, shred }: Next): string | undefined {
  const { kind, state, tender } = payment;
  for (const { type } of effects) {
    if (type === 'exchange' && order !== 'intent') return 'sends what is not written down first';
    if (type === 'print' && change.print !== 'queued') return 'prints what is not queued';
  }
  const read = tender === 'contactless' && (kind === 'purchase' || kind === 'pre-authorization');
  return read && sealedIn.has(state) && !sealedIn.has(to) && !shred ? `keeps sealed card data in ${to}` : undefined;
}

function wordFault(
  payment: Payment,
  event: PaymentEvent,
  to: PaymentState,
  { effects }: Next,
  facts: Facts,
  rules: Rules,
): string | undefined {
  const { state, notFoundAt } = payment;
  if (asked.has(state) && ends.has(to) && !words.has(event.type)) return `${to} without the bank's word`;
  if (event.type === 'restart') {
    if (effects.some(({ type }) => type === 'exchange')) return 'sends at a start';
    if (state === 'sending' && to !== 'unknown') return `takes what was being sent for ${to}`;
  }
  if (event.type === 'card' && to === 'sending' && facts.reversalsDue) return 'goes before an older reversal';
  const unsent = event.type === 'answer' && event.answer.kind === 'not-sent';
  if (unsent && to !== state && !maybeLeft.has(to) && payment.attempt > 1) return 'may have left before';
  const unfound = event.type === 'answer' && event.to === 'reversal' && event.answer.kind === 'not-found';
  if (!unfound || to === state) return undefined;
  return notFoundAt === null || facts.waited(notFoundAt) < rules.messageLifetimeMs ? 'believes too early' : undefined;
}
