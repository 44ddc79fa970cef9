import fc from 'fast-check';
import { expect, test } from 'vitest';
import { businessDay, dayBefore, localTime } from './day.ts';

test.each([
  ['2026-08-01T19:59:59Z', 'Asia/Shanghai', '2026-08-01'],
  ['2026-08-01T20:00:00Z', 'Asia/Shanghai', '2026-08-02'],
  ['2026-08-01T15:59:59Z', 'Asia/Shanghai', '2026-08-01'],
  ['2026-08-01T16:00:00Z', 'Asia/Shanghai', '2026-08-01'],
  ['2025-12-31T20:00:00Z', 'Asia/Shanghai', '2026-01-01'],
  ['2028-02-29T19:00:00Z', 'Asia/Shanghai', '2028-02-29'],
  ['2026-08-01T03:30:00Z', 'UTC', '2026-07-31'],
])('at %s in %s the day that begins at 04:00 is %s', (at, zone, day) => {
  expect(businessDay(Date.parse(at), zone, '04:00')).toBe(day);
});

test('a cut-off at midnight is the calendar day, one at 23:59 belongs nearly wholly to yesterday', () => {
  const noon = Date.parse('2026-08-01T12:00:00Z');
  expect(businessDay(noon, 'UTC', '00:00')).toBe('2026-08-01');
  expect(businessDay(noon, 'UTC', '23:59')).toBe('2026-07-31');
});

// Europe/Berlin 2026: 29 March 02:00 becomes 03:00; 25 October 03:00 becomes 02:00.
test.each([
  ['2026-03-29T00:59:00Z', '02:30', '2026-03-28'],
  ['2026-03-29T01:00:00Z', '02:30', '2026-03-29'],
  ['2026-10-25T00:29:00Z', '02:30', '2026-10-24'],
  ['2026-10-25T00:30:00Z', '02:30', '2026-10-25'],
  // The hour that comes twice: before the cut-off once more.
  ['2026-10-25T01:10:00Z', '02:30', '2026-10-24'],
  ['2026-10-25T01:30:00Z', '02:30', '2026-10-25'],
])('in Berlin at %s with the cut-off %s the day is %s', (at, cut, day) => {
  expect(businessDay(Date.parse(at), 'Europe/Berlin', cut)).toBe(day);
});

test('a business day is today or yesterday at the counter, whatever the zone and the cut-off', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: Date.UTC(2020, 0), max: Date.UTC(2040, 0) }),
      fc.constantFrom('Asia/Shanghai', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'UTC'),
      fc.integer({ min: 0, max: 1439 }),
      (at, zone, minutes) => {
        const cut = `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
        const { date, hour, minute } = localTime(at, zone);
        const early = hour * 60 + minute < minutes;
        expect(businessDay(at, zone, cut)).toBe(early ? dayBefore(date) : date);
      },
    ),
  );
});

test('local time of a zone with half an hour', () => {
  expect(localTime(Date.parse('2026-08-01T18:31:02Z'), 'Asia/Kolkata')).toEqual({
    date: '2026-08-02',
    hour: 0,
    minute: 1,
    second: 2,
  });
});

test('the day before the first of March is the 29th of February in a leap year', () => {
  expect(dayBefore('2028-03-01')).toBe('2028-02-29');
  expect(dayBefore('2026-01-01')).toBe('2025-12-31');
});
