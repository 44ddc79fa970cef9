import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hex, unhex } from './bytes.ts';
import { fillDol, readDol, resize } from './dol.ts';

test('the PDOL of qVSDC and qPBOC cards asks for 33 bytes', () => {
  const list = readDol(unhex('9F66049F02069F03069F1A0295055F2A029A039C019F3704'));
  expect(list.ok && list.entries.map((entry) => entry.length)).toEqual([4, 6, 6, 2, 5, 2, 3, 1, 4]);
  const values = new Map([
    ['9F66', unhex('36004080')],
    ['9F02', unhex('000000001280')],
    ['9F37', unhex('01020304')],
    ['9F1A', unhex('0156')],
  ]);
  expect(list.ok && hex(fillDol(list.entries, values))).toBe(
    `36004080000000001280${'00'.repeat(6)}0156${'00'.repeat(11)}01020304`,
  );
});

test('values are fitted by their format: numbers from the right, the rest from the left', () => {
  expect(hex(resize('9F02', unhex('1280'), 6))).toBe('000000001280');
  expect(hex(resize('9F02', unhex('000000001280'), 2))).toBe('1280');
  expect(hex(resize('9F37', unhex('01020304'), 2))).toBe('0102');
  expect(hex(resize('9F37', unhex('0102'), 4))).toBe('01020000');
  expect(hex(resize('5A', unhex('1234'), 4))).toBe('1234FFFF');
  expect(hex(resize('5A', unhex('123456'), 2))).toBe('1234');
});

test('unknown and constructed objects are zeros, an empty list is empty', () => {
  const list = readDol(unhex('DF0103BF0C029C01'));
  const values = new Map([
    ['BF0C', unhex('FFFF')],
    ['9C', unhex('20')],
  ]);
  expect(list.ok && hex(fillDol(list.entries, values))).toBe('000000000020');
  expect(readDol(new Uint8Array())).toEqual({ ok: true, entries: [] });
});

test.each([
  ['9F66', 'truncated'],
  ['9F', 'truncated'],
  ['82', 'truncated'],
  ['DF81818101', 'tag'],
  ['9F02FF', 'length'],
  ['9F027F9F027E', 'length'],
])('%s is refused: %s', (text, code) => {
  expect(readDol(unhex(text))).toMatchObject({ ok: false, code });
});

test('whatever the list, the data is as long as the list asks, or there is a code', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ maxLength: 12 }), (bytes, value) => {
      const list = readDol(bytes);
      if (!list.ok) return list.at < bytes.length;
      const values = new Map(list.entries.map((entry) => [entry.tag, value]));
      const asked = list.entries.reduce((sum, entry) => sum + entry.length, 0);
      return fillDol(list.entries, values).length === asked && asked <= 252;
    }),
    { numRuns: 20_000 },
  );
});
