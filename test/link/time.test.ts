import { afterEach, expect, test } from 'vitest';
import { openPlace, type Place } from './place.ts';

/** What the bank says of the time, over each link, to a bank whose clock is set apart. */

const DAY = 86_400_000;
const MINUTE = 60_000;
const timers = { responseMs: 1000, reconnectMs: [20], repeatMs: [0, 100], messageLifetimeMs: 300 };
const speeches = [
  ['countertap', { dialect: 'countertap' }],
  ['hypercom', { dialect: 'hypercom' }],
  ['unionpay', { dialect: 'unionpay' }],
  ['HTTPS', { link: 'https' }],
] as const;
let place: Place;

afterEach(async () => {
  await place.close();
});

/** How far the bank's clock is ahead of ours, as it is told; whatever near means to the listener. */
async function apart(near: () => number): Promise<number[]> {
  const told: number[] = [];
  const forget = place.link.onTime?.((time) => told.push((time(near()) ?? 0) - Date.now()));
  expect(await place.link.echo()).toBeDefined();
  forget?.();
  return told;
}

test.each(speeches)('over %s the bank’s time comes with an echo', { timeout: 60_000 }, async (_name, terms) => {
  place = await openPlace({ timers, ...terms });
  for (const ms of [0, -3 * DAY, 20 * MINUTE, 100 * DAY]) {
    await place.bank.commands['clock']?.({ apartMs: ms });
    const [first = Number.NaN] = await apart(() => Date.now());
    expect(Math.abs(first - ms), `${ms} ms apart`).toBeLessThan(MINUTE);
  }
});

test.each(speeches)(
  'over %s the bank’s time is known before the line is in use',
  { timeout: 60_000 },
  async (_name, terms) => {
    place = await openPlace({ timers, ...terms });
    const { link, bank } = place;
    await bank.commands['line']?.({ up: false });
    await link.echo();
    await expect.poll(() => link.state.status).not.toBe('online');
    const seen: string[] = [];
    link.onTime?.(() => seen.push('time'));
    link.onChange(() => seen.push(link.state.status));
    await bank.commands['line']?.({ up: true });
    await expect.poll(() => link.state.status, { timeout: 10_000 }).toBe('online');
    expect(seen).toContain('time');
    expect(seen.indexOf('time')).toBeLessThan(seen.indexOf('online'));
  },
);

test('a zone of the host that is another than it tells would be hours apart', { timeout: 60_000 }, async () => {
  place = await openPlace({ timers, dialect: 'unionpay', hostZone: 'Asia/Shanghai' });
  const [first = Number.NaN] = await apart(() => Date.now());
  expect(Math.abs(first + 8 * 60 * MINUTE)).toBeLessThan(MINUTE);
});

test('an answer that is not believed tells no time', { timeout: 60_000 }, async () => {
  place = await openPlace({ timers });
  const told: number[] = [];
  place.link.onTime?.((time) => told.push((time(Date.now()) ?? 0) - Date.now()));
  await place.bank.commands['clock']?.({ apartMs: -DAY });
  await place.rule({ on: '0800', do: 'wrong-mac' });
  expect(await place.link.echo()).toBeUndefined();
  await place.bank.commands['clock']?.({ apartMs: 0 });
  expect(place.link.counters).toMatchObject({ dropped: 1, lastDropped: 'MAC' });
  for (const ms of told) expect(Math.abs(ms)).toBeLessThan(MINUTE);
});
