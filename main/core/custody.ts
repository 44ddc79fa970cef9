import type { RefusalCode } from '../../contract/refusal.ts';
import { Anchor, compareAnchor, type Rollback, readAnchor } from './ledger/anchor.ts';
import type { Book, Recovered } from './ledger/book.ts';
import type { Values, Write } from './ledger/entry.ts';
import { burnNumbers, readCounted, readCounter } from './payment/number.ts';
import { StoreError } from './store/database.ts';
import { readSetting } from './store/settings.ts';
import type { Storage } from './store/storage.ts';
import type { Clock } from './world/world.ts';

export interface CustodyParts {
  readonly clock: Clock;
  readonly book: Book;
  readonly storage: Storage;
  /** The start found no room. */
  readonly full: boolean;
  readonly changed: () => void;
  /** Called when nothing was recorded for a moment. May throw what a commit throws. */
  readonly rest?: () => void;
  /** Called when nothing more may be written here: the core stops. */
  readonly fatal: (error: unknown) => void;
}

/** Bytes kept back for the day when the disk is full: reversals, prints and the close still find room. */
export const BALLAST = 16 * 1024 * 1024;
/** With less room than this no sale begins. */
export const LEAST_ROOM = 4 * 1024 * 1024;
/** How long after a commit the anchor follows. */
const ANCHOR_MS = 1_000;
const ALARM = 'alarm';
/** Sales were stopped for want of room, and there has not been enough since. */
const FULL = 'full';

/**
 * Looks after the record: compares it with the anchor outside the data folder, keeps that up to date, and keeps room on the
 * disk. While something is wrong no new sale begins; whatever was begun is brought to its end.
 */
export class Custody {
  readonly #parts: CustodyParts;
  readonly #anchor: Anchor | undefined;
  readonly #stop = new AbortController();
  readonly #rollback: Rollback | undefined;
  #alarm: boolean;
  #lastSeq = 0;
  #fullSince: number | undefined;

  constructor(parts: CustodyParts) {
    this.#parts = parts;
    const { storage, book } = parts;
    this.#anchor = storage.anchor && new Anchor(storage.anchor, book, () => readCounted(book.db));
    this.#rollback = compareAnchor(book, readAnchor(storage.anchor));
    this.#alarm = (readSetting(book.db, ALARM) ?? '') !== '';
    if (parts.full || this.#knownFull) this.#fullSince = parts.clock.now();
  }

  /** Records the start and what was found at it, and begins to look after the anchor. */
  start({ replayed, appended, cut }: Recovered): void {
    const { book } = this.#parts;
    const marked = this.#fullSince !== undefined && !this.#knownFull;
    this.#commit('started', 'terminal', { replayed, appended, cut: cut?.what ?? null }, marked ? [full('yes')] : []);
    if (this.#rollback && !this.#alarm) {
      this.#alarm = true;
      const { found, anchored, head } = this.#rollback;
      const detail = { found, anchored: anchored.seq, anchoredHash: anchored.hash, head: head.seq };
      this.#commit('record-rolled-back', 'terminal', detail, [
        { op: 'put', table: 'setting', key: ALARM, value: 'record-rolled-back' },
        { op: 'put', table: 'counter', key: 'alarms', value: readCounter(book.db, 'alarms') + 1 },
        ...burnNumbers(book.db, Math.max(0, anchored.seq - head.seq), anchored.counted),
      ]);
    }
    this.check();
    this.#orStop(() => this.#reserve());
    if (this.#anchor || this.#parts.storage.copies) void this.#follow();
  }

  /** Why no new sale begins although the terminal works, null in good order. */
  get held(): Extract<RefusalCode, 'record-rolled-back' | 'disk-full'> | null {
    if (this.#alarm) return 'record-rolled-back';
    return this.#fullSince === undefined ? null : 'disk-full';
  }

  /** How often the record was found rolled back in the life of this terminal. It only grows. */
  get alarms(): number {
    return readCounter(this.#parts.book.db, 'alarms');
  }

  /**
   * Looks at the room on the disk. Sales stop below the least, and go on when there is room for the ballast again.
   * @throws the disk's error, having stopped the terminal
   */
  check(): void {
    this.#orStop(() => this.#look());
  }

  /** A disk that fails in this will fail in what is sold. */
  #orStop(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#parts.fatal(error);
      throw error;
    }
  }

  #look(): void {
    const { storage, clock, changed } = this.#parts;
    const free = storage.freeBytes();
    if (this.#fullSince === undefined && free < LEAST_ROOM) {
      // Told to the journal when there is room again: writing is what there is no room for.
      this.#fullSince = clock.now();
      storage.release?.();
      // With what was kept back there is room to say so: the next start must not sell on it.
      if (storage.freeBytes() >= LEAST_ROOM) this.#commit('disk-full', 'terminal', { free }, [full('yes')]);
      else changed();
    } else if (this.#fullSince !== undefined && free >= BALLAST + 2 * LEAST_ROOM) {
      this.#commit('disk-was-full', 'terminal', { since: this.#fullSince, free }, [full('')]);
      this.#fullSince = undefined;
      this.#reserve();
    }
  }

  get #knownFull(): boolean {
    return (readSetting(this.#parts.book.db, FULL) ?? '') !== '';
  }

  /** A named person has seen the alarm and lets the terminal sell again on the record as it is. */
  acknowledge(by: string): void {
    if (!this.#alarm) return;
    this.#alarm = false;
    this.#commit('alarm-acknowledged', by, {}, [{ op: 'put', table: 'setting', key: ALARM, value: '' }]);
  }

  /** Nothing is written any more: the store failed. */
  stop(): void {
    this.#stop.abort();
  }

  /** Writes the anchor a last time. Never throws: the next start compares with what was written before. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#keep();
  }

  #reserve(): void {
    const { storage } = this.#parts;
    if (this.#fullSince === undefined && storage.freeBytes() > 8 * BALLAST) storage.reserve?.(BALLAST);
  }

  async #follow(): Promise<void> {
    const { clock } = this.#parts;
    for (;;) {
      await clock.sleep(ANCHOR_MS, this.#stop.signal);
      if (this.#stop.signal.aborted || this.#moved()) return;
      await this.#keep();
      this.#rest();
    }
  }

  /** A file that was removed under the terminal takes what is written with it, and another terminal may begin beside it (I22). */
  #moved(): boolean {
    const name = this.#parts.storage.moved?.();
    if (name === undefined) return false;
    this.#parts.fatal(new StoreError('moved', `${name} was removed or replaced while the terminal was running`));
    return true;
  }

  /** When nothing was recorded for a moment, deleted card data leaves the log as well. */
  #rest(): void {
    const { book } = this.#parts;
    const { seq } = book.head;
    if (seq === this.#lastSeq && !this.#stop.signal.aborted) {
      book.scrub();
      try {
        this.#parts.rest?.();
      } catch (error) {
        this.#parts.fatal(error);
      }
    }
    this.#lastSeq = seq;
  }

  /** An anchor that cannot be written is left as it is: it names an entry that the record holds. */
  async #keep(): Promise<void> {
    if (this.#alarm) return;
    await this.#anchor?.keep().catch(() => undefined);
  }

  #commit(type: string, by: string, detail: Values, writes: readonly Write[]): void {
    const { book, clock, changed } = this.#parts;
    book.commit({ kind: 'core', at: clock.now(), by, event: { type, ...detail }, writes, transfers: [] }, 'outcome');
    changed();
  }
}

function full(value: 'yes' | ''): Write {
  return { op: 'put', table: 'setting', key: FULL, value };
}
