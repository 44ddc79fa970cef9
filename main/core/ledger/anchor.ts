import type { Database } from 'better-sqlite3';
import type { AnchorFile } from '../store/storage.ts';
import type { Book } from './book.ts';

/** A place in the journal: the last entry that was known to somebody outside it. */
export interface Head {
  readonly seq: number;
  readonly hash: string;
}

/** How far a terminal has counted. */
export interface Counted {
  readonly epoch: number;
  readonly trace: number;
  readonly receipt: number;
}

/** What the anchor says; anchors of older programs say nothing of the numbers. */
export interface Anchored extends Head {
  readonly counted?: Counted;
}

/** The record is not the one that the anchor knows: older than it, another one, or the anchor itself is damaged. */
export interface Rollback {
  readonly found: 'shorter' | 'different' | 'unreadable';
  readonly anchored: Anchored;
  readonly head: Head;
}

/** One line: "42 3af1… 0 17 12\n", the number of the entry and its hash, then epoch, trace and receipt counter. */
export function anchorText({ seq, hash }: Head, { epoch, trace, receipt }: Counted): string {
  return `${seq} ${hash} ${epoch} ${trace} ${receipt}\n`;
}

/** Undefined when it is no anchor of ours. */
export function parseAnchor(bytes: Uint8Array): Anchored | undefined {
  const form = /^(\d{1,15}) ([\da-f]{64})(?: (\d{1,15}) (\d{1,15}) (\d{1,15}))?\n$/;
  const match = form.exec(Buffer.from(bytes).toString('latin1'));
  if (!match) return undefined;
  const [, seq, hash = '', ...rest] = match;
  const [epoch = Number.NaN, trace = Number.NaN, receipt = Number.NaN] = rest.map(Number);
  const counted = Number.isNaN(receipt) ? {} : { counted: { epoch, trace, receipt } };
  return { seq: Number(seq), hash, ...counted };
}

/**
 * Whether the record still holds the entry that the anchor names (I15). Undefined when it does, or when there is no anchor:
 * a terminal that was never anchored, or a record that was moved to another place.
 */
export function compareAnchor(book: Book, bytes: Uint8Array | undefined): Rollback | undefined {
  if (!bytes) return undefined;
  const { head } = book;
  const anchored = parseAnchor(bytes);
  if (!anchored) return { found: 'unreadable', anchored: { seq: 0, hash: '' }, head };
  if (anchored.seq > head.seq) return { found: 'shorter', anchored, head };
  return hashAt(book.db, anchored.seq) === anchored.hash ? undefined : { found: 'different', anchored, head };
}

/** What the anchor file says; nothing that can be read where it is there and cannot be: no right, a folder in its place. */
export function readAnchor(file: AnchorFile | undefined): Uint8Array | undefined {
  try {
    return file?.read();
  } catch {
    return new Uint8Array();
  }
}

function hashAt(db: Database, seq: number): string | undefined {
  return db.prepare<[number], { hash: string }>('SELECT hash FROM entry WHERE seq = ?').get(seq)?.hash;
}

/** Keeps the anchor beside the book's head: a moment later and off the way of a sale, never ahead of what is durable. */
export class Anchor {
  readonly #file: AnchorFile;
  readonly #book: Book;
  readonly #counted: () => Counted;
  #written = 0;
  #writing: Promise<void> | undefined;

  constructor(file: AnchorFile, book: Book, counted: () => Counted) {
    this.#file = file;
    this.#book = book;
    this.#counted = counted;
  }

  /** Writes the head that the book has now, unless that was written already. */
  async keep(): Promise<void> {
    if (this.#writing !== undefined) await this.#writing;
    const { head } = this.#book;
    if (head.seq === this.#written) return;
    this.#writing = this.#file.write(Buffer.from(anchorText(head, this.#counted()), 'latin1'));
    try {
      await this.#writing;
      this.#written = head.seq;
    } finally {
      this.#writing = undefined;
    }
  }
}
