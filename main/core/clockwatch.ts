import { z } from '../../contract/schema.ts';
import type { Book } from './ledger/book.ts';
import { readSetting } from './store/settings.ts';
import type { Time } from './time.ts';
import type { Clock } from './world/world.ts';

/** Before this program was begun no clock that is right can show. */
export const WRITTEN = Date.UTC(2026, 0, 1);
/** Less than this is a clock being steered, not set. */
const JUMP_MS = 5 * 60_000;
/** How often somebody looks. */
const LOOK_MS = 30_000;
/** By when it is noticed: a stamp of so shortly before that was made after the clock was set. */
const NOTICED_MS = 2 * LOOK_MS;
/** While payments wait the journal says so often, so that a start knows how long the terminal was off. */
const ALIVE_MS = 10 * 60_000;
/** So far apart are two entries only when nobody watched the clock between them, or it was set. */
const APART_MS = ALIVE_MS + 2 * LOOK_MS;
const KEPT = 20;

/** The clock was set: what it showed right after, and by how much it had moved, milliseconds. */
const Jump = z.object({ at: z.int(), ms: z.int() });
const Jumps = z.array(Jump);
type Jump = z.infer<typeof Jump>;

/**
 * Nobody watched the clock: what it showed at the end of that, and by how much that was more than at its beginning. How much
 * time really passed nobody knows: the terminal was off, or stopped before it noticed that the clock had been set.
 */
interface Off {
  readonly at: number;
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
  readonly #jumps: Jump[];
  /** Those from before this start: only they are in the stamps of that time. */
  readonly #before: Jump[];
  readonly #offs: readonly Off[];
  /** Wall clock less monotonic clock, as long as nobody sets it. */
  #offset: number;
  /** How far the clock is ahead of the journal's last entry; less than zero where it lies behind. */
  readonly #ahead: number;
  #aliveAt: number;

  constructor(parts: ClockWatchParts) {
    this.#parts = parts;
    const { clock, book } = parts;
    this.#jumps = Jumps.parse(JSON.parse(readSetting(book.db, 'clock') ?? '[]'));
    this.#before = [...this.#jumps];
    this.#offset = clock.now() - clock.monotonic();
    this.#aliveAt = clock.monotonic();
    const last = book.db.prepare<[], { at: number }>('SELECT at FROM entry ORDER BY seq DESC LIMIT 1').get();
    this.#ahead = last ? Math.round(clock.now() - last.at) : 0;
    this.#offs = this.#unwatched();
  }

  start(): void {
    if (this.#ahead <= -JUMP_MS) {
      this.#note(this.#ahead);
      this.#before.push({ at: Math.round(this.#parts.clock.now()), ms: this.#ahead });
    }
    if (this.#ahead >= JUMP_MS && this.#waits()) this.#wasOff(this.#ahead);
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

  /** By how much the clock was set since it showed `stamp`, milliseconds; where two answers fit, the later time. */
  setSince(stamp: number): number {
    let sum = 0;
    for (const { at, ms } of [...this.#before].reverse()) {
      if (stamp >= at - NOTICED_MS) break;
      sum += ms;
    }
    return sum;
  }

  /** How much of the time since the wall clock showed `stamp` nobody watched it, before this start, milliseconds. */
  offSince(stamp: number): number {
    const sum = (all: readonly Jump[], by: number): number =>
      all.reduce((total, { at, ms }) => total + (stamp < at - by ? ms : 0), 0);
    // Where it was noticed that the clock was set, that is a jump and known.
    return Math.max(
      0,
      sum(this.#offs, 0) -
        sum(
          this.#before.filter(({ ms }) => ms > 0),
          NOTICED_MS,
        ),
    );
  }

  /** Where entries lie further apart than a terminal with waiting payments lets them, since the oldest that waits. */
  #unwatched(): Off[] {
    const { clock } = this.#parts;
    const last = this.#ahead > 0 ? [{ at: Math.round(clock.now()), ms: this.#ahead }] : [];
    return [...(this.#waits() ? this.#apart() : []), ...last];
  }

  #apart(): Off[] {
    return this.#parts.book.db
      .prepare<[number], Off>(
        `SELECT at, ms FROM (
           SELECT seq, at, at - lag(at) OVER (ORDER BY seq) AS ms FROM entry WHERE seq >= (
             SELECT min(seq) FROM payment INDEXED BY payment_forward
               WHERE state IN ('saf-accepted', 'saf-sending', 'saf-unknown')))
         WHERE ms > ? ORDER BY seq`,
      )
      .all(APART_MS);
  }

  #waits(): boolean {
    const sql = `SELECT 1 FROM payment INDEXED BY payment_forward
      WHERE state IN ('saf-accepted', 'saf-sending', 'saf-unknown') LIMIT 1`;
    return this.#parts.book.db.prepare(sql).get() !== undefined;
  }

  #alive(): void {
    const { clock, book } = this.#parts;
    if (clock.monotonic() - this.#aliveAt < ALIVE_MS) return;
    this.#aliveAt = clock.monotonic();
    if (!this.#waits()) return;
    const event = { type: 'still-waiting' };
    const at = Math.round(clock.now());
    book.commit({ kind: 'core', at, by: 'terminal', event, writes: [], transfers: [] }, 'outcome');
  }

  #wasOff(ms: number): void {
    this.#record({ type: 'was-off', ms });
  }

  #record(event: { readonly type: string; readonly ms?: number }): void {
    const { clock, book } = this.#parts;
    const at = Math.round(clock.now());
    book.commit({ kind: 'core', at, by: 'terminal', event, writes: [], transfers: [] }, 'outcome');
  }

  #note(ms: number): void {
    const { clock, book, time, changed } = this.#parts;
    const at = Math.round(clock.now());
    this.#jumps.push({ at, ms });
    this.#jumps.splice(0, this.#jumps.length - KEPT);
    const writes = [{ op: 'put', table: 'setting', key: 'clock', value: JSON.stringify(this.#jumps) }] as const;
    book.commit(
      { kind: 'core', at, by: 'terminal', event: { type: 'clock-set', ms }, writes, transfers: [] },
      'outcome',
    );
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
