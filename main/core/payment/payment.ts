import { type Money, money } from '../../../contract/money.ts';
import type { PaymentKind, PaymentState, PrintState, Tender } from '../../../contract/payment.ts';
import type { Value, Values } from '../ledger/entry.ts';
import { row as amountOf } from '../ledger/entry.ts';

/** One attempt to move money by one tender: a row of the table `payment`. */
export interface Payment {
  readonly id: string;
  /** The entry that opened it: its place among all payments, whatever the clock says (I20). */
  readonly seq: number;
  readonly kind: PaymentKind;
  readonly state: PaymentState;
  readonly amount: Money;
  /** UTC milliseconds; a label, and part of what identifies the message (DE 7). */
  readonly at: number;
  /** Business day, YYYY-MM-DD. */
  readonly day: string;
  /** The clock was in doubt when it was opened: nobody vouches for `at`. */
  readonly clockSuspect: boolean;
  readonly stan: number;
  readonly rrn: string;
  readonly receiptNo: string;
  readonly staff: string;
  readonly approver: string | null;
  readonly tender: Tender | null;
  readonly scheme: string | null;
  readonly maskedPan: string | null;
  readonly token: string | null;
  readonly label: string | null;
  readonly aid: string | null;
  readonly cvm: string | null;
  readonly oda: string | null;
  readonly expiry: string | null;
  readonly panSequence: string | null;
  readonly iccData: string | null;
  /** Batch in which the acquirer counts it; null until something was sent. */
  readonly batch: number | null;
  /** How often the current message has been sent. */
  readonly attempt: number;
  readonly sentAt: number | null;
  /** When it was accepted offline. */
  readonly acceptedAt: number | null;
  /** When the host first said that it knows no such original (R6). */
  readonly notFoundAt: number | null;
  readonly authCode: string | null;
  /** The host's own RRN, where the host makes one: a refund or void names it. */
  readonly hostRrn: string | null;
  readonly reason: string | null;
  /** Why a person asked for it. */
  readonly cause: string | null;
  readonly original: string | null;
  /** Of a refund: the bank's charge that it gives back, where no payment here stands for it. */
  readonly charge: string | null;
  /** The sale that it pays a part or the whole of. */
  readonly sale: string | null;
  /** Minor units that the bank approved where that is less than the amount. */
  readonly approved: number | null;
  /** Minor units of notes and coins handed over. */
  readonly tendered: number | null;
  readonly print: PrintState;
  readonly copies: number;
}

/** What a step may change: never identity, amount or numbers. */
export type PaymentChange = Partial<
  Omit<
    Payment,
    | 'id'
    | 'seq'
    | 'kind'
    | 'amount'
    | 'at'
    | 'day'
    | 'clockSuspect'
    | 'stan'
    | 'rrn'
    | 'receiptNo'
    | 'staff'
    | 'original'
    | 'charge'
    | 'sale'
  >
>;

/** The row as SQLite gives it. */
export interface PaymentRow {
  readonly id: string;
  readonly seq: number;
  readonly kind: PaymentKind;
  readonly state: PaymentState;
  readonly amount: number;
  readonly currency: string;
  readonly at: number;
  readonly day: string;
  readonly clock_suspect: 0 | 1;
  readonly stan: number;
  readonly rrn: string;
  readonly receipt_no: string;
  readonly staff: string;
  readonly approver: string | null;
  readonly tender: Tender | null;
  readonly scheme: string | null;
  readonly masked_pan: string | null;
  readonly token: string | null;
  readonly label: string | null;
  readonly aid: string | null;
  readonly cvm: string | null;
  readonly oda: string | null;
  readonly expiry: string | null;
  readonly pan_sequence: string | null;
  readonly icc_data: string | null;
  readonly batch: number | null;
  readonly attempt: number;
  readonly sent_at: number | null;
  readonly accepted_at: number | null;
  readonly not_found_at: number | null;
  readonly auth_code: string | null;
  readonly host_rrn: string | null;
  readonly reason: string | null;
  readonly cause: string | null;
  readonly original: string | null;
  readonly charge: string | null;
  readonly sale: string | null;
  readonly approved: number | null;
  readonly tendered: number | null;
  readonly print: PrintState;
  readonly copies: number;
}

export function paymentOf(row: PaymentRow): Payment {
  return {
    id: row.id,
    seq: row.seq,
    kind: row.kind,
    state: row.state,
    amount: amountOf(row.amount, row.currency),
    at: row.at,
    day: row.day,
    clockSuspect: row.clock_suspect === 1,
    stan: row.stan,
    rrn: row.rrn,
    receiptNo: row.receipt_no,
    staff: row.staff,
    approver: row.approver,
    tender: row.tender,
    scheme: row.scheme,
    maskedPan: row.masked_pan,
    token: row.token,
    label: row.label,
    aid: row.aid,
    cvm: row.cvm,
    oda: row.oda,
    expiry: row.expiry,
    panSequence: row.pan_sequence,
    iccData: row.icc_data,
    batch: row.batch,
    attempt: row.attempt,
    sentAt: row.sent_at,
    acceptedAt: row.accepted_at,
    notFoundAt: row.not_found_at,
    authCode: row.auth_code,
    hostRrn: row.host_rrn,
    reason: row.reason,
    cause: row.cause,
    original: row.original,
    charge: row.charge,
    sale: row.sale,
    approved: row.approved,
    tendered: row.tendered,
    print: row.print,
    copies: row.copies,
  };
}

/** In the order of their opening. A handful is sorted here: SQLite makes a sorter for wide rows, however few there are. */
export function byPlace(one: Pick<Payment, 'seq'>, other: Pick<Payment, 'seq'>): number {
  return one.seq - other.seq;
}

/** What has moved, or will: what the bank approved where that is less, else the whole. */
export function captured(payment: Pick<Payment, 'amount' | 'approved'>): Money {
  return payment.approved === null ? payment.amount : money(payment.approved, payment.amount.currency);
}

/** Paid by a wallet's code: asked after and cancelled, never reversed like a card (R8). */
export function byWallet({ tender }: Pick<Payment, 'tender'>): boolean {
  return tender === 'code' || tender === 'shown';
}

const columns: Record<Exclude<keyof Payment, 'amount' | 'seq' | 'clockSuspect'>, keyof PaymentRow> = {
  id: 'id',
  kind: 'kind',
  state: 'state',
  at: 'at',
  day: 'day',
  stan: 'stan',
  rrn: 'rrn',
  receiptNo: 'receipt_no',
  staff: 'staff',
  approver: 'approver',
  tender: 'tender',
  scheme: 'scheme',
  maskedPan: 'masked_pan',
  token: 'token',
  label: 'label',
  aid: 'aid',
  cvm: 'cvm',
  oda: 'oda',
  expiry: 'expiry',
  panSequence: 'pan_sequence',
  iccData: 'icc_data',
  batch: 'batch',
  attempt: 'attempt',
  sentAt: 'sent_at',
  acceptedAt: 'accepted_at',
  notFoundAt: 'not_found_at',
  authCode: 'auth_code',
  hostRrn: 'host_rrn',
  reason: 'reason',
  cause: 'cause',
  original: 'original',
  charge: 'charge',
  sale: 'sale',
  approved: 'approved',
  tendered: 'tendered',
  print: 'print',
  copies: 'copies',
};

function isColumn(name: string): name is keyof typeof columns {
  return name in columns;
}

/** Columns and values of what changed. */
export function valuesOf(change: Partial<Payment>): Values {
  const values: Record<string, Value> = {};
  for (const name in change) {
    if (!isColumn(name)) continue;
    const value = change[name];
    if (value === null || typeof value === 'string' || typeof value === 'number') values[columns[name]] = value;
  }
  if (change.amount) {
    values['amount'] = change.amount.minor;
    values['currency'] = change.amount.currency;
  }
  // Where nothing is said the clock was not in doubt.
  if (change.clockSuspect) values['clock_suspect'] = 1;
  return values;
}
