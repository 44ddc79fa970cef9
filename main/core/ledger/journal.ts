import { hash } from 'node:crypto';
import type { AppendFile } from '../store/storage.ts';

/** What the chain starts from: the hash "before" the first entry. */
export const GENESIS = '0'.repeat(64);

/** One line of the journal file: the chain's hash and the entry's canonical bytes. */
export interface JournalLine {
  readonly seq: number;
  readonly hash: string;
  readonly body: string;
}

/** Where the chain was found broken. */
export interface ChainBreak {
  readonly seq: number;
  readonly what: string;
}

/** hash(n) = SHA-256(hash(n−1) ‖ canonical bytes of n), hex. */
export function chain(previous: string, body: string): string {
  return hash('sha256', previous + body);
}

const NEWLINE = 0x0a;
const SPACE = 0x20;
/** Length of a hash in hex. */
const HASH = 64;

/** A line that was read: its text is made when it is asked for, since a long journal as text is more than is worth keeping. */
class ReadLine implements JournalLine {
  readonly seq: number;
  readonly hash: string;
  readonly #file: Buffer;
  readonly #start: number;
  readonly #end: number;

  constructor(seq: number, hash: string, file: Buffer, start: number, end: number) {
    this.seq = seq;
    this.hash = hash;
    this.#file = file;
    this.#start = start;
    this.#end = end;
  }

  get body(): string {
    return this.#file.toString('utf8', this.#start, this.#end);
  }
}

/** What is searched at once: a place in a buffer is no number beyond two gigabytes. */
const WINDOW = 1024 ** 3;

/**
 * Reads every line of a journal and recomputes its chain. `length` is that of the sound part, in bytes. No line is longer than
 * half a `window`.
 */
export function readJournal(
  bytes: Uint8Array,
  window = WINDOW,
): {
  lines: JournalLine[];
  length: number;
  broken: ChainBreak | undefined;
} {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lines: JournalLine[] = [];
  let previous = GENESIS;
  /** Where the window begins in the file, and the line in the window. */
  let from = 0;
  let text = file.subarray(0, window);
  let start = 0;
  while (from + start < file.length) {
    if (start > window / 2) {
      from += start;
      text = file.subarray(from, from + window);
      start = 0;
    }
    const end = text.indexOf(NEWLINE, start);
    const seq = lines.length + 1;
    const length = from + start;
    if (end < 0) return { lines, length, broken: { seq, what: 'the last entry is torn' } };
    const hash = text.toString('latin1', start, start + HASH);
    const body = start + HASH + 1;
    if (text[start + HASH] !== SPACE || chain(previous, text.toString('utf8', body, end)) !== hash) {
      return { lines, length, broken: { seq, what: 'the entry does not hash to its place in the chain' } };
    }
    lines.push(new ReadLine(seq, hash, text, body, end));
    previous = hash;
    start = end + 1;
  }
  return { lines, length: from + start, broken: undefined };
}

/**
 * The second file: append-only, hash-chained. Knows nothing of what the entries mean.
 * One writer; an append is durable when `append` returns.
 */
export class Journal {
  readonly #file: AppendFile;
  #seq: number;
  #hash: string;

  constructor(file: AppendFile, seq: number, hash: string) {
    this.#file = file;
    this.#seq = seq;
    this.#hash = hash;
  }

  get seq(): number {
    return this.#seq;
  }

  get hash(): string {
    return this.#hash;
  }

  /** Appends lines that follow each other, all with one sync. */
  append(...lines: readonly JournalLine[]): void {
    let next = this.#seq;
    for (const { seq } of lines) {
      next += 1;
      if (seq !== next) throw new Error(`journal is at ${next - 1}, entry ${seq} does not follow`);
    }
    this.#file.append(Buffer.from(lines.map(({ hash, body }) => `${hash} ${body}\n`).join(''), 'utf8'));
    this.#file.sync();
    this.#seq = next;
    this.#hash = lines.at(-1)?.hash ?? this.#hash;
  }

  read(): Uint8Array {
    return this.#file.read();
  }

  close(): void {
    this.#file.close();
  }
}
