import { Money } from './money.ts';
import { Outcome, PaymentId, PaymentView } from './payment.ts';
import { ForwardingView } from './queue.ts';
import { Session } from './role.ts';
import { SaleView } from './sale.ts';
import { z } from './schema.ts';

export const Language = z.enum(['zh-CN', 'en']);
export type Language = z.infer<typeof Language>;

export const Store = z.object({
  name: z.string(),
  /** "01": printed on receipts and part of every receipt number. */
  terminal: z.string(),
  currency: Money.shape.currency,
  /** "04:00": when a new business day begins, local time of `zone`. */
  dayCut: z.string(),
  zone: z.string(),
  language: Language,
  /** The acquirer is the virtual counter's: no real money moves. */
  virtual: z.boolean(),
});
export type Store = z.infer<typeof Store>;

export const LineView = z.object({
  status: z.enum(['online', 'connecting', 'offline']),
  /** Words under `line.<reason>`. */
  reason: z.string().nullable(),
  since: z.int(),
});

/** The store-and-forward queue and what may still go into it. */
export const OfflineView = z.object({
  enabled: z.boolean(),
  count: z.int(),
  sum: Money,
  single: Money,
  countLeft: z.int(),
  sumLeft: Money,
  /** UTC ms by when the oldest must be forwarded; null when the queue is empty. */
  expiresAt: z.int().nullable(),
  forwarding: ForwardingView,
});

/** What the customer or cashier is asked to do while a payment waits. Words under `prompt.<code>`. */
export const Prompt = z.enum([
  'present',
  'present-card',
  'present-code',
  'no-input',
  'hold-still',
  'tap-again-torn',
  'tap-again-timed-out',
  'tap-again-chosen',
  'see-phone',
  'one-card-only',
  'card-refused',
  'member-read',
  'coupon-read',
  'code-refused',
  'amount-too-high',
]);
export type Prompt = z.infer<typeof Prompt>;

/** A member's or coupon's tag that was held to the reader. */
export const TagView = z.object({ kind: z.enum(['member', 'coupon']), id: z.string() });
export type TagView = z.infer<typeof TagView>;

/** One of a card's applications, by the card's own name for it; never a card number. */
export const CardChoice = z.object({ aid: z.string(), label: z.string() });
export type CardChoice = z.infer<typeof CardChoice>;

/** What is going on at the counter now. One payment at a time. */
export const Now = z.discriminatedUnion('phase', [
  z.object({ phase: z.literal('idle') }),
  z.object({
    phase: z.literal('waiting'),
    payment: PaymentId,
    amount: Money,
    prompt: Prompt,
    /** With card-refused and code-refused: why (words under `reason.<code>`). */
    reason: z.string().nullable(),
    reader: z.boolean(),
    scanner: z.boolean(),
    /** With member-read and coupon-read: what stands on the tag. */
    tag: TagView.optional(),
  }),
  z.object({
    phase: z.literal('choosing'),
    payment: PaymentId,
    amount: Money,
    /** The applications of the card between which its holder has to choose, best first. */
    choices: z.array(CardChoice),
    /** UTC ms by when one must have been chosen; none is, afterwards. */
    until: z.int(),
  }),
  z.object({ phase: z.literal('reading'), payment: PaymentId, amount: Money }),
  z.object({
    phase: z.literal('asking'),
    payment: PaymentId,
    amount: Money,
    since: z.int(),
    /** UTC ms by which the bank must have answered. */
    until: z.int(),
    /** The customer must confirm on the phone. */
    confirming: z.boolean(),
  }),
  z.object({
    phase: z.literal('showing'),
    payment: PaymentId,
    amount: Money,
    /** What the customer scans (EMVCo merchant-presented QR code). */
    code: z.string(),
    since: z.int(),
    /** UTC ms from when the code is taken back. */
    until: z.int(),
  }),
  z.object({
    phase: z.literal('partial'),
    payment: PaymentId,
    /** What the bank was asked for. */
    amount: Money,
    approved: Money,
    /** UTC ms by when a person must have said whether it is taken; else it goes back. */
    until: z.int(),
  }),
  z.object({ phase: z.literal('result'), payment: PaymentView, outcome: Outcome, at: z.int() }),
]);
export type Now = z.infer<typeof Now>;

/** Something a person at the counter should know. Words under `notice.<code>`. */
export const Notice = z.object({
  code: z.enum([
    'core-restarted',
    'no-reader',
    'reader-daemon-absent',
    'reader-unresponsive',
    'printer-trouble',
    'printer-not-configured',
    'receipts-held',
    'receipt-asked',
    'unknown-outcomes',
    'reversals-due',
    'payments-stuck',
    'late-declines',
    'offline-expiring',
    'offline-unsure',
    'forward-paused',
    'sales-stuck',
    'backup-failed',
    'journal-differs',
    'clock-suspect',
    'disk-low',
    'store-failed',
    'profile-missing',
    'profile-damaged',
    'keys-unprotected',
  ]),
  severity: z.enum(['info', 'attention', 'trouble']),
  values: z.record(z.string(), z.union([z.string(), z.number()])),
});
export type Notice = z.infer<typeof Notice>;

/** All that the cashier's screen shows. Numbered: a higher `seq` replaces a lower one. */
export const CounterView = z.object({
  seq: z.int(),
  setup: z.enum(['needed', 'done']),
  store: Store.nullable(),
  session: Session.nullable(),
  line: LineView,
  offline: OfflineView.nullable(),
  now: Now,
  /** The sale that is being paid in parts, until it is paid or dropped. */
  sale: SaleView.nullable(),
  /** Whether codes can be shown for customers to scan. */
  showsCodes: z.boolean(),
  /** Whether amounts can be held and completed later. */
  holds: z.boolean(),
  recent: z.array(PaymentView),
  notices: z.array(Notice),
  /** Sales are stopped, and why (words under `refusal.<code>`); null in good order. */
  stopped: z.string().nullable(),
});
export type CounterView = z.infer<typeof CounterView>;

/** All that the customer's display shows. */
export const CustomerView = z.object({
  seq: z.int(),
  store: z.object({ name: z.string(), language: Language, zone: z.string() }).nullable(),
  /** Of a sale paid in parts: the whole, and what is left. */
  sale: z.object({ total: Money, paid: Money, owed: Money }).nullable(),
  show: z.discriminatedUnion('what', [
    z.object({ what: z.literal('idle') }),
    z.object({ what: z.literal('amount'), amount: Money, prompt: Prompt, reader: z.boolean(), scanner: z.boolean() }),
    z.object({ what: z.literal('code'), amount: Money, code: z.string(), until: z.int() }),
    z.object({ what: z.literal('partial'), amount: Money, approved: Money }),
    z.object({ what: z.literal('choose'), payment: PaymentId, amount: Money, choices: z.array(CardChoice) }),
    z.object({ what: z.literal('reading'), amount: Money }),
    z.object({ what: z.literal('asking'), amount: Money, confirming: z.boolean() }),
    z.object({ what: z.literal('result'), outcome: Outcome, amount: Money, at: z.int() }),
  ]),
});
export type CustomerView = z.infer<typeof CustomerView>;
