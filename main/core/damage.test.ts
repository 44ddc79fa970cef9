import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { money } from '../../contract/money.ts';
import { paidCash } from './ledger/account.ts';
import type { Book } from './ledger/book.ts';
import { JOURNAL, openBook, TamperError } from './ledger/recovery.ts';
import { valuesOf } from './payment/payment.ts';
import { payment } from './payment/test/given.ts';
import { verifyBook } from './reports/verify.ts';
import { DATABASE, openDatabase, StoreError } from './store/database.ts';
import { openDiskStorage } from './store/disk.ts';
import { migrations } from './test/migrations.ts';

// What must happen for each way in which the two files of the record can be damaged.

let folder: string;
let open: Book | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'damage-'));
});

afterEach(() => {
  open?.close();
  open = undefined;
  rmSync(folder, { recursive: true });
});

const path = (name: string): string => join(folder, name);

function start(): Book {
  const storage = openDiskStorage(folder);
  const db = openDatabase(storage, migrations);
  try {
    open = openBook(storage, db).book;
    return open;
  } catch (error) {
    db.close();
    throw error;
  }
}

function sell(book: Book, n: number): void {
  const id = `018f0000-0000-7000-8000-${String(n).padStart(12, '0')}`;
  const amount = money(100 * n, 'CNY');
  const row = payment({
    id,
    state: 'approved',
    tender: 'cash',
    scheme: 'cash',
    amount,
    stan: n,
    rrn: String(n).padStart(12, '0'),
    receiptNo: `01-${n}`,
  });
  book.commit(
    {
      kind: 'payment',
      at: n,
      by: 'cashier',
      payment: id,
      event: { type: 'cash' },
      writes: [{ op: 'insert', table: 'payment', values: valuesOf(row) }],
      transfers: [paidCash({ payment: id, amount, day: '2026-08-01' })],
    },
    'outcome',
  );
}

/** Twelve sales, and the process dies: the write-ahead log is still there. */
function live(closed = true): void {
  const book = start();
  for (let n = 1; n <= 12; n += 1) sell(book, n);
  if (closed) {
    book.close();
  } else {
    const files = [DATABASE, `${DATABASE}-wal`, JOURNAL].map((name) => [name, readFileSync(path(name))] as const);
    book.close();
    for (const [name, bytes] of files) writeFileSync(path(name), bytes);
  }
  open = undefined;
}

function sold(book: Book): number {
  return (
    book.db.prepare<[], { sum: number }>("SELECT sum(amount) AS sum FROM transfer WHERE credit = 'sales'").get()?.sum ??
    0
  );
}

const ALL = 7_800;

function flip(name: string, at: number): void {
  const file = openSync(path(name), 'r+');
  const byte = readFileSync(path(name))[at] ?? 0;
  writeSync(file, Uint8Array.of(byte ^ 1), 0, 1, at);
  closeSync(file);
}

function refused(): unknown {
  try {
    start();
    return undefined;
  } catch (error) {
    return error;
  }
}

test('database missing, journal there: rebuilt with nothing lost', () => {
  live();
  rmSync(path(DATABASE));
  const book = start();
  expect(sold(book)).toBe(ALL);
  expect(verifyBook(book).ok).toBe(true);
});

test('journal missing, database there: written again', () => {
  live();
  rmSync(path(JOURNAL));
  const book = start();
  expect(sold(book)).toBe(ALL);
  expect(verifyBook(book).ok).toBe(true);
});

test('a line of a statement that no statement could have: the start stops', () => {
  live();
  const db = new Sqlite(path(DATABASE));
  db.pragma('ignore_check_constraints = ON');
  db.pragma('foreign_keys = OFF');
  const columns = db.prepare<[], { name: string; type: string }>('PRAGMA table_info(statement_line)').all();
  const values = columns.map(({ type }) => (type === 'INTEGER' ? -1 : 'none'));
  db.prepare(`INSERT INTO statement_line VALUES (${columns.map(() => '?').join(', ')})`).run(...values);
  db.close();
  const error = refused();
  expect(error).toBeInstanceOf(TamperError);
  expect(String(error)).toMatch(/CHECK constraint failed in statement_line/);
});

test('database truncated: the start stops and both files stay', () => {
  live();
  const { size } = statSync(path(DATABASE));
  truncateSync(path(DATABASE), Math.floor(size / 8192) * 4096);
  const journal = readFileSync(path(JOURNAL));
  expect(refused()).toBeInstanceOf(Error);
  expect(existsSync(path(DATABASE))).toBe(true);
  expect(readFileSync(path(JOURNAL)).equals(journal)).toBe(true);
});

test('a file that is no database: refused by name, not repaired', () => {
  live();
  writeFileSync(path(DATABASE), Buffer.alloc(8192, 0x41));
  const error = refused();
  expect(error).toBeInstanceOf(StoreError);
  expect(error).toMatchObject({ fault: 'not-a-database' });
  expect(readFileSync(path(DATABASE)).equals(Buffer.alloc(8192, 0x41))).toBe(true);
});

test('an empty database file beside a journal is filled from it, never taken for a new shop', () => {
  live();
  writeFileSync(path(DATABASE), '');
  expect(sold(start())).toBe(ALL);
});

test('data of a newer program: refused and not touched', () => {
  live();
  const db = new Sqlite(path(DATABASE));
  db.pragma('user_version = 9999');
  db.close();
  expect(refused()).toMatchObject({ fault: 'newer' });
});

test('write-ahead log missing: what it held comes back from the journal', () => {
  live(false);
  rmSync(path(`${DATABASE}-wal`));
  const book = start();
  expect(sold(book)).toBe(ALL);
  expect(verifyBook(book).ok).toBe(true);
});

test('write-ahead log rotten at any place: nothing is lost, or the start stops', () => {
  live(false);
  const wal = readFileSync(path(`${DATABASE}-wal`));
  const database = readFileSync(path(DATABASE));
  const journal = readFileSync(path(JOURNAL));
  for (let at = 40; at < wal.length; at += Math.ceil(wal.length / 12)) {
    writeFileSync(path(DATABASE), database);
    writeFileSync(path(`${DATABASE}-wal`), wal);
    writeFileSync(path(JOURNAL), journal);
    flip(`${DATABASE}-wal`, at);
    if (refused() === undefined) {
      const book = open;
      expect(book && sold(book), `byte ${at}`).toBe(ALL);
      expect(book && verifyBook(book).ok).toBe(true);
    }
    open?.close();
    open = undefined;
  }
}, 60_000);

test('journal torn at its tail: cut, told, and made whole from the database', () => {
  live();
  const { size } = statSync(path(JOURNAL));
  truncateSync(path(JOURNAL), size - 20);
  const storage = openDiskStorage(folder);
  const { book, recovered } = openBook(storage, openDatabase(storage, migrations));
  open = book;
  expect(recovered.cut).toMatchObject({ seq: 12 });
  expect(recovered.appended).toBe(1);
  expect(book.journalBytes().length).toBe(size);
  expect(verifyBook(book).ok).toBe(true);
});

test('journal damaged in its middle: the start stops and names the entry', () => {
  live();
  flip(JOURNAL, Math.floor(statSync(path(JOURNAL)).size / 2));
  const error = refused();
  expect(error).toBeInstanceOf(TamperError);
  expect(error).toMatchObject({ seq: expect.any(Number) });
});

test('a transfer changed behind the triggers: the start stops', () => {
  live();
  const db = new Sqlite(path(DATABASE));
  db.exec('DROP TRIGGER transfer_update; UPDATE transfer SET amount = amount + 1 WHERE seq = 3');
  db.close();
  expect(refused()).toBeInstanceOf(TamperError);
});

test('a second terminal on the same folder: refused while the first lives', () => {
  start();
  expect(() => openDatabase(openDiskStorage(folder), migrations)).toThrow(
    expect.objectContaining({ fault: 'in-use' }) as Error,
  );
});

test.each(['SQLITE_FULL', 'SQLITE_IOERR_WRITE', 'SQLITE_CORRUPT', 'SQLITE_READONLY'])(
  '%s at a commit: nothing more is written until a fresh start has read both files',
  (code) => {
    const book = start();
    sell(book, 1);
    const failures: unknown[] = [];
    book.onFailed((error) => failures.push(error));
    const exec = book.db.exec.bind(book.db);
    book.db.exec = (sql) => {
      if (sql === 'COMMIT') throw Object.assign(new Error(code), { code });
      return exec(sql);
    };
    expect(() => sell(book, 2)).toThrow(code);
    book.db.exec = exec;
    expect(() => sell(book, 3)).toThrow(/an earlier commit failed/);
    expect(failures).toHaveLength(1);
    book.close();
    open = undefined;
    expect(sold(start())).toBe(100);
  },
);

test('deleted card data is in neither file of the database after a moment of rest', () => {
  const book = start();
  sell(book, 1);
  const draft = { kind: 'core', at: 1, by: 'terminal', event: { type: 'test' }, writes: [], transfers: [] } as const;
  book.commit({ ...draft, sealed: [{ op: 'keep', payment: 'p', blob: 'eyJSECRETCARD' }] }, 'outcome');
  book.commit({ ...draft, sealed: [{ op: 'shred', payment: 'p' }] }, 'outcome');
  const found = (): boolean =>
    [DATABASE, `${DATABASE}-wal`, JOURNAL].some((name) => readFileSync(path(name)).includes('eyJSECRETCARD'));
  expect(found(), 'the log still has it').toBe(true);
  book.scrub();
  expect(found()).toBe(false);
});
