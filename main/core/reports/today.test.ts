import Sqlite, { type Database } from 'better-sqlite3';
import { expect, test } from 'vitest';
import { money } from '../../../contract/money.ts';
import { migrations } from '../test/migrations.ts';
import { readToday } from './today.ts';

interface Moved {
  readonly debit: string;
  readonly credit: string;
  readonly amount: number;
}

function openLedger(transfers: readonly Moved[]): Database {
  const db = new Sqlite(':memory:');
  for (const { sql } of migrations) db.exec(sql);
  db.exec("INSERT INTO entry (seq, at, kind, body, hash) VALUES (1, 0, 'core', '{}', printf('%064d', 0))");
  db.exec("INSERT INTO batch (no, state, opened_at, opened_seq, day) VALUES (1, 'open', 0, 1, '2026-08-01')");
  const insert = db.prepare(
    `INSERT INTO transfer (seq, n, payment, debit, credit, amount, currency, at, day, batch)
     VALUES (1, ?, NULL, @debit, @credit, @amount, 'CNY', 0, '2026-08-01', NULL)`,
  );
  for (const [n, transfer] of transfers.entries()) insert.run(n, transfer);
  return db;
}

test('a float, a count and a settlement change nothing in what was sold', () => {
  const db = openLedger([
    { debit: 'receivable:visa', credit: 'sales', amount: 500 },
    { debit: 'cash', credit: 'sales', amount: 300 },
    { debit: 'refunds', credit: 'cash', amount: 100 },
    { debit: 'cash', credit: 'float', amount: 20_000 },
    { debit: 'over-short', credit: 'cash', amount: 7 },
    { debit: 'bank', credit: 'receivable:visa', amount: 500 },
  ]);
  const today = readToday(db, '2026-08-01', 'CNY', 'Asia/Shanghai');
  expect(today.sold).toEqual({ amount: money(800, 'CNY'), count: 2 });
  expect(today.refunded).toEqual({ amount: money(100, 'CNY'), count: 1 });
  expect(today.cash.amount).toEqual(money(200, 'CNY'));
  expect(today.atBank.amount).toEqual(money(500, 'CNY'));
  expect(today.difference).toEqual(money(0, 'CNY'));
  expect(today.tenders.map(({ scheme, amount }) => [scheme, amount.minor])).toEqual([
    ['visa', 500],
    ['cash', 300],
  ]);
  db.close();
});
