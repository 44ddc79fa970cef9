import type { Currency } from '../../../contract/money.ts';
import type { DifferenceReason, LineKind, Verdict } from '../../../contract/reconciliation.ts';
import { feeOf } from './fee.ts';
import type { StatementLine } from './line.ts';
import type { FeeRule } from './terms.ts';

/** What this terminal has under the RRN of a line. */
export interface Own {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  /** Minor units, more than zero. */
  readonly amount: number;
  readonly currency: string;
  readonly scheme: string | null;
  readonly stan: number;
  /** When it was made and when it was last sent, UTC milliseconds: the bank may have it on any day between. */
  readonly from: number;
  readonly until: number;
  /** Of a voided purchase: when its void was last sent; null where there is none. */
  readonly undoneAt: number | null;
}

/** All lines of one statement with the same RRN, in the order of the file. */
export interface Group {
  readonly lines: readonly StatementLine[];
  readonly own: Own | undefined;
  /** Kinds of line that earlier statements in force have of this RRN, one for each line. */
  readonly before: readonly LineKind[];
  /** A statement in force has a void line of it, under the purchase's RRN or the void's own. */
  readonly voidSeen: boolean;
  /** What statements in force say was refunded under this RRN: the bank gave it back by itself. Minor units, zero or more. */
  readonly refunded: number;
}

/** What the match goes by. */
export interface Terms {
  readonly terminal: string;
  /** Other terminals of the same shop. */
  readonly others: readonly string[];
  readonly fees: readonly FeeRule[];
  /** The instants of a settlement day. */
  readonly window: (day: string) => { readonly start: number; readonly end: number };
  /** How far the bank's clock may be from ours at its cut-off. */
  readonly graceMs: number;
}

/** What a line comes to. Amounts in minor units. */
export interface Judged {
  readonly n: number;
  /** Which line of this RRN and kind it is, from 0, over all statements in force: names it also in a corrected file. */
  readonly nth: number;
  /** `other`: of another terminal of the shop, looked at by its own till. */
  readonly verdict: Verdict | 'other';
  readonly reason: DifferenceReason | null;
  readonly payment: string | null;
  /** What this terminal expects of this line; null where it knows nothing of it. */
  readonly till: number | null;
  readonly expectedFee: number | null;
  /** What a customer paid at the bank and not here. */
  readonly extra: number | null;
}

type Standing = 'stands' | 'undone' | 'open';

const standings: Readonly<Record<string, Standing>> = {
  approved: 'stands',
  'saf-approved': 'stands',
  settled: 'stands',
  // Paid while it was given up: the sale stands, and a refund of its own gives it back.
  'refund-due': 'stands',
  refunded: 'stands',
  voided: 'undone',
  reversed: 'undone',
  cancelled: 'undone',
  declined: 'undone',
  abandoned: 'undone',
  'saf-declined': 'undone',
  'saf-expired': 'undone',
  'saf-voided': 'undone',
  // A held amount is no charge: its completion is one, under numbers of its own.
  authorized: 'undone',
  completing: 'undone',
  completed: 'undone',
};

/** Whether the payment's money stands, was taken back or never moved, or is not known yet. */
export function standingOf(state: string): Standing {
  return standings[state] ?? 'open';
}

/** The kind of line that a payment of ours becomes at the bank. */
export function lineKindOf(kind: string): Exclude<LineKind, 'deposit'> {
  return kind === 'void' || kind === 'refund' ? kind : 'sale';
}

/** Holds the bank's lines of one RRN beside this terminal's payment. */
export function judge(group: Group, terms: Terms): Judged[] {
  const seen = new Map<LineKind, number>();
  for (const kind of group.before) seen.set(kind, (seen.get(kind) ?? 0) + 1);
  return group.lines.map((line) => {
    const nth = seen.get(line.kind) ?? 0;
    seen.set(line.kind, nth + 1);
    const none = { n: line.n, nth, payment: null, till: null, expectedFee: null, extra: null };
    if (terms.others.includes(line.terminal)) return { ...none, verdict: 'other', reason: null };
    if (line.terminal !== terms.terminal) return { ...none, verdict: 'differs', reason: 'foreign-terminal' };
    return judgeLine(line, nth, group, terms);
  });
}

function judgeLine(line: StatementLine, nth: number, group: Group, terms: Terms): Judged {
  const { own } = group;
  const expectedFee = feeOf(line.gross, line.scheme ?? own?.scheme ?? null, terms.fees);
  const result = (
    verdict: Verdict,
    reason: DifferenceReason | null,
    till: number | null,
    extra: number | null = null,
  ): Judged => ({ n: line.n, nth, verdict, reason, payment: own?.id ?? null, till, expectedFee, extra });
  const charged = line.kind === 'sale' && line.gross > group.refunded ? line.gross - group.refunded : null;
  if (!own) {
    // What was charged and taken back again, and is not known here, has cost nobody anything: there is nothing to give back.
    return result('differs', 'missing-at-till', null, takenBack(group) ? null : charged);
  }
  if (nth > 0) return result('differs', 'duplicate-at-bank', null, line.kind === 'sale' ? line.gross : null);
  const standing = standingOf(own.state);
  if (standing === 'open') return result('waiting', 'open-here', null);
  const wrongKind = !fits(line.kind, own.kind);
  if (wrongKind || (line.stan !== null && line.stan !== own.stan && lineKindOf(own.kind) === line.kind)) {
    return result('differs', 'numbers', null);
  }
  const sign = line.kind === 'sale' ? 1 : -1;
  const till = sign * own.amount;
  if (line.kind === 'sale' && standing === 'undone' && !takenBack(group)) {
    const coming = own.undoneAt !== null && own.undoneAt >= terms.window(line.day).end - terms.graceMs;
    return coming ? result('waiting', 'after-cut-off', till) : result('differs', 'charged-at-bank', 0, charged);
  }
  if (line.kind === 'void' && own.kind !== 'void' && standing === 'stands')
    return result('differs', 'reversed-at-bank', 0);
  if (line.kind === 'refund' && standing === 'undone') return result('differs', 'missing-at-till', 0);
  if (line.currency !== own.currency) return result('differs', 'currency', till);
  if (line.gross !== till) return result('differs', 'amount', till, over(line, own));
  if (lineKindOf(own.kind) === line.kind && !within(line.day, own, terms)) return result('differs', 'day', till);
  if (!feeFits(line, expectedFee)) return result('differs', 'fee', till);
  return result('agreed', null, till);
}

/** A void may be listed under the purchase's numbers or its own. */
function fits(line: LineKind, kind: string): boolean {
  return line === lineKindOf(kind) || (line === 'void' && lineKindOf(kind) === 'sale');
}

function takenBack({ lines, voidSeen }: Group): boolean {
  return voidSeen || lines.some(({ kind }) => kind === 'void');
}

/** What a customer was charged above the amount agreed on. */
function over(line: StatementLine, own: Own): number | null {
  return line.kind === 'sale' && line.gross > own.amount ? line.gross - own.amount : null;
}

function within(day: string, own: Own, { window, graceMs }: Terms): boolean {
  const { start, end } = window(day);
  return own.from < end + graceMs && own.until >= start - graceMs;
}

function feeFits({ gross, fee, net }: StatementLine, expected: number | null): boolean {
  if (fee !== null && net !== null && net !== gross - fee) return false;
  return fee === null || expected === null || fee === expected;
}

/** The minor units of a currency that a deposit, its lines and its fees come to. */
export interface DaySums {
  readonly day: string;
  readonly currency: Currency;
  readonly gross: number;
  readonly fees: number;
  readonly net: number;
}

/** What the bank says it paid for a day. */
export interface Paid {
  readonly gross: number;
  readonly fee: number | null;
  readonly net: number | null;
}

/** Holds a deposit beside the sum of its lines. A deposit's own gross, fee and net must also agree with each other. */
export function judgeDeposit(
  sums: DaySums | undefined,
  paid: Paid | undefined,
): { verdict: Verdict; reason: 'deposit-sum' | 'other-file' | null } {
  if (!sums || !paid) return { verdict: 'waiting', reason: 'other-file' };
  const fee = paid.fee ?? sums.fees;
  const net = paid.net ?? paid.gross - fee;
  const same = paid.gross === sums.gross && fee === sums.fees && net === sums.net && net === paid.gross - fee;
  return same ? { verdict: 'agreed', reason: null } : { verdict: 'differs', reason: 'deposit-sum' };
}
