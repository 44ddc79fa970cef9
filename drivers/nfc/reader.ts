/**
 * Contactless readers as the core sees them. `transmit` exists only while a card is there;
 * one exchange at a time; every exchange has a deadline.
 */

/**
 * Reader class: A encrypts card data inside the device and hands out nothing of a card in clear; B is a plain PC/SC
 * reader, to which card data is open; virtual is the virtual counter's. What each may read is not decided here.
 */
export type ReaderClass = 'A' | 'B' | 'virtual';

export type ReaderState =
  /** Polling, no card in the field. */
  | { readonly status: 'ready' }
  | { readonly status: 'card'; readonly atr: Uint8Array }
  /** More than one card in the field. */
  | { readonly status: 'collision' }
  /** Here, but a card or the device does not answer. */
  | { readonly status: 'unresponsive'; readonly reason: string }
  | { readonly status: 'unplugged' };

export type ExchangeFault =
  /** The card left or answered fewer than two bytes: nothing it said before counts. */
  | 'torn'
  /** Another card came into the field beside this one. */
  | 'collision'
  | 'timed-out'
  | 'reader-gone'
  /** A second exchange was started while one was running: a bug of the caller. */
  | 'busy';

export type Exchange =
  | { readonly ok: true; readonly response: Uint8Array }
  | { readonly ok: false; readonly fault: ExchangeFault; readonly detail: string };

/** A card in the field of a reader, from tap to removal. */
export interface Card {
  readonly atr: Uint8Array;
  /** One command APDU, one response of at least two bytes. 61xx and 6Cxx are answered inside. Never rejects. */
  transmit(command: Uint8Array, timeoutMs: number): Promise<Exchange>;
  /** Class of the reader on which it lies; B where nobody says. */
  readonly kind?: ReaderClass;
  /**
   * Class A alone, in place of `transmit`: gives a whole payment to the reader, which speaks to the card inside. Request
   * and answer are opaque here (docs/encrypting-reader.md). Never rejects.
   */
  readonly inside?: (request: Uint8Array, timeoutMs: number) => Promise<Exchange>;
  /** Ends the session with this card; the reader polls again once it has left. */
  release(): void;
}

export interface CardReader {
  readonly name: string;
  readonly kind: ReaderClass;
  /** Of a class A reader, by which the acquirer names it. */
  readonly serial?: string;
  readonly state: ReaderState;
}

/** Why there is no reader to be had, when there is none. */
export type ReadersState =
  | { readonly status: 'ready' }
  | { readonly status: 'none' }
  | { readonly status: 'no-daemon'; readonly detail: string };

/** All contactless readers of the machine, watched for coming and going. */
export interface CardReaders {
  readonly state: ReadersState;
  list(): readonly CardReader[];
  /** Called after any change of `state` or of a reader's state. Returns the undo. */
  onChange(listener: () => void): () => void;
  /**
   * Waits for the next card that is put into the field of any reader (or of one whose name holds `reader`), also one
   * that lies there already. Undefined when `signal` aborts. Readers that come, go or lose their daemon meanwhile are
   * waited for.
   */
  nextCard(signal: AbortSignal, reader?: string): Promise<Card | undefined>;
  /** Stops watching and frees what is held. */
  close(): Promise<void>;
}
