import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cardNumbers, findNumbers } from './scan.ts';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'scan-'));
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

test('knows the numbers of the cards that were used', () => {
  const numbers = cardNumbers(['unionpay-ok', 'unionpay-ok#3', 'torn-at-2', 'storage']);
  expect(numbers).toHaveLength(2);
  expect(numbers).toEqual(['6210948000000011', '6210948000000045']);
});

// The published Visa test number that the deck's cards count up from.
const number = '4761739001010119';

test.each([
  ['text', Buffer.from(`pan=${number};`)],
  ['text of two bytes', Buffer.from(number, 'utf16le')],
  ['packed', Buffer.from(`5A08${number}5F3401`, 'hex')],
])('finds a number that was written down as %s', (_form, bytes) => {
  mkdirSync(join(dir, 'deep'));
  writeFileSync(join(dir, 'deep/file'), bytes);
  expect(findNumbers(dir, [number])).toEqual(['deep/file holds …0119']);
  expect(findNumbers(dir, [number], [join(dir, 'deep')])).toEqual([]);
});

test('finds nothing in a masked number', () => {
  writeFileSync(join(dir, 'file'), `${number.slice(0, 6)}******${number.slice(-4)}`);
  expect(findNumbers(dir, [number])).toEqual([]);
});
