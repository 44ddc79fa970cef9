import type { Database } from 'better-sqlite3';
import type { Storage } from '../store/storage.ts';
import { Book, databaseHead, type Recovered } from './book.ts';
import { type ChainBreak, GENESIS, Journal, type JournalLine, readJournal } from './journal.ts';

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
  const { lines, length, broken } = readJournal(file.read());
  const cut = broken ? tornTail(file.read(), length, broken) : undefined;
  if (cut) file.truncate(length);

  const stored = db.prepare<[], { seq: number; hash: string }>('SELECT seq, hash FROM entry ORDER BY seq').all();
  compare(lines, stored);

  const last = lines.at(-1);
  const journal = new Journal(file, last?.seq ?? 0, last?.hash ?? GENESIS);
  const book = new Book(db, journal);
  const missing = lines.slice(stored.length);
  for (const line of missing) book.replay(line.body, line.hash);
  const appended = appendFromDatabase(db, journal);
  const head = databaseHead(db);
  if (head.hash !== journal.hash) throw new TamperError(head.seq, 'database and journal end differently');
  return { book, recovered: { replayed: missing.length, appended, cut } };
}

/** Only the very last line may be damaged, and only by having been cut off. */
function tornTail(bytes: Uint8Array, length: number, broken: ChainBreak): ChainBreak {
  const rest = bytes.subarray(length);
  if (rest.subarray(0, -1).includes(0x0a)) throw new TamperError(broken.seq, broken.what);
  return broken;
}

function compare(lines: readonly JournalLine[], stored: readonly { seq: number; hash: string }[]): void {
  stored.forEach((entry, index) => {
    const line = lines[index];
    if (entry.seq !== index + 1) throw new TamperError(index + 1, 'an entry is missing in the database');
    if (line && line.hash !== entry.hash)
      throw new TamperError(entry.seq, 'database and journal hold different entries');
  });
}

function appendFromDatabase(db: Database, journal: Journal): number {
  const rest = db
    .prepare<[number], JournalLine>('SELECT seq, hash, body FROM entry WHERE seq > ? ORDER BY seq')
    .all(journal.seq);
  for (const line of rest) journal.append(line);
  return rest.length;
}
