import { beforeEach, expect, test } from 'vitest';
import { money } from '../../contract/money.ts';
import { notices } from './calls/view.ts';
import { ClockWatch, WRITTEN } from './clockwatch.ts';
import { openModelBank } from './test/bank.ts';
import { openManualClock } from './test/clock.ts';
import { openMemoryStorage } from './test/storage.ts';
import { cardOutcome, makeProfile, newKey, openTill, type Surroundings, sellByCard, type Till } from './test/till.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
let around: Surroundings;
let till: Till;

beforeEach(async () => {
  around = {
    clock: openManualClock(),
    storage: openMemoryStorage(),
    bank: openModelBank(),
    signed: await makeProfile(),
  };
  till = openTill(around);
});

function entries(): string[] {
  return till.core.book.db
    .prepare<[], { body: string }>("SELECT body FROM entry WHERE body LIKE '%clock-set%' ORDER BY seq")
    .all()
    .map(({ body }) => String(JSON.parse(body).event.ms));
}

function restart(): void {
  till.kill();
  till = openTill(around);
}

test.each([HOUR, -HOUR, DAY, -DAY, 12 * 365 * DAY])(
  'a clock set by %d ms is noticed, written down and told',
  async (ms) => {
    const { clock } = around;
    await clock.advance(60_000);
    clock.setWall(clock.now() + ms);
    await clock.advance(31_000);
    expect(entries()).toEqual([String(ms)]);
    expect(notices(till.core).map(({ code }) => code)).toContain('clock-suspect');
    await clock.advance(HOUR);
    expect(entries()).toHaveLength(1);
  },
);

test('a clock that is steered by a minute is no clock that was set', async () => {
  const { clock } = around;
  clock.setWall(clock.now() + 60_000);
  await clock.advance(31_000);
  expect(entries()).toEqual([]);
});

test('a clock of before the program was made is said for as long as it is so, and written down', async () => {
  till.kill();
  around = { ...around, clock: openManualClock(WRITTEN - DAY), storage: openMemoryStorage() };
  till = openTill(around);
  const early = () => till.core.book.db.prepare("SELECT 1 FROM entry WHERE body LIKE '%clock-too-early%'").all();
  expect(early()).toHaveLength(1);
  expect(notices(till.core).map(({ code }) => code)).toContain('clock-suspect');
  await around.clock.advance(2 * HOUR);
  expect(till.core.time.suspect).toBe(true);
  around.clock.setWall(WRITTEN + 100 * DAY);
  await around.clock.advance(31_000);
  expect(entries(), 'that it was set right is written down too').toHaveLength(1);
  till.link.tell(around.clock.now());
  expect(till.core.time.suspect).toBe(false);
});

test('a clock that is behind the journal at a start was set back meanwhile', async () => {
  const { clock } = around;
  till.core.note('session', 'signed-in', 'owner');
  clock.setWall(clock.now() - DAY);
  restart();
  expect(entries()).toEqual([String(-DAY)]);
  expect(till.core.time.suspect).toBe(true);
});

test('what the clock was set by is taken out of ages, across restarts', async () => {
  const { clock } = around;
  till.link.setLine(false);
  const first = await sellByCard(till, 1_280);
  await clock.advance(HOUR);
  clock.setWall(clock.now() + 3 * DAY);
  await clock.advance(HOUR);
  const second = await sellByCard(till, 1_280, cardOutcome('b'.repeat(32)));
  await clock.advance(1_000);
  clock.setWall(clock.now() - 2 * DAY);
  await clock.advance(HOUR);
  till.kill();
  till = openTill(around, false);
  const watch = new ClockWatch({
    clock,
    book: till.core.book,
    time: till.core.time,
    changed: () => undefined,
    fatal: () => undefined,
  });
  expect([first, second].map(({ id, at }) => watch.setSince(id, at))).toEqual([DAY, -2 * DAY]);
  for (const { id, at } of [first, second]) expect(watch.offSince(id, at)).toBeLessThan(60_000);
});

test.each([3 * DAY, 2 * HOUR, -2 * HOUR])(
  'a clock set by %d ms while the terminal is off ends no offline payment: it is told, and the bank decides',
  async (ms) => {
    const { clock } = around;
    till.link.setLine(false);
    const sold = await sellByCard(till, 1_280);
    await clock.advance(HOUR);
    till.kill();
    clock.setWall(clock.now() + ms);
    till = openTill(around, false);
    await clock.advance(1_000);
    const { payments, pending } = till.core;
    expect(payments.get(sold.id).state).toBe('saf-accepted');
    expect(pending.forwarding.view()).toMatchObject({ unsure: ms > DAY });
    const told = "SELECT body FROM entry WHERE body LIKE '%was-off%'";
    expect(till.core.book.db.prepare(told).all()).toHaveLength(ms > 0 ? 1 : 0);
    if (ms > DAY) {
      const other = cardOutcome('b'.repeat(32));
      expect(await sellByCard(till, 100, other)).toMatchObject({ state: 'declined', reason: 'offline-too-old' });
    }
    till.link.setLine(true);
    await clock.advance(1_000);
    expect(payments.get(sold.id).state).toBe('saf-approved');
  },
);

test('a clock set while the terminal runs makes a payment of before its start neither older nor younger', async () => {
  const { clock } = around;
  till.link.setLine(false);
  const sold = await sellByCard(till, 1_280);
  await clock.advance(20 * HOUR);
  till.kill();
  till = openTill(around, false);
  await clock.advance(HOUR);
  clock.setWall(clock.now() + 3 * DAY);
  await clock.advance(HOUR);
  expect(till.core.payments.get(sold.id).state).toBe('saf-accepted');
  await clock.advance(2 * HOUR + 15 * 60_000);
  expect(till.core.payments.get(sold.id).state).toBe('saf-expired');
});

test('a payment accepted after the clock was set back, and before that was noticed, is as young as it is', async () => {
  const { clock } = around;
  till.link.setLine(false);
  await clock.advance(1_000);
  clock.setWall(clock.now() - 2 * DAY);
  const sold = await sellByCard(till, 1_280);
  await clock.advance(31_000);
  till.kill();
  till = openTill(around, false);
  await clock.advance(HOUR);
  expect(till.core.payments.get(sold.id).state).toBe('saf-accepted');
});

test.each([
  [0, -DAY, HOUR],
  [-DAY, -DAY, 0],
  [DAY, -2 * DAY, DAY],
])(
  'the clock set by %d ms, by %d while a card is read, and by %d: the payment is as young as it is',
  async (...set) => {
    const { clock } = around;
    const [before, during, after] = set;
    till.link.setLine(false);
    clock.setWall(clock.now() + before);
    await clock.advance(31_000);
    const { id } = till.core.charge(newKey(), money(1_280, 'CNY'), { staff: 'cashier' });
    await clock.advance(1_000);
    clock.setWall(clock.now() + during);
    await till.tap(cardOutcome());
    expect(till.core.payments.get(id).state).toBe('saf-accepted');
    clock.setWall(clock.now() + after);
    if (after !== 0) await clock.advance(31_000);
    till.kill();
    till = openTill(around, false);
    await clock.advance(HOUR);
    expect(till.core.payments.get(id).state).toBe('saf-accepted');
  },
);

test('what the terminal saw of the time before a stop is counted, the time that it was off is not', async () => {
  const { clock } = around;
  till.link.setLine(false);
  const sold = await sellByCard(till, 1_280);
  await clock.advance(20 * HOUR);
  till.kill();
  await clock.advance(2 * HOUR);
  till = openTill(around, false);
  await clock.advance(3 * HOUR);
  expect(till.core.payments.get(sold.id).state).toBe('saf-accepted');
  await clock.advance(2 * HOUR);
  expect(till.core.payments.get(sold.id).state).toBe('saf-expired');
});

test('a payment accepted offline does not expire because somebody set the clock before a restart', async () => {
  const { clock } = around;
  till.link.setLine(false);
  const sold = await sellByCard(till, 1_280);
  expect(till.core.payments.get(sold.id).state).toBe('saf-accepted');
  clock.setWall(clock.now() + 3 * DAY);
  await clock.advance(31_000);
  restart();
  await clock.advance(1_000);
  expect(till.core.payments.get(sold.id).state).toBe('saf-approved');
});
