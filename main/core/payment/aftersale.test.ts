import { describe, expect, test } from 'vitest';
import type { DayReport } from '../../../contract/day.ts';
import { money } from '../../../contract/money.ts';
import { verifyBook } from '../reports/verify.ts';
import { RESPONSE_MS } from '../test/bank.ts';
import { settled } from '../test/clock.ts';
import { around, codeOf, now, pass, restart, till } from '../test/counter.ts';
import { cardOutcome, newKey, sellByCard, sellByCode, sellForCash, takeBack } from '../test/till.ts';
import type { Payment } from './payment.ts';

const owner = { staff: 'cashier', approver: 'owner' };

const cny = (minor: number) => money(minor, 'CNY');
/** Debits less credits of the accounts whose names begin so. */
const account = (name: string): number =>
  till.core.book.db
    .prepare<[string, string], { sum: number }>(
      `SELECT coalesce(sum(CASE WHEN debit GLOB ? THEN amount ELSE 0 END - CASE WHEN credit GLOB ? THEN amount ELSE 0 END), 0) AS sum
         FROM transfer`,
    )
    .get(`${name}*`, `${name}*`)?.sum ?? 0;

function refund(payment: Payment, minor: number, key = newKey()): Payment {
  return till.core.aftersale.refund(key, payment.id, cny(minor), 'returned', owner);
}

async function sold(minor = 1_280): Promise<Payment> {
  const payment = await sellByCard(till, minor);
  await pass(10);
  expect(now(payment).state).toBe('approved');
  return payment;
}

async function close(): Promise<DayReport> {
  const steps = till.core.settlement.close(newKey());
  for (let step = steps.next(); ; step = steps.next()) {
    await pass(100);
    const { value } = await step;
    if (value?.step === 'done') return value.report;
  }
}

describe('a refund', () => {
  test('gives a part back, then the rest, and never more (I16)', async () => {
    const payment = await sold();
    const part = refund(payment, 280);
    await pass(10);
    expect(now(part)).toMatchObject({ kind: 'refund', state: 'approved', original: payment.id, cause: 'returned' });
    expect(till.core.view(now(payment)).refundable).toEqual(cny(1_000));
    expect(codeOf(() => refund(payment, 1_001))).toBe('refund-above-paid');
    refund(payment, 1_000);
    await pass(10);
    expect(till.core.view(now(payment))).toMatchObject({ refundable: null, voidable: false });
    expect(codeOf(() => refund(payment, 1))).toBe('payment-not-refundable');
    expect(codeOf(() => takeBack(till, payment))).toBe('payment-not-voidable');
    expect([account('refunds'), account('receivable:'), account('sales')]).toEqual([1_280, 0, -1_280]);
    expect(around.bank.book.get(payment.rrn)?.refunded).toBe(1_280);
    expect(verifyBook(till.core.book)).toMatchObject({ ok: true });
  });

  test('is counted as a credit of the batch in which it is made, also of a payment of an older one', async () => {
    const payment = await sold();
    expect(await close()).toMatchObject({ agreed: true });
    expect(till.core.view(now(payment))).toMatchObject({ state: 'settled', voidable: false, refundable: cny(1_280) });
    refund(payment, 500);
    await pass(10);
    expect(around.bank.heard.at(-1)).toMatchObject({ type: 'refund', trace: { batch: 2 }, original: { batch: 1 } });
    const report = await close();
    expect(report).toMatchObject({ agreed: true, today: { refunded: { count: 1, amount: cny(500) } } });
    expect(report.books.bank).toMatchObject({ debitCount: 0, creditCount: 1, credit: cny(500) });
  });

  test('goes back to a wallet by the same message', async () => {
    const payment = await sellByCode(till, 900, '281234567890123456');
    await pass(10);
    const back = refund(payment, 900);
    await pass(10);
    expect(now(back)).toMatchObject({ state: 'approved', tender: 'code' });
    expect(account('receivable:')).toBe(0);
  });

  test('in cash comes from the drawer, with or without the line; of another day’s cash there is no void', async () => {
    const payment = sellForCash(till, 700);
    till.link.setLine(false);
    const back = refund(payment, 200);
    expect(now(back)).toMatchObject({ state: 'approved', tender: 'cash' });
    expect([account('cash'), account('refunds')]).toEqual([500, 200]);
    till.link.setLine(true);
    const other = sellForCash(till, 300);
    expect(till.core.view(other).voidable).toBe(true);
    await close();
    expect(codeOf(() => takeBack(till, now(other)))).toBe('payment-not-voidable');
    expect(now(refund(now(other), 300)).state).toBe('approved');
  });

  test('is refused while the line is down, and for what was not paid', async () => {
    const payment = await sold();
    till.link.setLine(false);
    expect(codeOf(() => refund(payment, 100))).toBe('bank-offline');
    const offline = await sellByCard(till, 400, cardOutcome('b'.repeat(32)));
    expect(now(offline).state).toBe('saf-accepted');
    expect(codeOf(() => refund(offline, 100))).toBe('payment-not-refundable');
    expect(around.bank.heard.filter(({ type }) => type === 'refund')).toEqual([]);
  });

  test('without an answer is repeated with the same numbers, across a restart, and goes back once', async () => {
    const payment = await sold();
    around.bank.plant('refund', 'drop-answer');
    const back = refund(payment, 500);
    await pass(RESPONSE_MS + 1_000);
    expect(codeOf(() => refund(payment, 1_000))).toBe('refund-above-paid');
    await restart();
    await pass(60_000);
    expect(now(back).state).toBe('approved');
    const told = around.bank.heard.filter((one) => one.type === 'refund');
    expect(told.length).toBeGreaterThan(1);
    expect(new Set(told.map(({ trace }) => `${trace.stan} ${trace.rrn} ${trace.batch}`)).size).toBe(1);
    expect(around.bank.book.get(payment.rrn)?.refunded).toBe(500);
    expect(account('refunds')).toBe(500);
  });

  test('refused by the bank moves nothing, and the amount may be refunded again', async () => {
    const payment = await sold();
    around.bank.plant('refund', 'decline');
    const back = refund(payment, 500);
    await pass(10);
    expect(now(back)).toMatchObject({ state: 'declined', reason: 'bank-12' });
    expect(till.core.view(now(back)).outcome).toBe('refund-refused');
    expect(account('refunds')).toBe(0);
    expect(till.core.view(now(payment)).refundable).toEqual(cny(1_280));
  });

  test('is made once for one key, and the key means the same for ever', async () => {
    const payment = await sold();
    const key = newKey();
    const back = refund(payment, 500, key);
    await pass(10);
    expect(refund(payment, 500, key).id).toBe(back.id);
    expect(codeOf(() => refund(payment, 400, key))).toBe('key-reused');
    expect(around.bank.book.get(payment.rrn)?.refunded).toBe(500);
  });

  test('says so on paper, with the receipt that it is of', async () => {
    const payment = await sold();
    const back = refund(payment, 500);
    await pass(3_000);
    const paper = JSON.stringify(till.printer.printed.at(-1));
    expect(paper).toContain('退款');
    expect(paper).toContain(payment.receiptNo);
    expect(paper).toContain(now(back).receiptNo);
  });

  test('of more than was paid is refused by the database itself', async () => {
    const payment = await sold();
    const { db } = till.core.book;
    const insert = `INSERT INTO payment (id, kind, state, amount, currency, at, day, stan, rrn, receipt_no, staff, original)
      VALUES (?, 'refund', 'sending', ?, 'CNY', 1, '2026-08-01', 9, ?, ?, 'cashier', ?)`;
    expect(() => db.prepare(insert).run('x', 1_281, '999999999999', '01-9', payment.id)).toThrow('more would go back');
    expect(() => db.prepare(insert).run('x', 1_280, '999999999999', '01-9', payment.id)).not.toThrow();
    expect(() => db.prepare(insert).run('y', 1, '999999999998', '01-8', payment.id)).toThrow('more would go back');
  });
});

describe('an amount held', () => {
  async function hold(minor = 5_000): Promise<Payment> {
    const opened = till.core.aftersale.hold(newKey(), cny(minor), { staff: 'cashier' });
    await settled();
    await till.tap(cardOutcome());
    await pass(10);
    return now(opened);
  }
  const complete = (held: Payment, minor: number): Payment =>
    till.core.aftersale.complete(newKey(), held.id, cny(minor), { staff: 'cashier' });

  test('moves no money until it is taken; then what was taken is a sale, and can be refunded', async () => {
    const held = await hold();
    expect(held).toMatchObject({ kind: 'pre-authorization', state: 'authorized' });
    expect(till.core.view(held).held).toMatchObject({ most: cny(5_000) });
    expect([account('receivable:'), account('sales')]).toEqual([0, 0]);
    expect(codeOf(() => complete(held, 5_001))).toBe('amount-above-held');
    const taken = complete(held, 3_200);
    await pass(10);
    expect(now(taken)).toMatchObject({ kind: 'completion', state: 'approved', original: held.id });
    expect(now(held).state).toBe('completed');
    expect(account('receivable:')).toBe(3_200);
    expect(codeOf(() => complete(now(held), 100))).toBe('payment-not-held');
    refund(now(taken), 200);
    await pass(10);
    expect(account('refunds')).toBe(200);
    expect(await close()).toMatchObject({ agreed: true });
  });

  test('refused at its completion is held as before', async () => {
    const held = await hold();
    around.bank.plant('completion', 'decline');
    const taken = complete(held, 3_200);
    await pass(10);
    expect([now(taken).state, now(held).state]).toEqual(['declined', 'authorized']);
  });

  test('whose completion has no answer is taken once', async () => {
    const held = await hold();
    around.bank.plant('completion', 'drop-answer');
    const taken = complete(held, 3_200);
    await pass(RESPONSE_MS + 60_000);
    expect([now(taken).state, now(held).state]).toEqual(['approved', 'completed']);
    expect(account('receivable:')).toBe(3_200);
  });

  test('is given up by a reversal; without an answer it is taken back like a sale', async () => {
    const held = await hold();
    till.core.aftersale.release(newKey(), held.id, owner);
    await pass(10_000);
    expect(now(held).state).toBe('reversed');
    expect(around.bank.book.get(held.rrn)?.state).toBe('reversed');
    around.bank.plant('pre-authorization', 'drop-answer');
    const lost = await hold();
    await pass(RESPONSE_MS + 10_000);
    expect(now(lost).state).toBe('reversed');
    expect(around.bank.book.get(lost.rrn)?.state).toBe('reversed');
  });

  test('needs the line and a card', async () => {
    till.core.aftersale.hold(newKey(), cny(100), { staff: 'cashier' });
    expect(till.core.scanned('281234567890123456')).toBe('hold-needs-card');
    till.core.cancel(till.core.counter.waiting ?? '', { staff: 'cashier' });
    till.link.setLine(false);
    expect(codeOf(() => till.core.aftersale.hold(newKey(), cny(100), { staff: 'cashier' }))).toBe('bank-offline');
  });
});

describe('the owner’s decision (I9)', () => {
  const decide = (payment: Payment, done: boolean): Payment =>
    till.core.aftersale.decide(payment.id, done, 'the bank on the telephone', { staff: 'owner' });
  const entries = (kind: string): number =>
    till.core.book.db.prepare<[string], { n: number }>('SELECT count(*) AS n FROM entry WHERE kind = ?').get(kind)?.n ??
    0;

  /** The bank is silent until the terminal has asked so often that a person is told. */
  async function stuck(run: () => Payment): Promise<Payment> {
    around.bank.up = false;
    const payment = run();
    for (let n = 0; n < 40 && !till.core.view(now(payment)).decidable; n += 1) await pass(20_000);
    expect(till.core.view(now(payment))).toMatchObject({ decidable: true });
    return now(payment);
  }

  test('ends a refund that the bank does not answer, one way or the other, and stands in the journal', async () => {
    const payment = await sold();
    const first = await stuck(() => refund(payment, 500));
    expect(codeOf(() => decide(payment, true))).toBe('payment-not-decidable');
    decide(first, true);
    expect(now(first)).toMatchObject({ state: 'approved' });
    expect(account('refunds')).toBe(500);
    const second = await stuck(() => refund(payment, 500));
    decide(second, false);
    expect(now(second)).toMatchObject({ state: 'declined', reason: 'decided' });
    expect(entries('decision')).toBe(2);
    expect(till.core.settlement.report().decisions).toMatchObject([{ done: true }, { done: false }]);
    expect(verifyBook(till.core.book)).toMatchObject({ ok: true });
  });

  test.each([
    [true, 'saf-approved', 0],
    [false, 'saf-declined', 400],
  ])('of a forwarded payment whose card data was lost: done %s makes it %s', async (done, state, loss) => {
    till.link.setLine(false);
    const payment = await sellByCard(till, 400);
    around.bank.plant('advice', 'drop-answer');
    till.link.setLine(true);
    await pass(RESPONSE_MS + 100);
    expect(codeOf(() => decide(payment, done))).toBe('payment-not-decidable');
    around.bank.up = false;
    till.core.book.db.exec('DELETE FROM sealed');
    await pass(60_000);
    expect(now(payment).state).toBe('saf-unknown');
    decide(payment, done);
    expect(now(payment).state).toBe(state);
    expect([account('loss:'), account('offline:')]).toEqual([loss, 0]);
  });

  test('of a payment being taken back can only be that it was, and the terminal goes on until then', async () => {
    around.bank.up = false;
    const payment = await sellByCard(till, 1_280);
    await stuck(() => payment);
    expect(till.core.payments.stuck(6)).toBe(1);
    const { db } = till.core.book;
    expect(
      db.prepare('SELECT 1 FROM entry WHERE payment = ? AND body LIKE \'%"alert"%\'').all(payment.id),
    ).toHaveLength(1);
    expect(codeOf(() => decide(payment, false))).toBe('payment-not-decidable');
    const before = now(payment).attempt;
    await pass(600_000);
    expect(now(payment).attempt).toBeGreaterThan(before);
    decide(payment, true);
    expect(now(payment).state).toBe('reversed');
    expect(account('sales')).toBe(0);
  });
});
