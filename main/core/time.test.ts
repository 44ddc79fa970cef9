import { beforeEach, expect, test } from 'vitest';
import type { DayReport } from '../../contract/day.ts';
import { money } from '../../contract/money.ts';
import { notices } from './calls/view.ts';
import { WRITTEN } from './clockwatch.ts';
import { paymentReceipt } from './reports/receipt.ts';
import { readToday } from './reports/today.ts';
import { wordsOf } from './reports/words.ts';
import { openModelBank } from './test/bank.ts';
import { openManualClock } from './test/clock.ts';
import { openMemoryStorage } from './test/storage.ts';
import { makeProfile, newKey, openTill, type Surroundings, sellByCard, sellForCash, type Till } from './test/till.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 7, 1, 2);
let around: Surroundings;
let till: Till;

beforeEach(async () => {
  around = {
    clock: openManualClock(START),
    storage: openMemoryStorage(),
    bank: openModelBank(),
    signed: await makeProfile(),
  };
  till = openTill(around);
});

function restart(): void {
  till.kill();
  till = openTill(around);
}

/** What the true time is, whatever the clock shows. */
function truth(): number {
  return START + around.clock.monotonic();
}

/** The journal's entries about the clock being in doubt. */
function said(): { type: string; shows: number; bank: number | null }[] {
  return till.core.book.db
    .prepare<[], { body: string }>(
      `SELECT body FROM entry WHERE body LIKE '%"clock-suspect"%' OR body LIKE '%"clock-right"%' ORDER BY seq`,
    )
    .all()
    .map(({ body }) => JSON.parse(body).event);
}

async function closeDay(): Promise<DayReport> {
  const steps = till.core.settlement.close(newKey());
  let report: DayReport | undefined;
  for (let done = false; !done; ) {
    const next = steps.next();
    await around.clock.advance(100);
    const step = await next;
    done = step.done === true;
    if (!step.done && step.value.step === 'done') report = step.value.report;
  }
  if (!report) throw new Error('the day was not closed');
  return report;
}

test('a payment is marked from the moment in which the clock was set, until the bank’s time agrees', async () => {
  const { clock } = around;
  expect(sellForCash(till, 100).clockSuspect).toBe(false);
  clock.setWall(clock.now() + 6 * MINUTE);
  const marked = sellForCash(till, 100);
  expect(marked.clockSuspect, 'although nobody has looked yet').toBe(true);
  await clock.advance(2 * HOUR);
  expect(sellForCash(till, 100).clockSuspect, 'two hours later').toBe(true);
  restart();
  expect(sellForCash(till, 100).clockSuspect, 'after a restart').toBe(true);
  till.link.tell(truth());
  expect(sellForCash(till, 100).clockSuspect, 'the bank says that it is wrong').toBe(true);
  clock.setWall(truth() + 1_000);
  await clock.advance(31_000);
  expect(sellForCash(till, 100).clockSuspect).toBe(false);
  expect(till.core.payments.get(marked.id).clockSuspect, 'what was marked stays so').toBe(true);
  expect(said().map(({ type }) => type)).toEqual(['clock-suspect', 'clock-right']);
  expect(Math.abs((said()[1]?.bank ?? 0) - (said()[1]?.shows ?? 0))).toBeLessThan(MINUTE);
});

test('a clock that was wrong from the beginning is found by the bank’s time, and says both times', async () => {
  const { clock } = around;
  till.link.tell(clock.now() - DAY);
  expect(till.core.time.suspect).toBe(true);
  expect(said()).toEqual([{ type: 'clock-suspect', shows: clock.now(), bank: clock.now() - DAY }]);
  expect(notices(till.core).map(({ code }) => code)).toContain('clock-suspect');
});

test('a bank that agrees says nothing, and a clock near the bound does not go to and fro', async () => {
  const { clock } = around;
  for (const apart of [0, 4, -4, 4.5, -5]) till.link.tell(clock.now() + apart * MINUTE);
  expect(said()).toEqual([]);
  for (const apart of [5.1, 4.9, 5.1, 4.5, 5.2, 3.9, 4.9, 4.1]) till.link.tell(clock.now() + apart * MINUTE);
  expect(said().map(({ type }) => type)).toEqual(['clock-suspect', 'clock-right']);
});

test('a clock that somebody sets right, as the bank has it, is not in doubt for that', async () => {
  const { clock } = around;
  till.link.tell(clock.now() + 4.5 * MINUTE);
  clock.setWall(clock.now() + 6 * MINUTE);
  expect(sellForCash(till, 100).clockSuspect).toBe(false);
  expect(said()).toEqual([]);
});

test('a bank whose own time is of before the program is not listened to', async () => {
  till.link.tell(WRITTEN - DAY);
  expect(till.core.time.suspect).toBe(false);
  expect(till.core.time.bank).toBeUndefined();
});

test.each([-3 * DAY, 3 * DAY, 12 * 365 * DAY])(
  'of a clock set by %d ms the business day is the bank’s: of payment, ledger, shift, today and close',
  async (ms) => {
    const { clock } = around;
    till.link.tell(truth());
    const before = await sellByCard(till, 1_280);
    await clock.advance(1_000);
    clock.setWall(clock.now() + ms);
    const after = await sellByCard(till, 640);
    await clock.advance(1_000);
    expect(after.clockSuspect).toBe(true);
    expect([before.day, after.day]).toEqual(['2026-08-01', '2026-08-01']);
    expect(till.core.today).toBe('2026-08-01');
    expect(till.core.time.now, 'what cards are told of the date').toBe(truth());
    expect(till.core.drawer.open(newKey(), money(5_000, 'CNY'), 'cashier').day).toBe('2026-08-01');
    const today = readToday(till.core.book.db, till.core.today, 'CNY', till.core.zone);
    expect(today.sold).toEqual({ amount: money(1_920, 'CNY'), count: 2 });
    await clock.advance(DAY);
    expect(sellForCash(till, 100).day, 'a day later by the clock that nobody sets').toBe('2026-08-02');
    const report = await closeDay();
    expect(report).toMatchObject({ firstDay: '2026-08-01', day: '2026-08-02', irregular: { clockSuspect: 2 } });
    const days = till.core.book.db.prepare('SELECT DISTINCT day FROM transfer ORDER BY day').pluck().all();
    expect(days).toEqual(['2026-08-01', '2026-08-02']);
    expect(till.core.book.db.prepare('SELECT day FROM batch ORDER BY no').pluck().all()).toEqual([
      '2026-08-01',
      '2026-08-02',
    ]);
  },
);

test('without the bank’s time the day is the clock’s, and never before that of the batch', async () => {
  const { clock } = around;
  clock.setWall(clock.now() - 3 * DAY);
  expect(sellForCash(till, 100)).toMatchObject({ day: '2026-08-01', clockSuspect: true });
  clock.setWall(clock.now() + 5 * DAY);
  expect(sellForCash(till, 100)).toMatchObject({ day: '2026-08-03', clockSuspect: true });
  restart();
  expect(sellForCash(till, 100).day).toBe('2026-08-03');
  till.link.tell(truth());
  expect(sellForCash(till, 100).day, 'the bank’s word again').toBe('2026-08-01');
  const report = till.core.settlement.report();
  expect(report).toMatchObject({ firstDay: '2026-08-01', day: '2026-08-03', irregular: { clockSuspect: 4 } });
});

test.each([
  [12 * 365 * DAY, '2038-07-29'],
  [DAY, '2026-08-02'],
  [20 * HOUR, '2026-08-02'],
])('a batch that a clock %d ms ahead opened does not keep its day once the bank was heard', async (ahead, day) => {
  till.kill();
  around = { ...around, clock: openManualClock(START + ahead), storage: openMemoryStorage() };
  till = openTill(around);
  expect(sellForCash(till, 100).day).toBe(day);
  till.link.tell(truth());
  expect(sellForCash(till, 100)).toMatchObject({ day: '2026-08-01', clockSuspect: true });
  around.clock.setWall(truth());
  await around.clock.advance(31_000);
  expect(sellForCash(till, 100)).toMatchObject({ day: '2026-08-01', clockSuspect: false });
});

test('a later cut-off, set on the first day, leaves that day as it is', () => {
  till.link.tell(truth());
  till.core.configure({ ...till.core.settings, dayCut: '12:00' }, 'owner');
  expect(sellForCash(till, 100)).toMatchObject({ day: '2026-08-01', clockSuspect: false });
});

test('nearly at the cut-off no payment is of the day before its batch, whichever clock is asked', async () => {
  const { clock } = around;
  // Four in the morning in Shanghai, by a clock that is four minutes fast.
  clock.setWall(Date.UTC(2026, 7, 1, 20, 1));
  till.link.tell(Date.UTC(2026, 7, 1, 19, 57));
  const report = await closeDay();
  expect(report.day).toBe('2026-08-02');
  till.link.tell(Date.UTC(2026, 7, 1, 19, 55));
  expect(sellForCash(till, 100)).toMatchObject({ day: '2026-08-02', clockSuspect: true });
});

test('a time without a year is looked for after the last one that was believed, not near a clock in doubt', async () => {
  const { clock } = around;
  const near: number[] = [];
  clock.setWall(clock.now() + 12 * 365 * DAY);
  await clock.advance(31_000);
  till.core.time.heard((at) => {
    near.push(at);
    return undefined;
  });
  restart();
  till.core.time.heard((at) => {
    near.push(at);
    return truth();
  });
  till.core.time.heard((at) => {
    near.push(at);
    return undefined;
  });
  for (const at of near) expect(Math.abs(at - truth())).toBeLessThan(180 * DAY);
  expect(near[2]).toBe(truth());
});

test('a clock set years ahead while the terminal was off does not make the bank’s year', async () => {
  sellForCash(till, 100);
  around.clock.setWall(around.clock.now() + 12 * 365 * DAY);
  restart();
  till.core.time.heard((near) => {
    expect(Math.abs(near - truth())).toBeLessThan(180 * DAY);
    return truth();
  });
  expect(till.core.time.suspect).toBe(true);
});

test.each(['zh-CN', 'en'] as const)('the receipt says so in %s, and no other one does', async (language) => {
  const text = (payment: ReturnType<typeof sellForCash>): string =>
    JSON.stringify(paymentReceipt(payment, { ...till.core.receiptContext(false, payment), words: wordsOf(language) }));
  const mark = language === 'en' ? '"left":"Time","right":"not verified"' : '"left":"时间","right":"待核对"';
  expect(text(sellForCash(till, 100))).not.toContain(mark);
  around.clock.setWall(around.clock.now() - DAY);
  expect(text(sellForCash(till, 100))).toContain(mark);
});

test('the mark is kept by the database, and comes back from the journal', async () => {
  const { clock, storage } = around;
  clock.setWall(clock.now() - DAY);
  const marked = sellForCash(till, 100);
  const { db } = till.core.book;
  expect(() => db.prepare('UPDATE payment SET clock_suspect = 0 WHERE id = ?').run(marked.id)).toThrow(
    /does not change/,
  );
  till.kill();
  storage.dropDatabase();
  till = openTill(around);
  expect(till.core.payments.get(marked.id).clockSuspect).toBe(true);
});
