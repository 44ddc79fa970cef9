import { cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Custody } from './custody.ts';
import type { Book } from './ledger/book.ts';
import { JOURNAL } from './ledger/recovery.ts';
import { openRecord } from './record.ts';
import { verifyBook } from './reports/verify.ts';
import { DATABASE, StoreError } from './store/database.ts';
import { openDiskStorage } from './store/disk.ts';
import type { Storage } from './store/storage.ts';
import { openManualClock } from './test/clock.ts';
import { migrations } from './test/migrations.ts';
import type { World } from './world/world.ts';

// A start that is refused leaves what it found; a terminal notices when a file is taken from under it.

const base = mkdtempSync(join(tmpdir(), 'evidence-'));
const master = join(base, 'master');
const folder = join(base, 'data');
const path = (name: string): string => join(folder, name);

let open: { book: Book; storage: Storage }[] = [];

afterAll(() => rmSync(base, { recursive: true }));

afterEach(() => {
  for (const { book, storage } of open) {
    book.close();
    storage.letGo?.();
  }
  open = [];
});

function start(where = folder, known = migrations): { book: Book; storage: Storage } {
  const storage = openDiskStorage(where);
  const world = { storage, clock: openManualClock() } as unknown as World;
  const { book } = openRecord({ world, migrations: known, signer: 'signer', zone: 'Asia/Shanghai' });
  const started = { book, storage };
  open.push(started);
  return started;
}

const entry = { kind: 'core', at: 1, by: 'terminal', event: { type: 'test' }, writes: [], transfers: [] } as const;

/** The data folder of a terminal that was killed: most of its record is in the write-ahead log. */
beforeAll(() => {
  const { book } = start(master);
  for (let n = 0; n < 20; n += 1) book.commit(entry, 'outcome');
  const killed = join(base, 'killed');
  cpSync(master, killed, { recursive: true });
  for (const { book } of open) book.close();
  open = [];
  rmSync(master, { recursive: true });
  renameSync(killed, master);
});

beforeEach(() => {
  rmSync(folder, { recursive: true, force: true });
  cpSync(master, folder, { recursive: true });
});

function bytes(): Record<string, string> {
  return Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(path(name)).toString('base64')]));
}

function flip(name: string, at: number): void {
  const all = readFileSync(path(name));
  all[at] = (all[at] ?? 0) ^ 1;
  writeFileSync(path(name), all);
}

/** Changes the database behind the program and leaves the change in its log. */
function meddle(sql: string): void {
  const aside = join(base, 'aside');
  cpSync(folder, aside, { recursive: true });
  const db = new Sqlite(join(aside, DATABASE));
  db.exec(sql);
  for (const name of [DATABASE, `${DATABASE}-wal`]) cpSync(join(aside, name), path(name));
  db.close();
  rmSync(aside, { recursive: true });
}

describe('a start that is refused leaves every byte of the folder as it was found', () => {
  const changed = "DROP TRIGGER entry_update; UPDATE entry SET body = replace(body, 'test', 'tess') WHERE seq = 9";
  const cases: readonly (readonly [what: string, damage: () => void, error: object])[] = [
    ['an entry changed in the database', () => meddle(changed), { name: 'TamperError' }],
    [
      'a row in a table that no entry ever wrote',
      () => meddle("INSERT INTO counter VALUES ('z', 7)"),
      { name: 'TamperError' },
    ],
    ['a journal damaged in its middle', () => flip(JOURNAL, 1_000), { name: 'TamperError' }],
    [
      'a database that was changed, and no journal beside it',
      () => {
        meddle(changed);
        rmSync(path(JOURNAL));
      },
      { name: 'TamperError' },
    ],
    ['data of a newer program', () => meddle('PRAGMA user_version = 9999'), { fault: 'newer' }],
    [
      'a file that is no database',
      () => {
        writeFileSync(path(DATABASE), 'not a database at all, but long enough to look like one. '.repeat(100));
        rmSync(path(`${DATABASE}-wal`));
      },
      { fault: 'not-a-database' },
    ],
  ];

  test.each(cases)('%s', (_what, damage, error) => {
    damage();
    const before = bytes();
    expect(Object.keys(before)).toContain('lock');
    expect(() => start()).toThrow(expect.objectContaining(error) as Error);
    expect(bytes()).toEqual(before);
    // Nor is it held by the start that was refused.
    expect(() => start()).toThrow(expect.objectContaining(error) as Error);
    expect(bytes()).toEqual(before);
  });

  test('and the same folder without damage starts', () => {
    const { book } = start();
    expect(book.head.seq).toBeGreaterThan(20);
    expect(verifyBook(book).ok).toBe(true);
  });

  test('a lock that somebody has written in is begun anew', () => {
    writeFileSync(path('lock'), 'no lock at all. '.repeat(100));
    const { book } = start();
    expect(verifyBook(book).ok).toBe(true);
    expect(readFileSync(path('lock'))).toHaveLength(0);
    expect(() => start()).toThrow(expect.objectContaining({ fault: 'in-use' }) as Error);
  });

  test('a power cut while it was left finds it again', () => {
    renameSync(path(DATABASE), path(`${DATABASE}.left`));
    const { book } = start();
    expect(readdirSync(folder)).not.toContain(`${DATABASE}.left`);
    expect(verifyBook(book).ok).toBe(true);
  });
});

describe('a file taken from under a running terminal', () => {
  test('lets no other terminal begin beside it (I22)', () => {
    start();
    rmSync(path(DATABASE));
    rmSync(path(`${DATABASE}-wal`));
    expect(() => start()).toThrow(expect.objectContaining({ fault: 'in-use' }) as Error);
    expect(readdirSync(folder)).not.toContain(DATABASE);
  });

  test.each([
    ['the database removed', DATABASE, () => rmSync(path(DATABASE))],
    ['the journal replaced by a copy', JOURNAL, () => replace(JOURNAL)],
    ['the lock removed', 'lock', () => rmSync(path('lock'))],
    ['the whole folder moved away', 'lock', () => renameSync(folder, join(base, 'elsewhere'))],
  ])('%s: the terminal stops within a second, and the next start has lost nothing (I22)', async (_what, name, take) => {
    const clock = openManualClock();
    const { book, storage } = start();
    const fatal: unknown[] = [];
    const changed = (): void => undefined;
    const custody = new Custody({ clock, book, storage, full: false, changed, fatal: (error) => fatal.push(error) });
    custody.start({ replayed: 0, appended: 0, cut: undefined });
    book.commit(entry, 'outcome');
    await clock.advance(5_000);
    expect(fatal).toEqual([]);
    const { seq } = book.head;
    take();
    await clock.advance(1_000);
    expect(fatal[0]).toBeInstanceOf(StoreError);
    expect(fatal).toMatchObject([{ fault: 'moved', message: expect.stringContaining(name) }]);
    open = [];
    book.close();
    const moved = join(base, 'elsewhere');
    const again = start(name === 'lock' && readdirSync(base).includes('elsewhere') ? moved : folder);
    expect(again.book.head.seq).toBe(seq);
    expect(verifyBook(again.book).ok).toBe(true);
    rmSync(moved, { recursive: true, force: true });
  });

  function replace(name: string): void {
    cpSync(path(name), path('copy'));
    renameSync(path('copy'), path(name));
  }
});
