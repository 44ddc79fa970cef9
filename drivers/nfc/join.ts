import type { Card, CardReader, CardReaders, ReadersState } from './reader.ts';

/** A card that was found on a second family while the first one had just answered, kept for the next who asks. */
interface Spare {
  readonly card: Card;
  readonly family: CardReaders;
}

/** Several families of readers as one: for instance PC/SC and the virtual counter's. */
export function joinReaders(families: readonly CardReaders[]): CardReaders {
  const [only] = families;
  return only && families.length === 1 ? only : new JoinedReaders(families);
}

class JoinedReaders implements CardReaders {
  readonly #families: readonly CardReaders[];
  #spares: Spare[] = [];

  constructor(families: readonly CardReaders[]) {
    this.#families = families;
  }

  /** Ready when any family is; else what stands in the way of the first that knows. */
  get state(): ReadersState {
    const states = this.#families.map((family) => family.state);
    return (
      states.find(({ status }) => status === 'ready') ??
      states.find(({ status }) => status === 'no-daemon') ?? { status: 'none' }
    );
  }

  list(): readonly CardReader[] {
    return this.#families.flatMap((family) => family.list());
  }

  onChange(listener: () => void): () => void {
    const undo = this.#families.map((family) => family.onChange(listener));
    return () => {
      for (const stop of undo) stop();
    };
  }

  async nextCard(signal: AbortSignal, reader?: string): Promise<Card | undefined> {
    if (signal.aborted) return undefined;
    const spare = this.#spare(reader);
    if (spare) return spare;
    const found = new AbortController();
    const both = AbortSignal.any([signal, found.signal]);
    return new Promise((resolve) => {
      let left = this.#families.length;
      if (left === 0) signal.addEventListener('abort', () => resolve(undefined), { once: true });
      for (const family of this.#families) {
        void family.nextCard(both, reader).then((card) => {
          left -= 1;
          if (card && found.signal.aborted) this.#spares.push({ card, family });
          if (card) found.abort();
          if (card || left === 0) resolve(card);
        });
      }
    });
  }

  async close(): Promise<void> {
    this.#spares = [];
    await Promise.all(this.#families.map((family) => family.close()));
  }

  #spare(reader: string | undefined): Card | undefined {
    this.#spares = this.#spares.filter(({ card, family }) => readerOf(family, card) !== undefined);
    const index = this.#spares.findIndex(
      ({ card, family }) => reader === undefined || readerOf(family, card)?.name.includes(reader),
    );
    return index < 0 ? undefined : this.#spares.splice(index, 1)[0]?.card;
  }
}

/** The reader that the card still lies on. */
function readerOf(family: CardReaders, card: Card): CardReader | undefined {
  return family.list().find(({ state }) => state.status === 'card' && state.atr === card.atr);
}
