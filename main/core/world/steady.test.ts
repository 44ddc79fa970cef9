import { expect, test } from 'vitest';
import { businessDay } from '../ledger/day.ts';
import { ClockWentBack, steadyClock } from './steady.ts';
import type { Clock } from './world.ts';

const NOW = Date.UTC(2026, 7, 1);

function hands(): { wall: number; monotonic: number; readonly clock: Clock } {
  const at = { wall: NOW, monotonic: 5 };
  return Object.assign(at, {
    clock: { now: () => at.wall, monotonic: () => at.monotonic, sleep: async () => undefined },
  });
}

test('monotonic time that goes back stops the core (I20)', () => {
  const at = hands();
  const fatal: unknown[] = [];
  const clock = steadyClock(at.clock, (error) => fatal.push(error));
  expect(clock.monotonic()).toBe(5);
  expect(clock.monotonic()).toBe(5);
  at.monotonic = 4.9;
  expect(() => clock.monotonic()).toThrow(ClockWentBack);
  expect(fatal).toHaveLength(1);
});

test('wall time may be set to anything that a calendar can write', () => {
  const at = hands();
  const clock = steadyClock(at.clock, () => undefined);
  for (const wall of [NOW, NOW - 86_400_000, 0, Date.UTC(2038, 0, 19, 3, 14, 8), Date.UTC(9997, 11, 31)]) {
    at.wall = wall;
    expect(clock.now()).toBe(wall);
  }
});

test.each([
  ['after the year 9999', Date.UTC(10_000, 0, 1), '9998-01-01'],
  ['that no calendar has', 8.64e15 + 1, '9998-01-01'],
  ['before 1970', -1, '1970-01-01'],
])('a time %s is a label that goes on, and no error', (_what, wall, day) => {
  const at = hands();
  const clock = steadyClock(at.clock, () => undefined);
  at.wall = wall;
  const first = clock.now();
  expect(new Date(first).toISOString().slice(0, 10)).toBe(day);
  expect(businessDay(first + 12 * 3_600_000, 'Asia/Shanghai', '04:00')).toBe(day);
  at.monotonic += 1_500;
  expect(clock.now() - first).toBe(1_500);
  at.wall = NOW;
  expect(clock.now()).toBe(NOW);
});
