import { Money } from './money.ts';
import { PaymentId, PaymentState, RequestKey } from './payment.ts';
import { z } from './schema.ts';
import { ownWords } from './text.ts';

/** Why a statement file was refused as a whole. Words under `reconciliation.fault.<code>`. */
export const StatementFault = z.enum([
  'statement-empty',
  'statement-too-large',
  'statement-zip',
  'statement-encoding',
  'statement-csv',
  'statement-columns',
  'statement-value',
  'statement-merchant',
]);
export type StatementFault = z.infer<typeof StatementFault>;

/** How a line of the bank, or a payment that the bank does not list, ends. */
export const Verdict = z.enum(['agreed', 'differs', 'waiting']);
export type Verdict = z.infer<typeof Verdict>;

/** Why a line differs or waits. Words under `reconciliation.reason.<code>`, what to do next under `reconciliation.next.<code>`. */
export const DifferenceReason = z.enum([
  /** Approved here; the bank's file of that day does not have it. */
  'missing-at-bank',
  /** The bank has it; this terminal does not know it. */
  'missing-at-till',
  'amount',
  'currency',
  /** The bank has one payment more than once. */
  'duplicate-at-bank',
  /** The fee is not what the profile's rule gives, or the net is not amount less fee. */
  'fee',
  /** On another day than it can belong to. */
  'day',
  /** Taken back or refused here and charged there. */
  'charged-at-bank',
  /** Approved here and taken back there. */
  'reversed-at-bank',
  /** Same RRN, another STAN or another kind of payment. */
  'numbers',
  /** The deposit is not the sum of its lines. */
  'deposit-sum',
  /** Of a terminal that is not this shop's. */
  'foreign-terminal',
  /** Waits: made after the bank's cut-off, expected in a later file. */
  'after-cut-off',
  /** Waits: the terminal itself does not know the outcome yet. */
  'open-here',
  /** Waits: lines without a deposit, or a deposit without its lines, until the other file comes. */
  'other-file',
]);
export type DifferenceReason = z.infer<typeof DifferenceReason>;

export const LineKind = z.enum(['sale', 'void', 'refund', 'deposit']);
export type LineKind = z.infer<typeof LineKind>;

/** A statement that was imported. */
export const Statement = z.object({
  no: z.int(),
  /** SHA-256 of the file's text, hex. */
  hash: z.string(),
  name: z.string(),
  format: z.string(),
  /** First and last settlement day, YYYY-MM-DD. */
  from: z.string(),
  to: z.string(),
  lines: z.int(),
  at: z.int(),
  by: z.string(),
  /** Number of the corrected file that took its place. */
  supersededBy: z.int().nullable(),
  /** False when the database was lost since: the journal knows of the file, its lines must be read again. */
  complete: z.boolean(),
});
export type Statement = z.infer<typeof Statement>;

/** One line of the result. `id` is `STATEMENT:LINE` of the bank's line, or the payment's id where the bank has none. */
export const ReconciliationLine = z.object({
  id: z.string(),
  verdict: Verdict,
  reason: DifferenceReason.nullable(),
  kind: LineKind,
  /** Settlement day at the bank, or the day on which the bank should have it. */
  day: z.string(),
  /** Date and time at the bank as it says them; empty where it says none. */
  time: z.string(),
  terminal: z.string(),
  stan: z.int().nullable(),
  rrn: z.string(),
  scheme: z.string().nullable(),
  maskedPan: z.string().nullable(),
  /** What the bank says; null where it says nothing. A void or refund is less than zero. */
  bank: Money.nullable(),
  fee: Money.nullable(),
  net: Money.nullable(),
  /** What this terminal says; null where it knows nothing. */
  till: Money.nullable(),
  /** The fee by the profile's rule; null where there is none. */
  expectedFee: Money.nullable(),
  payment: PaymentId.nullable(),
  receiptNo: z.string().nullable(),
  /** A customer was charged at the bank and not here: the amount to give back. */
  extra: Money.nullable(),
  /** Whether that can be given back in one step: by a refund of the payment here, or under the bank's own reference. */
  refundable: z.boolean(),
  /** The refund that was asked for last, and whether the bank's statement has it: `waiting` until it does. */
  refund: z.object({ payment: PaymentId, receiptNo: z.string(), state: PaymentState, verdict: Verdict }).nullable(),
  /** A person has seen to it, and how. */
  done: z.object({ by: z.string(), at: z.int(), how: z.string() }).nullable(),
});
export type ReconciliationLine = z.infer<typeof ReconciliationLine>;

const Count = z.object({ count: z.int(), amount: Money });

export const Deposit = z.object({
  day: z.string(),
  verdict: Verdict,
  reason: DifferenceReason.nullable(),
  /** Sums of the bank's lines of that day. */
  gross: Money,
  fees: Money,
  net: Money,
  /** What the bank says it paid; null until it does. */
  paid: Money.nullable(),
  /** Posted to the ledger, once. */
  posted: z.boolean(),
  /** Differing lines that keep it from being posted. */
  open: z.int(),
});
export type Deposit = z.infer<typeof Deposit>;

/** How one statement and this terminal's payments of the same days agree, every minor unit explained. */
export const Reconciliation = z.object({
  statement: Statement,
  currency: Money.shape.currency,
  agreed: Count,
  differs: Count,
  waiting: Count,
  /** Lines of other terminals of the same shop: their own tills look at them. */
  others: z.int(),
  /** This terminal's payments that belong to the statement, what the bank says, and the difference reason by reason. */
  till: Count,
  bank: Count,
  explained: z.array(z.object({ reason: DifferenceReason, count: z.int(), amount: Money })),
  /** Bank less till less everything explained: zero unless something is wrong here. */
  unexplained: Money,
  deposits: z.array(Deposit),
  /** Differing and waiting lines, differing first. */
  lines: z.array(ReconciliationLine),
  /** True when there are more than were listed; the CSV has them all. */
  more: z.boolean(),
});
export type Reconciliation = z.infer<typeof Reconciliation>;

/** What became of an import. A file that was imported before changes nothing. */
export const Imported = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), known: z.boolean(), result: Reconciliation }),
  z.object({ ok: z.literal(false), code: StatementFault, line: z.int().nullable(), detail: z.string() }),
]);
export type Imported = z.infer<typeof Imported>;

/** The largest piece of a file that a page hands over in one call, in bytes. */
export const UPLOAD_PIECE = 192 * 1024;

/** One piece of a file, in order; pieces of one file carry the same key. */
export const UploadInput = z.strictObject({
  key: RequestKey,
  offset: z.int().min(0),
  /** Base64. */
  piece: z.base64().max(Math.ceil(UPLOAD_PIECE / 3) * 4),
});

export const ImportInput = z.strictObject({ key: RequestKey, name: ownWords(1, 200) });

/** `how` is the person's own words. */
export const DoneInput = z.strictObject({
  statement: z.int().min(1),
  line: z.string().min(1).max(60),
  how: ownWords(1, 200),
});

export const RefundInput = z.strictObject({ statement: z.int().min(1), line: z.string().min(1).max(60) });

export const ExportInput = z.strictObject({
  statement: z.int().min(1),
  as: z.enum(['csv', 'html']),
});

/** A piece of an exported file, in order; the first one names it. */
export const Exported = z.object({ name: z.string(), text: z.string() });
export type Exported = z.infer<typeof Exported>;
