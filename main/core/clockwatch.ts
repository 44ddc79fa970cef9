import type { Book } from './ledger/book.ts';
import { prepared } from './store/statement.ts';
import type { Time } from './time.ts';
import type { Clock } from './world/world.ts';

/** Before this program was begun no clock that is right can show. */
export const WRITTEN = Date.UTC(2026, 0, 1);
/** Less than this is a clock being steered, not set. */
const JUMP_MS = 5 * 60_000;
/** How often somebody looks. */
const LOOK_MS = 30_000;
/** While payments wait the journal says so often, so that a start knows how long the terminal was off. */
const ALIVE_MS = 10 * 60_000;
/** So far apart are two entries only when nobody watched the clock between them, or it was set. */
const APART_MS = ALIVE_MS + 2 * LOOK_MS;
/** Only of payments that wait to be forwarded the age matters after a start. */
const WAITING = "FROM payment INDEXED BY payment_forward WHERE state IN ('saf-accepted', 'saf-sending', 'saf-unknown')";
const SINCE = `(SELECT min(seq) ${WAITING})`;

/** By how much the clock moved before an entry was made, milliseconds. */
interface Moved {
  readonly seq: number;
  readonly ms: number;
}

export interface ClockWatchParts {
  readonly clock: Clock;
  readonly book: Book;
  /** Is told what was noticed. */
  readonly time: Pick<Time, 'look' | 'noticed'>;
  readonly changed: () => void;
  readonly fatal: (error: unknown) => void;
}

/**
 * Notices that somebody has set the clock: against the monotonic clock while the terminal runs, against the journal at a
 * start. Every jump is journalled and told, and taken out of ages that were begun before it (I20, P13).
 */
export class ClockWatch {
  readonly #parts: ClockWatchParts;
  readonly #stop = new AbortController();
  /** How the clock was set before this start: only that is in the stamps of that time. */
  readonly #jumps: Moved[];
  /**
   * Nobody watched the clock meanwhile. How much time really passed nobody knows: the terminal was off, or stopped before it
   * noticed that the clock had been set.
   */
  readonly #offs: readonly Moved[];
  /** Wall clock less monotonic clock, as long as nobody sets it. */
  #offset: number;
  /** How far the clock is ahead of the journal's last entry; less than zero where it lies behind. */
  readonly #ahead: number;
  /** The first entry of this start. */
  readonly #first: number;
  #aliveAt: number;

  constructor(parts: ClockWatchParts) {
    this.#parts = parts;
    const { clock, book } = parts;
    this.#offset = clock.now() - clock.monotonic();
    this.#aliveAt = clock.monotonic();
    const sql = 'SELECT seq, at FROM entry ORDER BY seq DESC LIMIT 1';
    const last = book.db.prepare<[], { seq: number; at: number }>(sql).get();
    this.#ahead = last ? Math.round(clock.now() - last.at) : 0;
    this.#first = (last?.seq ?? 0) + 1;
    const waits = this.#waits();
    this.#jumps = waits ? this.#wasSet() : [];
    this.#offs = waits ? [...this.#apart(), ...this.#known(), { seq: this.#first, ms: Math.max(0, this.#ahead) }] : [];
  }

  start(): void {
    if (this.#ahead <= -JUMP_MS) {
      this.#note(this.#ahead);
      this.#jumps.push({ seq: this.#first, ms: this.#ahead });
    }
    if (this.#ahead >= JUMP_MS && this.#waits()) this.#record({ type: 'was-off', ms: this.#ahead });
    const now = this.#parts.clock.now();
    if (now < WRITTEN) {
      this.#record({ type: 'clock-too-early' });
      this.#parts.time.noticed(now - this.#ahead);
    }
    this.#again();
  }

  stop(): void {
    this.#stop.abort();
  }

  /** Looks now. */
  look(): void {
    const { clock, time } = this.#parts;
    const offset = clock.now() - clock.monotonic();
    const ms = Math.round(offset - this.#offset);
    if (Math.abs(ms) >= JUMP_MS) {
      this.#offset = offset;
      this.#note(ms);
    } else time.look();
  }

  /** By how much the clock was set between the entry in which this payment was stamped so and this start, milliseconds. */
  setSince(payment: string, stamp: number): number {
    return this.#since(this.#jumps, payment, stamp);
  }

  /** How much of that time nobody watched the clock, milliseconds. */
  offSince(payment: string, stamp: number): number {
    return Math.max(0, this.#since(this.#offs, payment, stamp));
  }

  #since(moved: readonly Moved[], payment: string, stamp: number): number {
    if (moved.length === 0) return 0;
    // The clock may have shown that time more than once: the order is that of the entries.
    const sql = 'SELECT seq FROM entry WHERE payment = ? ORDER BY abs(at - ?), seq LIMIT 1';
    const made = prepared<[string, number], { seq: number }>(this.#parts.book.db, sql).get(payment, stamp)?.seq ?? 0;
    return moved.reduce((total, { seq, ms }) => total + (seq > made ? ms : 0), 0);
  }

  /** Where entries lie further apart than a terminal with waiting payments lets them. */
  #apart(): Moved[] {
    return this.#parts.book.db
      .prepare<[number], Moved>(
        `SELECT seq, ms FROM (SELECT seq, at - lag(at) OVER (ORDER BY seq) AS ms FROM entry WHERE seq >= ${SINCE})
         WHERE ms > ? ORDER BY seq`,
      )
      .all(APART_MS);
  }

  /** Where it was noticed that the clock was set, that is known, and taken out again; by less it sets no entries apart. */
  #known(): Moved[] {
    return this.#jumps.filter(({ ms }) => ms > APART_MS).map(({ seq, ms }) => ({ seq, ms: -ms }));
  }

  #wasSet(): Moved[] {
    return this.#parts.book.db
      .prepare<[], Moved>(
        `SELECT seq, json_extract(body, '$.event.ms') AS ms FROM entry
         WHERE seq >= ${SINCE} AND kind = 'core' AND json_extract(body, '$.event.type') = 'clock-set' ORDER BY seq`,
      )
      .all();
  }

  #waits(): boolean {
    return this.#parts.book.db.prepare(`SELECT 1 ${WAITING} LIMIT 1`).get() !== undefined;
  }

  #alive(): void {
    const { clock } = this.#parts;
    if (clock.monotonic() - this.#aliveAt < ALIVE_MS) return;
    this.#aliveAt = clock.monotonic();
    if (this.#waits()) this.#record({ type: 'still-waiting' });
  }

  #record(event: { readonly type: string; readonly ms?: number }): void {
    const { clock, book } = this.#parts;
    const at = Math.round(clock.now());
    book.commit({ kind: 'core', at, by: 'terminal', event, writes: [], transfers: [] }, 'outcome');
  }

  #note(ms: number): void {
    const { clock, time, changed } = this.#parts;
    const at = Math.round(clock.now());
    this.#record({ type: 'clock-set', ms });
    time.noticed(at - ms);
    changed();
  }

  #again(): void {
    const { clock, fatal } = this.#parts;
    clock
      .sleep(LOOK_MS, this.#stop.signal)
      .then(() => {
        if (this.#stop.signal.aborted) return;
        this.look();
        this.#alive();
        this.#again();
      })
      .catch(fatal);
  }
}
