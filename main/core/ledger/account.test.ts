import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as chart from './account.ts';

test('every named account is in the chart with its kind', () => {
  expect(chart.accountKind(chart.SALES)).toBe('income');
  expect(chart.accountKind(chart.CASH)).toBe('asset');
  expect(chart.accountKind(chart.FLOAT)).toBe('liability');
  expect(chart.accountKind(chart.FEES)).toBe('expense');
  expect(chart.accountKind('receivable:visa')).toBe('asset');
  expect(chart.accountKind('offline:unionpay')).toBe('asset');
});

test('a name that nobody declared has no kind', () => {
  for (const name of ['', ':', 'receivable', 'receivable:', 'sales:x', 'toString', '__proto__', 'loss:']) {
    expect(chart.accountKind(name), name).toBeUndefined();
  }
});

test('every posting stands between two different accounts of the chart', () => {
  const posted = { payment: 'p', amount: { minor: 1, currency: 'CNY' }, day: '2026-08-01' } as const;
  fc.assert(
    fc.property(fc.constantFrom('visa', 'unionpay', 'alipay', 'wallet-2'), (scheme) => {
      const all = [
        chart.purchased(posted, scheme, 1),
        chart.voided(posted, scheme, 1),
        chart.refunded(posted, scheme, 2),
        chart.acceptedOffline(posted, scheme),
        chart.forwarded(posted, scheme, 1),
        chart.lateDeclined(posted, scheme),
        chart.expired(posted, scheme),
        chart.voidedOffline(posted, scheme),
        chart.paidCash(posted),
        chart.voidedCash(posted),
        chart.refundedCash(posted),
      ];
      for (const { debit, credit, amount } of all) {
        expect(chart.accountKind(debit), debit).toBeDefined();
        expect(chart.accountKind(credit), credit).toBeDefined();
        expect(debit).not.toBe(credit);
        expect(amount).toEqual(posted.amount);
      }
    }),
  );
});
