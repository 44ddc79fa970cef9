import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import { money } from '../../../contract/money.ts';
import { openDatabase } from '../store/database.ts';
import { migrations } from '../test/migrations.ts';
import { type MemoryStorage, openMemoryStorage } from '../test/storage.ts';
import { acceptedOffline, forwarded, paidCash, purchased, voided } from './account.ts';
import { type Book, BookError, databaseHead, type Order, type Written } from './book.ts';
import { canonicalText, type Draft, parseEntry, type Transfer } from './entry.ts';
import { readJournal } from './journal.ts';
import { openBook } from './recovery.ts';

let storage: MemoryStorage;
let book: Book;

beforeEach(() => {
  storage = openMemoryStorage();
  book = openBook(storage, openDatabase(storage, migrations)).book;
});

function draft(writes: Draft['writes'] = [], transfers: readonly Transfer[] = []): Draft {
  return { kind: 'core', at: 1, by: 'test', event: { type: 'test' }, writes, transfers };
}

const posted = { payment: 'p', amount: money(100, 'CNY'), day: '2026-08-01' };

function entries(): number {
  return book.db.prepare<[], { n: number }>('SELECT count(*) AS n FROM entry').get()?.n ?? 0;
}

function inJournal(): number {
  return readJournal(book.journalBytes()).lines.length;
}

test('a commit is one entry in the database and the same one in the journal', () => {
  const entry = book.commit(draft([], [purchased(posted, 'visa', 1)]), 'intent');
  expect(entry.seq).toBe(1);
  const stored = book.db.prepare<[], { body: string; hash: string }>('SELECT body, hash FROM entry').get();
  const [line] = readJournal(book.journalBytes()).lines;
  expect(line).toMatchObject({ seq: 1, hash: stored?.hash, body: stored?.body });
  expect(parseEntry(stored?.body ?? '')).toEqual(entry);
  expect(databaseHead(book.db)).toEqual(book.head);
});

/** What is durable where at the moment in which the journal is appended to. */
function seenAtAppend(order: Order): number {
  let seen = -1;
  storage.beforeAppend = () => {
    seen = book.db.inTransaction ? 0 : entries();
  };
  book.commit(draft(), order);
  return seen;
}

test('an intent is in the journal before the database has committed, an outcome after it (I14)', () => {
  expect(seenAtAppend('intent')).toBe(0);
  expect(seenAtAppend('outcome')).toBe(2);
});

test('every kind of write is counted for its table, so that nothing read before it is taken for true after it', () => {
  const counted = (write: Draft['writes'][number], table: Written): number => {
    const before = book.writes(table);
    book.commit(draft([write]), 'intent');
    return book.writes(table) - before;
  };
  const values = { name: 'a', value: 1 };
  expect(counted({ op: 'insert', table: 'counter', values }, 'counter')).toBe(1);
  expect(counted({ op: 'put', table: 'counter', key: 'a', value: 2 }, 'counter')).toBe(1);
  expect(counted({ op: 'update', table: 'counter', key: { name: 'a' }, values: { value: 3 } }, 'counter')).toBe(1);
  expect(counted({ op: 'settle', batch: 1 }, 'payment')).toBe(1);
  expect(counted({ op: 'settle', batch: 1 }, 'counter')).toBe(0);
  book.commit({ ...draft([], [purchased(posted, 'visa', 1)]), sealed: [{ op: 'shred', payment: 'p' }] }, 'outcome');
  expect([book.writes('transfer'), book.writes('sealed')]).toEqual([1, 1]);
});

test('a compare-and-set that finds another state changes nothing at all (I6)', () => {
  book.commit(draft([{ op: 'put', table: 'counter', key: 'c', value: 1 }]), 'outcome');
  const bad = draft(
    [
      { op: 'put', table: 'counter', key: 'c', value: 2 },
      { op: 'update', table: 'counter', key: { name: 'c', value: 7 }, values: { value: 8 } },
    ],
    [paidCash(posted)],
  );
  for (const order of ['intent', 'outcome'] as const) {
    storage = openMemoryStorage();
    book = openBook(storage, openDatabase(storage, migrations)).book;
    book.commit(draft([{ op: 'put', table: 'counter', key: 'c', value: 1 }]), 'outcome');
    expect(() => book.commit(bad, order)).toThrow(BookError);
    expect(entries()).toBe(1);
    expect(inJournal(), `an entry that the database refuses must not stand in the journal (${order})`).toBe(1);
    expect(book.db.prepare('SELECT value FROM counter').get()).toEqual({ value: 1 });
    expect(book.db.prepare('SELECT count(*) AS n FROM transfer').get()).toEqual({ n: 0 });
  }
});

test('after a commit that failed nothing more is written: only a fresh start knows what is durable (I23)', () => {
  for (const order of ['intent', 'outcome'] as const) {
    storage = openMemoryStorage();
    book = openBook(storage, openDatabase(storage, migrations)).book;
    book.commit(draft(), 'outcome');
    storage.beforeAppend = () => {
      throw new Error('disk full');
    };
    expect(() => book.commit(draft(), order)).toThrow('disk full');
    storage.beforeAppend = () => undefined;
    expect(() => book.commit(draft(), 'intent')).toThrow(BookError);
    expect(() => book.commit(draft(), 'outcome')).toThrow(BookError);
    // A fresh start makes both agree again.
    const again = openBook(storage, openDatabase(storage, migrations)).book;
    expect(databaseHead(again.db)).toEqual(again.head);
    expect(again.head.seq).toBe(order === 'intent' ? 1 : 2);
  }
});

test('sealed data is kept and shredded in the commit, and never stands in the journal', () => {
  book.commit({ ...draft(), sealed: [{ op: 'keep', payment: 'p', blob: 'SEALED' }] }, 'outcome');
  expect(book.db.prepare('SELECT blob FROM sealed').get()).toEqual({ blob: 'SEALED' });
  expect(Buffer.from(book.journalBytes()).toString()).not.toContain('SEALED');
  book.commit({ ...draft(), sealed: [{ op: 'shred', payment: 'p' }] }, 'outcome');
  expect(book.db.prepare('SELECT count(*) AS n FROM sealed').get()).toEqual({ n: 0 });
});

test.each(['UPDATE entry SET body = 1', 'DELETE FROM entry', 'UPDATE transfer SET amount = 1', 'DELETE FROM transfer'])(
  '%s is refused: entries and transfers are append-only (I13)',
  (sql) => {
    book.commit(draft([], [paidCash(posted)]), 'outcome');
    expect(() => book.db.exec(sql)).toThrow(/append-only/);
  },
);

const payment = {
  id: 'p',
  kind: 'purchase',
  state: 'opened',
  amount: 100,
  currency: 'CNY',
  at: 1,
  day: '2026-08-01',
  stan: 1,
  rrn: '000000000001',
  receipt_no: '01-000001',
  staff: 'cashier',
} as const;

test('amount and numbers of a payment never change, and no payment is deleted', () => {
  book.commit(draft([{ op: 'insert', table: 'payment', values: payment }]), 'intent');
  for (const column of ['id', 'kind', 'amount', 'currency', 'stan', 'rrn', 'receipt_no']) {
    expect(() => book.db.exec(`UPDATE payment SET ${column} = ${column}`), column).toThrow(/do not change/);
  }
  expect(() => book.db.exec('DELETE FROM payment')).toThrow(/kept/);
});

test.each([
  { amount: 0 },
  { amount: -1 },
  { amount: 1.5 },
  { kind: 'gift' },
  { stan: 0 },
  { stan: 1_000_000 },
  { rrn: '1' },
  { currency: 'YUAN' },
  { attempt: -1 },
  { print: 'maybe' },
])('a payment with %o cannot be stored', (wrong) => {
  const values = { ...payment, ...wrong };
  expect(() => book.commit(draft([{ op: 'insert', table: 'payment', values }]), 'intent')).toThrow();
  expect(inJournal()).toBe(0);
});

test('the same command key, code or RRN is stored once', () => {
  const once: Draft['writes'] = [
    { op: 'insert', table: 'request', values: { key: 'k', body: 'b', payment: 'p', at: 1 } },
    { op: 'insert', table: 'code', values: { hash: 'h', payment: 'p', at: 1 } },
    { op: 'insert', table: 'payment', values: payment },
  ];
  for (const write of once) {
    storage = openMemoryStorage();
    book = openBook(storage, openDatabase(storage, migrations)).book;
    book.commit(draft([write]), 'intent');
    expect(() => book.commit(draft([write]), 'intent')).toThrow(/UNIQUE/);
  }
});

const transfers = fc.array(
  fc
    .record({
      amount: fc.integer({ min: 1, max: 1_000_000 }),
      scheme: fc.constantFrom('visa', 'unionpay'),
      what: fc.constantFrom('purchased', 'voided', 'offline', 'forwarded', 'cash'),
    })
    .map(({ amount, scheme, what }): Transfer => {
      const moved = { payment: 'p', amount: money(amount, 'CNY'), day: '2026-08-01' };
      if (what === 'purchased') return purchased(moved, scheme, 1);
      if (what === 'voided') return voided(moved, scheme, 1);
      if (what === 'offline') return acceptedOffline(moved, scheme);
      return what === 'forwarded' ? forwarded(moved, scheme, 1) : paidCash(moved);
    }),
  { maxLength: 12 },
);

test('the balances of all accounts together are zero, whatever moves (I12)', () => {
  fc.assert(
    fc.property(transfers, (moved) => {
      storage = openMemoryStorage();
      book = openBook(storage, openDatabase(storage, migrations)).book;
      for (const transfer of moved) book.commit(draft([], [transfer]), 'outcome');
      const sum = book.db
        .prepare(
          `SELECT coalesce(sum(amount), 0) AS n FROM (
             SELECT debit AS account, amount FROM transfer UNION ALL SELECT credit, -amount FROM transfer)`,
        )
        .get();
      expect(sum).toEqual({ n: 0 });
    }),
    { numRuns: 30 },
  );
});

test.each([
  { ...paidCash(posted), amount: { minor: 0, currency: 'CNY' as const } },
  { ...paidCash(posted), amount: { minor: -5, currency: 'CNY' as const } },
  { ...paidCash(posted), amount: { minor: 0.5, currency: 'CNY' as const } },
  { ...paidCash(posted), credit: 'cash' },
])('a transfer of nothing, of a fraction, or onto itself is refused', (transfer) => {
  expect(() => book.commit(draft([], [transfer]), 'outcome')).toThrow();
  expect(entries()).toBe(0);
});

test('canonical bytes do not depend on the order of members and read back as they were', () => {
  expect(canonicalText({ b: 1, a: [true, null, { d: 'x', c: undefined }] })).toBe('{"a":[true,null,{"d":"x"}],"b":1}');
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.oneof(fc.integer(), fc.string(), fc.constant(null))), (record) => {
      const reversed = Object.fromEntries(Object.entries(record).reverse());
      expect(canonicalText(reversed)).toBe(canonicalText(record));
      expect(JSON.parse(canonicalText(record))).toEqual(JSON.parse(JSON.stringify(record)));
    }),
  );
});
