import { describe, expect, test } from 'vitest';
import { hex, unhex } from './bytes.ts';
import { done } from './channel.ts';
import { readLocator, readRecords } from './records.ts';

test('a locator names files, records and how many of them are signed', () => {
  expect(readLocator(unhex('0801010010010301F0030300'))).toEqual([
    { file: 1, first: 1, last: 1, signed: 0 },
    { file: 2, first: 1, last: 3, signed: 1 },
    { file: 30, first: 3, last: 3, signed: 0 },
  ]);
  expect(readLocator(new Uint8Array())).toEqual([]);
});

describe('locators that are none', () => {
  test.each([
    ['cut', '08010100 10'],
    ['file 0', '00010100'],
    ['file 31', 'F8010100'],
    ['low bits', '09010100'],
    ['record 0', '08000100'],
    ['last before first', '08020100'],
    ['more signed than read', '08010203'],
    ['more records than any card has', '08013100'],
  ])('%s', (_, text) => {
    expect(readLocator(unhex(text.replace(' ', '')))).toBeUndefined();
  });
});

/** Reads the records given by file and number. */
async function read(locator: string, records: Readonly<Record<string, string>>) {
  const channel = {
    exchanges: [],
    async send(_: string, command: Uint8Array) {
      const text = records[`${command[3]! >> 3}.${command[2]}`];
      return done(
        text === undefined ? { status: 0x6a83, data: new Uint8Array() } : { status: 0x9000, data: unhex(text) },
      );
    },
  };
  return readRecords(channel, readLocator(unhex(locator))!);
}

test('static data: the value of template 70 for files 1 to 10, the whole record for others', async () => {
  const low = await read('08010301', { '1.1': '70035A0112', '1.2': '7003820101', '1.3': '7000' });
  expect(low.ok && hex(low.value.signed!)).toBe('5A0112');
  expect(low.ok && low.value.nodes.map((node) => node.tag)).toEqual(['5A', '82']);
  const high = await read('58010101', { '11.1': '70035A0112' });
  expect(high.ok && hex(high.value.signed!)).toBe('70035A0112');
  const both = await read('0801010158010101', { '1.1': '7003820101', '11.1': '7003820101' });
  expect(both.ok && hex(both.value.signed!)).toBe('8201017003820101');
});

test('a signed record that is no template 70 cannot be authenticated; in files 1 to 10 it is refused', async () => {
  const high = await read('58010101', { '11.1': '5A0112' });
  expect(high.ok && high.value.signed).toBeUndefined();
  const unsigned = await read('58010100', { '11.1': '5A0112' });
  expect(unsigned.ok && hex(unsigned.value.signed!)).toBe('');
  expect(await read('08010100', { '1.1': '5A0112' })).toMatchObject({ ok: false });
  expect(await read('08010100', { '1.1': '70005A0112' })).toMatchObject({ ok: false });
  expect(await read('08010200', { '1.1': '7000' })).toMatchObject({ end: { detail: 'record 1.2: 6A83' } });
});
