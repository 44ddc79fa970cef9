import type { Database } from 'better-sqlite3';
import type { Attention, Today } from '../../../contract/day.ts';
import { type Currency, type Money, money, subtract } from '../../../contract/money.ts';
import { openBatch } from '../ledger/batch.ts';
import { dayBefore, localTime } from '../ledger/day.ts';

interface Figure {
  readonly amount: Money;
  readonly count: number;
}

interface Moved {
  readonly debit: string;
  readonly credit: string;
  readonly sum: number;
  readonly count: number;
}

/** The business day so far, as sums over the ledger. Outcomes not known yet moved no money and are told apart. */
export function readToday(db: Database, day: string, currency: Currency, zone: string): Today {
  const moved = db
    .prepare<[string, string], Moved>(
      `SELECT debit, credit, sum(amount) AS sum, count(*) AS count FROM transfer
       WHERE day = ? AND currency = ? GROUP BY debit, credit`,
    )
    .all(day, currency);
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
  const net = (into: (account: string) => boolean): Figure => {
    const plus = figure((one) => into(one.debit) && one.credit !== 'bank');
    const minus = figure((one) => into(one.credit) && one.debit !== 'bank');
    return { amount: subtract(plus.amount, minus.amount), count: plus.count - minus.count };
  };
  const sold = figure((one) => one.credit === 'sales');
  const voided = figure((one) => one.debit === 'sales');
  const atBank = net((account) => account.startsWith('receivable:'));
  const underWay = net((account) => account.startsWith('offline:'));
  const cash = net((account) => account === 'cash');
  const lateDeclined = figure((one) => one.debit.startsWith('loss:'));
  const parts = [voided, atBank, underWay, cash, lateDeclined].map((one) => one.amount);
  return {
    day,
    batch: openBatch(db).no,
    currency,
    sold,
    voided,
    atBank,
    underWay,
    cash,
    lateDeclined,
    difference: parts.reduce(subtract, sold.amount),
    hours: readHours(db, day, currency, zone),
    tenders: readTenders(db, day, currency),
    attention: readAttention(db, currency),
  };
}

function readHours(db: Database, day: string, currency: Currency, zone: string): Today['hours'] {
  const hours = Array.from({ length: 24 }, (_, hour) => ({ hour, amount: 0, count: 0, yesterday: 0 }));
  const sums = db
    .prepare<[string, string, string], { day: string; slot: number; sum: number; count: number }>(
      `SELECT day, at / 900000 AS slot, sum(amount) AS sum, count(*) AS count FROM transfer
       WHERE credit = 'sales' AND day IN (?, ?) AND currency = ? GROUP BY day, slot`,
    )
    .all(day, dayBefore(day), currency);
  for (const { day: of, slot, sum, count } of sums) {
    const hour = hours[localTime(slot * 900_000, zone).hour];
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

function readTenders(db: Database, day: string, currency: Currency): Today['tenders'] {
  return db
    .prepare<[string, string], { tender: string; scheme: string | null; sum: number; count: number }>(
      `SELECT payment.tender AS tender, payment.scheme AS scheme, sum(transfer.amount) AS sum, count(*) AS count
       FROM transfer JOIN payment ON payment.id = transfer.payment
       WHERE transfer.credit = 'sales' AND transfer.day = ? AND transfer.currency = ?
       GROUP BY payment.tender, payment.scheme ORDER BY sum DESC`,
    )
    .all(day, currency)
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
         WHEN state IN ('reversal-due', 'cancel-due') THEN 'reversal-due'
         WHEN print = 'asked' THEN 'asked-print'
         ELSE 'unprinted' END AS code
       FROM payment
       WHERE (state IN ('saf-declined', 'saf-expired') AND at > (SELECT max(at) FROM payment) - 604800000)
         OR state IN ('unknown', 'querying', 'reversal-due', 'cancel-due') OR print IN ('asked', 'held')
       ORDER BY at DESC LIMIT 50`,
    )
    .all()
    .map(({ code, payment, amount, at }) => ({ code, payment, amount: money(amount, currency), at, count: 1 }));
}
