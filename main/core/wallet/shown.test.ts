import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { money } from '../../../contract/money.ts';
import { composeShown, crc16, type DataObject, encodeCode, type ShownCode } from './shown.ts';

/** Codes with a known CRC: the sample of EMV QRCPS and those of two open implementations, taken apart. */
const Vectors = z.array(
  z.object({ payload: z.string(), crc: z.string(), objects: z.array(z.tuple([z.string(), z.string()])) }),
);
const vectors = Vectors.parse(
  JSON.parse(readFileSync(join(import.meta.dirname, 'vectors', 'merchant-presented.json'), 'utf8')),
);

const shown: ShownCode = {
  scheme: 'unionpay-code',
  validMs: 60_000,
  account: { id: '26', guid: 'cn.countertap', merchant: 'M00000000000001' },
  category: '5411',
  country: 'CN',
  name: 'COUNTERTAP STORE',
  city: 'SHANGHAI',
};

describe('a code that customers scan', () => {
  test.each(vectors)('is composed to the byte: $crc', ({ payload, crc, objects }) => {
    const list: DataObject[] = objects.filter(([id]) => id !== '63');
    expect(encodeCode(list)).toBe(payload);
    expect(payload.endsWith(crc)).toBe(true);
  });

  test('has the CRC of the standard', () => {
    expect(crc16(Buffer.from('123456789'))).toBe('29B1');
  });

  test('carries amount, currency and reference of one order', () => {
    const code = composeShown(shown, { amount: money(1_280, 'CNY'), reference: '632600000001', terminal: 'T0000001' });
    expect(code.startsWith('000201010212')).toBe(true);
    expect(code).toContain('5303156540512.805802CN');
    expect(code).toContain('0512632600000001');
    expect(code).toContain('0708T0000001');
  });

  test('writes amounts as the currency has them', () => {
    const amountOf = (minor: number, currency: 'CNY' | 'JPY') =>
      composeShown(shown, { amount: money(minor, currency), reference: '1', terminal: '1' }).match(
        /530\d{4}54\d\d([\d.]+)5802/,
      )?.[1];
    expect(amountOf(5, 'CNY')).toBe('0.05');
    expect(amountOf(100_000, 'CNY')).toBe('1000.00');
    expect(amountOf(1_280, 'JPY')).toBe('1280');
  });

  test('counts characters, not bytes, and refuses what does not fit', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-composite', minLength: 0, maxLength: 120 }), (value) => {
        const characters = [...value].length;
        if (characters < 1 || characters > 99) {
          expect(() => encodeCode([['59', value]])).toThrow(RangeError);
          return;
        }
        const code = encodeCode([['59', value]]);
        expect(code.slice(0, 4)).toBe(`59${String(characters).padStart(2, '0')}`);
        expect(code.slice(-4)).toBe(crc16(Buffer.from(code.slice(0, -4), 'utf8')));
      }),
    );
  });
});
