import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BINARY, type Dialect, type IsoMessage, pack, unpack } from './codec.ts';
import { ENCODINGS } from './encodings.ts';
import { IsoError } from './error.ts';
import { FIELDS, type Field, type Format, tableOf } from './fields.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex').toUpperCase();
const bytes = (text: string): Uint8Array => Buffer.from(text.replaceAll(' ', ''), 'hex');

function message(mti: string, fields: Record<number, string>): IsoMessage {
  return { mti, fields: new Map(Object.entries(fields).map(([number, value]) => [Number(number), value])) };
}

function faultOf(input: Uint8Array): string {
  const result = unpack(input);
  return result.ok ? 'none' : `${result.error.code} ${result.error.field}`;
}

// A reversal written out by hand from docs/bank-link.md; MAC of zeros.
const byHand = [
  '0420',
  'B2 20 01 00 0A C0 80 10', // 1 3 4 7 11 24 37 39 41 42 49 60
  '00 00 00 40 00 00 00 01', // 90 128
  '000000',
  '000000001280',
  '1121205500',
  '000042',
  '0003',
  '303030303030303030303432',
  '3638',
  '5430303030303031',
  '4D30303030303030303030303031 20',
  '0156',
  '0006 000007',
  '0200000042112120550000000000000000000000 00',
  '0000000000000000',
].join('');

const reversal = message('0420', {
  3: '000000',
  4: '000000001280',
  7: '1121205500',
  11: '000042',
  24: '003',
  37: '000000000042',
  39: '68',
  41: 'T0000001',
  42: 'M0000000000001 ',
  49: '156',
  60: '000007',
  90: `0200000042${'1121205500'}${'0'.repeat(22)}`,
  128: '0000000000000000',
});

describe('a message written out by hand', () => {
  test('packs to those bytes', () => expect(hex(pack(reversal))).toBe(byHand.replaceAll(' ', '')));
  test('unpacks to those fields', () => expect(unpack(bytes(byHand))).toEqual({ ok: true, message: reversal }));
  test('every shorter part of it is refused', () => {
    const whole = bytes(byHand);
    for (let length = 0; length < whole.length; length++) {
      expect(unpack(whole.subarray(0, length)).ok, `${length} bytes`).toBe(false);
    }
  });
});

describe('packing', () => {
  test('fills short values', () => {
    const result = unpack(pack(message('0800', { 3: '920000', 11: '7', 41: 'T1', 38: 'AB' })));
    expect(result.ok && result.message.fields).toEqual(
      new Map([
        [3, '920000'],
        [11, '000007'],
        [38, 'AB    '],
        [41, 'T1      '],
      ]),
    );
  });
  test.each([
    [{ 2: '4111111111111111' }, 'undefined-field'],
    [{ 1: '00' }, 'undefined-field'],
    [{ 65: '00' }, 'undefined-field'],
    [{ 4: '1234567890123' }, 'length'],
    [{ 4: '-00000000001' }, 'digits'],
    [{ 39: 'A\n' }, 'characters'],
    [{ 41: 'T12345678' }, 'length'],
    [{ 48: 'x'.repeat(1000) }, 'length'],
    [{ 48: '\ud800' }, 'characters'],
    [{ 55: 'ABC' }, 'characters'],
    [{ 55: 'AB'.repeat(256) }, 'length'],
    [{ 64: 'AB' }, 'length'],
  ])('%j is refused as %s', (fields: Record<number, string>, code) => {
    expect(() => pack(message('0200', fields))).toThrow(expect.objectContaining({ name: 'IsoError', code }));
  });
  test('an MTI is four digits', () => {
    expect(() => pack(message('02', {}))).toThrow(IsoError);
    expect(() => pack(message('02X0', {}))).toThrow(IsoError);
  });
});

describe('unpacking refuses', () => {
  test.each([
    ['no bytes', '', 'truncated 0'],
    ['an MTI that is no number', '0A00 0000000000000000', 'digits 0'],
    ['half a bitmap', '0200 00000000', 'truncated 1'],
    ['a missing secondary bitmap', '0200 8000000000000000', 'truncated 1'],
    ['an empty secondary bitmap', '0200 8000000000000000 0000000000000000', 'bitmap 1'],
    ['a third bitmap', '0200 8000000000000000 8000000000000000', 'bitmap 1'],
    ['a field nobody knows', '0200 4000000000000000 00', 'undefined-field 2'],
    ['a numeric field with letters', '0200 2000000000000000 00000A', 'digits 3'],
    ['a pad nibble that is not zero', '0200 0000010000000000 1003', 'digits 24'],
    ['a length that is no number', '0200 0000000000000010 0A06 000007', 'length 60'],
    ['a length above the field', '0200 0000000000000010 0007 00000007', 'length 60'],
    ['a length above the message', '0200 0000000000000200 0100 9F2608', 'truncated 55'],
    ['control characters', '0200 0000000002000000 3000', 'characters 39'],
    ['bad UTF-8', '0200 0000000000010000 0002 C328', 'characters 48'],
    ['bytes left over', '0200 2000000000000000 000000 00', 'trailing 0'],
  ])('%s', (_name, input, fault) => expect(faultOf(bytes(input))).toBe(fault));

  test('more than 8,192 bytes', () => expect(faultOf(new Uint8Array(8193))).toBe('too-long 0'));
});

const ALPHABETS: Record<Format, string> = {
  n: '0123456789',
  an: '0123456789ABCDEFXYZabcxyz ',
  ans: ' !"#$%&+-./:;<=>?@_{}~AZaz09',
  b: '0123456789ABCDEF',
  z: '0123456789=',
};

function anyValue(field: Field): fc.Arbitrary<string> {
  const scale = field.format === 'b' ? 2 : 1;
  const size = { minLength: field.indicator === 0 ? field.length : 0, maxLength: field.length };
  const unit = fc.constantFrom(...ALPHABETS[field.format]);
  const units = scale === 1 ? unit : fc.tuple(unit, unit).map(([a, b]) => a + b);
  return fc.array(units, size).map((parts) => parts.join(''));
}

const anyMessage = fc
  .record({
    mti: fc.stringMatching(/^\d{4}$/),
    fields: fc
      .subarray([...FIELDS.values()])
      .chain((fields) =>
        fc.tuple(...fields.map((field) => anyValue(field).map((value): [number, string] => [field.number, value]))),
      ),
  })
  .map(({ mti, fields }): IsoMessage => ({ mti, fields: new Map(fields) }));

describe('any message', () => {
  test('comes back as it was packed', () => {
    fc.assert(
      fc.property(anyMessage, (original) => {
        expect(unpack(pack(original))).toEqual({ ok: true, message: original });
      }),
      { numRuns: 500 },
    );
  });
  test('text in LLL fields may be of any script', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (text) => {
        fc.pre(!/\p{Cc}/u.test(text));
        expect(unpack(pack(message('0200', { 48: text })))).toEqual({
          ok: true,
          message: message('0200', { 48: text }),
        });
      }),
    );
  });
});

describe('20,000 damaged messages', () => {
  test('are refused or say exactly their bytes, never anything else', () => {
    const clean = bytes(byHand);
    let seed = 0x2545f491;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return Math.floor((seed / 2 ** 32) * below);
    };
    let refused = 0;
    for (let run = 0; run < 20_000; run++) {
      const input = run % 4 === 0 ? new Uint8Array(random(80)).map(() => random(256)) : Uint8Array.from(clean);
      for (let flips = random(4); flips >= 0 && input.length > 0; flips--) input[random(input.length)] = random(256);
      const damaged = run % 3 === 0 ? input.subarray(0, random(input.length + 1)) : input;
      const result = unpack(damaged);
      if (result.ok) expect(hex(pack(result.message))).toBe(hex(damaged));
      else refused++;
    }
    expect(refused).toBeGreaterThan(10_000);
  });
});

/** The 1987 fields as jPOS writes them in its `ISO87BPackager` (packed BCD, odd digits left of the pad nibble in LL fields). */
function jposDialect(): Dialect {
  const n = (number: number, length: number, indicator: 0 | 2 | 3 = 0): Field => of(number, 'n', length, indicator);
  const of = (number: number, format: Format, length: number, indicator: 0 | 2 | 3 = 0): Field => {
    return {
      number,
      name: '',
      format,
      length,
      indicator,
      pad: indicator ? 'right' : 'left',
      source: 'jPOS ISO87BPackager',
    };
  };
  const fixed: [number, number][] = [
    ...[3, 11, 12].map((number): [number, number] => [number, 6]),
    ...[4, 5, 6].map((number): [number, number] => [number, 12]),
    ...[8, 9, 10].map((number): [number, number] => [number, 8]),
    ...[13, 14, 15, 16, 17, 18].map((number): [number, number] => [number, 4]),
    ...[19, 20, 21, 22, 23, 24].map((number): [number, number] => [number, 3]),
    ...[25, 26].map((number): [number, number] => [number, 2]),
    [7, 10],
    [27, 1],
    [53, 16],
    [90, 42],
  ];
  return {
    encodings: ENCODINGS,
    fields: tableOf([
      ...fixed.map(([number, length]) => n(number, length)),
      n(2, 19, 2),
      n(32, 11, 2),
      n(33, 11, 2),
      // A sign character and eight packed digits.
      ...[28, 29, 30, 31].map((number) => of(number, 'b', 5)),
      of(34, 'an', 28, 2),
      of(35, 'z', 37, 2),
      of(36, 'ans', 104, 3),
      of(37, 'an', 12),
      of(38, 'an', 6),
      of(39, 'an', 2),
      of(40, 'an', 3),
      of(41, 'ans', 8),
      of(42, 'ans', 15),
      of(43, 'ans', 40),
      of(44, 'ans', 25, 2),
      of(45, 'ans', 76, 2),
      ...[46, 47, 48].map((number) => of(number, 'ans', 999, 3)),
      ...[49, 50, 51].map((number) => of(number, 'an', 3)),
      of(52, 'b', 8),
      of(54, 'an', 120, 3),
      ...[55, 56, 57, 58, 59, 60, 61, 62, 63].map((number) => of(number, 'ans', 999, 3)),
      of(64, 'b', 8),
    ]),
  };
}

describe('another implementation', () => {
  // Values of jPOS's packager test (ISO87.xml); the image it makes of them has 575 bytes and this digest.
  const jpos = message('0800', {
    ...{ 2: '1234567890123456789', 3: '000000', 4: '000000000100', 5: '000000000200', 6: '000000000300' },
    ...{ 7: '0611191024', 8: '12345678', 9: '12345678', 10: '12345678', 11: '000001', 12: '010203', 13: '0611' },
    ...{ 14: '1001', 15: '0112', 16: '0112', 17: '0611', 18: '1234', 19: '858', 20: '032', 21: '400', 22: '000' },
    ...{ 23: '001', 24: '003', 25: '00', 26: '01', 27: '1', 28: '3000000100', 29: '3000000200', 30: '3000000300' },
    ...{ 31: '3000000400', 32: '123456', 33: '654321', 34: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ01' },
    ...{ 35: '1234567890123456=12345678901234567890', 36: 'THE QUICK BROWN FOX JUMPED OVER THE LAZY DOG' },
    ...{ 37: '123456789ABC', 38: '123456', 39: '00', 40: 'ABC', 41: '0001ABCD', 42: '123456789012345' },
    ...{ 43: 'JPOS CARD ACCEPTOR / WWW.JPOS.ORG       ', 44: 'jPOS'.repeat(6), 45: `JPOS`.repeat(6) },
    ...{ 46: 'ADDITIONAL DATA - ISO', 47: 'ADDITIONAL DATA - NATIONAL', 48: 'ADDITIONAL DATA - PRIVATE' },
    ...{ 49: '032', 50: '032', 51: '032', 52: '0001020304050607', 53: '1234567890123456' },
    ...{ 54: '000000001000000000002000', 55: 'ABCD', 56: 'EFGH', 57: 'IJKL', 58: 'MNOP', 59: 'QRST', 60: 'UVWX' },
    ...{ 61: 'YZ01', 62: 'A002', 63: 'ABCDDCBA', 64: 'CAFEBABECAFEBABE', 90: '0'.repeat(42) },
  });
  test('packs the same 575 bytes and reads them back', () => {
    const packed = pack(jpos, jposDialect());
    expect(packed.length).toBe(575);
    expect(createHash('sha256').update(packed).digest('hex')).toBe(
      '72f53722d5561858b270717c4d527be3a5801b0c493a7d5648327078d005ab10',
    );
    expect(unpack(packed, jposDialect())).toEqual({ ok: true, message: jpos });
  });
});

test('the shipped profile takes no card number and no track', () => {
  for (const number of [2, 35, 36, 45, 52]) expect(BINARY.fields.has(number)).toBe(false);
});
