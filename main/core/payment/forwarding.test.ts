import { describe, expect, test } from 'vitest';
import { Refused } from '../refused.ts';
import { around, restart, till } from '../test/counter.ts';
import { cardOutcome, sellByCard, type Till } from '../test/till.ts';
import { expiryStage, PAUSE_MS } from './forwarding.ts';
import type { Payment } from './payment.ts';

const HOUR = 3_600_000;

async function sellOffline(card = 1): Promise<Payment> {
  till.link.setLine(false);
  const sold = await sellByCard(till, 1_000, cardOutcome(String(card).padStart(32, '0')));
  await around.clock.advance(10);
  return sold;
}

function stateOf({ id }: Payment): string {
  return till.core.payments.get(id).state;
}

function view(): ReturnType<Till['core']['pending']['forwarding']['view']> {
  return till.core.pending.forwarding.view();
}

function journalled(type: string): Record<string, unknown>[] {
  return till.core.book.db
    .prepare<[], { body: string }>('SELECT body FROM entry ORDER BY seq')
    .all()
    .map(({ body }): { by: string; event: { type: string } } => JSON.parse(body))
    .filter(({ event }) => event.type === type)
    .map(({ by, event }) => ({ by, ...event }));
}

describe('a pause', () => {
  test('holds everything back until the person ends it, and the journal names both', async () => {
    const sold = await sellOffline();
    till.core.pending.forwarding.pause('owner');
    till.core.pending.forwarding.pause('owner');
    till.link.setLine(true);
    await around.clock.advance(HOUR);
    expect(stateOf(sold)).toBe('saf-accepted');
    expect(view().paused).toMatchObject({ by: 'owner' });
    till.core.pending.forwarding.resume('owner');
    await around.clock.advance(10);
    expect(stateOf(sold)).toBe('saf-approved');
    expect(journalled('forward-paused')).toMatchObject([{ by: 'owner' }]);
    expect(journalled('forward-resumed')).toMatchObject([{ by: 'owner' }]);
    expect(view()).toMatchObject({ paused: null, oldestMs: null, sending: 0 });
  });

  test('ends by itself after its bound, counted on the clock that nobody can set', async () => {
    const sold = await sellOffline();
    till.core.pending.forwarding.pause('owner');
    till.link.setLine(true);
    around.clock.setWall(around.clock.now() + 10 * HOUR);
    await around.clock.advance(PAUSE_MS - 60_000);
    expect(stateOf(sold)).toBe('saf-accepted');
    await around.clock.advance(120_000);
    expect(stateOf(sold)).toBe('saf-approved');
    expect(journalled('forward-resumed')).toMatchObject([{ by: 'terminal' }]);
  });

  test('is still there after a restart, and no longer than its bound', async () => {
    const sold = await sellOffline();
    till.core.pending.forwarding.pause('owner');
    await around.clock.advance(HOUR);
    await restart();
    expect(view().paused).toMatchObject({ by: 'owner' });
    await around.clock.advance(HOUR - 60_000);
    expect(stateOf(sold)).toBe('saf-accepted');
    await around.clock.advance(120_000);
    expect(stateOf(sold)).toBe('saf-approved');
  });

  test('ends with the close of the day, and with "send now" in the name of who asks', async () => {
    const sold = await sellOffline();
    till.core.pending.forwarding.pause('owner');
    till.link.setLine(true);
    const steps = till.core.settlement.close();
    await steps.next();
    void steps.next();
    await around.clock.advance(1_000);
    expect(stateOf(sold)).toBe('saf-approved');
    const other = await sellOffline(2);
    till.core.pending.forwarding.pause('owner');
    till.link.setLine(true);
    const left = till.core.pending.settle(5_000, 'cashier');
    await around.clock.advance(5_000);
    expect(await left).toBe(0);
    expect(stateOf(other)).toBe('saf-approved');
    expect(journalled('forward-resumed').map(({ by }) => by)).toEqual(['terminal', 'cashier']);
  });

  test('is refused when a limit is near, and ends when one comes near', async () => {
    const sold = await sellOffline();
    await around.clock.advance(17 * HOUR);
    till.core.pending.forwarding.pause('owner');
    till.link.setLine(true);
    await around.clock.advance(30 * 60_000);
    expect(stateOf(sold)).toBe('saf-accepted');
    await around.clock.advance(31 * 60_000);
    expect(stateOf(sold)).toBe('saf-approved');
    await sellOffline(2);
    await around.clock.advance(18 * HOUR + 60_000);
    expect(() => till.core.pending.forwarding.pause('owner')).toThrow(Refused);
  });
});

describe('expiry', () => {
  test('is announced at three quarters and an hour before, once each, and then it is kept as a loss', async () => {
    const sold = await sellOffline();
    await around.clock.advance(18 * HOUR - 60_000);
    expect(view().expiring).toBeNull();
    await around.clock.advance(120_000);
    expect(view().expiring).toMatchObject({ stage: 'soon' });
    await around.clock.advance(5 * HOUR);
    expect(view().expiring).toMatchObject({ stage: 'last' });
    expect(journalled('offline-expiring')).toMatchObject([
      { stage: 'soon', count: 1, sum: 1_000 },
      { stage: 'last', count: 1, sum: 1_000 },
    ]);
    expect(stateOf(sold)).toBe('saf-accepted');
    await around.clock.advance(HOUR);
    expect(stateOf(sold)).toBe('saf-expired');
    expect(view().expiring).toBeNull();
  });

  test('comes no sooner and no later when somebody sets the clock, and bounds selling by the same age (I20)', async () => {
    const sold = await sellOffline();
    around.clock.setWall(around.clock.now() + 30 * HOUR);
    await around.clock.advance(HOUR);
    expect(stateOf(sold)).toBe('saf-accepted');
    expect(stateOf(await sellOffline(2))).toBe('saf-accepted');
    around.clock.setWall(around.clock.now() - 50 * HOUR);
    await around.clock.advance(24 * HOUR);
    expect(stateOf(sold)).toBe('saf-expired');
  });

  test.each([
    [24, 17.9, undefined],
    [24, 18, 'soon'],
    [24, 22.9, 'soon'],
    [24, 23, 'last'],
    [1, 0.74, undefined],
    [1, 0.8, 'soon'],
    [1, 0.9, 'last'],
  ] as const)('of a limit of %d h at %d h is said: %s', (limit, age, stage) => {
    expect(expiryStage(age * HOUR, limit * HOUR)).toBe(stage);
  });
});
