import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type IsoMessage, type Layout, pack, unpack } from './codec.ts';
import { PLAIN_LAYOUTS } from './layouts/named.ts';
import { POSTILION_127 } from './layouts/postilion.ts';

interface Image {
  readonly name: string;
  readonly layout: string;
  readonly sha256: string;
  readonly mti: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly hex: string;
}

const images = JSON.parse(readFileSync(join(import.meta.dirname, 'vectors/images.json'), 'utf8')) as Image[];

function layoutOf(name: string): Layout {
  const layout = PLAIN_LAYOUTS[name];
  if (!layout) throw new Error(name);
  return layout;
}

const asMap = (fields: Readonly<Record<string, string>>): Map<number, string> =>
  new Map(
    Object.entries(fields)
      .map(([number, value]): [number, string] => [Number(number), value])
      .sort(([a], [b]) => a - b),
  );

describe.each(images)('the image $name', ({ layout, sha256, mti, fields, hex }) => {
  const message: IsoMessage = { mti, fields: asMap(fields) };
  const bytes = Buffer.from(hex, 'hex');
  test('is whole', () => expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256));
  test('is packed byte for byte', () => {
    expect(Buffer.from(pack(message, layoutOf(layout))).toString('hex')).toBe(hex.toLowerCase());
  });
  test('is read, every field', () => expect(unpack(bytes, layoutOf(layout))).toEqual({ ok: true, message }));
  test('no shorter part of it is read', () => {
    for (let length = 0; length < bytes.length; length++) {
      expect(unpack(bytes.subarray(0, length), layoutOf(layout)).ok, `${length} bytes`).toBe(false);
    }
  });
  test('nothing longer is read', () => {
    expect(unpack(Buffer.concat([bytes, Buffer.of(0x30)]), layoutOf(layout)).ok).toBe(false);
  });
});

test('the inside of a private field is read with a layout of its own', () => {
  const inside = images.find(({ layout }) => layout === 'postilion')?.fields['127'] ?? '';
  const message: IsoMessage = { mti: '', fields: asMap({ 2: 'SWITCH_KEY', 25: 'ICC_DATA' }) };
  expect(unpack(Buffer.from(inside, 'hex'), POSTILION_127)).toEqual({ ok: true, message });
  expect(Buffer.from(pack(message, POSTILION_127)).toString('hex').toUpperCase()).toBe(inside);
});
