import type { Database } from 'better-sqlite3';
import type { Storage } from './storage.ts';

export const DATABASE = 'countertap.sqlite';

/** `moved`: somebody removed or replaced a file while the terminal ran on it. */
export type StoreFault = 'moved' | 'in-use' | 'not-durable' | 'newer' | 'not-a-database' | 'failed';

/** The store cannot be used, and why. The caller stops; nothing is repaired on the first error (I23). */
export class StoreError extends Error {
  override name = 'StoreError';
  readonly fault: StoreFault;
  constructor(fault: StoreFault, detail: string) {
    super(detail);
    this.fault = fault;
  }
}

/** One numbered step of the schema. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
}

/**
 * Opens the terminal's database: alone (an exclusive lock held for life, I22), in WAL with `synchronous=FULL`,
 * read back because the compiled default loses acknowledged commits, and migrated.
 * @throws StoreError
 */
export function openDatabase(storage: Storage, migrations: readonly Migration[]): Database {
  const db = guarded(() => storage.database(DATABASE));
  try {
    const version = alone(db);
    refuseNewer(version, migrations);
    setPragmas(db);
    migrate(db, version, migrations, storage);
    return db;
  } catch (error) {
    throw refused(storage, db, error);
  }
}

/**
 * Reads something out of the database, whatever its version, and leaves every byte of it as it is.
 * @throws StoreError
 */
export function lookInto<Found>(storage: Storage, read: (db: Database) => Found): Found {
  const db = guarded(() => storage.database(DATABASE));
  let found: Found;
  try {
    alone(db);
    found = read(db);
  } catch (error) {
    throw refused(storage, db, error);
  }
  leaveDatabase(storage, db);
  return found;
}

function refused(storage: Storage, db: Database, error: unknown): StoreError {
  const fault = error instanceof StoreError ? error : new StoreError(faultOf(error), messageOf(error));
  // What another process works with is not touched at all.
  if (fault.fault === 'in-use') db.close();
  else leaveDatabase(storage, db);
  return fault;
}

/** Nobody else from now on. The version of the data, before anything of it is touched. */
function alone(db: Database): number {
  db.pragma('busy_timeout = 0');
  db.pragma('locking_mode = EXCLUSIVE');
  return Number(db.pragma('user_version', { simple: true }));
}

function setPragmas(db: Database): void {
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.pragma('foreign_keys = ON');
  db.pragma('secure_delete = ON');
  db.pragma('fullfsync = 1');
  db.pragma('checkpoint_fullfsync = 1');
  // A checkpoint costs two syncs more: with 16 MiB of log instead of four it comes a quarter as often.
  db.pragma('wal_autocheckpoint = 4000');
  // The first write takes the exclusive lock, so that a second core is refused now and not at its first sale.
  db.exec('BEGIN IMMEDIATE; COMMIT');
  expectPragma(db, 'journal_mode', ['wal', 'memory']);
  expectPragma(db, 'synchronous', [2, 3]);
  expectPragma(db, 'foreign_keys', [1]);
  expectPragma(db, 'secure_delete', [1]);
}

function expectPragma(db: Database, name: string, wanted: readonly (string | number)[]): void {
  const value: unknown = db.pragma(name, { simple: true });
  if (!wanted.some((one) => one === value)) {
    throw new StoreError('not-durable', `SQLite answers ${name}=${String(value)}; commits would not be safe`);
  }
}

/**
 * Takes the data folder for this process, whatever becomes of the files in it: a database that was removed under a running
 * terminal is not begun anew by another one (I22).
 * @throws StoreError in-use
 */
export function holdFolder(storage: Storage): void {
  guarded(() => storage.hold?.());
}

/** Closes a database that is refused: what was found stays as it is, so that somebody can look at it. */
export function leaveDatabase(storage: Storage, db: Database): void {
  if (storage.leave) storage.leave(db, DATABASE);
  else db.close();
}

function refuseNewer(version: number, migrations: readonly Migration[]): void {
  const newest = migrations.at(-1)?.number ?? 0;
  if (version > newest) {
    throw new StoreError(
      'newer',
      `the data is of version ${version}, this program knows ${newest}: update the program`,
    );
  }
}

/** Each migration is one transaction: one that fails leaves the file as it was. What it was is kept beside it. */
function migrate(db: Database, version: number, migrations: readonly Migration[], storage: Storage): void {
  const newest = migrations.at(-1)?.number ?? 0;
  if (version > 0 && version < newest) storage.replace(earlier(version), db.serialize());
  for (const migration of migrations) {
    if (migration.number <= version) continue;
    db.exec(`BEGIN EXCLUSIVE; ${migration.sql}\n; PRAGMA user_version = ${migration.number}; COMMIT`);
  }
}

/** Where the database as it was before a migration is kept. */
function earlier(version: number): string {
  return `${DATABASE}.v${version}`;
}

/**
 * Removes what was kept of before a migration, when the record has been backed up since: it holds sealed card data of payments
 * that have ended in the meantime (I18).
 */
export function removeEarlier(db: Database, storage: Storage): void {
  const now = Number(db.pragma('user_version', { simple: true }));
  for (let version = 1; version < now; version += 1) storage.remove(earlier(version));
}

function guarded<T>(open: () => T): T {
  try {
    return open();
  } catch (error) {
    throw new StoreError(faultOf(error), messageOf(error));
  }
}

function faultOf(error: unknown): StoreFault {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) return 'in-use';
  return code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_CORRUPT') ? 'not-a-database' : 'failed';
}

/** What SQLite has thrown, as a fault of the store; anything else as it is. */
export function storeFault(error: unknown): unknown {
  const bySqlite = error instanceof Error && error.name === 'SqliteError';
  return bySqlite ? new StoreError(faultOf(error), error.message) : error;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Orders and checks the migrations found in a folder: `0001-name.sql`, each number once. A number may have been given up. */
export function readMigrations(files: readonly { readonly name: string; readonly sql: string }[]): Migration[] {
  const found = files
    .map(({ name, sql }) => ({ number: Number(/^(\d{4})-[a-z-]+\.sql$/.exec(name)?.[1] ?? Number.NaN), name, sql }))
    .sort((a, b) => a.number - b.number);
  found.forEach((migration, index) => {
    if (!(migration.number > (found[index - 1]?.number ?? 0)))
      throw new StoreError('failed', `migration ${migration.name} is out of order`);
  });
  return found;
}
