import { DrawerShift } from './drawer.ts';
import { Money } from './money.ts';
import { PaymentId } from './payment.ts';
import { LateReport } from './queue.ts';
import { z } from './schema.ts';

const Figure = z.object({ amount: Money, count: z.int() });

/** Something the owner must look at. Words under `attention.<code>`. */
export const Attention = z.object({
  code: z.enum([
    'late-decline',
    'unknown',
    'reversal-due',
    'unprinted',
    'asked-print',
    'expired',
    'books-differ',
    'close-differs',
  ]),
  payment: PaymentId.nullable(),
  amount: Money.nullable(),
  at: z.int(),
  count: z.int(),
});
export type Attention = z.infer<typeof Attention>;

/** The business day so far. Every figure is a sum over the ledger. */
export const Today = z.object({
  day: z.string(),
  batch: z.int(),
  currency: Money.shape.currency,
  sold: Figure,
  voided: Figure,
  /** Given back after the sale, by card, code or cash. */
  refunded: Figure,
  /** Approved by the bank, net of voids and refunds. */
  atBank: Figure,
  /** Accepted offline and not yet answered by the bank, and outcomes not known yet. */
  underWay: Figure,
  /** Taken in notes and coins, less what was given back. */
  cash: Figure,
  /** Sold − voided − refunded − at the bank − under way − cash − losses: zero unless something is wrong. */
  difference: Money,
  lateDeclined: Figure,
  hours: z.array(z.object({ hour: z.int(), amount: Money, count: z.int(), yesterday: Money })),
  tenders: z.array(z.object({ tender: z.string(), scheme: z.string().nullable(), amount: Money, count: z.int() })),
  attention: z.array(Attention),
});
export type Today = z.infer<typeof Today>;

/** The four books that must agree: sums of the payments, of the ledger, of the journal, and what the bank says. */
export const Books = z.object({
  terminal: z.object({ debitCount: z.int(), debit: Money, creditCount: z.int(), credit: Money }),
  ledger: z.object({ debitCount: z.int(), debit: Money, creditCount: z.int(), credit: Money }),
  journal: z.object({ debitCount: z.int(), debit: Money, creditCount: z.int(), credit: Money }),
  bank: z.object({ debitCount: z.int(), debit: Money, creditCount: z.int(), credit: Money }).nullable(),
});
export type Books = z.infer<typeof Books>;

/** What the owner decided by name of a payment that could not come to its end by itself. */
export const Decision = z.object({
  payment: PaymentId,
  receiptNo: z.string(),
  amount: Money,
  /** It was done at the bank; false: it was not. */
  done: z.boolean(),
  cause: z.string(),
  by: z.string(),
  at: z.int(),
});
export type Decision = z.infer<typeof Decision>;

export const Irregular = z.object({
  /** Receipt numbers passed over: after a backup was taken back, or an older record was found. */
  receiptsMissing: z.int(),
  /** Answers of the bank that came when nobody waited for them any more, or a second time. They changed nothing. */
  lateAnswers: z.int(),
  /** Payments that were opened while the clock was in doubt; absent from reports of before they were counted. */
  clockSuspect: z.int().optional(),
});
export type Irregular = z.infer<typeof Irregular>;

/** X report (totals so far) or Z report (the closed, numbered, unchangeable day; without a number the close that did not come about). */
export const DayReport = z.object({
  kind: z.enum(['X', 'Z']),
  /** Z number; null in an X report, and while the bank has not agreed. */
  number: z.int().nullable(),
  /** The last business day on which something of the batch moved. */
  day: z.string(),
  /** The first one, where that is another. */
  firstDay: z.string().optional(),
  batch: z.int(),
  at: z.int(),
  /** Of the batch, from its first entry to its last: each movement stands in one Z report. Without hours. */
  today: Today,
  books: Books,
  /** Of a Z report: the bank has agreed and the day is closed. Of an X report: the terminal's own books say the same. */
  agreed: z.boolean(),
  /** First and last journal entry of the batch and the head's hash. */
  journal: z.object({ first: z.int(), last: z.int(), hash: z.string() }),
  /** How often this terminal found its record rolled back. It only grows. */
  alarms: z.int(),
  /** How often this record was begun anew from a backup; absent from reports of before it was told. */
  epoch: z.int().optional(),
  /** Absent from reports of before it was counted. */
  irregular: Irregular.optional(),
  /** The drawer shifts that were open in this batch, counted or not. */
  drawers: z.array(DrawerShift),
  decisions: z.array(Decision),
  carriedOver: z.array(z.object({ payment: PaymentId, state: z.string(), amount: Money })),
  /** Offline payments that brought no money; not in reports made before this was kept. */
  late: LateReport.optional(),
});
export type DayReport = z.infer<typeof DayReport>;

export const CloseStep = z.discriminatedUnion('step', [
  z.object({ step: z.literal('deliver'), left: z.int() }),
  z.object({ step: z.literal('count') }),
  z.object({ step: z.literal('ask-bank') }),
  z.object({ step: z.literal('print') }),
  /** `printed`: whether paper came; null of a close that had come to its end before it was asked for again. */
  z.object({ step: z.literal('done'), report: DayReport, printed: z.boolean().nullable() }),
]);
export type CloseStep = z.infer<typeof CloseStep>;
