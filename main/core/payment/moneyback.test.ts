import { describe, expect, test } from 'vitest';
import { money } from '../../../contract/money.ts';
import { verifyBook } from '../reports/verify.ts';
import { around, codeOf, now, pass, restart, till } from '../test/counter.ts';
import { newKey, sellByCode } from '../test/till.ts';
import type { Payment } from './payment.ts';

const CODE = '281234567890123456';

const refunds = ({ id }: Payment) => till.core.payments.about(id);

/** A wallet payment that the cashier gives up, whose customer pays in the moment before, and which the bank does not cancel. */
async function paidTooLate(): Promise<Payment> {
  around.bank.plant('purchase', 'pending');
  const payment = await sellByCode(till, 900, CODE);
  await pass(10);
  expect(now(payment).state).toBe('querying');
  around.bank.plant('reversal', 'not-cancelled');
  around.bank.confirm(payment.rrn);
  till.core.cancel(payment.id, { staff: 'cashier' });
  return payment;
}

describe('a wallet payment that was paid in the moment in which it was given up (R8)', () => {
  test('goes back by a refund, and the books show both', async () => {
    const payment = await paidTooLate();
    await pass(1_000);
    expect(now(payment)).toMatchObject({ state: 'refunded', reason: 'cancel-refused' });
    expect(refunds(payment)).toMatchObject([
      { kind: 'refund', state: 'approved', cause: 'not-cancelled', amount: money(900, 'CNY'), staff: 'terminal' },
    ]);
    expect(around.bank.heard.map(({ type }) => type)).toEqual(['purchase', 'reversal', 'query', 'refund']);
    expect(around.bank.book.get(payment.rrn)?.refunded).toBe(900);
    expect(till.shown.flatMap((one) => (one.phase === 'result' ? one.outcome : []))).not.toContain('approved');
    expect(verifyBook(till.core.book)).toMatchObject({ ok: true });
    const steps = till.core.settlement.close(newKey());
    let agreed: boolean | undefined;
    for (let step = steps.next(); agreed === undefined; step = steps.next()) {
      await pass(100);
      const { value } = await step;
      if (value?.step === 'done') agreed = value.report.agreed;
    }
    expect(agreed).toBe(true);
  });

  test('goes back across restarts, once', async () => {
    const payment = await paidTooLate();
    around.bank.plant('refund', 'drop-answer');
    await pass(20);
    expect(now(payment).state).toBe('refund-due');
    await restart();
    await pass(60_000);
    expect(now(payment).state).toBe('refunded');
    expect(refunds(payment)).toHaveLength(1);
    expect(around.bank.book.get(payment.rrn)?.refunded).toBe(900);
  });

  test('is asked for again where the bank refuses the refund, told to a person, and decided by name', async () => {
    const payment = await paidTooLate();
    for (let n = 0; n < 7; n += 1) around.bank.plant('refund', 'decline');
    await pass(60_000);
    expect(now(payment)).toMatchObject({ state: 'refund-due', attempt: 6 });
    expect(refunds(payment)).toHaveLength(6);
    expect(till.core.payments.stuck(6)).toBe(1);
    expect(till.core.view(now(payment))).toMatchObject({ decidable: true, refundable: null, outcome: 'refunding' });
    till.core.aftersale.decide(payment.id, true, 'the bank has sent it back', { staff: 'owner' });
    expect(now(payment)).toMatchObject({ state: 'refunded', reason: 'decided' });
    expect(verifyBook(till.core.book)).toMatchObject({ ok: true });
  });

  test('is not decided while a refund of it is under way: what the bank says of that refund still counts', async () => {
    const payment = await paidTooLate();
    for (let n = 0; n < 6; n += 1) around.bank.plant('refund', 'decline');
    around.bank.plant('refund', 'drop-answer');
    await pass(60_000);
    expect(now(payment)).toMatchObject({ state: 'refund-due', attempt: 6 });
    await pass(3_530_000);
    for (let n = 0; n < 200 && refunds(payment).length < 7; n += 1) await pass(500);
    expect(refunds(payment).at(-1)?.state).toBe('sending');
    expect(till.core.view(now(payment)).decidable).toBe(false);
    const decide = (): unknown => till.core.aftersale.decide(payment.id, true, 'sent back', { staff: 'owner' });
    expect(codeOf(decide)).toBe('payment-not-decidable');
    await pass(60_000);
    expect(now(payment)).toMatchObject({ state: 'refunded', reason: 'cancel-refused' });
    expect(verifyBook(till.core.book)).toMatchObject({ ok: true });
  });

  test('that the bank had not taken after all is cancelled', async () => {
    around.bank.plant('purchase', 'pending');
    const payment = await sellByCode(till, 900, CODE);
    await pass(10);
    around.bank.plant('reversal', 'not-cancelled');
    till.core.cancel(payment.id, { staff: 'cashier' });
    await pass(100);
    expect(now(payment).state).toBe('cancel-due');
    expect(around.bank.heard.map(({ type }) => type)).toEqual(['purchase', 'reversal', 'query']);
  });
});
