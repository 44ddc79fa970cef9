import { describe, expect, test } from 'vitest';
import { money } from '../../contract/money.ts';
import { verifyBook } from './reports/verify.ts';
import { around, bankSays, codeOf, now, open, pass, restart, till } from './test/counter.ts';
import { cardOutcome, newKey, sellByCard, sellForCash } from './test/till.ts';

const actor = { staff: 'cashier' };

describe('what is refused', () => {
  test.each([
    [money(0, 'CNY'), 'amount-invalid'],
    [money(-1, 'CNY'), 'amount-invalid'],
    [money(100, 'USD'), 'amount-invalid'],
    [{ minor: 0.5, currency: 'CNY' as const }, 'amount-invalid'],
    [{ minor: Number.NaN, currency: 'CNY' as const }, 'amount-invalid'],
    [money(5_000_001, 'CNY'), 'amount-above-limit'],
  ])('%o is %s, and nothing is recorded', (amount, code) => {
    const { seq } = till.core.book.head;
    expect(codeOf(() => till.core.charge(newKey(), amount, actor))).toBe(code);
    expect(codeOf(() => till.core.cash(newKey(), amount, actor))).toBe(code);
    expect(till.core.book.head.seq).toBe(seq);
    expect(till.core.stopped).toBeNull();
  });

  test('the same key with the same body is the same payment, with another one it is refused', async () => {
    const key = newKey();
    const sold = till.core.cash(key, money(500, 'CNY'), actor);
    expect(till.core.cash(key, money(500, 'CNY'), actor).id).toBe(sold.id);
    expect(codeOf(() => till.core.cash(key, money(501, 'CNY'), actor))).toBe('key-reused');
    expect(codeOf(() => till.core.charge(key, money(500, 'CNY'), actor))).toBe('key-reused');
    await restart();
    expect(till.core.cash(key, money(500, 'CNY'), actor).id).toBe(sold.id);
    expect(till.core.payments.recent(10)).toHaveLength(1);
  });

  test('the same void twice with the same key is one void, of a card and of cash', async () => {
    const card = await sellByCard(till, 1_280);
    await pass(10_000);
    const cash = sellForCash(till, 500);
    for (const sold of [card, cash]) {
      await pass(10_000);
      const key = newKey();
      const first = till.core.void(key, sold.id, actor);
      await pass(100);
      expect(till.core.void(key, sold.id, actor).id).toBe(first.id);
    }
  });

  test('a second sale while one is under way', () => {
    till.core.charge(newKey(), money(100, 'CNY'), actor);
    expect(codeOf(() => till.core.charge(newKey(), money(100, 'CNY'), actor))).toBe('payment-under-way');
    expect(codeOf(() => sellForCash(till, 100))).toBe('payment-under-way');
  });

  test('a payment that is not there, or not open', async () => {
    expect(codeOf(() => till.core.cancel(newKey(), actor))).toBe('payment-not-found');
    const sold = sellForCash(till, 100);
    expect(codeOf(() => till.core.cancel(sold.id, actor))).toBe('payment-not-open');
    expect(codeOf(() => till.core.printed(sold.id, true))).toBe('payment-not-printable');
  });

  test('everything, once the store has failed', async () => {
    around.storage.beforeAppend = () => {
      throw new Error('disk full');
    };
    expect(() => sellForCash(till, 100)).toThrow('disk full');
    around.storage.beforeAppend = () => undefined;
    expect(till.core.stopped).toBe('store-failed');
    expect(till.fatal).toHaveLength(1);
    expect(codeOf(() => sellForCash(till, 100))).toBe('store-failed');
    await restart();
    expect(till.core.stopped).toBeNull();
    expect(sellForCash(till, 100).state).toBe('approved');
    expect(verifyBook(till.core.book).ok).toBe(true);
  });
});

describe('the database deleted', () => {
  test('comes back from the journal; what waited offline cannot be sent any more and is shown as a loss', async () => {
    const paid = await sellByCard(till, 700);
    await pass(10);
    till.link.setLine(false);
    const waiting = await sellByCard(till, 1_280, cardOutcome('e'.repeat(32)));
    await pass(10);
    till.kill();
    around.storage.dropDatabase();
    open();
    await pass(60_000);
    expect(till.fatal).toEqual([]);
    expect(now(paid)).toMatchObject({ state: 'approved', amount: money(700, 'CNY') });
    expect(now(waiting).state).toBe('saf-expired');
    expect(bankSays(waiting)).toBeUndefined();
    expect(till.core.settlement.report().today.difference).toEqual(money(0, 'CNY'));
    expect(verifyBook(till.core.book).ok).toBe(true);
  });

  test('what was sent once and not answered stays unknown: nobody can say how it ended', async () => {
    till.link.setLine(false);
    const sent = await sellByCard(till, 1_280);
    around.bank.plant('advice', 'drop-answer');
    till.link.setLine(true);
    await pass(100);
    expect(now(sent).state).toBe('saf-sending');
    till.kill();
    around.storage.dropDatabase();
    open();
    await pass(90_000_000);
    expect(till.fatal).toEqual([]);
    expect(now(sent).state).toBe('saf-unknown');
  });
});

test('a start that fails in the middle leaves a core that takes nothing', () => {
  const broken = (): never => {
    throw new Error('the reader cannot be watched');
  };
  Object.assign(till.readers, { onChange: broken });
  expect(() => till.core.start()).toThrow('the reader');
  expect(codeOf(() => sellForCash(till, 100))).toBe('store-failed');
  expect(till.fatal, 'whoever started it is told by the error').toEqual([]);
});
