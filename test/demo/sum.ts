import type { Verification } from '../../contract/device.ts';
import type { Currency } from '../../contract/money.ts';
import { outcomeOf, PaymentState } from '../../contract/payment.ts';
import type { Totals } from '../../main/core/bank/link.ts';
import type { Payment } from '../../main/core/payment/payment.ts';
import { readBooks } from '../../main/core/reports/books.ts';
import { verifyBook } from '../../main/core/reports/verify.ts';
import { type BankBook, bankBook, type Sums } from './bank.ts';
import type { Day, Sold } from './day.ts';
import { type Line, reconcile } from './reconcile.ts';

/** A piece of paper that came out of the printer. */
export interface Paper {
  readonly n: number;
  readonly text: string;
  readonly png: string;
}

/** The day in figures. Every sale is in exactly one of approved, declined, lateDeclined, reversed, cancelled, abandoned, voided. */
export interface Summary {
  readonly sales: number;
  readonly approved: number;
  readonly declined: number;
  /** Accepted while the line was down, whatever became of it. */
  readonly offline: number;
  /** Of those, told to the bank and approved there. */
  readonly forwarded: number;
  readonly lateDeclined: number;
  readonly reversed: number;
  readonly cancelled: number;
  /** Given up by the customer before anything was sent. */
  readonly abandoned: number;
  readonly voided: number;
  /** Paid in cash; those that were taken back are in `voided` too. */
  readonly cash: number;
  readonly seconds: number;
  readonly books: { readonly terminal: Sums; readonly ledger: Sums; readonly journal: Sums; readonly bank: Sums };
  readonly equal: boolean;
  readonly verify: Omit<Verification, 'ms'>;
  readonly reconciliation: Readonly<Record<Line['result'], number>>;
  readonly receipts: { readonly paper: number; readonly printed: number; readonly duplicates: number };
  /** Full card numbers found in what was written; filled in last. */
  readonly panFound: number;
  /** Sales that came to another end than planned, for instance because the machine was too slow for the bank's timer. */
  readonly unplanned: readonly string[];
}

export interface Sum {
  readonly summary: Summary;
  readonly lines: readonly Line[];
  /** What is wrong, a sentence each. */
  readonly problems: readonly string[];
}

const BATCH = 1;

/** Adds a closed day up: from the payments, the ledger, the journal and the bank's own book, each by itself. */
export async function sumUp(day: Day, paper: readonly Paper[], seconds: number): Promise<Sum> {
  const { core, control } = day.stand;
  const payments = core.payments.inStates(PaymentState.options);
  const bank = await bankBook(control, BATCH);
  const books = booksOf(day, bank, core.currency);
  const equal = Object.values(books).every((one) => JSON.stringify(one) === JSON.stringify(books.bank));
  const verify = verifyBook(core.book);
  const lines = reconcile(payments, bank, BATCH);
  const summary: Summary = {
    ...countStates(payments),
    seconds,
    books,
    equal,
    verify,
    reconciliation: countResults(lines),
    receipts: countReceipts(payments, paper),
    panFound: 0,
    unplanned: unplanned(day),
  };
  const problems = [
    ...(equal ? [] : [`The four books are not equal: ${JSON.stringify(books)}.`]),
    ...(day.report.agreed ? [] : ['The bank did not agree with the close of the day.']),
    ...(bank.closed.includes(BATCH) ? [] : ['The bank has not closed the batch.']),
    ...(day.report.today.difference.minor === 0 ? [] : ['The Z report has a difference.']),
    ...(verify.ok ? [] : [`Verification fails: ${verify.firstBreak?.what}.`]),
    ...lines.filter((one) => one.result === 'differs').map((one) => `RRN ${one.rrn} differs: ${one.reason}.`),
    ...payments.filter((one) => !ends.has(one.state)).map((one) => `Sale ${one.receiptNo} has no end: ${one.state}.`),
    ...day.sold.filter((one) => contradicted(day, one)).map((one) => `Sale ${one.told.receiptNo} was told otherwise.`),
    ...missing(payments, paper).map((number) => `The receipt of ${number} is not on paper.`),
  ];
  return { summary, lines, problems };
}

const ends: ReadonlySet<PaymentState> = new Set([
  'settled',
  'approved',
  'declined',
  'saf-declined',
  'reversed',
  'cancelled',
  'abandoned',
  'voided',
  'saf-voided',
]);

/** A payment that is approved without being settled is cash, or a void. */
function countStates(payments: readonly Payment[]) {
  const sales = payments.filter((one) => one.kind === 'purchase');
  const count = (...states: PaymentState[]): number => sales.filter((one) => states.includes(one.state)).length;
  const offline = sales.filter((one) => one.acceptedAt !== null);
  return {
    sales: sales.length,
    approved: count('approved', 'saf-approved', 'settled'),
    declined: count('declined'),
    offline: offline.length,
    forwarded: offline.filter((one) => one.authCode !== null).length,
    lateDeclined: count('saf-declined'),
    reversed: count('reversed'),
    cancelled: count('cancelled'),
    abandoned: count('abandoned'),
    voided: count('voided', 'saf-voided'),
    cash: sales.filter((one) => one.tender === 'cash').length,
  };
}

function sums({ debitCount, debit, creditCount, credit }: Totals): Sums {
  return { debitCount, debitMinor: debit.minor, creditCount, creditMinor: credit.minor };
}

/** Read anew after the close; the bank's comes from its control port and not by way of the terminal. */
function booksOf({ stand }: Day, bank: BankBook, currency: Currency): Summary['books'] {
  const { terminal, ledger, journal } = readBooks(stand.core.book, BATCH, currency);
  const { debitCount, debitMinor, creditCount, creditMinor } = bank.totals;
  return {
    terminal: sums(terminal),
    ledger: sums(ledger),
    journal: sums(journal),
    bank: { debitCount, debitMinor, creditCount, creditMinor },
  };
}

function countResults(lines: readonly Line[]): Summary['reconciliation'] {
  const count = (result: Line['result']): number => lines.filter((one) => one.result === result).length;
  return { agreed: count('agreed'), 'late decline': count('late decline'), differs: count('differs') };
}

const DUPLICATE = 'DUPLICATE';

function countReceipts(payments: readonly Payment[], paper: readonly Paper[]): Summary['receipts'] {
  return {
    paper: paper.length,
    printed: payments.filter((one) => one.print === 'printed').length,
    duplicates: paper.filter((one) => one.text.includes(DUPLICATE)).length,
  };
}

function missing(payments: readonly Payment[], paper: readonly Paper[]): string[] {
  const text = paper.map((one) => one.text).join('\n');
  return payments
    .filter((one) => one.print !== 'none' && !text.includes(one.receiptNo))
    .map(({ receiptNo }) => receiptNo);
}

function unplanned({ stand, sold }: Day): string[] {
  return sold.flatMap(({ sale, told }) => {
    const { receiptNo, state, reason } = stand.core.payments.get(told.id);
    return state === sale.ends ? [] : [`${receiptNo}: ${state} (${reason ?? 'no reason'}), planned ${sale.ends}`];
  });
}

/** What a customer was told against what became of it. An offline payment was told to be subject to the bank. */
function contradicted({ stand }: Day, { told }: Sold): boolean {
  const { state } = stand.core.payments.get(told.id);
  switch (outcomeOf(told.state, told.kind)) {
    case 'approved':
      return !['approved', 'settled', 'voided'].includes(state);
    case 'offline':
      return !['settled', 'voided', 'saf-voided', 'saf-declined'].includes(state);
    case 'declined':
      return state !== 'declined';
    case 'cancelling':
      return state !== 'reversed' && state !== 'cancelled';
    case 'cancelled':
      return state !== told.state;
    default:
      return !ends.has(state);
  }
}
