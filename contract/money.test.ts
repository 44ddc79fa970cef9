import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  Amount,
  add,
  Currency,
  compare,
  currencyNumber,
  currencyOfNumber,
  currencySymbol,
  equal,
  formatAmount,
  formatMoney,
  LARGEST_MINOR,
  Money,
  MoneyError,
  minorDigits,
  money,
  parseAmount,
  subtract,
  sum,
  zero,
} from './money.ts';

const currency = fc.constantFrom(...Currency.options);
const small = fc.integer({ min: -1_000_000_000, max: 1_000_000_000 });

test('adding is the same in any order, and taking away undoes it', () => {
  fc.assert(
    fc.property(small, small, small, currency, (a, b, c, code) => {
      const [x, y, z] = [money(a, code), money(b, code), money(c, code)];
      expect(add(x, y)).toEqual(add(y, x));
      expect(add(add(x, y), z)).toEqual(add(x, add(y, z)));
      expect(subtract(add(x, y), y)).toEqual(x);
      expect(sum([x, y, z], code)).toEqual(add(add(x, y), z));
      expect(Math.sign(compare(x, y))).toBe(Math.sign(a - b));
      expect(equal(x, y)).toBe(a === b);
    }),
  );
});

test('no operation ever gives a fraction or minus zero', () => {
  fc.assert(
    fc.property(small, small, currency, (a, b, code) => {
      for (const result of [add(money(a, code), money(b, code)), subtract(money(a, code), money(b, code))]) {
        expect(Number.isSafeInteger(result.minor)).toBe(true);
        expect(Object.is(result.minor, -0)).toBe(false);
        expect(Money.safeParse(result).success).toBe(true);
      }
    }),
  );
});

test('ten times ten cents is one exactly', () => {
  const dimes = Array.from({ length: 10 }, () => money(10, 'USD'));
  expect(sum(dimes, 'USD')).toEqual(money(100, 'USD'));
  expect(add(parseAmount('0.10', 'USD')!, parseAmount('0.20', 'USD')!)).toEqual(parseAmount('0.30', 'USD'));
});

test.each([0.5, Number.NaN, Number.POSITIVE_INFINITY, LARGEST_MINOR + 1, -LARGEST_MINOR - 1, 2 ** 53])(
  '%s is no amount',
  (minor) => {
    expect(() => money(minor, 'CNY')).toThrow(MoneyError);
    expect(Money.safeParse({ minor, currency: 'CNY' }).success).toBe(false);
  },
);

test('currencies do not mix, and a sum beyond twelve digits is refused', () => {
  const yuan = money(100, 'CNY');
  const yen = money(100, 'JPY');
  for (const mix of [add, subtract, compare]) expect(() => mix(yuan, yen)).toThrow(MoneyError);
  expect(() => sum([yuan], 'JPY')).toThrow(MoneyError);
  expect(equal(yuan, yen)).toBe(false);
  expect(() => add(money(LARGEST_MINOR, 'CNY'), money(1, 'CNY'))).toThrow(MoneyError);
});

test('a charge is more than nothing', () => {
  expect(Amount.safeParse(money(1, 'CNY')).success).toBe(true);
  expect(Amount.safeParse(zero('CNY')).success).toBe(false);
  expect(Amount.safeParse(money(-1, 'CNY')).success).toBe(false);
  expect(Amount.safeParse({ minor: 1, currency: 'CNY', extra: 1 }).success).toBe(false);
  expect(Amount.safeParse({ minor: '1', currency: 'CNY' }).success).toBe(false);
  expect(Amount.safeParse({ minor: 1, currency: 'ZZZ' }).success).toBe(false);
});

test('what is printed reads back as the same amount', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: LARGEST_MINOR }), currency, (minor, code) => {
      const amount = money(minor, code);
      const typed = formatAmount(amount).replaceAll(',', '');
      // A person types at most ten digits before the point.
      fc.pre((typed.split('.')[0] ?? '').length <= 10);
      expect(parseAmount(typed, code)).toEqual(amount);
      expect(formatMoney(amount)).toBe(currencySymbol(code) + formatAmount(amount));
      expect((formatAmount(amount).split('.')[1] ?? '').length).toBe(minorDigits(code));
    }),
  );
});

test.each([
  ['12.8', 'CNY', 1280],
  ['12.80', 'CNY', 1280],
  ['12.', 'CNY', 1200],
  ['1280', 'CNY', 128_000],
  [' 7 ', 'CNY', 700],
  ['0', 'CNY', 0],
  ['1280', 'JPY', 1280],
] as const)('"%s" in %s is %i minor units', (text, code, minor) => {
  expect(parseAmount(text, code)).toEqual(money(minor, code));
});

test.each([
  '',
  '.',
  '-1',
  '+1',
  '1e3',
  '1,280.00',
  '12.801',
  'abc',
  '١٢',
  '1 2',
  '0x10',
  '99999999999',
  'NaN',
  '1.2.3',
])('"%s" is no amount', (text) => {
  expect(parseAmount(text, 'CNY')).toBeUndefined();
});

test('yen have no decimals', () => {
  expect(parseAmount('12.5', 'JPY')).toBeUndefined();
  expect(formatMoney(money(1_280_000, 'JPY'))).toBe('¥1,280,000');
});

test('amounts as people read them', () => {
  expect(formatMoney(money(128_000, 'CNY'))).toBe('￥1,280.00');
  expect(formatMoney(money(-5, 'CNY'))).toBe('-￥0.05');
  expect(formatAmount(money(LARGEST_MINOR, 'CNY'))).toBe('9,999,999,999.99');
});

test('every currency is found again by its ISO number', () => {
  for (const code of Currency.options) expect(currencyOfNumber(currencyNumber(code))).toBe(code);
  expect(currencyOfNumber('0156')).toBe('CNY');
  expect(currencyOfNumber('000')).toBeUndefined();
});
