import { z } from './schema.ts';

/** Why the core refused a call. The screens translate each code and say what to do next (words: `refusal.<code>`). */
export const RefusalCode = z.enum([
  'setup-needed',
  'setup-done',
  'not-signed-in',
  'not-allowed',
  'wrong-pin',
  'locked-out',
  'input-invalid',
  'too-many-requests',
  'message-too-long',
  'amount-invalid',
  'amount-above-limit',
  'payment-under-way',
  'key-reused',
  'payment-not-found',
  'payment-not-voidable',
  'payment-not-refundable',
  'refund-above-paid',
  'payment-not-held',
  'amount-above-held',
  'hold-expired',
  'hold-not-offered',
  'hold-needs-card',
  'payment-not-decidable',
  'payment-not-open',
  'payment-not-printable',
  'code-not-recognised',
  'code-seen-before',
  'code-needs-line',
  'no-code-expected',
  'bank-offline',
  'day-has-open-payments',
  'day-nothing-to-close',
  'day-books-differ',
  'no-reader',
  'no-printer',
  'not-virtual',
  'counter-silent',
  'store-failed',
  'sales-stopped',
  'core-crashing',
  'profile-missing',
  'profile-damaged',
  'data-in-use',
  'data-newer',
  'statement-not-found',
  'statement-line-not-found',
  'data-damaged',
]);
export type RefusalCode = z.infer<typeof RefusalCode>;

export const Refusal = z.object({
  code: RefusalCode,
  /** For technicians, in English; never needed to understand the refusal. */
  detail: z.string().optional(),
  /** With `locked-out`: milliseconds until the next try. */
  waitMs: z.int().optional(),
});
export type Refusal = z.infer<typeof Refusal>;
