import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { money } from '../../../contract/money.ts';
import { DATABASE, openDatabase } from '../store/database.ts';
import { openDiskStorage } from '../store/disk.ts';
import { migrations } from '../test/migrations.ts';
import { type MemoryStorage, openMemoryStorage } from '../test/storage.ts';
import { paidCash } from './account.ts';
import { type Book, BookError, databaseHead, GROUP, type Order } from './book.ts';
import type { Draft } from './entry.ts';
import { chain, readJournal } from './journal.ts';
import { JOURNAL, openBook, TamperError } from './recovery.ts';

let storage: MemoryStorage;
let book: Book;

function open(): ReturnType<typeof openBook> {
  return openBook(storage, openDatabase(storage, migrations));
}

/** A payment in cash as one entry, so that rows, counters and money all have to come back. */
function sale(n: number): Draft {
  const id = `p${n}`;
  const amount = money(n * 100, 'CNY');
  const values = {
    id,
    kind: 'purchase',
    state: 'approved',
    amount: amount.minor,
    currency: 'CNY',
    at: n,
    day: '2026-08-01',
    stan: n,
    rrn: String(n).padStart(12, '0'),
    receipt_no: `01-${n}`,
    staff: 'cashier',
    tender: 'cash',
  } as const;
  return {
    kind: 'payment',
    at: n,
    by: 'cashier',
    payment: id,
    event: { type: 'cash' },
    writes: [
      { op: 'insert', table: 'payment', values },
      { op: 'put', table: 'counter', key: 'trace', value: n },
    ],
    transfers: [paidCash({ payment: id, amount, day: '2026-08-01' })],
  };
}

function sell(count: number, order: Order = 'outcome'): void {
  for (let n = 0; n < count; n += 1) book.commit(sale(book.head.seq + 1), order);
}

beforeEach(() => {
  storage = openMemoryStorage();
  ({ book } = open());
  sell(5);
});

/** Everything that the journal must be able to bring back. */
function contents({ db }: Book): unknown {
  return ['entry', 'payment', 'counter', 'transfer'].map((table) => db.prepare(`SELECT * FROM ${table}`).all());
}

function journal(): Buffer {
  return Buffer.from(storage.read(JOURNAL) ?? []);
}

function setJournal(bytes: Uint8Array): void {
  storage.files.set(JOURNAL, bytes);
}

function lines(): string[] {
  return journal().toString('utf8').trimEnd().split('\n');
}

test('two files that agree are left as they are', () => {
  const before = journal();
  expect(open().recovered).toEqual({ replayed: 0, appended: 0, cut: undefined });
  expect(journal()).toEqual(before);
});

test('an intent whose commit was cut off is replayed into the database', () => {
  const before = contents(book);
  storage.dropDatabase();
  const rebuilt = open();
  expect(rebuilt.recovered).toMatchObject({ replayed: 5, appended: 0 });
  expect(rebuilt.book.head).toEqual(book.head);
  expect(contents(rebuilt.book)).toEqual(before);
});

test('an outcome whose append was cut off is appended to the journal', () => {
  storage.beforeAppend = () => {
    throw new Error('killed');
  };
  expect(() => sell(1)).toThrow('killed');
  storage.beforeAppend = () => undefined;
  expect(readJournal(journal()).lines).toHaveLength(5);
  const again = open();
  expect(again.recovered).toMatchObject({ replayed: 0, appended: 1 });
  expect(databaseHead(again.book.db)).toEqual(again.book.head);
  expect(readJournal(journal()).lines).toHaveLength(6);
});

test('cut off at any byte of the last entry, the journal is made whole from the database', () => {
  const whole = journal();
  const last = whole.lastIndexOf(0x0a, whole.length - 2) + 1;
  for (let length = last; length < whole.length; length += 1) {
    setJournal(whole.subarray(0, length));
    const { recovered } = open();
    expect(recovered.appended).toBe(1);
    expect(recovered.cut === undefined).toBe(length === last);
    expect(journal()).toEqual(whole);
  }
}, 120_000);

test('an entry in its place in the chain that the database does not take is tampering, and is told where', () => {
  const sound = journal();
  const { hash } = book.head;
  const entry = { at: 1, by: 'x', event: { type: 'x' }, kind: 'core', seq: 6, transfers: [], writes: [] };
  const nothing = { op: 'update', table: 'payment', key: { id: 'none' }, values: { state: 'approved' } };
  const bodies = [
    'no entry at all',
    'null',
    '{}',
    JSON.stringify({ ...entry, seq: 9 }),
    JSON.stringify({ ...entry, seq: 2 }),
    JSON.stringify({ ...entry, writes: [nothing] }),
    JSON.stringify({ ...entry, writes: [{ op: 'insert', table: 'nowhere', values: { a: 1 } }] }),
    JSON.stringify({ ...entry, writes: [{ op: 'insert', table: 'payment', values: { id: 'p9' } }] }),
  ];
  for (const body of bodies) {
    setJournal(Buffer.concat([sound, Buffer.from(`${chain(hash, body)} ${body}\n`)]));
    expect(() => open(), body).toThrow(TamperError);
    expect(journal().toString(), 'the journal is left as it was').toContain(body);
  }
  setJournal(sound);
  expect(open().recovered).toMatchObject({ replayed: 0, appended: 0 });
});

test('a torn intent that the database never had is cut off: nothing has left on the strength of it', () => {
  setJournal(Buffer.concat([journal(), Buffer.from(`${'a'.repeat(64)} {"torn`)]));
  const { recovered, book: again } = open();
  expect(recovered).toMatchObject({ replayed: 0, appended: 0, cut: { seq: 6 } });
  expect(again.head).toEqual(book.head);
});

test('a lost journal is written anew from the database', () => {
  const before = journal();
  setJournal(new Uint8Array());
  expect(open().recovered.appended).toBe(5);
  expect(journal()).toEqual(before);
});

test('damage before the last entry stops the start, wherever it is', () => {
  const sound = journal();
  const last = sound.lastIndexOf(0x0a, sound.length - 2) + 1;
  fc.assert(
    fc.property(fc.integer({ min: 0, max: last - 2 }), fc.integer({ min: 0, max: 7 }), (at, bit) => {
      const bytes = Buffer.from(sound);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
      setJournal(bytes);
      expect(open).toThrow(TamperError);
      expect(journal(), 'nothing may be repaired on the first error').toEqual(bytes);
    }),
  );
});

test('an entry taken out of the middle stops the start', () => {
  const [one, two, , four, five] = lines();
  setJournal(Buffer.from(`${[one, two, four, five].join('\n')}\n`));
  expect(open).toThrow(TamperError);
});

test('two last entries run together are made two again from the database', () => {
  const sound = journal();
  const bytes = Buffer.from(sound);
  bytes[sound.lastIndexOf(0x0a, sound.length - 2)] = 0x0b;
  setJournal(bytes);
  expect(open().recovered).toMatchObject({ appended: 2, cut: { seq: 4 } });
  expect(journal()).toEqual(sound);
});

test('a journal of somebody else stops the start', () => {
  const other = openMemoryStorage();
  const { book: foreign } = openBook(other, openDatabase(other, migrations));
  foreign.commit({ ...sale(1), by: 'owner' }, 'outcome');
  setJournal(other.read(JOURNAL) ?? new Uint8Array());
  expect(open).toThrow(/different entries/);
});

test.each([
  ["UPDATE counter SET value = value + 1 WHERE name = 'trace'", /counter trace differs/],
  ["UPDATE payment SET day = '2020-01-01' WHERE id = 'p2'", /payment p2 differs from the journal in day/],
  ["DELETE FROM payment WHERE id = 'p2'", /payment p2 is missing/],
  ['UPDATE transfer SET amount = amount + 1 WHERE seq = 2', /a transfer differs/],
])('%s stops the start, and nothing is touched', (sql, what) => {
  setJournal(Buffer.from(`${lines().slice(0, 4).join('\n')}\n`));
  const before = journal();
  book.db.pragma('foreign_keys = OFF');
  book.db.exec('DROP TRIGGER payment_delete; DROP TRIGGER transfer_update');
  book.db.exec(sql);
  expect(open).toThrow(TamperError);
  expect(open).toThrow(what);
  expect(journal()).toEqual(before);
});

test('a database whose last entries were changed does not get them into the journal', () => {
  setJournal(Buffer.from(`${lines().slice(0, 3).join('\n')}\n`));
  book.db.exec('DROP TRIGGER entry_update');
  book.db.exec(`UPDATE entry SET body = replace(body, '"minor":500', '"minor":50000') WHERE seq = 5`);
  expect(open).toThrow(TamperError);
  expect(lines().length).toBeLessThanOrEqual(4);
});

test('an entry missing in the database stops the start', () => {
  book.db.exec('DROP TRIGGER entry_delete; DROP TRIGGER transfer_delete; DELETE FROM transfer WHERE seq = 3');
  book.db.exec('PRAGMA foreign_keys = OFF; DELETE FROM entry WHERE seq = 3');
  expect(open).toThrow(/missing/);
});

test('killed again and again while recovering, it comes to the same end (P19)', () => {
  const wanted = journal();
  const before = contents(book);
  storage.dropDatabase();
  for (let kill = 0; kill < 8; kill += 1) {
    const db = openDatabase(storage, migrations);
    const exec = db.exec.bind(db);
    let left = kill;
    db.exec = (sql) => {
      if (sql === 'COMMIT' && left-- === 0) throw new Error('killed');
      return exec(sql);
    };
    try {
      openBook(storage, db);
    } catch (error) {
      expect(error).toMatchObject({ message: 'killed' });
    }
    db.exec = exec;
  }
  const { book: last } = open();
  expect(journal()).toEqual(wanted);
  expect(contents(last)).toEqual(before);
});

let folder: string | undefined;
afterEach(() => {
  if (folder) rmSync(folder, { recursive: true });
  folder = undefined;
});

test('on a real disk: the database deleted, the same record comes back from the journal', () => {
  folder = mkdtempSync(join(tmpdir(), 'countertap-'));
  const start = (at: string): Book => {
    const disk = openDiskStorage(at);
    return openBook(disk, openDatabase(disk, migrations)).book;
  };
  book = start(folder);
  sell(20, 'intent');
  const before = contents(book);
  book.close();
  for (const end of ['', '-wal', '-shm']) rmSync(join(folder, DATABASE + end), { force: true });
  const again = start(folder);
  expect(contents(again)).toEqual(before);
  expect(databaseHead(again.db)).toEqual(again.head);
  again.close();
});

/** The next `count` sales, recorded together. */
function sellTogether(count: number, order: Order): void {
  const drafts = Array.from({ length: count }, (_, n) => sale(book.head.seq + 1 + n));
  expect(book.commitAll(drafts, order).map(({ upTo }) => upTo)).toEqual(drafts.map(() => book.head.seq));
}

test('of several entries written together nothing is lost, wherever the last write was cut off or spoilt', () => {
  const from = journal().length;
  sellTogether(3, 'outcome');
  const whole = journal();
  const before = contents(book);
  for (let length = from; length < whole.length; length += 7) {
    for (const spoilt of [0, 40, 700]) {
      setJournal(
        Buffer.concat([
          whole.subarray(0, Math.max(from, length - spoilt)),
          Buffer.alloc(Math.min(spoilt, length - from)),
        ]),
      );
      expect(open().recovered.appended).toBeGreaterThan(0);
      expect(journal()).toEqual(whole);
      expect(contents(book)).toEqual(before);
    }
  }
}, 120_000);

test('of several intents written together those that are whole are replayed, the rest never happened', () => {
  const from = journal().length;
  storage.beforeCommit = () => {
    throw new Error('killed');
  };
  expect(() => sellTogether(3, 'intent')).toThrow('killed');
  storage.beforeCommit = () => undefined;
  const whole = journal();
  const ends = [...whole.entries()].flatMap(([at, byte]) => (byte === 0x0a && at >= from ? [at + 1] : []));
  expect(ends).toHaveLength(3);
  // The first of them is spoilt, and those behind it are whole.
  const spoilt = Buffer.from(whole);
  spoilt.fill(0, from + 10, from + 60);
  setJournal(spoilt);
  expect(open().recovered).toMatchObject({ replayed: 0, cut: { seq: 6 } });
  expect(journal()).toHaveLength(from);
  setJournal(whole.subarray(0, (ends[1] ?? 0) + 5));
  expect(open().recovered).toMatchObject({ replayed: 2, cut: { seq: 8 } });
});

test('damage that reaches back before what was written together stops the start', () => {
  const from = journal().length;
  sellTogether(3, 'outcome');
  sell(1);
  const damaged = journal();
  damaged[from + 70] = (damaged[from + 70] ?? 0) ^ 1;
  setJournal(damaged);
  expect(open).toThrow(TamperError);
});

test('more entries than a group may have are refused before anything is written', () => {
  const drafts = Array.from({ length: GROUP + 1 }, (_, n) => sale(book.head.seq + 1 + n));
  expect(() => book.commitAll(drafts, 'outcome')).toThrow(BookError);
  expect(book.commitAll([], 'outcome')).toEqual([]);
  expect(book.head.seq).toBe(5);
});
