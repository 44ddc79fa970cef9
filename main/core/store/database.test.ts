import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite, { type Database } from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BALLAST } from '../custody.ts';
import { turnoverFault } from '../ledger/turnover.ts';
import { migrations } from '../test/migrations.ts';
import { DATABASE, type Migration, openDatabase, readMigrations, StoreError, type StoreFault } from './database.ts';
import { openDiskStorage } from './disk.ts';
import type { Storage } from './storage.ts';

/** A row in each table that money goes through, of columns that every version since the first has. */
const lived = `
  INSERT INTO entry (seq, at, kind, payment, body, hash) VALUES (1, 5, 'payment', 'p', '{}', printf('%064d', 1));
  INSERT INTO batch (no, state, opened_at, opened_seq, day) VALUES (1, 'open', 0, 1, '2026-08-01');
  INSERT INTO payment (id, kind, state, amount, currency, at, day, stan, rrn, receipt_no, staff, tender, scheme)
    VALUES ('p', 'purchase', 'approved', 700, 'CNY', 5, '2026-08-01', 1, '621302000001', '01-000001', 'cashier', 'cash', 'cash');
  INSERT INTO transfer (seq, n, payment, debit, credit, amount, currency, at, day)
    VALUES (1, 0, 'p', 'cash', 'sales', 700, 'CNY', 5, '2026-08-01');
  INSERT INTO counter (name, value) VALUES ('trace', 1);
  INSERT INTO setting (name, value) VALUES ('store', '{}');
  INSERT INTO request (key, body, payment, at) VALUES ('k', 'cash 700 CNY', 'p', 5);`;

const newest = migrations.at(-1)?.number ?? 0;
let folder: string;
let storage: Storage;
let opened: Database[] = [];

function open(from: readonly Migration[] = migrations): Database {
  const db = openDatabase(storage, from);
  opened.push(db);
  return db;
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'countertap-'));
  storage = openDiskStorage(folder);
});

afterEach(() => {
  for (const db of opened) db.close();
  opened = [];
  rmSync(folder, { recursive: true });
});

function faultOf(run: () => unknown): StoreFault | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof StoreError) return error.fault;
    throw error;
  }
}

test('commits are durable: WAL with synchronous=FULL, read back', () => {
  const db = open();
  expect(db.pragma('journal_mode', { simple: true })).toBe('wal');
  expect(db.pragma('synchronous', { simple: true })).toBe(2);
  expect(db.pragma('foreign_keys', { simple: true })).toBe(1);
  expect(db.pragma('secure_delete', { simple: true })).toBe(1);
  expect(db.pragma('locking_mode', { simple: true })).toBe('exclusive');
  expect(db.pragma('user_version', { simple: true })).toBe(newest);
});

test.each([
  ['synchronous = FULL', 'synchronous = NORMAL'],
  ['journal_mode = WAL', 'journal_mode = DELETE'],
  ['foreign_keys = ON', 'foreign_keys = OFF'],
  ['secure_delete = ON', 'secure_delete = OFF'],
])('a database that does not take “%s” is refused', (wanted, given) => {
  const deaf: Storage = {
    ...storage,
    database(name) {
      const db = storage.database(name);
      const pragma = db.pragma.bind(db);
      db.pragma = (source, options) => pragma(source === wanted ? given : source, options);
      return db;
    },
  };
  expect(faultOf(() => openDatabase(deaf, migrations))).toBe('not-durable');
});

test('a second core is refused while the first lives, and let in when it is gone (I22)', () => {
  const first = open();
  const leave = () => expect.unreachable('the files of a running terminal are not touched');
  expect(faultOf(() => openDatabase({ ...storage, leave }, migrations))).toBe('in-use');
  first.exec("INSERT INTO counter (name, value) VALUES ('c', 1)");
  first.close();
  opened = [];
  expect(open().prepare('SELECT value FROM counter').get()).toEqual({ value: 1 });
});

test('data of a newer program is not touched', () => {
  const newer: Migration = { number: newest + 1, name: 'later', sql: 'CREATE TABLE later (a) STRICT' };
  expect(
    faultOf(() => open([...migrations, { ...newer, sql: 'CREATE TABLE later (a INTEGER) STRICT' }])),
  ).toBeUndefined();
  opened.pop()?.close();
  const before = readFileSync(join(folder, DATABASE));
  expect(faultOf(open)).toBe('newer');
  expect(readFileSync(join(folder, DATABASE)).equals(before)).toBe(true);
});

test('a migration that fails leaves the schema as it was', () => {
  open().close();
  opened = [];
  const broken: Migration = {
    number: newest + 1,
    name: 'bad',
    sql: 'CREATE TABLE half (a INTEGER) STRICT; CREATE TABLE entry (a)',
  };
  expect(faultOf(() => open([...migrations, broken]))).toBe('failed');
  const db = open();
  expect(db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'half'").get()).toBeUndefined();
  expect(db.pragma('user_version', { simple: true })).toBe(newest);
});

function schemaOf(db: Database): unknown {
  return db
    .prepare("SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name")
    .all();
}

type Columns = ReadonlyMap<string, readonly string[]>;

function columnsOf(db: Database, tables: readonly string[]): Columns {
  const info = (table: string) =>
    db.prepare<[], { name: string }>(`SELECT name FROM pragma_table_info('${table}')`).all();
  return new Map(tables.map((table) => [table, info(table).map(({ name }) => name)]));
}

function contentOf(db: Database, columns: Columns): unknown {
  return [...columns].map(([table, names]) => db.prepare(`SELECT ${names.join(', ')} FROM ${table}`).all());
}

test.each(migrations.slice(0, -1).map(({ number, name }) => [number, name] as const))(
  'data of version %d (%s) is carried to the newest: same schema as a fresh file, every row as it was',
  (number) => {
    const old = open(migrations.filter((one) => one.number <= number));
    old.exec(lived);
    const columns = columnsOf(old, ['entry', 'batch', 'payment', 'transfer', 'counter', 'setting', 'request']);
    const before = contentOf(old, columns);
    old.close();
    opened = [];
    const carried = open();
    const fresh = openDatabase({ ...storage, database: () => new Sqlite(':memory:') }, migrations);
    opened.push(fresh);
    expect(schemaOf(carried)).toEqual(schemaOf(fresh));
    expect(contentOf(carried, columns)).toEqual(before);
    expect(carried.pragma('integrity_check', { simple: true })).toBe('ok');
    expect(carried.pragma('foreign_key_check')).toEqual([]);
    expect(turnoverFault(carried), 'the running sums know what was there before them').toBeUndefined();
    const kept = new Sqlite(join(folder, `${DATABASE}.v${number}`));
    opened.push(kept);
    expect(kept.pragma('user_version', { simple: true })).toBe(number);
    expect(contentOf(kept, columns)).toEqual(before);
  },
);

test('a file that is no database is refused and kept', () => {
  writeFileSync(
    join(folder, DATABASE),
    'this is a shopping list, not a database, and long enough to be read as one '.repeat(20),
  );
  expect(faultOf(open)).toBe('not-a-database');
  expect(readFileSync(join(folder, DATABASE), 'utf8')).toContain('shopping list');
});

test('each migration has a number of its own, and they are taken in order', () => {
  const file = (name: string) => ({ name, sql: '' });
  expect(readMigrations([file('0002-b.sql'), file('0001-a.sql')]).map(({ number }) => number)).toEqual([1, 2]);
  for (const names of [['0000-a.sql'], ['0001-a.sql', '0001-b.sql'], ['first.sql'], ['0001-a.sql', 'second.sql']]) {
    expect(() => readMigrations(names.map(file)), names.join()).toThrow(StoreError);
  }
});

test('the data folder and its journal are the owner’s alone', () => {
  const file = storage.appendFile('j');
  file.append(Buffer.from('one\n'));
  file.sync();
  file.append(Buffer.from('two\n'));
  expect(Buffer.from(file.read()).toString()).toBe('one\ntwo\n');
  file.truncate(4);
  file.append(Buffer.from('three\n'));
  expect(Buffer.from(file.read()).toString()).toBe('one\nthree\n');
  file.close();
  expect(statSync(join(folder, 'j')).mode & 0o077).toBe(0);
});

test('a file is replaced whole', () => {
  storage.replace('key', Buffer.from('old'));
  storage.replace('key', Buffer.from('new'));
  expect(Buffer.from(storage.read('key') ?? []).toString()).toBe('new');
  expect(storage.exists('key.new')).toBe(false);
  expect(storage.read('nothing')).toBeUndefined();
  expect(storage.freeBytes()).toBeGreaterThan(0);
});

test('the ballast is written and not only sized, once, and given back whole', () => {
  const ballast = join(folder, 'ballast');
  storage.reserve?.(BALLAST);
  const { size, blocks, ino } = statSync(ballast);
  expect(size).toBe(16 * 1024 * 1024);
  expect(blocks * 512, 'a sparse file keeps no room').toBeGreaterThanOrEqual(BALLAST);
  storage.reserve?.(BALLAST);
  expect(statSync(ballast).ino).toBe(ino);
  storage.release?.();
  expect(storage.exists('ballast')).toBe(false);
  storage.release?.();
});

test('half of what is kept back is none: it is written anew, and nothing half written is left', () => {
  const ballast = join(folder, 'ballast');
  writeFileSync(ballast, Buffer.alloc(1024));
  writeFileSync(`${ballast}.new`, 'half of it');
  writeFileSync(join(folder, 'parameters.json.new'), '{"half');
  writeFileSync(join(folder, 'invoice.new'), 'not ours');
  storage.copies?.write('1.backup', Buffer.from('whole'));
  writeFileSync(join(folder, 'backups', '2.backup.new'), 'half');
  storage.tidy?.();
  storage.reserve?.(BALLAST);
  expect(statSync(ballast).size).toBe(BALLAST);
  expect(readdirSync(folder).sort()).toEqual(['backups', 'ballast', 'invoice.new']);
  expect(readdirSync(join(folder, 'backups'))).toEqual(['1.backup']);
  writeFileSync(`${ballast}.new`, 'half of it');
  storage.release?.();
  expect(readdirSync(folder)).not.toContain('ballast.new');
});

test('what is deleted from the database is overwritten in its file', () => {
  const db = open();
  db.exec("INSERT INTO sealed (payment, blob) VALUES ('p', 'eyJSECRETCARD')");
  db.exec('DELETE FROM sealed');
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.close();
  opened = [];
  expect(readFileSync(join(folder, DATABASE)).includes('eyJSECRETCARD')).toBe(false);
  expect(new Sqlite(join(folder, DATABASE)).close().open).toBe(false);
});
