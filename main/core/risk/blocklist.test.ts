import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import { openBook } from '../ledger/recovery.ts';
import { openDatabase } from '../store/database.ts';
import { migrations } from '../test/migrations.ts';
import { type MemoryStorage, openMemoryStorage } from '../test/storage.ts';
import { type Blocklist, openBlocklist } from './blocklist.ts';

const clock = { now: () => 1, monotonic: () => 1, sleep: async () => undefined };
let storage: MemoryStorage;
let list: Blocklist;

function open(): Blocklist {
  return openBlocklist(openBook(storage, openDatabase(storage, migrations)).book, { clock });
}

beforeEach(() => {
  storage = openMemoryStorage();
  list = open();
});

const token = (n: number): string => n.toString(16).padStart(32, '0');

test('is empty at first', () => {
  expect({ version: list.version, count: list.count, has: list.has(token(1)) }).toEqual({
    version: 0,
    count: 0,
    has: false,
  });
});

test('a newer list takes the place of the old one whole', () => {
  expect(list.replace(1, [token(1), token(2)])).toEqual({ ok: true, added: 2, removed: 0 });
  expect(list.replace(5, [token(2), token(3), token(3)])).toEqual({ ok: true, added: 1, removed: 1 });
  expect([1, 2, 3].map((n) => list.has(token(n)))).toEqual([false, true, true]);
  expect([list.version, list.count]).toEqual([5, 2]);
  expect(list.replace(6, [token(1)])).toEqual({ ok: true, added: 1, removed: 2 });
  expect([1, 2, 3].map((n) => list.has(token(n)))).toEqual([true, false, false]);
});

test('an older list, another one of the same version, and one that is no list change nothing', () => {
  list.replace(4, [token(1)]);
  expect(list.replace(4, [token(1)])).toEqual({ ok: true, added: 0, removed: 0 });
  expect(list.replace(3, [token(9)])).toMatchObject({ ok: false, code: 'older' });
  expect(list.replace(4, [token(9)])).toMatchObject({ ok: false, code: 'older' });
  expect(list.replace(5, ['4761739001010119'])).toMatchObject({ ok: false, code: 'invalid' });
  expect(list.replace(5, [token(9).toUpperCase().replace('0', 'A')])).toMatchObject({ ok: false, code: 'invalid' });
  for (const version of [0, -1, 1.5, Number.NaN]) {
    expect(list.replace(version, [token(9)])).toMatchObject({ ok: false, code: 'invalid' });
  }
  expect([list.version, list.count, list.has(token(1))]).toEqual([4, 1, true]);
});

test('whatever lists came, the last good one holds, and the journal alone brings it back', () => {
  fc.assert(
    fc.property(fc.array(fc.uniqueArray(fc.nat(30), { maxLength: 20 }), { minLength: 1, maxLength: 6 }), (lists) => {
      storage = openMemoryStorage();
      list = open();
      lists.forEach((one, at) => {
        expect(list.replace(at + 1, one.map(token)).ok).toBe(true);
      });
      const wanted = lists.at(-1) ?? [];
      const holds = (): void => {
        for (let n = 0; n <= 30; n++) expect(list.has(token(n))).toBe(wanted.includes(n));
        expect([list.version, list.count]).toEqual([lists.length, wanted.length]);
      };
      holds();
      storage.dropDatabase();
      list = open();
      holds();
    }),
    { numRuns: 40 },
  );
});
