import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { DayReport } from '../../../contract/day.ts';
import { money } from '../../../contract/money.ts';
import { preview } from '../../../drivers/printer/layout.ts';
import { balance } from '../ledger/turnover.ts';
import { dayReceipt } from '../reports/receipt.ts';
import { readToday } from '../reports/today.ts';
import { verifyBook } from '../reports/verify.ts';
import { openModelBank } from '../test/bank.ts';
import { openManualClock } from '../test/clock.ts';
import { around, pass, till } from '../test/counter.ts';
import { openMemoryStorage } from '../test/storage.ts';
import { cardOutcome, newKey, openTill, sellByCard, sellForCash, type Till, takeBack } from '../test/till.ts';

const HOUR = 3_600_000;
const cashier = { staff: 'cashier' };
let cards = 0;

async function close(of: Till, wait = pass): Promise<DayReport> {
  const steps = of.core.settlement.close(newKey());
  for (;;) {
    const next = steps.next();
    await wait(20_000);
    const { value, done } = await next;
    if (done) throw new Error('the close ended without a report');
    if (value.step === 'done') return value.report;
  }
}

async function sell(minor: number): Promise<void> {
  cards += 1;
  await sellByCard(till, minor, cardOutcome(String(cards).padStart(32, '0')));
  await pass(100);
  till.core.counter.dismiss();
}

const sold = ({ today, books, day, number }: DayReport): unknown[] => [
  number,
  day,
  today.sold.count,
  today.sold.amount.minor,
  books.ledger.debit.minor,
];

test('each Z report tells its own batch: days that follow each other, a close before the day cut, one over two days', async () => {
  await sell(100);
  await sell(200);
  await pass(10 * HOUR);
  expect(sold(await close(till)), 'closed in the evening').toEqual([1, '2026-08-01', 2, 300, 300]);
  await pass(12 * HOUR);
  await sell(1_000);
  await pass(10 * HOUR);
  await sell(2_000);
  expect(sold(till.core.settlement.report()), 'X').toEqual([null, '2026-08-02', 2, 3_000, 3_000]);
  expect(sold(await close(till)), 'the evening after').toEqual([2, '2026-08-02', 2, 3_000, 3_000]);
  expect(till.core.settlement.report().today.sold.count, 'X after the close begins anew').toBe(0);
  await sell(400);
  await pass(7 * HOUR);
  expect(sold(await close(till)), 'closed again the same night, before the cut').toEqual([
    3,
    '2026-08-02',
    1,
    400,
    400,
  ]);
  await sell(5_000);
  await pass(24 * HOUR);
  await sell(7_000);
  const two = await close(till);
  expect(sold(two), 'over two days').toEqual([4, '2026-08-03', 2, 12_000, 12_000]);
  expect(two).toMatchObject({ firstDay: '2026-08-02', today: { batch: 4 } });
  expect(preview(dayReceipt(two, till.core.receiptContext(false)), 48)).toMatch(/2026-08-02 – 2026-08-03/);
  await pass(13 * HOUR);
  expect(sold(await close(till)), 'nothing sold').toEqual([5, '2026-08-04', 0, 0, 0]);
});

const act = fc.record({
  what: fc.constantFrom(
    'card',
    'card',
    'cash',
    'offline',
    'void',
    'refund',
    'split',
    'hold',
    'partial',
    'close',
    'wait',
  ),
  minor: fc.integer({ min: 2, max: 4_000 }),
  which: fc.nat(20),
});

test('whatever a shop does for days, its Z reports together are all that moved, and the day’s books come to nothing', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 8, maxLength: 20 }), async (acts) => {
      const clock = openManualClock();
      const bank = openModelBank();
      const storage = openMemoryStorage();
      const shop = openTill({ clock, storage, bank, signed: around.signed });
      const { core } = shop;
      const wait = (ms: number): Promise<void> => clock.advance(ms);
      const reports: DayReport[] = [];
      const ids: string[] = [];
      const card = async (minor: number): Promise<string> => {
        cards += 1;
        const { id } = await sellByCard(shop, minor, cardOutcome(String(cards).padStart(32, '0')));
        await wait(10_000);
        return id;
      };
      const run = async ({ what, minor, which }: { what: string; minor: number; which: number }): Promise<void> => {
        const one = core.payments.find(ids[which % Math.max(1, ids.length)] ?? '');
        if (what === 'card') ids.push(await card(minor));
        else if (what === 'cash') ids.push(sellForCash(shop, minor).id);
        else if (what === 'offline') {
          shop.link.setLine(false);
          ids.push(await card(minor));
          if (which % 3 === 0) bank.plant('advice', 'decline');
          if (which % 2 === 0) shop.link.setLine(true);
        } else if (what === 'void' && one && core.view(one).voidable) takeBack(shop, one);
        else if (what === 'refund' && one) {
          const left = core.view(one).refundable?.minor ?? 0;
          if (left > 0)
            core.aftersale.refund(newKey(), one.id, money(Math.min(left, minor), 'CNY'), 'returned', cashier);
        } else if (what === 'split') {
          const sale = core.sales.split(newKey(), money(minor, 'CNY'), cashier);
          core.cash(newKey(), money(1, 'CNY'), cashier, sale.id);
          core.counter.dismiss();
          core.sales.drop(sale.id, { staff: 'cashier', approver: 'owner' });
        } else if (what === 'partial') {
          bank.plant('purchase', 'partial');
          ids.push(await card(minor));
        } else if (what === 'close') {
          shop.link.setLine(true);
          await wait(120_000);
          reports.push(await close(shop, wait));
        } else await wait(which * HOUR);
      };
      for (const one of acts) {
        await run(one).catch((error: unknown) => {
          if (!(error instanceof Error && 'code' in error)) throw error;
        });
        await wait(10_000);
        core.counter.dismiss();
      }
      shop.link.setLine(true);
      await wait(300_000);
      reports.push(await close(shop, wait));
      expect(shop.fatal).toEqual([]);
      for (const { agreed, today } of reports) {
        expect(agreed).toBe(true);
        expect(today.difference.minor).toBe(0);
      }
      const days = core.book.db.prepare<[], { day: string }>('SELECT DISTINCT day FROM transfer').all();
      const daily = days.map(({ day }) => readToday(core.book.db, day, 'CNY', 'Asia/Shanghai'));
      for (const what of ['sold', 'voided', 'refunded', 'atBank', 'underWay', 'cash', 'lateDeclined'] as const) {
        const sum = (all: readonly DayReport['today'][]): number =>
          all.reduce((total, one) => total + one[what].amount.minor, 0);
        expect(sum(reports.map(({ today }) => today)), what).toBe(sum(daily));
      }
      for (const { difference } of daily) expect(difference.minor).toBe(0);
      expect(balance(core.book.db, 'receivable:', 'CNY'), 'all is with the bank').toBe(0);
      expect(balance(core.book.db, 'offline:', 'CNY'), 'nothing waits').toBe(0);
      expect(verifyBook(core.book).ok).toBe(true);
      shop.kill();
    }),
    { numRuns: 6 },
  );
}, 120_000);
