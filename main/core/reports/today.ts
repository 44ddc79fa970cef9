import type { Database } from 'better-sqlite3';
import type { Attention, Today } from '../../../contract/day.ts';
import { type Currency, type Money, money, subtract } from '../../../contract/money.ts';
import { CASH, LOSS_EXPIRED, LOSS_LATE_DECLINE, OFFLINE, RECEIVABLE, REFUNDS, SALES } from '../ledger/account.ts';
import { openBatch } from '../ledger/batch.ts';
import { dayBefore, localTime } from '../ledger/day.ts';
import { SLOT_MS } from '../ledger/turnover.ts';
import { openPayments } from '../payment/table.ts';
import { prepared } from '../store/statement.ts';

interface Figure {
  readonly amount: Money;
  readonly count: number;
}

interface Moved {
  readonly debit: string;
  readonly credit: string;
  readonly tender: string;
  readonly sum: number;
  readonly count: number;
}

/** The business day so far, as sums over the ledger. Outcomes not known yet moved no money and are told apart. */
export function readToday(db: Database, day: string, currency: Currency, zone: string): Today {
  const moved = prepared<[string, string], Moved>(
    db,
    `SELECT debit, credit, tender, sum(sum) AS sum, sum(count) AS count FROM turnover
     WHERE day = ? AND currency = ? GROUP BY debit, credit, tender`,
  ).all(day, currency);
  return { ...figuresOf(db, day, moved, currency), hours: readHours(db, day, currency, zone) };
}

/** Entries of the journal from one to the one before another. */
export interface Entries {
  readonly from: number;
  readonly until: number;
}

/**
 * The same figures of a batch: of every movement since it was opened, whatever the day, so that each stands in one Z report and
 * in no other. Without the hours, which are a day's.
 */
export function readSince(db: Database, { from, until }: Entries, day: string, currency: Currency): Today {
  const moved = prepared<[number, number, string], Moved>(
    db,
    `SELECT debit, credit, coalesce(tender, '') AS tender, sum(transfer.amount) AS sum, count(*) AS count
     FROM transfer LEFT JOIN payment ON payment.id = transfer.payment
     WHERE transfer.seq >= ? AND transfer.seq < ? AND transfer.currency = ? GROUP BY debit, credit, tender`,
  ).all(from, until, currency);
  return { ...figuresOf(db, day, moved, currency), hours: [] };
}

/** The first and the last business day on which something of a batch moved, undefined when nothing did. */
export function daysSince(db: Database, { from, until }: Entries): { first: string; last: string } | undefined {
  // By the days, not by the order: of a clock that was wrong for a while the last movement may have the earlier day.
  const days = prepared<[number, number], { first: string | null; last: string | null }>(
    db,
    'SELECT min(day) AS first, max(day) AS last FROM transfer WHERE seq >= ? AND seq < ? AND payment IS NOT NULL',
  ).get(from, until);
  return days?.first && days.last ? { first: days.first, last: days.last } : undefined;
}

function figuresOf(db: Database, day: string, moved: readonly Moved[], currency: Currency): Omit<Today, 'hours'> {
  const figure = (matches: (transfer: Moved) => boolean): Figure => {
    const found = moved.filter(matches);
    return {
      amount: money(
        found.reduce((total, one) => total + one.sum, 0),
        currency,
      ),
      count: found.reduce((total, one) => total + one.count, 0),
    };
  };
  // Only what customers paid and got back: settling, floats and counts move money too, but sell nothing.
  const net = (into: (account: string) => boolean): Figure => {
    const plus = figure((one) => into(one.debit) && trades(one.credit));
    const minus = figure((one) => into(one.credit) && trades(one.debit));
    return { amount: subtract(plus.amount, minus.amount), count: plus.count - minus.count };
  };
  // A late loss that was paid after all is neither sold twice nor lost.
  const recovered = figure((one) => one.debit === SALES && isLoss(one.credit));
  const sold = less(
    figure((one) => one.credit === SALES),
    recovered,
  );
  const voided = figure((one) => one.debit === SALES && !isLoss(one.credit));
  const refunded = figure((one) => one.debit === REFUNDS);
  const atBank = net((account) => account.startsWith(RECEIVABLE));
  const underWay = net((account) => account.startsWith(OFFLINE));
  const cash = net((account) => account === CASH);
  const lateDeclined = less(
    figure((one) => isLoss(one.debit)),
    recovered,
  );
  const parts = [voided, refunded, atBank, underWay, cash, lateDeclined].map((one) => one.amount);
  return {
    day,
    batch: openBatch(db).no,
    currency,
    sold,
    voided,
    refunded,
    atBank,
    underWay,
    cash,
    lateDeclined,
    difference: parts.reduce(subtract, sold.amount),
    tenders: tendersOf(moved, currency),
    attention: readAttention(db, currency),
  };
}

function isLoss(account: string): boolean {
  return account === LOSS_LATE_DECLINE || account === LOSS_EXPIRED;
}

function less(one: Figure, other: Figure): Figure {
  return { amount: subtract(one.amount, other.amount), count: one.count - other.count };
}

/** Whether an account stands on the other side of a payment's own movements. */
function trades(account: string): boolean {
  const way = account.startsWith(OFFLINE) || account.startsWith(RECEIVABLE);
  return account === SALES || account === REFUNDS || way || account.startsWith('loss:');
}

function readHours(db: Database, day: string, currency: Currency, zone: string): Today['hours'] {
  const hours = Array.from({ length: 24 }, (_, hour) => ({ hour, amount: 0, count: 0, yesterday: 0 }));
  const sums = prepared<[string, string, string], { day: string; slot: number; sum: number; count: number }>(
    db,
    `SELECT day, slot, sum(sum) AS sum, sum(count) AS count FROM turnover
     WHERE day IN (?, ?) AND currency = ? AND credit = '${SALES}' GROUP BY day, slot`,
  ).all(day, dayBefore(day), currency);
  for (const { day: of, slot, sum, count } of sums) {
    const hour = hours[localTime(slot * SLOT_MS, zone).hour];
    if (!hour) continue;
    if (of === day) {
      hour.amount += sum;
      hour.count += count;
    } else {
      hour.yesterday += sum;
    }
  }
  return hours.map(({ hour, amount, count, yesterday }) => ({
    hour,
    amount: money(amount, currency),
    count,
    yesterday: money(yesterday, currency),
  }));
}

/** What was sold by each tender and scheme. The scheme is that of the account, or cash. */
function tendersOf(moved: readonly Moved[], currency: Currency): Today['tenders'] {
  const sums = new Map<string, { tender: string; scheme: string; sum: number; count: number }>();
  for (const { debit, credit, tender, sum, count } of moved) {
    if (credit !== SALES) continue;
    const scheme = debit.slice(debit.indexOf(':') + 1);
    const key = `${tender} ${scheme}`;
    const found = sums.get(key) ?? { tender, scheme, sum: 0, count: 0 };
    sums.set(key, { ...found, sum: found.sum + sum, count: found.count + count });
  }
  return [...sums.values()]
    .sort((a, b) => b.sum - a.sum)
    .map(({ tender, scheme, sum, count }) => ({ tender, scheme, amount: money(sum, currency), count }));
}

interface AttentionRow {
  readonly code: Attention['code'];
  readonly payment: string;
  readonly amount: number;
  readonly at: number;
}

/** What a person must look at: of the last seven days, newest first, one line each. */
function readAttention(db: Database, currency: Currency): Attention[] {
  return db
    .prepare<[], AttentionRow>(
      `SELECT id AS payment, amount, at, CASE
         WHEN state = 'saf-declined' THEN 'late-decline'
         WHEN state = 'saf-expired' THEN 'expired'
         WHEN state IN ('unknown', 'querying') THEN 'unknown'
         WHEN state IN ('reversal-due', 'cancel-due', 'refund-due') THEN 'reversal-due'
         WHEN print = 'asked' THEN 'asked-print'
         ELSE 'unprinted' END AS code
       FROM payment WHERE id IN (
         SELECT id FROM ${openPayments} AND state IN ('unknown', 'querying', 'reversal-due', 'cancel-due', 'refund-due')
         UNION SELECT id FROM payment
           WHERE print IN ('queued', 'printing', 'held', 'asked') AND print IN ('asked', 'held')
         UNION SELECT id FROM ${openPayments} AND state IN ('saf-declined', 'saf-expired')
           AND at > (SELECT at FROM payment ORDER BY seq DESC LIMIT 1) - 604800000
          AND id NOT IN (SELECT payment FROM late WHERE what IN ('paid-again', 'written-off')))
       ORDER BY seq DESC LIMIT 50`,
    )
    .all()
    .map(({ code, payment, amount, at }) => ({ code, payment, amount: money(amount, currency), at, count: 1 }));
}
