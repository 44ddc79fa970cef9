import type { Card, CardReader, CardReaders, ReaderClass, ReaderState, ReadersState } from './reader.ts';
import { type Link, Session } from './session.ts';
import { type After, after as realAfter } from './timer.ts';

/** Readers that went away and are still listed as unplugged, so that a technician sees what is missing. */
const MOST_REMEMBERED = 8;

/** One reader's field: which card lies there, and whether anybody has taken it yet. */
export class Field implements CardReader {
  readonly name: string;
  readonly kind: ReaderClass;
  readonly serial?: string;
  readonly #after: After;
  readonly #changed: () => void;
  #state: ReaderState = { status: 'ready' };
  #session: Session | undefined;
  #fresh = false;

  constructor(name: string, kind: ReaderClass, after: After, changed: () => void, serial?: string) {
    this.name = name;
    this.kind = kind;
    if (serial !== undefined) this.serial = serial;
    this.#after = after;
    this.#changed = changed;
  }

  get state(): ReaderState {
    return this.#state;
  }

  /** A card came into the field and answers. A `spent` one was released before and must leave before it counts. */
  arrive(link: Link, spent = false): void {
    this.#session?.break('torn', 'another card came into the field');
    const session = new Session(
      link,
      this.#after,
      (reason) => {
        if (this.#session === session) this.#become({ status: 'unresponsive', reason });
      },
      this.kind,
    );
    this.#session = session;
    this.#fresh = !spent;
    this.#become({ status: 'card', atr: session.atr });
  }

  /** The field is empty again. */
  leave(detail = 'the card left'): void {
    this.#end({ status: 'ready' }, () => this.#session?.break('torn', detail));
  }

  collide(): void {
    this.#end({ status: 'collision' }, () => this.#session?.break('collision', 'more than one card is in the field'));
  }

  mute(reason: string): void {
    this.#end({ status: 'unresponsive', reason }, () => this.#session?.break('torn', reason));
  }

  unplug(): void {
    this.#end({ status: 'unplugged' }, () => this.#session?.break('reader-gone', 'the reader is gone'));
  }

  /** Hands out the card that lies there, once. */
  take(): Card | undefined {
    if (!this.#fresh) return undefined;
    this.#fresh = false;
    return this.#session;
  }

  #end(state: ReaderState, breakOff: () => void): void {
    breakOff();
    this.#session = undefined;
    this.#fresh = false;
    this.#become(state);
  }

  #become(state: ReaderState): void {
    this.#state = state;
    this.#changed();
  }
}

interface Waiter {
  readonly reader: string | undefined;
  readonly give: (card: Card | undefined) => void;
}

/** The part that all reader families share: their fields, who watches, and who waits for a card. */
export class Fields implements CardReaders {
  readonly #after: After;
  readonly #fields = new Map<string, Field>();
  readonly #listeners = new Set<() => void>();
  readonly #waiters = new Set<Waiter>();
  #daemon: string | undefined;
  #closed = false;

  constructor(after: After = realAfter) {
    this.#after = after;
  }

  get state(): ReadersState {
    if (this.#daemon !== undefined) return { status: 'no-daemon', detail: this.#daemon };
    const here = this.list().some((reader) => reader.state.status !== 'unplugged');
    return here ? { status: 'ready' } : { status: 'none' };
  }

  list(): readonly CardReader[] {
    return [...this.#fields.values()];
  }

  /** A reader was found. The one of this name is used again when it was here before. */
  plug(name: string, kind: ReaderClass, serial?: string): Field {
    let field = this.#fields.get(name);
    if (!field) {
      field = new Field(name, kind, this.#after, () => this.#changed(), serial);
      this.#fields.set(name, field);
      this.#forget();
    }
    field.leave('the reader was plugged in again');
    return field;
  }

  /** Says why no reader can be had at all, or undefined when readers can be had again. */
  setDaemonFault(detail: string | undefined): void {
    if (this.#daemon === detail) return;
    this.#daemon = detail;
    if (detail === undefined) this.#changed();
    else this.unplugAll();
  }

  unplugAll(): void {
    for (const field of this.#fields.values()) field.unplug();
    this.#changed();
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  nextCard(signal: AbortSignal, reader?: string): Promise<Card | undefined> {
    if (signal.aborted || this.#closed) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const waiter: Waiter = {
        reader,
        give: (card) => {
          this.#waiters.delete(waiter);
          signal.removeEventListener('abort', abort);
          resolve(card);
        },
      };
      const abort = () => waiter.give(undefined);
      signal.addEventListener('abort', abort);
      this.#waiters.add(waiter);
      this.#serve();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const field of this.#fields.values()) field.unplug();
    for (const waiter of this.#waiters) waiter.give(undefined);
    this.#listeners.clear();
  }

  #changed(): void {
    this.#serve();
    for (const listener of this.#listeners) listener();
  }

  /** Gives each card nobody has taken yet to whoever has waited longest for that reader. */
  #serve(): void {
    for (const waiter of this.#waiters) {
      for (const field of this.#fields.values()) {
        if (waiter.reader !== undefined && !field.name.includes(waiter.reader)) continue;
        const card = field.take();
        if (!card) continue;
        waiter.give(card);
        break;
      }
    }
  }

  #forget(): void {
    for (const [name, field] of this.#fields) {
      if (this.#fields.size <= MOST_REMEMBERED) return;
      if (field.state.status === 'unplugged') this.#fields.delete(name);
    }
  }
}
