import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cmac } from './mac.ts';
import { decode, encode, Frames, frame, WireError } from './wire.ts';

const mac = (covered: Buffer) => cmac(Buffer.alloc(16), covered).subarray(0, 8);

const digits = (length: number) =>
  fc.array(fc.integer({ min: 0, max: 9 }), { minLength: length, maxLength: length }).map((all) => all.join(''));

const message = fc.record({
  mti: fc.constantFrom('0200', '0220', '0420', '0510'),
  fields: fc
    .record(
      {
        3: digits(6),
        4: digits(12),
        23: digits(3),
        48: fc.string({ minLength: 1, maxLength: 200, unit: 'binary' }),
        49: digits(3),
        55: fc
          .uint8Array({ minLength: 1, maxLength: 255 })
          .map((all) => Buffer.from(all).toString('hex').toUpperCase()),
        60: digits(6),
        90: digits(42),
      },
      { requiredKeys: [] },
    )
    .map((all) => new Map(Object.entries(all).map(([number, value]) => [Number(number), value]))),
});

test('what is written is read again', () => {
  fc.assert(
    fc.property(message, (one) => {
      const read = decode(encode(one, mac));
      expect(read.mti).toBe(one.mti);
      expect(read.fields).toEqual(one.fields);
      expect(read.mac).toEqual(mac(read.covered));
    }),
  );
});

test('a message by hand: echo', () => {
  const hex = '0800' + '2020000000000001' + '990000' + '000007' + '1122334455667788';
  const read = decode(Buffer.from(hex, 'hex'));
  expect([...read.fields]).toEqual([
    [3, '990000'],
    [11, '000007'],
  ]);
  expect(read.mac.toString('hex')).toBe('1122334455667788');
});

test.each([
  ['cut off', '0800202000000000000199000000000711223344556677'],
  ['longer than its MAC', '0800202000000000000199000000000711223344556677880'.concat('0')],
  ['without a MAC', '08002020000000000000990000000007'],
  ['a field nobody knows', '080060200000000000011199000000000711223344556677'],
  ['digits that are none', '080020200000000000019900000000AB1122334455667788'],
  ['an odd field padded with something', '080000000100000000011003' + '1122334455667788'],
  ['nothing', ''],
])('refused: %s', (_, hex) => {
  expect(() => decode(Buffer.from(hex, 'hex'))).toThrow(WireError);
});

test('no bytes at all make it do anything but read or refuse', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      try {
        decode(Buffer.from(bytes));
      } catch (error) {
        expect(error).toBeInstanceOf(WireError);
      }
    }),
    { numRuns: 2000 },
  );
});

test('frames come whole however the bytes arrive', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 50 })),
      fc.integer({ min: 1, max: 9 }),
      (all, step) => {
        const stream = Buffer.concat(all.map((one) => frame(Buffer.from(one))));
        const frames = new Frames();
        const got: Buffer[] = [];
        for (let at = 0; at < stream.length; at += step) got.push(...frames.push(stream.subarray(at, at + step)));
        expect(got.map((one) => one.toString('hex'))).toEqual(all.map((one) => Buffer.from(one).toString('hex')));
      },
    ),
  );
});

test('a frame of more than 8,192 bytes or of none is refused', () => {
  expect(() => new Frames().push(Buffer.from('2001', 'hex'))).toThrow(WireError);
  expect(() => new Frames().push(Buffer.from('0000', 'hex'))).toThrow(WireError);
});
