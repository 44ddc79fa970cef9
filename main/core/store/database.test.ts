import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite, { type Database } from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { migrations } from '../test/migrations.ts';
import { DATABASE, type Migration, openDatabase, readMigrations, StoreError, type StoreFault } from './database.ts';
import { openDiskStorage } from './disk.ts';
import type { Storage } from './storage.ts';

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
  expect(faultOf(() => openDatabase(storage, migrations))).toBe('in-use');
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
