import { expect, test } from 'vitest';
import type { DayReport } from '../../../contract/day.ts';
import { dayReceipt } from '../reports/receipt.ts';
import { readToday } from '../reports/today.ts';
import { verifyBook } from '../reports/verify.ts';
import { RESPONSE_MS } from '../test/bank.ts';
import { around, codeOf, open, till } from '../test/counter.ts';
import { sellByCard, sellForCash } from '../test/till.ts';
import { countLate, type LateDone, lateSteps, openLate, recordLate } from './late.ts';
import type { Payment } from './payment.ts';

const cashier = { staff: 'cashier' };

async function declinedLater(): Promise<Payment> {
  till.link.setLine(false);
  const sold = await sellByCard(till, 1_280);
  around.bank.plant('advice', 'decline');
  till.link.setLine(true);
  await around.clock.advance(10);
  return till.core.payments.get(sold.id);
}

function record(payment: Payment, done: LateDone, actor: { staff: string; approver?: string } = cashier): void {
  const { core } = till;
  recordLate({ book: core.book, clock: core.world.clock, day: core.today }, payment, done, actor);
}

const money = (minor: number) => ({ amount: { minor, currency: 'CNY' }, count: 0 });

async function close(): Promise<DayReport> {
  const steps = till.core.settlement.close();
  for (;;) {
    const next = steps.next();
    await around.clock.advance(RESPONSE_MS + 10);
    const { value, done } = await next;
    if (done) throw new Error('the close ended without a report');
    if (value.step === 'done') return value.report;
  }
}

test('one that was refused later is open until somebody says by name what became of it', async () => {
  const late = await declinedLater();
  const { db } = till.core.book;
  expect(openLate(db, 10).map(({ id }) => id)).toEqual([late.id]);
  record(late, { what: 'noted', note: '电话打过了' });
  expect(countLate(db)).toBe(1);
  expect(till.core.settlement.report().today.attention).toHaveLength(1);
  record(late, { what: 'written-off' }, { staff: 'cashier', approver: 'owner' });
  expect(countLate(db)).toBe(0);
  expect(till.core.settlement.report().today.attention).toEqual([]);
  expect(lateSteps(db, late.id).steps).toMatchObject([
    { what: 'noted', staff: 'cashier', note: '电话打过了' },
    { what: 'written-off', staff: 'cashier', approver: 'owner' },
  ]);
  expect(codeOf(() => record(late, { what: 'written-off' }))).toBe('late-not-open');
  expect(codeOf(() => record(late, { what: 'noted', note: 'too late' }))).toBe('late-not-open');
});

test('taken again it is closed only by a payment of the same amount that was approved, and each payment closes one', async () => {
  const late = await declinedLater();
  expect(codeOf(() => record(late, { what: 'paid-again' }))).toBe('late-not-paid');
  const less = sellForCash(till, 1_000);
  record(late, { what: 'taken-again', again: less.id });
  expect(codeOf(() => record(late, { what: 'paid-again' }))).toBe('late-not-paid');
  const paid = sellForCash(till, 1_280);
  record(late, { what: 'taken-again', again: paid.id });
  record(late, { what: 'paid-again' });
  expect(countLate(till.core.book.db)).toBe(0);
  const other = await declinedLater();
  record(other, { what: 'taken-again', again: paid.id });
  expect(codeOf(() => record(other, { what: 'paid-again' }))).toBe('late-not-paid');
});

test('paid again it is one sale in the books, on its own day and on a later one', async () => {
  const dayNow = () => readToday(till.core.book.db, till.core.today, 'CNY', 'Asia/Shanghai');
  for (const days of [0, 1]) {
    const late = await declinedLater();
    const before = dayNow();
    await around.clock.advance(days * 86_400_000);
    const paid = sellForCash(till, 1_280);
    record(late, { what: 'taken-again', again: paid.id });
    record(late, { what: 'paid-again' });
    const after = dayNow();
    expect(after.difference.minor).toBe(0);
    const first = days === 0 ? before : { ...before, sold: money(0), lateDeclined: money(0) };
    expect(after.sold.amount).toEqual(first.sold.amount);
    expect(after.lateDeclined.amount.minor).toBe(first.lateDeclined.amount.minor - 1_280);
    expect(after.voided).toMatchObject({ count: 0 });
    expect(verifyBook(till.core.book)).toMatchObject({ ok: true });
  }
  const sums =
    "SELECT sum(amount) AS sum FROM transfer WHERE debit = 'loss:late-decline' OR credit = 'loss:late-decline'";
  expect(till.core.book.db.prepare(sums).get()).toEqual({ sum: 4 * 1_280 });
});

test('a sound payment is no late decline', () => {
  const paid = sellForCash(till, 500);
  expect(codeOf(() => record(paid, { what: 'written-off' }))).toBe('late-not-open');
});

test('what was done comes back from the journal, and the rows cannot be changed', async () => {
  const late = await declinedLater();
  record(late, { what: 'noted', note: 'called' });
  record(late, { what: 'written-off' }, { staff: 'owner' });
  const before = lateSteps(till.core.book.db, late.id);
  expect(() => till.core.book.db.exec("UPDATE late SET staff = 'nobody'")).toThrow('what was done is kept');
  expect(() => till.core.book.db.exec('DELETE FROM late')).toThrow('what was done is kept');
  till.kill();
  around.storage.dropDatabase();
  open();
  expect(lateSteps(till.core.book.db, late.id)).toEqual(before);
  expect(verifyBook(till.core.book)).toMatchObject({ ok: true });
});

test('the day report says what is open and what was closed by whom, on paper too', async () => {
  await declinedLater();
  const late = await declinedLater();
  record(late, { what: 'written-off' }, { staff: 'cashier', approver: 'owner' });
  const report = await close();
  expect(report.late).toMatchObject({
    open: { count: 1, amount: { minor: 1_280 } },
    closed: [{ receiptNo: late.receiptNo, what: 'written-off', staff: 'cashier', approver: 'owner' }],
  });
  const text = JSON.stringify(dayReceipt(report, till.core.receiptContext(false)));
  expect(text).toContain(late.receiptNo);
  expect((await close()).late?.closed).toEqual([]);
});
