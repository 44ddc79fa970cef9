import { Money } from './money.ts';
import { z } from './schema.ts';

export const PaymentId = z.uuid();
/** Idempotency key made by the page: the same key never makes a second payment. */
export const RequestKey = z.uuid();

export const Tender = z.enum(['contactless', 'code', 'shown', 'cash']);
export type Tender = z.infer<typeof Tender>;

export const PaymentKind = z.enum(['purchase', 'void', 'refund', 'pre-authorization', 'completion']);
export type PaymentKind = z.infer<typeof PaymentKind>;

/** States of a payment; docs/payments.md draws what leads where. */
export const PaymentState = z.enum([
  'opened',
  'abandoned',
  'sealed',
  'sending',
  /** The bank approved less than it was asked for: a person must say whether that is taken. */
  'partial',
  'approved',
  'declined',
  'unknown',
  'reversal-due',
  'reversed',
  'querying',
  'cancel-due',
  'cancelled',
  /** Paid after all, and the bank does not cancel it any more: it goes back as a refund. */
  'refund-due',
  'refunded',
  'saf-accepted',
  'saf-sending',
  'saf-unknown',
  'saf-approved',
  'saf-declined',
  'saf-expired',
  'saf-voided',
  'void-due',
  'voided',
  'settled',
  /** An amount is held on the customer's account; no money has moved. */
  'authorized',
  /** Its completion is under way. */
  'completing',
  'completed',
]);
export type PaymentState = z.infer<typeof PaymentState>;

/** How a result is shown: each kind has its own colour, shape and word. */
export const Outcome = z.enum([
  'open',
  'approved',
  'offline',
  'declined',
  'cancelling',
  'cancelled',
  'unknown',
  /** A void is under way: until the bank agrees the purchase stands. */
  'voiding',
  'voided',
  /** A void that the bank refused: the purchase stands and nothing goes back. */
  'void-refused',
  'refunding',
  'refunded',
  /** A refund that the bank refused: nothing goes back. */
  'refund-refused',
  /** Held, not paid. */
  'authorized',
]);
export type Outcome = z.infer<typeof Outcome>;

const outcomes: Record<PaymentState, Outcome> = {
  opened: 'open',
  sealed: 'open',
  sending: 'open',
  partial: 'open',
  abandoned: 'cancelled',
  approved: 'approved',
  'saf-approved': 'approved',
  settled: 'approved',
  declined: 'declined',
  'saf-declined': 'declined',
  unknown: 'unknown',
  querying: 'unknown',
  'reversal-due': 'cancelling',
  'cancel-due': 'cancelling',
  'refund-due': 'refunding',
  refunded: 'refunded',
  reversed: 'cancelled',
  cancelled: 'cancelled',
  'saf-accepted': 'offline',
  'saf-sending': 'offline',
  'saf-unknown': 'offline',
  'saf-expired': 'declined',
  'saf-voided': 'voided',
  'void-due': 'voiding',
  voided: 'voided',
  authorized: 'authorized',
  completing: 'authorized',
  completed: 'authorized',
};

const voidOutcomes: Partial<Record<PaymentState, Outcome>> = {
  unknown: 'voiding',
  approved: 'voided',
  settled: 'voided',
  declined: 'void-refused',
};

const refundOutcomes: Partial<Record<PaymentState, Outcome>> = {
  unknown: 'refunding',
  approved: 'refunded',
  settled: 'refunded',
  declined: 'refund-refused',
};

/** How a payment in this state is shown. What gives money back is no sale: it says so. */
export function outcomeOf(state: PaymentState, kind: PaymentKind = 'purchase'): Outcome {
  const own = kind === 'void' ? voidOutcomes[state] : kind === 'refund' ? refundOutcomes[state] : undefined;
  return own ?? outcomes[state];
}

/** Why money is given back, chosen from a list; words under `refund.cause.<code>`. */
export const RefundCause = z.enum(['returned', 'faulty', 'wrong-amount', 'paid-twice', 'not-delivered', 'goodwill']);
export type RefundCause = z.infer<typeof RefundCause>;

/** Where the receipt stands. `asked` means nobody knows whether paper came: a person must say. */
export const PrintState = z.enum(['none', 'queued', 'printing', 'printed', 'held', 'asked']);
export type PrintState = z.infer<typeof PrintState>;

/** One payment as every screen shows it. Card numbers are masked. */
export const PaymentView = z.object({
  id: PaymentId,
  kind: PaymentKind,
  at: z.int(),
  day: z.string(),
  /** The clock was in doubt when it was made: `at` is what it showed. */
  clockSuspect: z.boolean(),
  receiptNo: z.string(),
  /** What it is about: where the bank approved less than was asked, what it approved. */
  amount: Money,
  /** What the bank was asked for, where it approved less. */
  asked: Money.nullable(),
  /** Notes and coins handed over. */
  tendered: Money.nullable(),
  /** The sale that it pays a part or the whole of. */
  sale: z.uuid().nullable(),
  tender: Tender.nullable(),
  /** 'unionpay', 'visa', 'alipay', 'wechat', … : words under `scheme.<code>`. */
  scheme: z.string().nullable(),
  maskedPan: z.string().nullable(),
  state: PaymentState,
  outcome: Outcome,
  /** Why, as a code: words under `reason.<code>`. */
  reason: z.string().nullable(),
  stan: z.int().nullable(),
  rrn: z.string().nullable(),
  authCode: z.string().nullable(),
  batch: z.int().nullable(),
  original: PaymentId.nullable(),
  /** Why a person asked for it; of a refund a RefundCause. */
  cause: z.string().nullable(),
  print: PrintState,
  voidable: z.boolean(),
  /** What may still be given back of it; null when nothing can. */
  refundable: Money.nullable(),
  /** Of a held amount: the most that can be taken of it, and until when, UTC ms. */
  held: z.object({ most: Money, until: z.int() }).nullable(),
  /** It cannot come to its end by itself: the owner may decide by name. */
  decidable: z.boolean(),
  /** What the terminal does next by itself, and when, UTC ms. */
  next: z
    .object({
      what: z.enum(['reverse', 'query', 'cancel', 'forward', 'void', 'refund', 'complete']),
      at: z.int(),
      attempt: z.int(),
    })
    .nullable(),
});
export type PaymentView = z.infer<typeof PaymentView>;

/** One step in a payment's story, down to the journal entry that holds it. */
export const StoryStep = z.object({
  seq: z.int(),
  at: z.int(),
  event: z.string(),
  state: PaymentState.nullable(),
  detail: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  transfers: z.array(z.object({ debit: z.string(), credit: z.string(), amount: Money })),
  hash: z.string(),
});
export type StoryStep = z.infer<typeof StoryStep>;

export const PaymentRef = z.strictObject({ payment: PaymentId });
