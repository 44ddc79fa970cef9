import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { money } from '../../../contract/money.ts';
import { PaymentState } from '../../../contract/payment.ts';
import { equalParts } from '../../../contract/sale.ts';
import { payment } from '../payment/test/given.ts';
import { backOf, type GivenBack } from './back.ts';
import { type Part, partRefusal, type Sale, stateAfter, sumsOf, unknownPart } from './sale.ts';

const sale: Sale = {
  id: '0198f0a0-0000-7000-8000-0000000000aa',
  total: money(10_000, 'CNY'),
  state: 'open',
  split: true,
  staff: 'cashier',
  approver: null,
  at: 0,
  day: '2026-08-01',
};

let parts = 0;
function part(state: PaymentState, minor: number, approved: number | null = null): Part {
  parts += 1;
  return { id: String(parts), state, amount: money(minor, 'CNY'), approved };
}

const states = fc.constantFrom(...PaymentState.options);
const someParts = fc.array(fc.tuple(states, fc.integer({ min: 1, max: 6_000 })), { maxLength: 5 });

describe('a sale paid in parts', () => {
  test('knows what is paid, what is asked of the bank, and what is left', () => {
    const sums = sumsOf(sale, [part('approved', 5_000), part('sending', 2_000), part('declined', 9_000)]);
    expect(sums).toEqual({ paid: 5_000, underWay: 2_000, owed: 5_000 });
  });

  test('counts of a part that the bank approved in part only what it approved', () => {
    expect(sumsOf(sale, [part('approved', 10_000, 4_000)])).toMatchObject({ paid: 4_000, owed: 6_000 });
  });

  test('is paid when nothing is left, and not before', () => {
    expect(stateAfter(sale, [part('approved', 5_000), part('saf-accepted', 4_999)])).toBe('open');
    expect(stateAfter(sale, [part('approved', 5_000), part('saf-accepted', 5_000)])).toBe('paid');
  });

  test('that is given up ends when everything has gone back', () => {
    const dropping = { ...sale, state: 'dropping' } as const;
    expect(stateAfter(dropping, [part('void-due', 5_000)])).toBe('dropping');
    expect(stateAfter(dropping, [part('voided', 5_000), part('querying', 1_000)])).toBe('dropping');
    expect(stateAfter(dropping, [part('voided', 5_000), part('cancelled', 1_000)])).toBe('dropped');
    expect(stateAfter(dropping, [part('settled', 5_000)], 5_000)).toBe('dropped');
    expect(stateAfter(dropping, [part('saf-declined', 5_000), part('voided', 1_000)])).toBe('dropped');
    expect(stateAfter(dropping, [part('saf-expired', 5_000), part('settled', 1_000)])).toBe('dropping');
  });

  test('takes no part while the outcome of one is not known (R10)', () => {
    for (const state of ['sending', 'unknown', 'querying'] as const) {
      expect(partRefusal(sale, [part(state, 1_000)], money(1_000, 'CNY'))).toBe('sale-part-unknown');
      expect(unknownPart([part('approved', 1), part(state, 1_000)])).toMatchObject({ state });
    }
    expect(partRefusal(sale, [part('reversal-due', 1_000)], money(10_000, 'CNY'))).toBeUndefined();
  });

  test('takes no part when it is over, and none in another currency', () => {
    for (const state of ['paid', 'dropping', 'dropped'] as const) {
      expect(partRefusal({ ...sale, state }, [], money(1, 'CNY'))).toBe('sale-not-open');
    }
    expect(partRefusal(sale, [], money(1, 'USD'))).toBe('sale-overpaid');
  });

  test('is never paid more than its total, whatever its parts came to', () => {
    fc.assert(
      fc.property(someParts, fc.integer({ min: 1, max: 12_000 }), (some, minor) => {
        const before = some.map(([state, amount]) => part(state, amount));
        if (partRefusal(sale, before, money(minor, 'CNY')) !== undefined) return;
        const { paid, underWay } = sumsOf(sale, [...before, part('opened', minor)]);
        expect(paid + underWay).toBeLessThanOrEqual(sale.total.minor);
      }),
    );
  });
});

describe('equal parts', () => {
  test('make the whole; the first one takes the remainder', () => {
    expect(equalParts(money(10_000, 'CNY'), 3).map(({ minor }) => minor)).toEqual([3_334, 3_333, 3_333]);
    fc.assert(
      fc.property(fc.integer({ min: 6, max: 999_999_999 }), fc.integer({ min: 1, max: 6 }), (minor, n) => {
        const all = equalParts(money(minor, 'CNY'), n);
        expect(all.reduce((sum, one) => sum + one.minor, 0)).toBe(minor);
        expect(all.every((one) => one.minor > 0)).toBe(true);
        expect(Math.max(...all.map((one) => one.minor)) - (all.at(-1)?.minor ?? 0)).toBeLessThan(n);
      }),
    );
  });
});

describe('taking a part back', () => {
  const nothing: GivenBack = { refunded: 0, underWay: false, voidRefused: false, refundRefused: false };
  const paid = payment({ state: 'approved', tender: 'contactless', batch: 3 });

  test('cancels what nobody has paid yet', () => {
    for (const state of ['opened', 'sealed', 'partial', 'querying'] as const) {
      expect(backOf(payment({ state }), true, nothing)).toEqual({ by: 'event', event: 'cancel' });
    }
  });

  test('waits for what is not known, and leaves alone what is over', () => {
    const over: readonly PaymentState[] = [
      'sending',
      'unknown',
      'reversal-due',
      'cancel-due',
      'void-due',
      'saf-sending',
    ];
    for (const state of [...over, 'saf-unknown', 'voided', 'declined', 'reversed'] as const) {
      expect(backOf(payment({ state, attempt: 1 }), true, nothing)).toBeUndefined();
    }
  });

  test('voids in the open batch, refunds after it or when the bank refused the void', () => {
    expect(backOf(paid, true, nothing)).toEqual({ by: 'void', returned: 0 });
    expect(backOf({ ...paid, state: 'settled' }, false, nothing)).toEqual({ by: 'refund', returned: 0 });
    expect(backOf(paid, true, { ...nothing, voidRefused: true })).toEqual({ by: 'refund', returned: 0 });
    expect(backOf(paid, true, { ...nothing, refunded: 500 })).toEqual({ by: 'refund', returned: 500 });
    expect(backOf({ ...paid, tender: 'cash' }, true, nothing)).toEqual({ by: 'event', event: 'void' });
  });

  test('goes one step at a time, and stops where a person must see to it', () => {
    expect(backOf(paid, true, { ...nothing, underWay: true })).toBeUndefined();
    expect(backOf(paid, true, { ...nothing, refunded: 1_280 })).toBeUndefined();
    expect(backOf(paid, true, { ...nothing, voidRefused: true, refundRefused: true })).toBeUndefined();
  });
});
