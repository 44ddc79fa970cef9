import { z } from '../../contract/schema.ts';
import type { ToldTime } from './bank/told.ts';
import { WRITTEN } from './clockwatch.ts';
import { openBatch } from './ledger/batch.ts';
import type { Book } from './ledger/book.ts';
import { businessDay } from './ledger/day.ts';
import { Kept } from './store/kept.ts';
import { readSetting, type StoreSettings } from './store/settings.ts';
import type { Clock } from './world/world.ts';

/** Further from the bank's time than this, a clock is wrong. */
const WRONG_MS = 5 * 60_000;
/** A clock that was wrong is right again when it is this near: between the two nothing changes, so that nothing goes to and fro. */
const RIGHT_MS = 4 * 60_000;
/**
 * A time without a year is looked for from about a month before the last time that was believed to eleven months after it:
 * this is the middle.
 */
const AHEAD_MS = 150 * 86_400_000;

/** Since when the clock is in doubt: what it showed before, UTC milliseconds. */
const Doubt = z.object({ before: z.int() }).nullable();
type Doubt = z.infer<typeof Doubt>;

export interface TimeParts {
  readonly clock: Clock;
  readonly book: Book;
  readonly settings: () => StoreSettings;
  readonly changed: () => void;
}

/** What is made of the clock: whether it is to be believed, and which business day it is. Nothing waits for it. */
export class Time {
  readonly #parts: TimeParts;
  readonly #kept: Kept;
  #doubt: Doubt;
  /** The bank's time less the monotonic clock, once it was heard since the start. */
  #bank: number | undefined;
  /** The last time in the journal before this start. */
  readonly #last: number | undefined;

  constructor(parts: TimeParts) {
    this.#parts = parts;
    const { book } = parts;
    this.#kept = new Kept(() => book.writes('batch'));
    this.#doubt = Doubt.parse(JSON.parse(readSetting(book.db, 'clock-doubt') ?? 'null'));
    this.#last = book.db.prepare<[], { at: number }>('SELECT at FROM entry ORDER BY seq DESC LIMIT 1').get()?.at;
  }

  /** Whether the clock was set, or differs from the bank's, and the bank has not yet been found to agree with it. */
  get suspect(): boolean {
    return this.#doubt !== null;
  }

  /** What the bank's clock shows now, UTC milliseconds; undefined while it was not heard since the start. */
  get bank(): number | undefined {
    return this.#bank === undefined ? undefined : this.#bank + this.#parts.clock.monotonic();
  }

  /** What time it is, as far as is known: the bank's where the clock is wrong. For what is told of dates, never for ages. */
  get now(): number {
    const { bank } = this;
    const now = this.#parts.clock.now();
    return bank !== undefined && (this.suspect || Math.abs(now - bank) > WRONG_MS) ? bank : now;
  }

  /** The business day of what is written down now (docs/reliability.md, “The clock”). */
  get today(): string {
    const { zone, dayCut } = this.#parts.settings();
    const { bank, now } = this;
    const day = businessDay(now, zone, dayCut);
    const opened = this.#kept.of('opened', () => openBatch(this.#parts.book.db));
    if (day >= opened.day) return day;
    // Every batch but the first was opened in the presence of the bank: that one may have been by a clock that was ahead.
    const early = opened.no === 1 && bank !== undefined && now < opened.opened_at - WRONG_MS;
    return early ? day : opened.day;
  }

  /** The bank has told its time. The link that brought it has nothing to do with a book that takes no more entries. */
  heard(told: ToldTime): void {
    if (this.#parts.book.failed) return;
    try {
      this.#hear(told);
    } catch (error) {
      if (!this.#parts.book.failed) throw error;
    }
  }

  #hear(told: ToldTime): void {
    const bank = told(this.#likely());
    // A bank that is in the past knows no better.
    if (bank === undefined || bank < WRITTEN) return;
    this.#bank = bank - this.#parts.clock.monotonic();
    this.look();
  }

  /** Holds the clock against the bank's, where that is known. */
  look(): void {
    const { bank } = this;
    if (bank === undefined) return;
    const now = this.#parts.clock.now();
    const apart = Math.abs(now - bank);
    if (apart > WRONG_MS && !this.suspect) this.#become({ before: Math.round(bank) });
    if (apart < RIGHT_MS && this.suspect) this.#become(null);
  }

  /** A named person says that the clock is right: only where the bank tells no time, or the same. */
  confirm(by: string): boolean {
    this.look();
    const { bank } = this;
    const differs = bank !== undefined && Math.abs(this.#parts.clock.now() - bank) >= RIGHT_MS;
    if (this.suspect && !differs) this.#become(null, by);
    return !this.suspect;
  }

  /** The clock was set, or shows what it cannot be; `before` is the last time that was believed. Only the bank knows better. */
  noticed(before: number): void {
    if (this.#bank === undefined && !this.suspect) this.#become({ before: Math.round(before) });
    else this.look();
  }

  /** A time near the true one, as far as that is known: within months. */
  #likely(): number {
    const { bank } = this;
    if (bank !== undefined) return bank;
    const now = this.#parts.clock.now();
    const last = Math.max(this.#doubt?.before ?? this.#last ?? now, WRITTEN);
    return this.suspect || Math.abs(now - last - AHEAD_MS) > 2 * AHEAD_MS ? last + AHEAD_MS : now;
  }

  #become(doubt: Doubt, by = 'terminal'): void {
    const { clock, book, changed } = this.#parts;
    this.#doubt = doubt;
    const at = Math.round(clock.now());
    const bank = this.bank === undefined ? null : Math.round(this.bank);
    const event = { type: doubt ? 'clock-suspect' : 'clock-right', shows: at, bank };
    const writes = [{ op: 'put', table: 'setting', key: 'clock-doubt', value: JSON.stringify(doubt) }] as const;
    book.commit({ kind: 'core', at, by, event, writes, transfers: [] }, 'outcome');
    changed();
  }
}
