import { Money } from './money.ts';
import { PaymentView } from './payment.ts';
import { z } from './schema.ts';
import { ownWords } from './text.ts';

/** How near the oldest payment that was never sent is to its time limit. */
export const ExpiryStage = z.enum(['soon', 'last']);
export type ExpiryStage = z.infer<typeof ExpiryStage>;

/** How the payments accepted offline get to the bank. Their count and sum stand beside it in OfflineView. */
export const ForwardingView = z.object({
  /** Milliseconds since the oldest was accepted, on a clock that nobody can set; null when nothing waits. */
  oldestMs: z.int().nullable(),
  /** On their way to the bank right now. */
  sending: z.int(),
  /** UTC ms of the next attempt where one is planned; null for as soon as the line is up. */
  nextAt: z.int().nullable(),
  paused: z.object({ by: z.string(), since: z.int(), until: z.int() }).nullable(),
  /** It may be older than its limit: the terminal was off, and nobody knows for how long. It is sent, and the bank decides. */
  unsure: z.boolean(),
  /** The oldest that was never sent will expire at `at`, UTC ms; null while that is far away. */
  expiring: z.object({ stage: ExpiryStage, at: z.int() }).nullable(),
});
export type ForwardingView = z.infer<typeof ForwardingView>;

/** What a person did about an offline payment that was refused later or ran out of time. The last two end the work on it. */
export const LateWhat = z.enum(['noted', 'taken-again', 'paid-again', 'written-off']);
export type LateWhat = z.infer<typeof LateWhat>;

export const LateStep = z.object({
  what: LateWhat,
  staff: z.string(),
  approver: z.string().nullable(),
  at: z.int(),
  note: z.string().nullable(),
});
export type LateStep = z.infer<typeof LateStep>;

/** One offline payment that brought no money, with all that was done about it. */
export const LateItem = z.object({
  payment: PaymentView,
  /** The later payment by which the customer makes good for it. */
  again: PaymentView.nullable(),
  steps: z.array(LateStep),
  open: z.boolean(),
});
export type LateItem = z.infer<typeof LateItem>;

/** On the day report: what is open, and what was closed in its batch, by whom. */
export const LateReport = z.object({
  open: z.object({ count: z.int(), amount: Money }),
  closed: z.array(
    z.object({
      receiptNo: z.string(),
      amount: Money,
      what: LateWhat,
      staff: z.string(),
      approver: z.string().nullable(),
    }),
  ),
});
export type LateReport = z.infer<typeof LateReport>;

export const LateNote = ownWords(1, 200);
