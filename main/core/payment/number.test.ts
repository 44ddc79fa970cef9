import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import type { Book } from '../ledger/book.ts';
import { openBook } from '../ledger/recovery.ts';
import { openDatabase } from '../store/database.ts';
import { migrations } from '../test/migrations.ts';
import { openMemoryStorage } from '../test/storage.ts';
import { readCounter, takeNumbers, takeTrace } from './number.ts';
import { NOW } from './test/given.ts';

let book: Book;

beforeEach(() => {
  const storage = openMemoryStorage();
  book = openBook(storage, openDatabase(storage, migrations)).book;
});

function keep(writes: ReturnType<typeof takeTrace>['writes']): void {
  book.commit({ kind: 'core', at: NOW, by: 'test', event: { type: 'test' }, writes, transfers: [] }, 'intent');
}

function countTo(value: number): void {
  book.db.prepare('INSERT OR REPLACE INTO counter (name, value) VALUES (?, ?)').run('trace', value);
}

test('numbers count up from one, and a number not kept is given again', () => {
  expect(takeNumbers(book.db, '01', NOW)).toMatchObject({ stan: 1, receiptNo: '01-000001' });
  expect(takeNumbers(book.db, '01', NOW)).toMatchObject({ stan: 1, receiptNo: '01-000001' });
  keep(takeNumbers(book.db, '01', NOW).writes);
  expect(takeNumbers(book.db, '01', NOW)).toMatchObject({ stan: 2, receiptNo: '01-000002' });
  expect(readCounter(book.db, 'unknown')).toBe(0);
});

test('a message that is no payment takes no receipt number', () => {
  keep(takeTrace(book.db, NOW).writes);
  expect(takeNumbers(book.db, '01', NOW)).toMatchObject({ stan: 2, receiptNo: '01-000001' });
});

test('the STAN stays within six digits and repeats only after 999,999 messages', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 3_000_000 }), fc.integer({ min: 1, max: 999_998 }), (count, distance) => {
      countTo(count);
      const one = takeTrace(book.db, NOW).stan;
      countTo(count + distance);
      const other = takeTrace(book.db, NOW).stan;
      expect(one).toBeGreaterThanOrEqual(1);
      expect(one).toBeLessThanOrEqual(999_999);
      expect(other).not.toBe(one);
    }),
  );
  countTo(999_998);
  expect(takeTrace(book.db, NOW).stan).toBe(999_999);
  countTo(999_999);
  expect(takeTrace(book.db, NOW).stan).toBe(1);
});

test('an RRN is twelve characters that say the hour and never repeat within it', () => {
  expect(takeTrace(book.db, Date.UTC(2026, 11, 31, 23, 59)).rrn).toBe('636523000001');
  expect(takeTrace(book.db, Date.UTC(2028, 11, 31, 0, 0)).rrn).toBe('836600000001');
  expect(takeTrace(book.db, Date.UTC(2026, 0, 1)).rrn).toBe('600100000001');
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 3_000_000 }), fc.integer({ min: 1, max: 999_999 }), (count, distance) => {
      countTo(count);
      const one = takeTrace(book.db, NOW).rrn;
      countTo(count + distance);
      const other = takeTrace(book.db, NOW).rrn;
      expect(one).toMatch(/^\d{12}$/);
      expect(other).not.toBe(one);
    }),
  );
});
