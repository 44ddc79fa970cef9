import Sqlite, { type Database } from 'better-sqlite3';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { migrations } from '../test/migrations.ts';
import { balance, SLOT_MS, trialBalance, turnoverFault } from './turnover.ts';

const DAYS = ['2026-08-01', '2026-08-02'] as const;

interface Moved {
  readonly debit: string;
  readonly credit: string;
  readonly amount: number;
  readonly currency: 'CNY' | 'EUR';
  readonly day: string;
  readonly at: number;
}

function openLedger(transfers: readonly Moved[]): Database {
  const db = new Sqlite(':memory:');
  for (const { sql } of migrations) db.exec(sql);
  db.exec("INSERT INTO entry (seq, at, kind, body, hash) VALUES (1, 0, 'core', '{}', printf('%064d', 0))");
  db.exec("INSERT INTO batch (no, state, opened_at, opened_seq, day) VALUES (1, 'open', 0, 1, '2026-08-01')");
  const insert = db.prepare(
    `INSERT INTO transfer (seq, n, payment, debit, credit, amount, currency, at, day, batch)
     VALUES (1, ?, NULL, @debit, @credit, @amount, @currency, @at, @day, NULL)`,
  );
  for (const [n, transfer] of transfers.entries()) insert.run(n, transfer);
  return db;
}

const accounts = ['sales', 'refunds', 'cash', 'float', 'receivable:visa', 'offline:visa', 'bank'];
const moved: fc.Arbitrary<Moved> = fc
  .record({
    debit: fc.constantFrom(...accounts),
    credit: fc.constantFrom(...accounts),
    amount: fc.integer({ min: 1, max: 1_000_000 }),
    currency: fc.constantFrom('CNY', 'EUR'),
    day: fc.constantFrom(...DAYS),
    at: fc.integer({ min: 0, max: 40 * SLOT_MS }),
  })
  .filter(({ debit, credit }) => debit !== credit);

test('the running sums are those of the transfers, and every currency adds up to zero', () => {
  fc.assert(
    fc.property(fc.array(moved, { maxLength: 40 }), (transfers) => {
      const db = openLedger(transfers);
      expect(turnoverFault(db)).toBeUndefined();
      for (const currency of ['CNY', 'EUR'] as const) {
        const all = trialBalance(db).filter((one) => one.currency === currency);
        expect(all.reduce((sum, one) => sum + one.balance, 0)).toBe(0);
        const own = transfers.filter((one) => one.currency === currency);
        const into = own.filter((one) => one.debit === 'cash').reduce((sum, one) => sum + one.amount, 0);
        const out = own.filter((one) => one.credit === 'cash').reduce((sum, one) => sum + one.amount, 0);
        expect(balance(db, 'cash', currency)).toBe(into - out);
      }
      const days = DAYS.flatMap((day) => trialBalance(db, day)).reduce((sum, one) => sum + one.debit, 0);
      expect(days).toBe(transfers.reduce((sum, one) => sum + one.amount, 0));
      db.close();
    }),
    { numRuns: 60 },
  );
});

const sale = { debit: 'receivable:visa', credit: 'sales', currency: 'CNY', day: '2026-08-01', at: 0 } as const;

test.each([
  'UPDATE turnover SET sum = sum + 1',
  'UPDATE turnover SET count = count + 1',
  "UPDATE turnover SET debit = 'cash'",
  'DELETE FROM turnover',
  "DROP TRIGGER transfer_update; UPDATE transfer SET amount = 1, day = '2026-08-02'",
])('%s is found', (sql) => {
  const db = openLedger([{ ...sale, amount: 500 }]);
  db.exec(sql);
  expect(turnoverFault(db)).toMatch(/is not that of its transfers/);
  db.close();
});
