import { expect, test } from 'vitest';
import { localTold, utcTold } from './told.ts';

const at = (text: string): number => Date.parse(text);

test('a time with its year is that time, whatever seems likely', () => {
  expect(utcTold('20260930235959')?.(0)).toBe(at('2026-09-30T23:59:59Z'));
  expect(utcTold('2026-09-30T23:59:59.250Z')?.(0)).toBe(at('2026-09-30T23:59:59.250Z'));
});

test.each([undefined, '', '20261330000000', '20260930', '2026-09-30T23:59:59.250', 'yesterday', '0'.repeat(14)])(
  '%s is no time',
  (text) => {
    expect(utcTold(text)).toBeUndefined();
  },
);

test.each([
  ['0930', '235959', 'UTC', '2026-10-01T00:00:00Z', '2026-09-30T23:59:59Z'],
  ['1231', '235959', 'UTC', '2027-01-01T00:00:03Z', '2026-12-31T23:59:59Z'],
  ['0101', '000003', 'UTC', '2026-12-31T23:59:59Z', '2027-01-01T00:00:03Z'],
  ['1001', '075959', 'Asia/Shanghai', '2026-10-01T00:00:00Z', '2026-09-30T23:59:59Z'],
  // Shown twice: the hour in which the clocks of Berlin go back.
  ['1025', '023000', 'Europe/Berlin', '2026-10-25T00:29:00Z', '2026-10-25T00:30:00Z'],
  ['1025', '023000', 'Europe/Berlin', '2026-10-25T01:31:00Z', '2026-10-25T01:30:00Z'],
  // Only in a leap year.
  ['0229', '120000', 'UTC', '2027-03-01T12:00:00Z', '2028-02-29T12:00:00Z'],
])('%s %s in %s near %s is %s', (date, time, zone, near, is) => {
  expect(new Date(localTold(date, time, zone)?.(at(near)) ?? 0).toISOString()).toBe(new Date(at(is)).toISOString());
});

test('a date that no year near has, and an hour that no clock showed, is none', () => {
  expect(localTold('0229', '120000', 'UTC')?.(at('2026-01-01T00:00:00Z'))).toBeUndefined();
  expect(localTold('0329', '023000', 'Europe/Berlin')?.(at('2026-03-29T01:00:00Z'))).not.toBe(
    at('2026-03-29T01:30:00Z'),
  );
  expect(localTold('0230', '120000', 'UTC')?.(at('2026-01-01T00:00:00Z'))).toBeUndefined();
  expect(localTold('1332', '000000', 'UTC')?.(at('2026-01-01T00:00:00Z'))).toBeUndefined();
  expect(localTold(undefined, '120000', 'UTC')).toBeUndefined();
});
