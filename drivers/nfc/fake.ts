import { type Field, Fields } from './field.ts';
import type { CardReaders, Exchange, ReaderClass } from './reader.ts';
import type { Link } from './session.ts';
import type { After } from './timer.ts';

/** A card as data: what it answers. Undefined: it leaves the field in the middle of this exchange. */
export interface ScriptedCard {
  readonly atr: Uint8Array;
  answer(command: Uint8Array): Uint8Array | undefined | Promise<Uint8Array | undefined>;
}

/** A card that was put into a field. */
export interface Placed {
  remove(): void;
}

export interface FakeReaders extends CardReaders {
  plug(name: string, kind?: ReaderClass): void;
  unplug(name: string): void;
  /** Takes the daemon away, with what a technician would read, or brings it back with no reader plugged in. */
  daemon(fault: string | undefined): void;
  /** Puts a card into the field of the named reader; with one there already it is a collision. */
  put(card: ScriptedCard, reader?: string): Placed;
}

/** Readers in memory: for tests, and for a simulated world that hands its own timer in. */
export function openFakeReaders({
  names = ['Fake reader'],
  after,
}: {
  names?: string[];
  after?: After;
} = {}): FakeReaders {
  const readers = new MemoryReaders(after);
  for (const name of names) readers.plug(name);
  return readers;
}

class MemoryReaders extends Fields implements FakeReaders {
  readonly #plugged = new Map<string, FakeField>();

  override plug(name: string, kind: ReaderClass = 'virtual'): Field {
    const field = super.plug(name, kind);
    this.#plugged.set(name, new FakeField(field));
    return field;
  }

  unplug(name: string): void {
    this.#plugged.get(name)?.field.unplug();
    this.#plugged.delete(name);
  }

  daemon(fault: string | undefined): void {
    this.#plugged.clear();
    this.setDaemonFault(fault);
  }

  put(card: ScriptedCard, reader?: string): Placed {
    const field = reader === undefined ? this.#plugged.values().next().value : this.#plugged.get(reader);
    if (!field) throw new Error(`no reader ${reader ?? ''} is plugged in`);
    return field.put(card);
  }
}

class FakeField {
  readonly field: Field;
  #cards: { readonly card: ScriptedCard; released: boolean }[] = [];

  constructor(field: Field) {
    this.field = field;
  }

  put(card: ScriptedCard): Placed {
    const placed = { card, released: false };
    this.#cards.push(placed);
    this.#settle();
    return { remove: () => this.#remove(placed) };
  }

  #remove(placed: { readonly card: ScriptedCard; released: boolean }): void {
    if (!this.#cards.includes(placed)) return;
    this.#cards = this.#cards.filter((other) => other !== placed);
    this.#settle();
  }

  #settle(): void {
    const [placed, second] = this.#cards;
    if (!placed) this.field.leave();
    else if (second) this.field.collide();
    else this.field.arrive(this.#link(placed), placed.released);
  }

  #link(placed: { readonly card: ScriptedCard; released: boolean }): Link {
    return {
      atr: placed.card.atr,
      exchange: async (command): Promise<Exchange> => {
        const response = await placed.card.answer(command);
        if (response) return { ok: true, response };
        this.#remove(placed);
        return { ok: false, fault: 'torn', detail: 'the card left' };
      },
      end: () => {
        placed.released = true;
      },
    };
  }
}
