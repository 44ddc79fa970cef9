import { describe, expect, test } from 'vitest';
import type { CloseStep, DayReport } from '../../../contract/day.ts';
import type { Payment } from '../payment/payment.ts';
import { verifyBook } from '../reports/verify.ts';
import { RESPONSE_MS } from '../test/bank.ts';
import { around, codeOf, now, open, pass, restart, till } from '../test/counter.ts';
import { cardOutcome, newKey, sellByCard, sellByCode, takeBack } from '../test/till.ts';

const CODE = '281234567890123456';

describe('the close of a day', () => {
  async function close(key = newKey()): Promise<DayReport> {
    return (await closed(key)).report;
  }

  async function closed(key: string): Promise<Extract<CloseStep, { step: 'done' }>> {
    const steps = till.core.settlement.close(key);
    for (;;) {
      const next = steps.next();
      await pass(RESPONSE_MS + 10);
      const { value, done } = await next;
      if (done) throw new Error('the close ended without a report');
      if (value.step === 'done') return value;
    }
  }

  test('agrees with the bank, settles what was sold and opens the next batch', async () => {
    const sold = await sellByCard(till, 1_280);
    await pass(10);
    takeBack(till, await sellAndWait(500));
    await pass(10);
    expect(await close()).toMatchObject({ kind: 'Z', number: 1, batch: 1, agreed: true });
    expect(now(sold).state).toBe('settled');
    expect(codeOf(() => takeBack(till, sold))).toBe('payment-not-voidable');
    const next = await sellAndWait(700);
    expect(next.batch).toBe(2);
    expect(await close()).toMatchObject({ number: 2, batch: 2, agreed: true });
    expect(till.core.settlement.reports(10).map(({ number }) => number)).toEqual([2, 1]);
    expect(verifyBook(till.core.book).ok).toBe(true);
  });

  test('says whether its paper came, and keeps the report either way', async () => {
    await sellAndWait(1_280);
    expect((await closed(newKey())).printed).toBe(true);
    expect(till.printer.printed.at(-1)?.text).toMatch(/Z 报表 1/);
    await sellAndWait(700);
    till.printer.breakNextJob('paper-end');
    const key = newKey();
    expect(await closed(key)).toMatchObject({ printed: false, report: { number: 2, agreed: true } });
    expect(await closed(key)).toMatchObject({ printed: null, report: { number: 2 } });
    expect(till.core.settlement.made(2)).toMatchObject({ number: 2, batch: 2 });
    expect(till.core.settlement.made(3)).toBeUndefined();
  });

  async function sellAndWait(minor: number): Promise<Payment> {
    const sold = await sellByCard(till, minor, cardOutcome(String(minor).padStart(32, '0')));
    await pass(100);
    return now(sold);
  }

  test('is refused while a payment is open', async () => {
    await sellAndWait(100);
    around.bank.plant('purchase', 'pending');
    for (let n = 0; n < 40; n += 1) around.bank.plant('query', 'drop-answer');
    await sellByCode(till, 500, CODE);
    around.bank.up = false;
    const steps = till.core.settlement.close();
    await steps.next();
    const counting = steps.next();
    const refused = expect(counting).rejects.toMatchObject({
      code: expect.stringMatching(/day-has-open-payments|bank/),
    });
    await pass(20_000);
    await pass(60_000);
    await refused.catch(() => undefined);
    expect(till.core.settlement.report().batch).toBe(1);
  });

  test('waits for what the bank approved in part, and is refused while nobody has said whether it is taken (B1)', async () => {
    const { signed } = around;
    open({ ...around, signed: { ...signed, profile: { ...signed.profile, partialApproval: true } } });
    // A reversal that the bank does not answer: the close waits its whole time for it and then carries it over.
    around.bank.plant('purchase', 'drop-answer');
    for (let n = 0; n < 40; n += 1) around.bank.plant('reversal', 'drop-request');
    await sellAndWait(200);
    await pass(RESPONSE_MS + 10);
    const steps = till.core.settlement.close();
    await steps.next();
    const counting = steps.next();
    await pass(50_000);
    around.bank.plant('purchase', 'partial');
    const offered = await sellAndWait(3_000);
    expect(offered.state).toBe('partial');
    const refused = expect(counting).rejects.toMatchObject({ code: 'day-has-open-payments' });
    await pass(15_000);
    await refused;
    expect(till.core.settlement.report().batch).toBe(1);
    till.core.sales.accept(offered, { staff: 'cashier' });
    expect(now(offered)).toMatchObject({ state: 'approved', batch: 1 });
    expect(verifyBook(till.core.book).ok).toBe(true);
  });

  test('is refused without the line', async () => {
    till.link.setLine(false);
    await expect(till.core.settlement.close().next()).rejects.toMatchObject({ code: 'bank-offline' });
  });

  test('does not freeze a payment that began after it had looked', async () => {
    await sellAndWait(100);
    const steps = till.core.settlement.close();
    expect((await steps.next()).value).toMatchObject({ step: 'deliver' });
    expect((await steps.next()).value).toMatchObject({ step: 'count' });
    await sellByCard(till, 200, cardOutcome('d'.repeat(32)));
    await expect(steps.next()).rejects.toMatchObject({ code: 'day-has-open-payments' });
    await pass(100);
    expect(await close()).toMatchObject({ agreed: true, batch: 1 });
  });

  test('whose answer was lost goes on with the same numbers (B5)', async () => {
    await sellAndWait(100);
    around.bank.plant('reconciliation', 'drop-answer');
    await expect(close()).rejects.toMatchObject({ code: 'bank-offline' });
    await restart();
    expect(await close()).toMatchObject({ batch: 1, agreed: true, number: 1 });
    const asked = around.bank.heard.filter(({ type }) => type === 'reconciliation');
    expect(new Set(asked.map(({ trace }) => trace.rrn)).size).toBe(1);
    expect(asked.map(({ trace }) => trace.attempt)).toEqual([0, 1]);
  });

  test('with the key of something else is refused, and nothing stops', async () => {
    const key = newKey();
    till.core.cash(key, { minor: 100, currency: 'CNY' }, { staff: 'cashier' });
    till.core.counter.dismiss();
    await expect(till.core.settlement.close(key).next()).rejects.toMatchObject({ code: 'key-reused' });
    expect(till.fatal).toEqual([]);
    expect(await close()).toMatchObject({ agreed: true, number: 1 });
  });

  test('asked for twice with the same key, at once and afterwards, closes one batch', async () => {
    await sellAndWait(100);
    const key = newKey();
    const ends = await Promise.all([close(key), close(key)]);
    ends.push(await close(key));
    expect(ends.map(({ number, batch }) => [number, batch])).toEqual([1, 2, 3].map(() => [1, 1]));
    expect(till.core.settlement.reports(10)).toHaveLength(1);
  });
});
