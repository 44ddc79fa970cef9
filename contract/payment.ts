import { Amount, Money } from './money.ts';
import { z } from './schema.ts';

export const PaymentId = z.uuid();
/** Idempotency key made by the page: the same key never makes a second payment. */
export const RequestKey = z.uuid();

export const Tender = z.enum(['contactless', 'code', 'cash']);
export type Tender = z.infer<typeof Tender>;

export const PaymentKind = z.enum(['purchase', 'void']);
export type PaymentKind = z.infer<typeof PaymentKind>;

/** States of a payment; docs/payments.md draws what leads where. */
export const PaymentState = z.enum([
  'opened',
  'abandoned',
  'sealed',
  'sending',
  'approved',
  'declined',
  'unknown',
  'reversal-due',
  'reversed',
  'querying',
  'cancel-due',
  'cancelled',
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
  'voided',
  /** A void that the bank refused: the purchase stands and nothing goes back. */
  'void-refused',
]);
export type Outcome = z.infer<typeof Outcome>;

const outcomes: Record<PaymentState, Outcome> = {
  opened: 'open',
  sealed: 'open',
  sending: 'open',
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
  reversed: 'cancelled',
  cancelled: 'cancelled',
  'saf-accepted': 'offline',
  'saf-sending': 'offline',
  'saf-unknown': 'offline',
  'saf-expired': 'declined',
  'saf-voided': 'voided',
  'void-due': 'cancelling',
  voided: 'voided',
};

const voidOutcomes: Partial<Record<PaymentState, Outcome>> = {
  unknown: 'cancelling',
  approved: 'voided',
  settled: 'voided',
  declined: 'void-refused',
};

/** How a payment in this state is shown. A void that was approved is no sale: it says so. */
export function outcomeOf(state: PaymentState, kind: PaymentKind = 'purchase'): Outcome {
  return (kind === 'void' ? voidOutcomes[state] : undefined) ?? outcomes[state];
}

/** Where the receipt stands. `asked` means nobody knows whether paper came: a person must say. */
export const PrintState = z.enum(['none', 'queued', 'printing', 'printed', 'held', 'asked']);
export type PrintState = z.infer<typeof PrintState>;

/** One payment as every screen shows it. Card numbers are masked. */
export const PaymentView = z.object({
  id: PaymentId,
  kind: PaymentKind,
  at: z.int(),
  day: z.string(),
  receiptNo: z.string(),
  amount: Money,
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
  print: PrintState,
  voidable: z.boolean(),
  /** What the terminal does next by itself, and when, UTC ms. */
  next: z
    .object({ what: z.enum(['reverse', 'query', 'cancel', 'forward', 'void']), at: z.int(), attempt: z.int() })
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

export const ChargeInput = z.strictObject({ key: RequestKey, amount: Amount });
export const PaymentRef = z.strictObject({ payment: PaymentId });
