import { z } from '../../contract/schema.ts';
import type { Book } from './ledger/book.ts';
import { readSetting } from './store/settings.ts';
import type { Clock } from './world/world.ts';

/** Less than this is a clock being steered, not set. */
const JUMP_MS = 5 * 60_000;
/** How often somebody looks. */
const LOOK_MS = 30_000;
/** How long the screens say that the clock was set. */
const SAID_MS = 60 * 60_000;
/** While payments wait the journal says so often, so that a start knows how long the terminal was off. */
const ALIVE_MS = 10 * 60_000;
const KEPT = 20;

/** The clock was set: what it showed right after, and by how much it had moved, milliseconds. */
const Jump = z.object({ at: z.int(), ms: z.int() });
type Jump = z.infer<typeof Jump>;

/**
 * The terminal was off while payments waited: what the clock showed at the start, and by how much that was more than the
 * journal's last entry. How much time really passed nobody knows: the clock may have been set meanwhile.
 */
const Off = z.object({ at: z.int(), ms: z.int() });
type Off = z.infer<typeof Off>;

export interface ClockWatchParts {
  readonly clock: Clock;
  readonly book: Book;
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
  readonly #offs: Off[];
  /** Wall clock less monotonic clock, as long as nobody sets it. */
  #offset: number;
  /** How far the clock is ahead of the journal's last entry; less than zero where it lies behind. */
  readonly #ahead: number;
  #saidAt: number | undefined;
  #aliveAt: number;

  constructor(parts: ClockWatchParts) {
    this.#parts = parts;
    const { clock, book } = parts;
    const kept = (name: string): unknown => JSON.parse(readSetting(book.db, name) ?? '[]');
    this.#jumps = z.array(Jump).parse(kept('clock'));
    this.#offs = z.array(Off).parse(kept('off'));
    this.#offset = clock.now() - clock.monotonic();
    this.#aliveAt = clock.monotonic();
    const last = book.db.prepare<[], { at: number }>('SELECT at FROM entry ORDER BY seq DESC LIMIT 1').get();
    this.#ahead = last ? Math.round(clock.now() - last.at) : 0;
  }

  /** Whether the clock was set within the last hour. */
  get suspect(): boolean {
    return this.#saidAt !== undefined && this.#parts.clock.monotonic() - this.#saidAt < SAID_MS;
  }

  start(): void {
    if (this.#ahead <= -JUMP_MS) this.#note(this.#ahead);
    if (this.#ahead >= JUMP_MS && this.#waits()) this.#wasOff(this.#ahead);
    this.#again();
  }

  stop(): void {
    this.#stop.abort();
  }

  /** Looks now. */
  look(): void {
    const { clock } = this.#parts;
    const offset = clock.now() - clock.monotonic();
    const ms = Math.round(offset - this.#offset);
    if (Math.abs(ms) < JUMP_MS) return;
    this.#offset = offset;
    this.#note(ms);
  }

  /** By how much the clock was set since it showed `stamp`, milliseconds; where two answers fit, the later time. */
  setSince(stamp: number): number {
    let sum = 0;
    for (const { at, ms } of [...this.#jumps].reverse()) {
      if (stamp >= at) break;
      sum += ms;
    }
    return sum;
  }

  /** How long the terminal was off, by the wall clock alone, since that showed `stamp`, milliseconds. */
  offSince(stamp: number): number {
    return this.#offs.reduce((sum, { at, ms }) => sum + (stamp < at ? ms : 0), 0);
  }

  #waits(): boolean {
    const sql = "SELECT 1 FROM payment WHERE state IN ('saf-accepted', 'saf-sending', 'saf-unknown') LIMIT 1";
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
    const { clock, book } = this.#parts;
    const at = Math.round(clock.now());
    this.#offs.push({ at, ms });
    this.#offs.splice(0, this.#offs.length - KEPT);
    const writes = [{ op: 'put', table: 'setting', key: 'off', value: JSON.stringify(this.#offs) }] as const;
    book.commit({ kind: 'core', at, by: 'terminal', event: { type: 'was-off', ms }, writes, transfers: [] }, 'outcome');
  }

  #note(ms: number): void {
    const { clock, book, changed } = this.#parts;
    const at = Math.round(clock.now());
    this.#jumps.push({ at, ms });
    this.#jumps.splice(0, this.#jumps.length - KEPT);
    this.#saidAt = clock.monotonic();
    const writes = [{ op: 'put', table: 'setting', key: 'clock', value: JSON.stringify(this.#jumps) }] as const;
    book.commit(
      { kind: 'core', at, by: 'terminal', event: { type: 'clock-set', ms }, writes, transfers: [] },
      'outcome',
    );
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
