import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonical } from './canonical.ts';

test('texts and numbers are written as JSON writes them', () => {
  const value = fc.oneof(fc.string({ unit: 'binary' }), fc.double(), fc.integer(), fc.boolean(), fc.constant(null));
  fc.assert(fc.property(value, (one) => canonical(one) === JSON.stringify(one)));
});

test.each(['"', '\\', '\n', '\u007f', '\u2028', '\ud800', '\udfff', '\ud83d\ude00', '收据', ''])(
  'a text with %j is written as JSON writes it',
  (text) => {
    expect(canonical(text)).toBe(JSON.stringify(text));
    expect(canonical({ [text]: text })).toBe(JSON.stringify({ [text]: text }));
  },
);

test('members stand in the order of their names, and what is undefined is left out', () => {
  expect(canonical({ b: [1, -0, { d: 1e21, c: undefined }], a: 'x' })).toBe('{"a":"x","b":[1,0,{"d":1e+21}]}');
});
