import { beforeEach, describe, expect, test } from 'vitest';
import { money } from '../../../contract/money.ts';
import { config as cardConfig, VISA_PAN, visa } from '../kernel/test/setting.ts';
import { testCard } from '../kernel/test/testcard.ts';
import { RESPONSE_MS } from '../test/bank.ts';
import { around, bankSays, codeOf, now, open, pass, restart, till } from '../test/counter.ts';
import { openMemoryStorage } from '../test/storage.ts';
import { cardOutcome, sellByCard, sellByCode, takeBack } from '../test/till.ts';

const CODE = '281234567890123456';

describe('with the line down', () => {
  beforeEach(() => till.link.setLine(false));

  test('a card is accepted offline, and forwarded when the line is back', async () => {
    const sold = await sellByCard(till, 1_280);
    await pass(10);
    expect(now(sold)).toMatchObject({ state: 'saf-accepted', print: 'printed', batch: null });
    expect(till.printer.printed[0]?.text).not.toContain('批准');
    till.link.setLine(true);
    await pass(10);
    expect(now(sold)).toMatchObject({ state: 'saf-approved', batch: 1 });
    expect(till.core.payments.sealed(sold.id)).toBeUndefined();
  });

  test('nothing is accepted without its sealed card: the core stops instead (I17)', async () => {
    const bare = cardOutcome();
    if (bare.kind !== 'online') throw new Error('no card');
    const sold = await sellByCard(till, 1_280, { ...bare, card: { ...bare.card, sealed: '' } });
    expect(till.core.stopped).toBe('store-failed');
    expect(now(sold).state).toBe('opened');
    expect(till.shown.some((one) => one.phase === 'result')).toBe(false);
  });

  test('what the bank refuses afterwards is a loss that is shown', async () => {
    around.bank.plant('advice', 'decline');
    const sold = await sellByCard(till, 1_280);
    till.link.setLine(true);
    await pass(10);
    expect(now(sold).state).toBe('saf-declined');
    const { today } = till.core.settlement.report();
    expect(today.lateDeclined).toEqual({ amount: money(1_280, 'CNY'), count: 1 });
    expect(today.difference).toEqual(money(0, 'CNY'));
    expect(today.attention).toMatchObject([{ code: 'late-decline', payment: sold.id }]);
  });

  test('an advice without an answer is repeated with the same numbers, across restarts (R7)', async () => {
    const sold = await sellByCard(till, 1_280);
    around.bank.plant('advice', 'drop-answer');
    around.bank.plant('advice', 'drop-answer');
    till.link.setLine(true);
    await pass(RESPONSE_MS + 2);
    expect(now(sold).state).toMatch(/^saf-(unknown|sending)$/);
    await restart();
    await pass(60_000);
    expect(now(sold).state).toBe('saf-approved');
    const advices = around.bank.heard.filter(({ type }) => type === 'advice');
    expect(new Set(advices.map(({ trace }) => trace.rrn))).toEqual(new Set([sold.rrn]));
    expect(advices.map(({ trace }) => trace.attempt)).toEqual([0, 1, 2]);
  });

  test('the same card a second time, too much, and a card that may not be deferred are refused', async () => {
    await sellByCard(till, 1_000);
    expect(await sellByCard(till, 1_000)).toMatchObject({ state: 'declined', reason: 'offline-card-seen' });
    const other = cardOutcome('b'.repeat(32));
    expect(await sellByCard(till, 5_001, other)).toMatchObject({ reason: 'offline-over-single' });
    expect(await sellByCard(till, 100, cardOutcome('c'.repeat(32), false))).toMatchObject({
      reason: 'offline-not-deferrable',
    });
  });

  test('after 24 hours what never left is a loss, what may have arrived is not', async () => {
    const kept = await sellByCard(till, 1_000);
    await pass(25 * 3_600_000);
    till.link.setLine(true);
    await pass(10);
    expect(now(kept).state).toBe('saf-expired');
    expect(bankSays(kept)).toBeUndefined();
  });

  test('a wallet code is refused with the reason, and the sale goes on waiting', async () => {
    const opened = await sellByCode(till, 100, CODE);
    expect(opened.state).toBe('opened');
    expect(till.core.counter.now).toMatchObject({ prompt: 'code-refused', reason: 'code-needs-line' });
  });

  test('of one card too often in a row is not deferrable, until the bank has approved it online', async () => {
    const cards = { ...cardConfig.cards, consecutiveOffline: { lower: 2, upper: 2 } };
    const profile = { ...around.signed.profile, cards };
    till.kill();
    open({ ...around, storage: openMemoryStorage(), signed: { ...around.signed, profile } });
    const card = () => ({ ...testCard(visa), kind: 'virtual' as const });
    const read = () => till.core.readCard(card(), money(1_000, 'CNY'), 1, () => undefined);
    const outcome = cardOutcome(till.core.vault.token(VISA_PAN));
    const offlineSale = async () => {
      till.link.setLine(false);
      const sold = await sellByCard(till, 1_000, outcome);
      expect(sold.state).toBe('saf-accepted');
      till.link.setLine(true);
      await pass(10_000);
      expect(now(sold).state).toBe('saf-approved');
    };
    expect(await read()).toMatchObject({ kind: 'online', deferrable: true });
    await offlineSale();
    await sellByCard(till, 1_000, cardOutcome());
    await pass(10_000);
    expect(await read()).toMatchObject({ kind: 'online', deferrable: true });
    await offlineSale();
    expect(await read()).toMatchObject({ kind: 'online', deferrable: false });
    around.bank.plant('purchase', 'decline');
    await sellByCard(till, 1_000, outcome);
    await pass(10_000);
    expect(await read()).toMatchObject({ kind: 'online', deferrable: false });
    await sellByCard(till, 1_000, outcome);
    await pass(10_000);
    expect(await read()).toMatchObject({ kind: 'online', deferrable: true });
  });

  test('an offline sale can be voided while it waits, and never reaches the bank', async () => {
    const sold = await sellByCard(till, 1_000);
    await pass(10);
    takeBack(till, sold);
    till.link.setLine(true);
    await pass(1_000);
    expect(now(sold).state).toBe('saf-voided');
    expect(around.bank.heard).toEqual([]);
    expect(till.core.settlement.report().today.difference).toEqual(money(0, 'CNY'));
  });

  test('a void of what the bank has approved is refused until the line is back', async () => {
    till.link.setLine(true);
    const sold = await sellByCard(till, 1_000);
    await pass(10);
    till.link.setLine(false);
    expect(codeOf(() => takeBack(till, sold))).toBe('bank-offline');
    expect(now(sold).state).toBe('approved');
  });
});
