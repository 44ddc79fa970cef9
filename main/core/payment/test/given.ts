import { money } from '../../../../contract/money.ts';
import type { Answer, Exchange, Facts, PaymentEvent, PresentedCard } from '../event.ts';
import type { Payment } from '../payment.ts';
import type { Rules } from '../transition.ts';

/** Rules of an acquirer that lets test cards be deferred, within small bounds. */
export const rules: Rules = {
  offline: {
    enabled: true,
    hours: 24,
    single: money(5_000, 'CNY'),
    total: money(100_000, 'CNY'),
    count: 50,
    oncePerCard: true,
    schemes: ['unionpay', 'visa'],
  },
  repeatMs: [0, 1_000, 5_000],
  window: 8,
  messageLifetimeMs: 120_000,
  partialMs: 45_000,
  shownMs: 60_000,
  wallet: { firstQueryMs: 3_000, queryMs: 3_000, giveUpMs: 30_000 },
};

export const NOW = Date.UTC(2026, 7, 1, 2);

export const facts: Facts = {
  online: true,
  batch: 3,
  day: '2026-08-01',
  counted: false,
  reversalsDue: false,
  offline: { count: 0, sum: money(0, 'CNY'), oldestMs: null, cardWaiting: false },
  now: NOW,
  waited: (stamp) => NOW - stamp,
};

export const card: PresentedCard = {
  scheme: 'visa',
  maskedPan: '476173******0010',
  token: 'a'.repeat(32),
  label: 'VISA CREDIT',
  aid: 'A0000000031010',
  cvm: 'none',
  oda: 'fdda passed',
  expiry: '3012',
  panSequence: '001',
  iccData: '9F2701809F2608',
};

export function payment(change: Partial<Payment> = {}): Payment {
  return {
    id: '0198f0a0-0000-7000-8000-000000000001',
    seq: 1,
    kind: 'purchase',
    state: 'opened',
    amount: money(1_280, 'CNY'),
    at: NOW,
    day: '2026-08-01',
    clockSuspect: false,
    stan: 1,
    rrn: '621302000001',
    receiptNo: '01-000001',
    staff: 'cashier',
    approver: null,
    tender: null,
    scheme: null,
    maskedPan: null,
    token: null,
    label: null,
    aid: null,
    cvm: null,
    oda: null,
    expiry: null,
    panSequence: null,
    iccData: null,
    batch: null,
    attempt: 0,
    sentAt: null,
    acceptedAt: null,
    notFoundAt: null,
    authCode: null,
    hostRrn: null,
    cause: null,
    reason: null,
    original: null,
    charge: null,
    sale: null,
    approved: null,
    tendered: null,
    print: 'none',
    copies: 0,
    ...change,
  };
}

export const answers: readonly Answer[] = [
  { kind: 'approved', code: '00', authCode: '000001' },
  { kind: 'partial', code: '10', authCode: '000001', minor: 640 },
  { kind: 'declined', code: '05' },
  { kind: 'pending', code: '09' },
  { kind: 'not-found', code: '25' },
  { kind: 'no-answer' },
  { kind: 'not-sent' },
];

export const exchanges: readonly Exchange[] = [
  'purchase',
  'advice',
  'reversal',
  'query',
  'void',
  'refund',
  'completion',
];

export function answered(to: Exchange, kind: Answer['kind']): PaymentEvent {
  const answer = answers.find((one) => one.kind === kind);
  if (!answer) throw new Error(`no answer ${kind}`);
  return { type: 'answer', to, answer };
}

/** Every event there is, every answer to every exchange among them. */
export const events: readonly PaymentEvent[] = [
  { type: 'card', decision: 'online', deferrable: true, reason: null, card },
  { type: 'card', decision: 'online', deferrable: false, reason: null, card },
  { type: 'card', decision: 'approved-offline', deferrable: false, reason: null, card },
  { type: 'card', decision: 'declined', deferrable: false, reason: 'card-declined', card },
  { type: 'card', decision: 'declined', deferrable: false, reason: 'card-declined', card: null },
  { type: 'code', scheme: 'alipay', codeHash: 'b'.repeat(64) },
  { type: 'cash' },
  { type: 'show', scheme: 'unionpay-code' },
  { type: 'accept' },
  { type: 'cancel' },
  { type: 'clear' },
  { type: 'due' },
  { type: 'give-up' },
  { type: 'restart' },
  { type: 'expire' },
  { type: 'void' },
  { type: 'void-end', approved: true },
  { type: 'void-end', approved: false },
  { type: 'refund-end', end: 'approved' },
  { type: 'refund-end', end: 'refused' },
  { type: 'refund-end', end: 'not-sent' },
  { type: 'complete' },
  { type: 'complete-end', approved: true },
  { type: 'complete-end', approved: false },
  { type: 'release' },
  { type: 'decide', done: true, cause: 'asked' },
  { type: 'decide', done: false, cause: 'asked' },
  ...exchanges.flatMap((to) => answers.map((answer): PaymentEvent => ({ type: 'answer', to, answer }))),
];
