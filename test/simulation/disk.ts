import Sqlite, { type Database, type RunResult, type Statement } from 'better-sqlite3';
import { findMigrations } from '../../main/core/open.ts';
import { type Migration, openDatabase } from '../../main/core/store/database.ts';
import type { AnchorFile, AppendFile, Storage } from '../../main/core/store/storage.ts';
import { Random } from './random.ts';

/** A disk's refusal, as Node and SQLite word it. */
export class DiskFault extends Error {
  override name = 'DiskFault';
  readonly code: string;
  constructor(code: string) {
    super(`simulated ${code}`);
    this.code = code;
  }
}

/** Told of every operation that a crash or a fault may hit. Throws to make it fail. */
export interface DiskWatcher {
  /** Something is about to happen or has just happened: the machine may lose power here. */
  point(name: string): void;
  /** Whether this write, sync or commit fails. */
  fails(name: 'append' | 'sync' | 'commit'): string | undefined;
}

type Read = (sql: string, ...values: readonly unknown[]) => unknown[];

/** A schema does not change while it is open: what SQLite says of its tables is asked once. */
const SCHEMA = /\bpragma_table_info\(/;

/** A statement that was carried out, with what was bound to it. */
interface Written {
  readonly statement: Statement<unknown[], unknown>;
  readonly values: unknown[];
}

/**
 * SQLite opened once for a process: every simulated day is one transaction of it that is rolled back at its end. What the
 * terminal rolls back within it is undone by beginning the day anew with all that was committed: that is rare, and the
 * copies of pages that a savepoint makes would be paid for by every commit.
 */
class Template {
  readonly migrations: readonly Migration[];
  readonly db: Database = new Sqlite(':memory:');
  /** What lies beside the database at the beginning of a day. */
  files: ReadonlyMap<string, Uint8Array> = new Map();
  journal: Uint8Array = new Uint8Array();
  /** Where the journal of the last day was, for the next. */
  room: Buffer | undefined;
  /** Grows with every change to the database, and with every change that is undone. */
  version = 0;
  readonly #written: Written[] = [];
  #committed = 0;
  readonly #statements = new Map<string, Statement<unknown[], unknown>>();
  readonly #pragmas: ReadonlyMap<string, unknown>;

  constructor(found: readonly Migration[]) {
    this.migrations = found;
    // Small pages: each day copies those that it touches.
    this.db.pragma('page_size = 1024');
    openDatabase({ ...noStorage, database: () => this.db }, this.migrations);
    const settings = ['journal_mode', 'synchronous', 'foreign_keys', 'secure_delete', 'user_version'];
    const names = [...settings, 'integrity_check', 'integrity_check(statement_line)'];
    this.#pragmas = new Map(names.map((name) => [name, this.db.pragma(name, { simple: true })]));
    // Nobody looks at freed pages in memory.
    this.db.pragma('secure_delete = OFF');
  }

  prepare(sql: string): Statement<unknown[], unknown> {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.db.prepare<unknown[], unknown>(sql);
      if (SCHEMA.test(sql)) statement = answeredOnce(statement);
      else if (!statement.reader) statement = this.#noted(statement);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #noted(statement: Statement<unknown[], unknown>): Statement<unknown[], unknown> {
    const run = (...values: unknown[]): RunResult => {
      const result = statement.run(...values);
      this.#written.push({ statement, values });
      this.version += 1;
      return result;
    };
    return Object.create(statement, { run: { value: run } });
  }

  begin(): void {
    this.#carryOut('BEGIN');
  }

  #carryOut(sql: 'BEGIN' | 'COMMIT' | 'ROLLBACK'): void {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.db.prepare<unknown[], unknown>(sql);
      this.#statements.set(sql, statement);
    }
    statement.run();
  }

  /** All that was written up to now stays when something is rolled back. */
  commit(): void {
    this.#committed = this.#written.length;
  }

  /** How many statements were committed since the day began. */
  get committed(): number {
    return this.#committed;
  }

  /** Puts the day back to where so many statements were committed. */
  backTo(statements: number): void {
    this.#committed = statements;
    this.back();
  }

  /** Undoes what was written since the last commit. */
  back(): void {
    this.version += 1;
    if (this.#written.length === this.#committed) return;
    this.#written.length = this.#committed;
    this.#carryOut('ROLLBACK');
    this.#carryOut('BEGIN');
    for (const { statement, values } of this.#written) statement.run(...values);
  }

  end(how: 'COMMIT' | 'ROLLBACK'): void {
    this.#carryOut(how);
    this.version += 1;
    this.#written.length = 0;
    this.#committed = 0;
  }

  pragma(source: string): unknown {
    return this.#pragmas.get(source);
  }
}

function answeredOnce(statement: Statement<unknown[], unknown>): Statement<unknown[], unknown> {
  const known = new Map<string, unknown[]>();
  const all = (...values: readonly unknown[]): unknown[] => {
    const key = values.join();
    const found = known.get(key) ?? statement.all(...values);
    known.set(key, found);
    return found;
  };
  return Object.create(statement, { all: { value: all } });
}

const noStorage: Storage = {
  database: () => {
    throw new Error('no database');
  },
  appendFile: () => {
    throw new Error('no file');
  },
  exists: () => false,
  read: () => undefined,
  replace: () => undefined,
  remove: () => undefined,
  freeBytes: () => 0,
};

let fresh: Template | undefined;
let born: Template | undefined;

function freshTemplate(): Template {
  fresh ??= new Template(findMigrations());
  return fresh;
}

function bornBy(start: (disk: Disk) => void): Template {
  const used = new Template(migrations());
  Disk.bear(used, start);
  return used;
}

/** The migrations of the product, read once. */
export function migrations(): readonly Migration[] {
  return freshTemplate().migrations;
}

/** Both files of a folder, and what lay beside them, as they were once. */
export interface Kept {
  readonly statements: number;
  readonly journal: Uint8Array;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

const PLENTY = 50_000_000_000;

/**
 * The disk of one simulated terminal. It outlives every start of the core: what was committed and synced stays, what
 * was not is lost or torn when the power goes.
 */
export class Disk {
  readonly #template: Template;
  readonly #random: Random;
  readonly #files: Map<string, Uint8Array>;
  #journal: Buffer;
  #length = 0;
  #synced = 0;
  /** Up to where the program itself has synced: what a power cut leaves behind that is still to be looked at. */
  #durable = 0;
  #lines = 0;
  #open = false;
  #full = false;
  /** Whether the terminal keeps an anchor outside its folder, and what that says. */
  anchored = false;
  #anchor: Uint8Array | undefined;
  /** What was synced in the journal at each power cut. */
  readonly kept: Buffer[] = [];

  private constructor(random: Random, begins: Template) {
    this.#random = random;
    this.#template = begins;
    this.#files = new Map(begins.files);
    this.#journal = begins.room ?? Buffer.alloc(1 << 16);
    begins.room = undefined;
    this.#append(begins.journal);
    this.#synced = this.#length;
    begins.begin();
  }

  /** The disk of a terminal that was never started. */
  static empty(random: Random): Disk {
    return new Disk(random, freshTemplate());
  }

  /** The disk of a terminal that was started before: what `start` leaves on an empty one, the first time it is asked for. */
  static used(random: Random, start: (disk: Disk) => void): Disk {
    born ??= bornBy(start);
    return new Disk(random, born);
  }

  /** What `start` leaves is what other days begin with. */
  static bear(begins: Template, start: (disk: Disk) => void): void {
    const disk = new Disk(new Random(0), begins);
    start(disk);
    begins.files = new Map(disk.#files);
    begins.journal = Uint8Array.from(disk.journal);
    begins.end('COMMIT');
  }

  /** Gives the SQLite handle back, as it was. */
  end(): void {
    this.#template.end('ROLLBACK');
    this.#template.room = this.#journal;
  }

  set full(full: boolean) {
    this.#full = full;
  }

  /** Rows as a stranger reads them, outside of the product's code. */
  readonly rows: Read = (sql, ...values) => this.#template.prepare(sql).all(...values);

  /** Another one after everything that may have changed what `rows` answers. */
  get version(): number {
    return this.#template.version;
  }

  /** The journal's bytes as they are. */
  get journal(): Buffer {
    return this.#journal.subarray(0, this.#length);
  }

  /** Nothing is half written: no transaction is open and every byte of the journal is synced. */
  get calm(): boolean {
    return !this.#open && this.#synced === this.#length;
  }

  /** Complete lines of the journal. */
  get lines(): number {
    return this.#lines;
  }

  /** A copy of the folder. Nothing may be half written. */
  copy(): Kept {
    const { committed: statements } = this.#template;
    return { statements, journal: Uint8Array.from(this.journal), files: new Map(this.#files) };
  }

  /** Somebody puts an older copy in the place of the folder. The anchor is not in it. */
  putBack({ statements, journal, files }: Kept): void {
    this.#template.backTo(statements);
    this.#open = false;
    this.#length = 0;
    this.#lines = 0;
    this.#append(journal);
    this.#synced = this.#length;
    this.#durable = this.#length;
    this.kept.length = 0;
    this.#files.clear();
    for (const [name, bytes] of files) this.#files.set(name, bytes);
  }

  /** The power goes: an open transaction is gone, of the unsynced bytes a part remains and may be spoilt. */
  cut(): void {
    if (this.#open) this.#back();
    this.kept.push(Buffer.from(this.#journal.subarray(0, this.#durable)));
    if (this.#length > this.#synced) {
      const kept = this.#random.int(0, this.#length - this.#synced);
      if (kept > 0 && this.#random.chance(0.3)) {
        // In its room, the end of what was appended may be there before its beginning.
        const at = this.#random.int(0, kept - 1);
        const [from, to] = this.#random.chance(0.5) ? [0, at + 1] : [at, kept];
        this.#journal.fill(0, this.#synced + from, this.#synced + to);
      }
      this.#length = this.#synced + kept;
    }
    this.#synced = this.#length;
    this.#lines = newlines(this.journal);
  }

  /** The storage that one start of the core gets. After the power has gone `watcher.point` throws, and so does all of it. */
  storage(watcher: DiskWatcher): Storage {
    const db = this.#database(watcher);
    return {
      database: () => {
        watcher.point('open database');
        return db;
      },
      appendFile: () => this.#appendFile(watcher),
      exists: (name) => this.#files.has(name),
      read: (name) => this.#files.get(name),
      replace: (name, bytes) => {
        watcher.point('before replace');
        if (this.#full) throw new DiskFault('ENOSPC');
        this.#files.set(name, bytes);
        watcher.point('after replace');
      },
      remove: (name) => void this.#files.delete(name),
      freeBytes: () => (this.#full ? 0 : PLENTY),
      ...(this.anchored ? { anchor: this.#anchorFile(watcher) } : {}),
    };
  }

  #anchorFile(watcher: DiskWatcher): AnchorFile {
    return {
      read: () => this.#anchor,
      write: async (bytes) => {
        watcher.point('before anchor');
        this.#anchor = bytes;
        watcher.point('after anchor');
      },
    };
  }

  #database(watcher: DiskWatcher): Database {
    const exec = (sql: string): void => this.#exec(sql, watcher);
    const prepare = (sql: string): Statement<unknown[], unknown> => {
      watcher.point('');
      return this.#template.prepare(sql);
    };
    const pragma = (source: string): unknown => this.#template.pragma(source);
    return Object.create(this.#template.db, {
      exec: { value: exec },
      prepare: { value: prepare },
      pragma: { value: pragma },
      close: { value: () => undefined },
      inTransaction: { get: () => this.#open },
    });
  }

  #back(): void {
    this.#template.back();
    this.#open = false;
  }

  #exec(sql: string, watcher: DiskWatcher): void {
    watcher.point('');
    switch (sql) {
      case 'BEGIN IMMEDIATE; COMMIT':
        return;
      case 'BEGIN IMMEDIATE':
        if (this.#open) throw new Error('cannot start a transaction within a transaction');
        this.#open = true;
        return;
      case 'COMMIT':
        watcher.point('before commit');
        this.#commit(watcher);
        watcher.point('after commit');
        return;
      case 'ROLLBACK':
        this.#back();
        return;
      default:
        throw new Error(`the simulated disk does not know "${sql}"`);
    }
  }

  /** A commit that fails may have reached the disk all the same: nobody knows until it is read again (I23). */
  #commit(watcher: DiskWatcher): void {
    const fault = this.#full ? 'SQLITE_FULL' : watcher.fails('commit');
    if (fault === undefined || (fault === 'SQLITE_IOERR' && this.#random.chance(0.5))) {
      this.#template.commit();
      this.#open = false;
    }
    if (fault !== undefined) throw new DiskFault(fault);
  }

  #appendFile(watcher: DiskWatcher): AppendFile {
    return {
      read: () => Uint8Array.prototype.slice.call(this.journal),
      append: (bytes) => {
        watcher.point('before append');
        const fault = this.#full ? 'ENOSPC' : watcher.fails('append');
        if (fault !== undefined) {
          this.#append(bytes.subarray(0, this.#random.int(0, bytes.length)));
          throw new DiskFault(fault);
        }
        this.#append(bytes);
        watcher.point('after append');
      },
      sync: () => {
        const fault = watcher.fails('sync');
        if (fault !== undefined) throw new DiskFault(fault);
        this.#synced = this.#length;
        this.#durable = this.#length;
        watcher.point('after sync');
      },
      truncate: (length) => {
        watcher.point('before truncate');
        this.#length = length;
        this.#synced = length;
        this.#durable = length;
        this.#lines = newlines(this.journal);
        watcher.point('after truncate');
      },
      close: () => undefined,
    };
  }

  #append(bytes: Uint8Array): void {
    while (this.#length + bytes.length > this.#journal.length) {
      this.#journal = Buffer.concat([this.#journal, Buffer.alloc(this.#journal.length)]);
    }
    this.#journal.set(bytes, this.#length);
    this.#length += bytes.length;
    this.#lines += newlines(bytes);
  }
}

function newlines(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) count += 1;
  return count;
}
