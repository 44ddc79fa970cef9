import { describe, expect, test } from 'vitest';
import { around, bankSays, now, pass, restart, till } from '../test/counter.ts';
import { sellByCode } from '../test/till.ts';

const CODE = '281234567890123456';

describe('a wallet code', () => {
  test('pays', async () => {
    const sold = await sellByCode(till, 500, CODE);
    await pass(10);
    expect(now(sold)).toMatchObject({ state: 'approved', scheme: 'alipay', tender: 'code' });
  });

  test('is good once', async () => {
    await sellByCode(till, 500, CODE);
    await pass(10_000);
    const again = await sellByCode(till, 500, CODE);
    expect(again.state).toBe('opened');
    expect(till.core.counter.now).toMatchObject({ prompt: 'code-refused', reason: 'code-seen-before' });
    expect(around.bank.heard).toHaveLength(1);
    expect(till.core.scanned('nonsense')).toBe('code-not-recognised');
  });

  test('confirmed after a while on the phone is sold', async () => {
    around.bank.plant('purchase', 'pending');
    const sold = await sellByCode(till, 500, CODE);
    await pass(100);
    expect(now(sold)).toMatchObject({ state: 'querying', reason: 'pending' });
    expect(till.core.counter.now).toMatchObject({ phase: 'asking', confirming: true });
    around.bank.confirm(sold.rrn);
    await pass(6_000);
    expect(now(sold).state).toBe('approved');
  });

  test('never confirmed is cancelled at the bank before anybody is told that it is', async () => {
    around.bank.plant('purchase', 'pending');
    const sold = await sellByCode(till, 500, CODE);
    await pass(60_000);
    expect(now(sold).state).toBe('cancelled');
    expect(bankSays(sold)).toBe('reversed');
    expect(around.bank.heard.filter(({ type }) => type === 'query').length).toBeGreaterThan(2);
  });

  test('killed while it was sent is asked after, not sent again', async () => {
    const sold = await sellByCode(till, 500, CODE);
    await restart();
    await pass(100_000);
    expect(['approved', 'cancelled', 'reversal-due', 'cancel-due']).toContain(now(sold).state);
    await pass(200_000);
    expect(['approved', 'cancelled']).toContain(now(sold).state);
    expect(now(sold).state === 'approved').toBe(bankSays(sold) === 'approved');
  });

  test('without a waiting sale is not taken', () => {
    expect(till.core.scanned(CODE)).toBe('no-code-expected');
  });
});
