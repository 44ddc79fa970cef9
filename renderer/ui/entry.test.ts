import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatAmount } from '../../contract/money.ts';
import { amountOf, display, isPadKey, type PadKey, typeKey } from './entry.ts';

const press = (keys: readonly PadKey[], currency: 'CNY' | 'JPY' = 'CNY') =>
  keys.reduce((typed, key) => typeKey(typed, key, currency), '');
const shown = (typed: string) => {
  const parts = display(typed, 'CNY');
  return parts.typed + parts.rest;
};

test('digits are major units, as people say them', () => {
  expect(press(['1', '2'])).toBe('12');
  expect(amountOf('12', 'CNY')).toEqual({ minor: 1200, currency: 'CNY' });
  expect(press(['1', '2', '.', '8', '0', '5'])).toBe('12.80');
  expect(press(['.', '5'])).toBe('0.5');
  expect(press(['0', '0', '7'])).toBe('7');
  expect(press(['5', '00'])).toBe('500');
  expect(press(['1', '.', '.', '2', 'Backspace', 'Backspace'])).toBe('1');
  expect(press(['1', 'Clear'])).toBe('');
});

test('a currency without minor units has no point', () => {
  expect(press(['1', '.', '5'], 'JPY')).toBe('15');
  expect(amountOf('15', 'JPY')).toEqual({ minor: 15, currency: 'JPY' });
});

test('nothing and zero cannot be charged', () => {
  expect(amountOf('', 'CNY')).toBeUndefined();
  expect(amountOf('0', 'CNY')).toBeUndefined();
  expect(amountOf('0.', 'CNY')).toBeUndefined();
  expect(amountOf('0.01', 'CNY')).toEqual({ minor: 1, currency: 'CNY' });
});

test('the display shows what is still to come', () => {
  expect(display('', 'CNY')).toEqual({ symbol: '￥', typed: '', rest: '0.00' });
  expect(display('1280', 'CNY')).toEqual({ symbol: '￥', typed: '1,280', rest: '.00' });
  expect(display('1280.5', 'CNY')).toEqual({ symbol: '￥', typed: '1,280.5', rest: '0' });
  expect(display('1280', 'JPY')).toEqual({ symbol: '¥', typed: '1,280', rest: '' });
});

const keys: PadKey[] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '00', '.', 'Backspace', 'Clear'];

test('whatever is pressed, the display is the amount that will be charged', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...keys), { maxLength: 40 }), (pressed) => {
      const typed = press(pressed);
      const amount = amountOf(typed, 'CNY');
      expect(amount?.minor ?? 0).toBeLessThan(1_000_000_000);
      if (amount) expect(shown(typed)).toBe(formatAmount(amount));
      else expect(shown(typed)).toMatch(/^0\.00$/);
    }),
  );
});

test('only pad keys are pad keys', () => {
  expect(keys.every(isPadKey)).toBe(true);
  expect(['Enter', 'a', '', '000', 'F2'].some(isPadKey)).toBe(false);
});
