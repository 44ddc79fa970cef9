import type { Database, Statement } from 'better-sqlite3';
import {
  canonicalText,
  type Draft,
  type Entry,
  parseEntry,
  placed,
  type SealedWrite,
  type Table,
  type Transfer,
  type Write,
} from './entry.ts';
import { type ChainBreak, chain, GENESIS, type Journal, type JournalLine } from './journal.ts';

/**
 * `intent`: the journal is synced before the database commits, because something will leave the terminal on the strength of it.
 * `outcome`: the database commits first, then the journal. Either way both are durable when `commit` returns (I3, I4, I14).
 */
export type Order = 'intent' | 'outcome';

/** How many entries may be written together. */
export const GROUP = 32;

/** A rule of the book was about to be broken: the core stops rather than write it. */
export class BookError extends Error {
  override name = 'BookError';
}

/** What was found when database and journal were compared at start. */
export interface Recovered {
  readonly replayed: number;
  readonly appended: number;
  readonly cut: ChainBreak | undefined;
}

/** What the book counts its writes of. */
export type Written = Table | 'sealed' | 'transfer';

/** Texts of statements by table and columns: the same few come again with every sale. */
const texts = new Map<string, string>();

function textOf(key: string, make: () => string): string {
  let text = texts.get(key);
  if (text === undefined) {
    text = make();
    texts.set(key, text);
  }
  return text;
}

function insertInto(table: Table, names: readonly string[]): string {
  const make = () => `INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`;
  return textOf(`${table} ${names.join()}`, make);
}

function update(table: Table, names: readonly string[], keys: readonly string[]): string {
  const set = (): string => names.map((name) => `${name} = ?`).join(', ');
  const where = (): string => keys.map((name) => `${name} IS ?`).join(' AND ');
  return textOf(`${table} ${names.join()} ${keys.join()}`, () => `UPDATE ${table} SET ${set()} WHERE ${where()}`);
}

/** The only code that writes money: each commit is one journal entry and one database transaction. */
export class Book {
  readonly db: Database;
  readonly #journal: Journal;
  readonly #statements = new Map<string, Statement<unknown[], unknown>>();
  readonly #writes = new Map<Written, number>();
  #failed = false;
  #shredded = false;
  #onFailed: ((error: unknown) => void) | undefined;

  constructor(db: Database, journal: Journal) {
    this.db = db;
    this.#journal = journal;
  }

  get head(): { readonly seq: number; readonly hash: string } {
    return { seq: this.#journal.seq, hash: this.#journal.hash };
  }

  /** Whether a commit has failed: nothing is written any more. */
  get failed(): boolean {
    return this.#failed;
  }

  /** Called when a commit has failed, whoever asked for it. One listener. */
  onFailed(listener: (error: unknown) => void): void {
    this.#onFailed = listener;
  }

  /** How often this table was written since the book was opened: what was read of it before is still so while this is. */
  writes(table: Written): number {
    return this.#writes.get(table) ?? 0;
  }

  #count(table: Written): void {
    this.#writes.set(table, this.writes(table) + 1);
  }

  /**
   * Records one entry. After a commit that threw, what is durable is not known here any more: every later one throws
   * BookError, and only a fresh start, which compares both files, goes on (I23).
   */
  commit(draft: Draft, order: Order): Entry {
    const [entry] = this.#commit([draft], order);
    if (!entry) throw new BookError('nothing was recorded');
    return entry;
  }

  /**
   * Records several entries, each in its place in the chain, in one transaction and with one sync of the journal: all of
   * them are durable when it returns. An entry says up to which one it was written together with others, so that a start
   * knows what a power cut may have torn. At most GROUP at a time; throws as `commit` does.
   */
  commitAll(drafts: readonly Draft[], order: Order): Entry[] {
    if (drafts.length > GROUP) throw new BookError(`${drafts.length} entries at once, at most ${GROUP}`);
    return drafts.length === 0 ? [] : this.#commit(drafts, order);
  }

  #commit(drafts: readonly Draft[], order: Order): Entry[] {
    if (this.#failed) throw new BookError('an earlier commit failed; the book must be opened again');
    const last = this.#journal.seq + drafts.length;
    const entries: Entry[] = [];
    const lines: JournalLine[] = [];
    let { hash } = this.#journal;
    for (const { sealed: _, ...rest } of drafts) {
      const seq = this.#journal.seq + entries.length + 1;
      const entry: Entry = drafts.length === 1 ? { ...rest, seq } : { ...rest, seq, upTo: last };
      const body = canonicalText(entry);
      hash = chain(hash, body);
      entries.push(entry);
      lines.push({ seq, hash, body });
    }
    const append = (): void => this.#journal.append(...lines);
    // An intent is appended when the database has taken every statement and has not committed: what it refuses must
    // not stand in the journal, from which it would be refused again at every start.
    try {
      const sealed = drafts.flatMap((draft) => draft.sealed ?? []);
      this.#write(entries, lines, sealed, order === 'intent' ? append : undefined);
      if (order === 'outcome') append();
    } catch (error) {
      this.#failed = true;
      this.#onFailed?.(error);
      throw error;
    }
    return entries;
  }

  /** Applies an entry that the journal holds and the database lost. */
  replay(body: string, hash: string): void {
    const entry = parseEntry(body);
    this.#write([entry], [{ seq: entry.seq, hash, body }], []);
  }

  /**
   * Takes sealed card data that was deleted out of the write-ahead log, too (I18): the log is written back and cut to nothing.
   * Does nothing when none was deleted since. For a moment of rest: it costs several syncs.
   */
  scrub(): void {
    if (!this.#shredded || this.#failed) return;
    this.#shredded = false;
    try {
      this.db.pragma('wal_checkpoint(TRUNCATE)');
    } catch (error) {
      this.#failed = true;
      this.#onFailed?.(error);
    }
  }

  journalBytes(): Uint8Array {
    return this.#journal.read();
  }

  #write(
    entries: readonly Entry[],
    lines: readonly JournalLine[],
    sealed: readonly SealedWrite[],
    beforeCommit: () => void = () => undefined,
  ): void {
    this.db.exec('BEGIN IMMEDIATE');
    try {
      for (const [index, { body, hash }] of lines.entries()) {
        const entry = entries[index];
        if (!entry) continue;
        this.#record(entry, body, hash);
        for (const write of entry.writes) this.#apply(write, entry.seq);
        for (const [n, transfer] of entry.transfers.entries()) this.#move(entry, n, transfer);
      }
      for (const write of sealed) this.#seal(write);
      beforeCommit();
      this.db.exec('COMMIT');
    } catch (error) {
      if (this.db.inTransaction) this.db.exec('ROLLBACK');
      throw error;
    }
  }

  #record(entry: Entry, body: string, hash: string): void {
    const { seq, at, kind, payment } = entry;
    this.#run('INSERT INTO entry (seq, at, kind, payment, body, hash) VALUES (?, ?, ?, ?, ?, ?)', [
      seq,
      at,
      kind,
      payment ?? null,
      body,
      hash,
    ]);
  }

  #move({ seq, at }: Entry, n: number, transfer: Transfer): void {
    const { payment, debit, credit, amount, day, batch } = transfer;
    this.#count('transfer');
    this.#run(
      'INSERT INTO transfer (seq, n, payment, debit, credit, amount, currency, at, day, batch) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
      [seq, n, payment, debit, credit, amount.minor, amount.currency, at, day, batch],
    );
  }

  #apply(write: Write, seq: number): void {
    this.#count(write.op === 'settle' ? 'payment' : write.table);
    switch (write.op) {
      case 'insert': {
        const values = placed(write.table, write.values, seq);
        this.#run(insertInto(write.table, Object.keys(values)), Object.values(values));
        return;
      }
      case 'put':
        this.#run(
          `INSERT INTO ${write.table} (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
          [write.key, write.value],
        );
        return;
      case 'update': {
        const { table, key, values } = write;
        const changes = this.#run(update(table, Object.keys(values), Object.keys(key)), [
          ...Object.values(values),
          ...Object.values(key),
        ]);
        if (changes !== 1)
          throw new BookError(`${write.table} ${canonicalText(write.key)}: ${changes} rows changed, not 1`);
        return;
      }
      case 'settle':
        this.#run(
          "UPDATE payment SET state = 'settled' WHERE batch IS NOT NULL AND batch = ? AND state IN ('approved', 'saf-approved')",
          [write.batch],
        );
    }
  }

  #seal(write: SealedWrite): void {
    this.#count('sealed');
    if (write.op === 'keep') {
      this.#run('INSERT INTO sealed (payment, blob) VALUES (?, ?)', [write.payment, write.blob]);
    } else {
      this.#run('DELETE FROM sealed WHERE payment = ?', [write.payment]);
      this.#shredded = true;
    }
  }

  #run(sql: string, values: readonly unknown[]): number {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.db.prepare<unknown[], unknown>(sql);
      this.#statements.set(sql, statement);
    }
    return statement.run(...values).changes;
  }

  close(): void {
    this.#journal.close();
    this.db.close();
  }
}

/** The entry at the end of the database's copy: sequence 0 and the genesis hash when there is none. */
export function databaseHead(db: Database): { seq: number; hash: string } {
  const head = db
    .prepare<[], { seq: number; hash: string }>('SELECT seq, hash FROM entry ORDER BY seq DESC LIMIT 1')
    .get();
  return head ?? { seq: 0, hash: GENESIS };
}
