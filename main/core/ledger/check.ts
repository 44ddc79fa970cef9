import type { Database, Statement } from 'better-sqlite3';
import { prepared } from '../store/statement.ts';
import { type Entry, parseEntry, placed, tables, type Value, type Values, type Write } from './entry.ts';
import type { JournalLine } from './journal.ts';
import { turnoverFault } from './turnover.ts';

/** Where the database does not say what the journal makes of it; `seq` is the entry that wrote it last, 0 when none did. */
export interface BookFault {
  readonly where: 'journal' | 'database' | 'ledger';
  readonly seq: number;
  readonly what: string;
}

/**
 * Holds the whole database against the journal: its structure and indexes, its copy of every entry, every transfer, the
 * running sums, and every row of every table that entries can write, as all of them together make it. Undefined in good order.
 */
export function bookFault(db: Database, lines: readonly JournalLine[]): BookFault | undefined {
  const sound = integrity(db);
  if (sound !== 'ok') return { where: 'database', seq: 0, what: `SQLite finds it damaged: ${String(sound)}` };
  const fold = new Fold(db);
  return compareRecord(db, lines, fold) ?? fold.compare() ?? compareSums(db);
}

/**
 * Structure, order and indexes. The CHECK conditions are asked again only of the lines of statements, which no entry writes:
 * every other value under a condition is held against the journal, whose entries met it when they were committed.
 */
function integrity(db: Database): unknown {
  db.pragma('ignore_check_constraints = ON');
  try {
    const sound = db.pragma('integrity_check', { simple: true });
    if (sound !== 'ok') return sound;
  } finally {
    db.pragma('ignore_check_constraints = OFF');
  }
  return db.pragma('integrity_check(statement_line)', { simple: true });
}

/** So many entries are read at once: all of them together are as large as the journal, and one by one costs more. */
const SOME = 500;
/** So many rows of another table are read at once. */
const FEW = 64;

/** A row as a list is made in half the time of an object, and there are hundreds of thousands. */
type Stored = [seq: number, hash: string, body: string, at: number, kind: string, payment: string | null];

/** The database's copy of every entry and every column of every transfer, beside the journal; adds each entry to the fold. */
function compareRecord(db: Database, lines: readonly JournalLine[], fold: Fold): BookFault | undefined {
  const transfers = db.prepare<[], Values>('SELECT * FROM transfer ORDER BY seq, n').all();
  let moved = 0;
  let next = 0;
  for (const [seq, hash, body, at, kind, payment] of storedEntries(db)) {
    const line = lines[next];
    next += 1;
    if (!line) return { where: 'journal', seq: next, what: 'the journal ends before the database' };
    if (seq !== line.seq) return { where: 'database', seq: line.seq, what: 'the entry is missing' };
    if (hash !== line.hash || body !== line.body)
      return { where: 'database', seq: line.seq, what: 'the entry differs from the journal' };
    const entry = parseEntry(body);
    if (at !== entry.at || kind !== entry.kind || payment !== (entry.payment ?? null))
      return { where: 'database', seq: line.seq, what: 'the entry differs from its own text' };
    fold.add(entry);
    for (let n = 0; n < entry.transfers.length; n += 1) {
      if (!sameTransfer(transfers[moved], entry, n))
        return { where: 'ledger', seq: entry.seq, what: 'a transfer differs from the journal' };
      moved += 1;
    }
  }
  if (next < lines.length) return { where: 'database', seq: next + 1, what: 'the entry is missing' };
  const extra = transfers[moved];
  return extra && { where: 'ledger', seq: Number(extra['seq']), what: 'a transfer that the journal does not know' };
}

function* storedEntries(db: Database): Generator<Stored> {
  const after = db
    .prepare<[number], Stored>(
      `SELECT seq, hash, body, at, kind, payment FROM entry WHERE seq > ? ORDER BY seq LIMIT ${SOME}`,
    )
    .raw();
  for (let last = 0; ; ) {
    const some = after.all(last);
    yield* some;
    last = some.at(-1)?.[0] ?? last;
    if (some.length < SOME) return;
  }
}

/**
 * The rows of a table of which the journal makes `count`. Many are read one by one, since all of them together are as large
 * as the journal; of a few it costs more to go on and on.
 */
function inTurn<Row>(statement: Statement<[], Row>, count: number): Iterable<Row> {
  return count > FEW ? statement.iterate() : statement.all();
}

function sameTransfer(found: Values | undefined, { seq, at, transfers }: Entry, n: number): boolean {
  const transfer = transfers[n];
  if (!found || !transfer) return false;
  const { amount, ...rest } = transfer;
  const wanted: Values = { seq, n, at, ...rest, amount: amount.minor, currency: amount.currency };
  return Object.keys(found).every((name) => found[name] === wanted[name]);
}

function compareSums(db: Database): BookFault | undefined {
  const what = turnoverFault(db);
  return what === undefined ? undefined : { where: 'ledger', seq: 0, what };
}

interface Row {
  /** The last entry that wrote it. */
  seq: number;
  /** The database has it too. */
  found?: boolean;
  /** Taken from the entry that made it, and written over by those after it. */
  readonly values: Values;
}

interface Folded {
  readonly keys: readonly string[];
  /** What a column holds that no entry ever named. */
  readonly unwritten: Values;
  readonly rows: Map<string, Row>;
}

/** All writes of the journal together: what must stand in each table that any of them names. */
class Fold {
  readonly #db: Database;
  readonly #tables = new Map<string, Folded>();

  constructor(db: Database) {
    this.#db = db;
  }

  add({ seq, writes }: Entry): void {
    for (const write of writes) this.#apply(seq, write);
  }

  #apply(seq: number, write: Write): void {
    switch (write.op) {
      case 'insert': {
        const { keys, rows } = this.#table(write.table);
        rows.set(keyOf(keys, write.values), { seq, values: placed(write.table, write.values, seq) });
        return;
      }
      case 'put': {
        const { rows } = this.#table(write.table);
        rows.set(write.key, { seq, values: { name: write.key, value: write.value } });
        return;
      }
      case 'update': {
        const row = this.#found(write.table, write.key);
        if (!row) return;
        row.seq = seq;
        Object.assign(row.values, write.values);
        return;
      }
      case 'settle':
        this.#settle(seq, write.batch);
    }
  }

  /** The row that a key describes: its primary key is nearly always part of it. */
  #found(table: string, key: Values): Row | undefined {
    const { keys, rows, unwritten } = this.#table(table);
    if (keys.every((name) => name in key)) return rows.get(keyOf(keys, key));
    return [...rows.values()].find(({ values }) =>
      Object.keys(key).every((name) => (values[name] ?? unwritten[name] ?? null) === key[name]),
    );
  }

  #settle(seq: number, batch: number): void {
    for (const row of this.#table('payment').rows.values()) {
      const { state } = row.values;
      if (row.values['batch'] !== batch || (state !== 'approved' && state !== 'saf-approved')) continue;
      Object.assign(row.values, { state: 'settled' });
      row.seq = seq;
    }
  }

  #table(name: string): Folded {
    const known = this.#tables.get(name);
    if (known) return known;
    const columns = this.#db
      .prepare<[string], { name: string; pk: number; dflt_value: string | null }>(
        'SELECT name, pk, dflt_value FROM pragma_table_info(?)',
      )
      .all(name);
    const keys = columns.filter(({ pk }) => pk > 0).map((column) => column.name);
    const unwritten = Object.fromEntries(columns.map((column) => [column.name, literal(column.dflt_value)]));
    const folded = { keys, unwritten, rows: new Map<string, Row>() };
    this.#tables.set(name, folded);
    return folded;
  }

  /** The first row that is not as the journal makes it. */
  compare(): BookFault | undefined {
    // A table that no entry ever named is empty.
    for (const name of tables) {
      const any = this.#tables.has(name) ? undefined : prepared(this.#db, `SELECT 1 FROM ${name} LIMIT 1`).get();
      if (any) return { where: 'database', seq: 0, what: `${name} has rows that are not in the journal` };
    }
    for (const [table, { keys, unwritten, rows }] of this.#tables) {
      const columns = Object.keys(unwritten);
      const defaults = Object.values(unwritten);
      const places = keys.map((name) => columns.indexOf(name));
      let found = 0;
      const all = this.#db.prepare<[], Value[]>(`SELECT ${columns.join(', ')} FROM ${table}`).raw();
      for (const stored of inTurn(all, rows.size)) {
        const key = places.map((place) => String(stored[place])).join(' ');
        const row = rows.get(key);
        if (!row) return { where: 'database', seq: 0, what: `${table} ${key} is not in the journal` };
        const wrong = columns.find((name, n) => stored[n] !== (row.values[name] ?? defaults[n] ?? null));
        if (wrong !== undefined)
          return { where: 'database', seq: row.seq, what: `${table} ${key} differs from the journal in ${wrong}` };
        found += 1;
        row.found = true;
      }
      if (found === rows.size) continue;
      for (const [key, row] of rows)
        if (!row.found) return { where: 'database', seq: row.seq, what: `${table} ${key} is missing` };
    }
    return undefined;
  }
}

function keyOf(keys: readonly string[], values: Values): string {
  const [only = '', second] = keys;
  if (second === undefined) return String(values[only]);
  return keys.map((name) => String(values[name])).join(' ');
}

/** A column's default as SQLite tells it: nothing, a number, or a text in quotes. */
function literal(text: string | null): Value {
  if (text === null || text === 'NULL') return null;
  return text.startsWith("'") ? text.slice(1, -1).replaceAll("''", "'") : Number(text);
}
