import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type IsoMessage, type Layout, pack as packIn, unpack as unpackIn } from './codec.ts';
import { IsoError } from './error.ts';
import type { Field, Format } from './fields.ts';
import { COUNTERTAP } from './layouts/countertap.ts';
import { layouts } from './layouts/test/all.ts';

const pack = (message: IsoMessage) => packIn(message, COUNTERTAP);
const unpack = (input: Uint8Array) => unpackIn(input, COUNTERTAP);

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
  xn: '0123456789',
};

/** Long fields are kept short, so that a whole message stays within its bound. */
const LONGEST = 60;

function anyValue(field: Field): fc.Arbitrary<string> {
  const sign = field.format === 'xn' ? 1 : 0;
  const length = field.length - sign;
  const size = { minLength: field.indicator === 0 ? length : 0, maxLength: Math.min(LONGEST, length) };
  const unit = fc.constantFrom(...ALPHABETS[field.format]);
  const units = field.format === 'b' ? fc.tuple(unit, unit).map(([a, b]) => a + b) : unit;
  const body = fc.array(units, size).map((parts) => parts.join(''));
  return sign ? fc.tuple(fc.constantFrom('C', 'D', '0'), body).map(([a, b]) => a + b) : body;
}

const anyMessage = (layout: Layout): fc.Arbitrary<IsoMessage> =>
  fc
    .record({
      mti: layout.encodings.mti ? fc.stringMatching(/^\d{4}$/) : fc.constant(''),
      fields: fc
        .subarray([...layout.fields.values()], { maxLength: Math.min(40, layout.fields.size) })
        .chain((fields) =>
          fc.tuple(...fields.map((field) => anyValue(field).map((value): [number, string] => [field.number, value]))),
        ),
    })
    .map(({ mti, fields }): IsoMessage => ({ mti, fields: new Map(fields) }));

describe('any message', () => {
  test.each(layouts)('of %s comes back as it was packed', (_name, layout) => {
    fc.assert(
      fc.property(anyMessage(layout), (original) => {
        expect(unpackIn(packIn(original, layout), layout)).toEqual({ ok: true, message: original });
      }),
      { numRuns: 200 },
    );
  });
  test.each(layouts)('of %s has one source for each field', (_name, layout) => {
    for (const field of layout.fields.values()) expect(field.source).toMatch(new RegExp(`\\S.* ${field.number}$`));
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

test('the shipped profile takes no card number and no track', () => {
  for (const number of [2, 35, 36, 45, 52]) expect(COUNTERTAP.fields.has(number)).toBe(false);
});
