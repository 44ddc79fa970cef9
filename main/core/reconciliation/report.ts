import type { Database } from 'better-sqlite3';
import { Currency as Currencies, type Currency, type Money, money } from '../../../contract/money.ts';
import type {
  DifferenceReason,
  ReconciliationLine,
  Reconciliation as Result,
} from '../../../contract/reconciliation.ts';
import { prepared } from '../store/statement.ts';
import type { BankDays } from './days.ts';
import { type DepositState, depositsOf } from './deposits.ts';
import { depositId, doneOf, lineId } from './done.ts';
import { type Gap, gapsOf } from './gaps.ts';
import type { Terms } from './judge.ts';
import { refundOf } from './refund.ts';
import { type LineRow, type StatementRow, viewOfStatement } from './statements.ts';

export interface ReportContext {
  readonly db: Database;
  readonly terms: Terms;
  readonly days: BankDays;
  /** Of the sums; lines of other currencies differ and are listed in their own. */
  readonly currency: Currency;
}

/** Lines that a page gets at once. */
const LISTED = 300;

interface Sum {
  count: number;
  minor: number;
}

/** Everything of a matched statement: counts, sums with every minor unit explained, deposits, and the lines to look at. */
export function reportOf(context: ReportContext, statement: StatementRow, listed = LISTED): Result {
  const { db, currency } = context;
  const sums = linesSummed(db, statement.no, currency);
  const lines: ReconciliationLine[] = [];
  let more = false;
  const list = (line: ReconciliationLine): void => {
    if (lines.length < listed) lines.push(line);
    else more = true;
  };
  for (const verdict of ['differs', 'waiting'] as const) {
    for (const row of openRows(db, statement.no, verdict, listed)) list(lineView(context, row));
  }
  const deposits = depositsOf(db, statement);
  for (const deposit of deposits) {
    if (deposit.verdict === 'agreed') sums.agreed.count += 1;
    else {
      sums[deposit.verdict].count += 1;
      list(depositView(context, deposit));
    }
  }
  for (const gap of gapsOf(db, statement, context.days)) {
    addGap(sums, gap, currency);
    list(gapView(context, gap));
  }
  const figure = ({ count, minor }: Sum) => ({ count, amount: money(minor, currency) });
  const explained = [...sums.reasons].map(([reason, sum]) => ({ reason, ...figure(sum) }));
  const rest = explained.reduce((left, { amount }) => left - amount.minor, sums.bank.minor - sums.till.minor);
  return {
    statement: viewOfStatement(db, statement),
    currency,
    agreed: figure(sums.agreed),
    differs: figure(sums.differs),
    waiting: figure(sums.waiting),
    others: sums.others,
    till: figure(sums.till),
    bank: figure(sums.bank),
    explained,
    unexplained: money(rest, currency),
    deposits: deposits.map(depositFigures),
    lines: lines.sort((a, b) => rank(a) - rank(b)),
    more,
  };
}

function rank({ verdict, done }: ReconciliationLine): number {
  return verdict === 'waiting' ? 2 : done ? 1 : 0;
}

interface Sums {
  readonly agreed: Sum;
  readonly differs: Sum;
  readonly waiting: Sum;
  readonly till: Sum;
  readonly bank: Sum;
  readonly reasons: Map<DifferenceReason, Sum>;
  others: number;
}

interface SumRow {
  readonly verdict: LineRow['verdict'];
  readonly reason: DifferenceReason | null;
  readonly count: number;
  readonly known: number;
  readonly bank: number;
  readonly till: number;
}

function linesSummed(db: Database, no: number, currency: Currency): Sums {
  const none = (): Sum => ({ count: 0, minor: 0 });
  const sums: Sums = {
    agreed: none(),
    differs: none(),
    waiting: none(),
    till: none(),
    bank: none(),
    reasons: new Map(),
    others: 0,
  };
  // A line in another currency adds nothing here: its amount is in the list.
  const rows = prepared<[string, string, number], SumRow>(
    db,
    `SELECT verdict, reason, count(*) AS count, count(till) AS known,
            sum(CASE WHEN currency = ? THEN gross ELSE 0 END) AS bank,
            sum(CASE WHEN currency = ? OR reason = 'currency' THEN coalesce(till, 0) ELSE 0 END) AS till
       FROM statement_line WHERE statement = (SELECT ?) AND kind <> 'deposit' GROUP BY verdict, reason`,
  ).all(currency, currency, no);
  for (const { verdict, reason, count, known, bank, till } of rows) {
    if (verdict === null || verdict === 'other') {
      sums.others += count;
      continue;
    }
    add(sums[verdict], count, bank);
    add(sums.bank, count, bank);
    add(sums.till, known, till);
    if (reason !== null) addReason(sums, reason, count, bank - till);
  }
  return sums;
}

function add(sum: Sum, count: number, minor: number): void {
  sum.count += count;
  sum.minor += minor;
}

function addReason(sums: Sums, reason: DifferenceReason, count: number, minor: number): void {
  const sum = sums.reasons.get(reason) ?? { count: 0, minor: 0 };
  add(sum, count, minor);
  sums.reasons.set(reason, sum);
}

function addGap(sums: Sums, { verdict, reason, till, currency }: Gap, wanted: Currency): void {
  const minor = currency === wanted ? till : 0;
  add(sums[verdict], 1, minor);
  add(sums.till, 1, minor);
  addReason(sums, reason, 1, -minor);
}

function* openRows(db: Database, no: number, verdict: 'differs' | 'waiting', listed: number): Generator<LineRow> {
  yield* prepared<[number, string, number], LineRow>(
    db,
    'SELECT * FROM statement_line WHERE statement = ? AND verdict = ? ORDER BY n LIMIT ?',
  ).all(no, verdict, listed + 1);
}

function amountOf(minor: number | null, currency: string): Money | null {
  return minor === null ? null : money(minor, Currencies.parse(currency));
}

function seenTo(db: Database, id: string): ReconciliationLine['done'] {
  const done = doneOf(db, id);
  return done ? { by: done.staff, at: done.at, how: done.how } : null;
}

/** A bank's line as screens, CSV and paper show it. */
export function lineView({ db }: ReportContext, row: LineRow): ReconciliationLine {
  const id = lineId(row);
  const own = row.payment === null ? undefined : ownOf(db, row.payment);
  return {
    id,
    verdict: row.verdict === 'differs' || row.verdict === 'waiting' ? row.verdict : 'agreed',
    reason: row.reason,
    kind: row.kind,
    day: row.day,
    time: row.time,
    terminal: row.terminal,
    stan: row.stan,
    rrn: row.rrn,
    scheme: row.scheme,
    maskedPan: row.card,
    bank: amountOf(row.gross, row.currency),
    fee: amountOf(row.fee, row.currency),
    net: amountOf(row.net, row.currency),
    till: amountOf(row.till, own?.currency ?? row.currency),
    expectedFee: amountOf(row.expected_fee, row.currency),
    payment: row.payment,
    receiptNo: own?.receipt_no ?? null,
    extra: amountOf(row.extra, row.currency),
    ...refundOf(db, id, row),
    done: seenTo(db, id),
  };
}

function ownOf(db: Database, id: string): { readonly receipt_no: string; readonly currency: string } | undefined {
  return prepared<[string], { receipt_no: string; currency: string }>(
    db,
    'SELECT receipt_no, currency FROM payment WHERE id = ?',
  ).get(id);
}

/** A payment of this terminal that the bank does not list. */
export function gapView({ db, terms }: ReportContext, gap: Gap): ReconciliationLine {
  return {
    id: gap.payment,
    verdict: gap.verdict,
    reason: gap.reason,
    kind: gap.kind,
    day: gap.day,
    time: '',
    terminal: terms.terminal,
    stan: gap.stan,
    rrn: gap.rrn,
    scheme: gap.scheme,
    maskedPan: gap.maskedPan,
    bank: null,
    fee: null,
    net: null,
    till: amountOf(gap.till, gap.currency),
    expectedFee: null,
    payment: gap.payment,
    receiptNo: ownOf(db, gap.payment)?.receipt_no ?? null,
    extra: null,
    refundable: false,
    refund: null,
    done: seenTo(db, gap.payment),
  };
}

/** A deposit that is not the sum of its lines, or waits for the other file. */
export function depositView(
  { db, terms }: ReportContext,
  { sums, paid, verdict, reason }: DepositState,
): ReconciliationLine {
  const { day, currency } = sums;
  const id = depositId(day, currency);
  return {
    id,
    verdict,
    reason,
    kind: 'deposit',
    day,
    time: '',
    terminal: terms.terminal,
    stan: null,
    rrn: '',
    scheme: null,
    maskedPan: null,
    bank: amountOf(paid?.gross ?? null, currency),
    fee: amountOf(paid?.fee ?? null, currency),
    net: amountOf(paid?.net ?? null, currency),
    till: money(sums.gross, currency),
    expectedFee: money(sums.fees, currency),
    payment: null,
    receiptNo: null,
    extra: null,
    refundable: false,
    refund: null,
    done: seenTo(db, id),
  };
}

function depositFigures({ sums, paid, verdict, reason, posted, open }: DepositState): Result['deposits'][number] {
  const { day, currency } = sums;
  return {
    day,
    verdict,
    reason,
    gross: money(sums.gross, currency),
    fees: money(sums.fees, currency),
    net: money(sums.net, currency),
    paid: paid ? money(paid.net ?? paid.gross - (paid.fee ?? sums.fees), currency) : null,
    posted,
    open,
  };
}
