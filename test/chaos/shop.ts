import {
  copyFileSync,
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import Sqlite, { type Database } from 'better-sqlite3';
import { findMigrations } from '../../main/core/open.ts';
import { DATABASE } from '../../main/core/store/database.ts';
import { Branch, type Way } from './branch.ts';
import { Cashier, type Desk, type Own, openDesk } from './desk.ts';
import { layOut } from './opened.ts';
import type { Asked } from './pipe.ts';
import { BALLAST, type Found } from './replay.ts';
import { Testimony } from './trial.ts';

/** Every request arrives and every answer comes: what goes wrong here is the terminal's own end. */
const smooth: Way = { dropRequest: 0, dropAnswer: 0, late: 0, declined: 0 };
const SEED = 4;

/** A terminal's place on the disk: its data folder, and what lies beside it. */
export class Place {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  get data(): string {
    return join(this.folder, 'till');
  }

  get anchor(): string {
    return `${this.data}.anchor`;
  }

  file(name: string): string {
    return join(this.folder, name);
  }

  /** A copy of it. The room kept back is the same bytes in both: nobody writes into it. */
  copyTo(folder: string): Place {
    const ballast = join(this.data, BALLAST);
    cpSync(this.folder, folder, { recursive: true, filter: (path) => path !== ballast });
    const copy = new Place(folder);
    if (existsSync(ballast)) linkSync(ballast, join(copy.data, BALLAST));
    return copy;
  }

  /** All files and folders in it, by their names from its folder on. */
  files(): string[] {
    return readdirSync(this.folder, { recursive: true, encoding: 'utf8' });
  }

  /** All that it holds, without the room kept back and what SQLite only has in memory. */
  held(): Found {
    const names = this.files().filter(isHeld);
    const folders = names.filter((name) => statSync(this.file(name)).isDirectory());
    const files = names.filter((name) => !folders.includes(name));
    return { files: new Map(files.map((name) => [name, readFileSync(this.file(name))])), folders };
  }

  /** Puts this in the place of all that it holds. */
  become({ files, folders }: Found): void {
    layOut(this.folder, files, folders);
  }
}

/** Whether a file outlives a power cut, and somebody reads it afterwards. */
export function isHeld(name: string): boolean {
  return !basename(name).startsWith(BALLAST) && !name.endsWith('-shm');
}

/** Numbers that were given out once. */
export interface Used {
  readonly stans: ReadonlySet<number>;
  readonly receipts: ReadonlySet<string>;
}

/** A shop that has sold for a while, what its people were told, and what its bank was asked. */
export class Shop {
  readonly place: Place;
  readonly testimony = new Testimony();
  /** What of it must hold in the end; all of it when nothing else is said. */
  lasting: Testimony = this.testimony;
  readonly #asked: Asked[] = [];
  readonly #stans = new Set<number>();
  readonly #receipts = new Set<string>();
  #branch = new Branch(SEED, smooth);

  constructor(folder: string) {
    this.place = new Place(folder);
    mkdirSync(this.place.data, { recursive: true, mode: 0o700 });
  }

  get used(): Used {
    return { stans: this.#stans, receipts: this.#receipts };
  }

  /** The bank as it is now: its book is made again from all that it was asked. */
  bank(): Branch {
    const branch = new Branch(SEED, smooth);
    for (const asked of this.#asked) branch.take(asked, () => undefined);
    return branch;
  }

  /** Lets the terminal live for a while, and closes it. */
  async live(work: (desk: Desk) => Promise<void>, own: Own = {}): Promise<void> {
    const send = (asked: Asked): void => {
      this.#asked.push(asked);
      this.#branch.take(asked, (answered) => setImmediate(() => desk.link.heard(answered)));
    };
    const fail = (error: unknown): void => {
      throw error;
    };
    const desk = openDesk(this.place.data, send, fail, 1, { anchor: this.place.anchor, ...own });
    hear(desk, this.testimony);
    desk.core.start();
    await work(desk);
    desk.link.line(true);
    await desk.core.pending.settle(5_000);
    for (const { stan, receipt } of numbersOf(desk.core.book.db)) {
      this.#stans.add(stan);
      this.#receipts.add(receipt);
    }
    await desk.core.close();
  }

  /** From here on what is told need not hold in the end: it will have been given up by name. */
  soFar(): void {
    this.lasting = copied(this.testimony);
  }

  /** Sells whatever comes, as a day does. */
  async sell(desk: Desk, from: number, acts: number, kinds: 'all' | 'plain' = 'all'): Promise<void> {
    const { testimony } = this;
    const cashier = new Cashier(desk, 'shop', SEED, {
      asked: (key, id) => testimony.hear({ asked: { key, id } }),
      refused: () => undefined,
    });
    for (let n = from; n < from + acts; n += 1) await (kinds === 'all' ? cashier.act(n) : cashier.plain(n));
  }
}

/** The same testimony for one trial alone. */
export function copied({ told, asked }: Testimony): Testimony {
  const copy = new Testimony();
  for (const [key, id] of asked) copy.asked.set(key, id);
  for (const [id, { kind, outcomes }] of told) copy.told.set(id, { kind, outcomes: new Set(outcomes) });
  return copy;
}

/** What the counter shows has been told. */
export function hear(desk: Desk, testimony: Testimony): void {
  desk.core.onChange(() => {
    const { now } = desk.core.counter;
    if (now.phase !== 'result') return;
    const { id, kind, state } = now.payment;
    if (state !== 'void-due') testimony.hear({ told: { id, kind, outcome: now.outcome } });
  });
}

export function numbersOf(db: Database): { stan: number; receipt: string }[] {
  return db.prepare<[], { stan: number; receipt: string }>('SELECT stan, receipt_no AS receipt FROM payment').all();
}

interface Schema {
  readonly type: string;
  readonly name: string;
  readonly sql: string;
}

/**
 * Puts in the place of a terminal's database one of an older version that holds the same rows, as the program of that time
 * would have left it.
 */
export function age(place: Place, version: number): void {
  const file = join(place.data, DATABASE);
  copyFileSync(file, `${file}.now`);
  rmSync(file);
  const db = new Sqlite(file);
  db.pragma('journal_mode = WAL');
  db.pragma('foreign_keys = OFF');
  for (const { number, sql } of findMigrations()) if (number <= version) db.exec(sql);
  db.pragma(`user_version = ${version}`);
  const schema = (type: string): Schema[] =>
    db
      .prepare<[string], Schema>(
        "SELECT type, name, sql FROM sqlite_schema WHERE type = ? AND name NOT LIKE 'sqlite_%'",
      )
      .all(type);
  const triggers = schema('trigger');
  for (const { name } of triggers) db.exec(`DROP TRIGGER ${name}`);
  db.prepare('ATTACH ? AS now').run(`${file}.now`);
  const columns = (base: string, table: string): string[] =>
    db
      .prepare<[string, string], { name: string }>('SELECT name FROM pragma_table_info(?, ?)')
      .all(table, base)
      .map(({ name }) => name);
  for (const { name } of schema('table')) {
    const known = new Set(columns('now', name));
    const both = columns('main', name).filter((column) => known.has(column));
    if (both.length > 0) db.exec(`INSERT OR REPLACE INTO main.${name} (${both}) SELECT ${both} FROM now.${name}`);
  }
  for (const { sql } of triggers) db.exec(sql);
  db.exec('DETACH now');
  db.close();
  rmSync(`${file}.now`);
}
