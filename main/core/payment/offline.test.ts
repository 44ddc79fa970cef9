import fc from 'fast-check';
import { expect, test } from 'vitest';
import { money } from '../../../contract/money.ts';
import { type OfflineUse, offlineRefusal } from './offline.ts';
import { rules } from './test/given.ts';

const policy = rules.offline;
const visa = { scheme: 'visa', deferrable: true };
const none: OfflineUse = { count: 0, sum: money(0, 'CNY'), oldestMs: null, cardWaiting: false };
const HOURS = 3_600_000;

function refusal(change: Partial<OfflineUse> = {}, minor = 1_000, card = visa): string | undefined {
  return offlineRefusal(policy, { ...none, ...change }, card, money(minor, 'CNY'));
}

test('within the bounds a payment is accepted, on the bound itself too', () => {
  expect(refusal()).toBeUndefined();
  expect(refusal({}, 5_000)).toBeUndefined();
  expect(refusal({ count: 49 })).toBeUndefined();
  expect(refusal({ sum: money(99_000, 'CNY') })).toBeUndefined();
  expect(refusal({ oldestMs: 24 * HOURS - 1 })).toBeUndefined();
});

test('one beyond any bound is refused, with the reason', () => {
  expect(refusal({}, 5_001)).toBe('offline-over-single');
  expect(refusal({ count: 50 })).toBe('offline-over-count');
  expect(refusal({ sum: money(99_001, 'CNY') })).toBe('offline-over-total');
  expect(refusal({ cardWaiting: true })).toBe('offline-card-seen');
  expect(refusal({ oldestMs: 24 * HOURS })).toBe('offline-too-old');
  expect(refusal({}, 1, { ...visa, deferrable: false })).toBe('offline-not-deferrable');
  expect(refusal({}, 1, { ...visa, scheme: 'mastercard' })).toBe('offline-not-deferrable');
});

test('it is off when the profile says so, and for another currency', () => {
  const off = { ...policy, enabled: false };
  expect(offlineRefusal(off, none, visa, money(1, 'CNY'))).toBe('offline-disabled');
  expect(offlineRefusal(policy, none, visa, money(1, 'USD'))).toBe('offline-disabled');
});

test('however many are tried, what waits never passes count, sum or single (I17)', () => {
  const tries = fc.array(fc.integer({ min: 1, max: 7_000 }), { maxLength: 150 });
  fc.assert(
    fc.property(tries, (amounts) => {
      let use = none;
      for (const minor of amounts) {
        if (offlineRefusal(policy, use, visa, money(minor, 'CNY')) !== undefined) continue;
        expect(minor).toBeLessThanOrEqual(policy.single.minor);
        use = { ...use, count: use.count + 1, sum: money(use.sum.minor + minor, 'CNY') };
      }
      expect(use.count).toBeLessThanOrEqual(policy.count);
      expect(use.sum.minor).toBeLessThanOrEqual(policy.total.minor);
    }),
  );
});
