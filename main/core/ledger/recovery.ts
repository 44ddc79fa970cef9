import type { Database } from 'better-sqlite3';
import type { Storage } from '../store/storage.ts';
import { Book, BookError, databaseHead, GROUP, type Recovered } from './book.ts';
import { bookFault } from './check.ts';
import { parseEntry } from './entry.ts';
import { type ChainBreak, chain, GENESIS, Journal, type JournalLine, readJournal } from './journal.ts';

export const JOURNAL = 'countertap.journal';

/** Database and journal tell different stories, and neither may be believed without a person. */
export class TamperError extends Error {
  override name = 'TamperError';
  readonly seq: number;
  constructor(seq: number, what: string) {
    super(what);
    this.seq = seq;
  }
}

/**
 * Opens the journal beside an open database and makes the two agree (I14): what only the journal holds (an intent whose
 * commit was cut off) is applied to the database; what only the database holds (an outcome whose append was cut off) is
 * appended. A torn tail is cut. Anything else is a TamperError.
 */
export function openBook(storage: Storage, db: Database): { book: Book; recovered: Recovered } {
  const file = storage.appendFile(JOURNAL);
  const bytes = file.read();
  const { lines, length, broken } = readJournal(bytes);
  const before = databaseHead(db);
  const stored = before.seq;
  const cut = broken ? tornTail(bytes.subarray(length), broken, togetherAfter(db, lines, broken.seq)) : undefined;
  sameLast(db, before, lines[Math.min(stored, lines.length) - 1]);
  const last = lines.at(-1);
  const journal = new Journal(file, last?.seq ?? 0, last?.hash ?? GENESIS);
  const unwritten = stored > journal.seq ? onlyInDatabase(db, journal) : [];
  const fault = bookFault(db, [...lines.slice(0, stored), ...unwritten]);
  if (fault) throw new TamperError(fault.seq, fault.what);

  // Nothing was touched up to here: what cannot be believed is left as it was found (I23).
  if (cut) file.truncate(length);
  const book = new Book(db, journal);
  const missing = lines.slice(stored);
  for (const line of missing) replay(book, line);
  for (const line of unwritten) journal.append(line);
  const head = missing.length > 0 ? databaseHead(db) : before;
  if (head.hash !== journal.hash) throw new TamperError(head.seq, 'database and journal end differently');
  return { book, recovered: { replayed: missing.length, appended: unwritten.length, cut } };
}

/** What this program wrote is taken by the database that was beside it; an entry that is not was written by somebody else. */
function replay(book: Book, { seq, hash, body }: JournalLine): void {
  try {
    if (parseEntry(body).seq !== seq) throw new TamperError(seq, 'the entry says another place than its own');
    book.replay(body, hash);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const form = error instanceof SyntaxError || error instanceof TypeError || error instanceof BookError;
    // Anything else, a full disk for one, is no fault of the entry.
    if (!form && !/^SQLITE_(CONSTRAINT|ERROR|MISMATCH)/.test(code)) throw error;
    throw new TamperError(seq, 'the database does not take the entry');
  }
}

/** Only what was written last may be damaged, and only by having been cut off: one line, and those written together with it. */
function tornTail(rest: Uint8Array, broken: ChainBreak, together: number): ChainBreak {
  let inside = 0;
  for (
    let at = rest.indexOf(0x0a);
    at >= 0 && at < rest.length - 1 && inside <= together;
    at = rest.indexOf(0x0a, at + 1)
  )
    inside += 1;
  if (inside > together) throw new TamperError(broken.seq, broken.what);
  return broken;
}

/** How many lines were written together with line `seq` after it, as the line before it or the database's copy of it says. */
function togetherAfter(db: Database, lines: readonly JournalLine[], seq: number): number {
  const copies = db.prepare<[number], { body: string }>('SELECT body FROM entry WHERE seq = ?');
  const known = [lines.at(-1)?.body, copies.get(seq)?.body];
  const upTo = known.map((body) => (body === undefined ? 0 : (parseEntry(body).upTo ?? 0)));
  // Of a group of which nothing can be read, nothing was committed: it begins where the database ends.
  const begins = known[1] === undefined && (seq === 1 || copies.get(seq - 1) !== undefined);
  return Math.max(...upTo.map((last) => last - seq), begins ? GROUP - 1 : 0);
}

/** The last entry that both hold must be the same one; every other is compared with all that the database holds. */
function sameLast(db: Database, head: { seq: number; hash: string }, line: JournalLine | undefined): void {
  if (!line) return;
  const bySeq = 'SELECT hash FROM entry WHERE seq = ?';
  const copy = head.seq === line.seq ? head : db.prepare<[number], { hash: string }>(bySeq).get(line.seq);
  if (copy && copy.hash !== line.hash) throw new TamperError(line.seq, 'database and journal hold different entries');
}

/** The entries with which the database goes on where the journal ends, each in its place in the chain. */
function onlyInDatabase(db: Database, journal: Journal): JournalLine[] {
  const rest = db
    .prepare<[number], JournalLine>('SELECT seq, hash, body FROM entry WHERE seq > ? ORDER BY seq')
    .all(journal.seq);
  let previous = journal.hash;
  for (const { seq, hash, body } of rest) {
    if (chain(previous, body) !== hash) throw new TamperError(seq, 'the entry does not hash to its place in the chain');
    previous = hash;
  }
  return rest;
}
