import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Chip } from './chip.ts';
import type { Definition, Listed } from './definition.ts';
import { type CaKey, Shelf } from './shelf.ts';
import { type Patience, type Presented, present, type ReaderAddress, type Trace } from './vpcd.ts';
import { type WalletIssuer, walletAid } from './wallet.ts';

/** A card one can pick from the deck. */
export interface CardInfo {
  readonly id: string;
  readonly label: string;
  readonly labelZh: string;
  readonly scheme: Definition['scheme'];
  readonly behaviour: string;
}

export interface TapRequest {
  /** An id of `cards()`, with `#N` for the N-th of its kind, or `torn-at-N`. */
  readonly card: string;
  readonly reader: ReaderAddress;
  /** How long the customer holds the card out, in milliseconds. */
  readonly timeoutMs: number;
}

/** How the card left: read, torn away in mid-dialogue, or never asked for anything. `exchanges` counts answered commands. */
export interface TapResult {
  readonly left: 'read' | 'timeout' | 'torn';
  readonly exchanges: number;
}

/** A card without a reader between: bytes in, bytes out. Undefined: it left. A silent one never settles. */
export interface InProcess {
  readonly atr: Uint8Array;
  answer(command: Uint8Array): Promise<Uint8Array | undefined>;
}

export interface DeckOptions {
  /** Folder for the keys, made at first use, and the transaction counters. */
  readonly dir: string;
  /** Milliseconds the card stays after its last record was read. */
  readonly lingerMs?: number;
  /** Gets every dialogue, card numbers masked. */
  readonly trace?: Trace;
  /** Gets every dialogue as it was, to be replayed. The cards are test cards, so their numbers are nobody's. */
  readonly record?: Trace;
}

export interface Deck {
  readonly caKeys: readonly CaKey[];
  /** The same CA's keys under an index that has expired, for the cards that use it. */
  readonly expiredCaKeys: readonly CaKey[];
  /** AID and issuers of the deck's closed-loop wallets, for the acquirer profile. */
  readonly closedLoop: { readonly aid: string; readonly issuers: readonly WalletIssuer[] };
  /** What the virtual counter offers; `all` adds the cards that are wrong in one place each. */
  cards(all?: 'all'): readonly CardInfo[];
  /** The full number of a card or wallet: test numbers only. Undefined for cards without one. */
  pan(card: string): string | undefined;
  /** Puts a card into a reader's field until it leaves. Rejects with DeckError or ReaderError. */
  tap(request: TapRequest): Promise<TapResult>;
  /** One presentation of a card without a reader between. Throws DeckError. */
  inProcess(card: string, unlocked?: boolean): InProcess;
}

/** How long a customer takes to unlock the phone and hold it out again. */
const unlockMs = 400;

/** Cards that simply pay come first. */
function sorted(deck: readonly Listed[]): readonly Listed[] {
  const rank = (card: Definition): number => (card.id === 'unionpay-ok' ? 0 : card.behaviour === 'pays' ? 1 : 2);
  return deck.toSorted((one, other) => rank(one) - rank(other));
}

/** Hides a number in a line of hex: first six and last four digits stay. */
function mask(line: string, number: string | undefined): string {
  if (number === undefined) return line;
  return line.replaceAll(number, `${number.slice(0, 6)}${'*'.repeat(number.length - 10)}${number.slice(-4)}`);
}

/** Bytes in, bytes out. */
export function inProcess(chip: Chip): InProcess {
  return {
    atr: Uint8Array.from(chip.atr),
    async answer(command) {
      const answer = chip.answer(Buffer.from(command));
      if (answer === 'silent') return new Promise(() => undefined);
      return answer === undefined ? undefined : Uint8Array.from(answer);
    },
  };
}

/**
 * Opens the deck of test cards. Its certification authority, issuers and card keys are made at the first start and kept
 * under `dir`; the same cards come back at the next one, their transaction counters counted on.
 */
export async function openDeck(options: DeckOptions): Promise<Deck> {
  const shelf = await Shelf.open(join(options.dir, 'cards'));
  const all = sorted(shelf.definitions);

  const tap = async (request: TapRequest): Promise<TapResult> => {
    const until = performance.now() + request.timeoutMs;
    const hidden = shelf.number(request.card);
    const trace: Trace = (line) => {
      options.trace?.(mask(line, hidden));
      options.record?.(line);
    };
    trace(`-- ${request.card} in the field`);
    const hold = (unlocked: boolean): Promise<Presented> => {
      const allow: Patience = {
        fieldMs: Math.max(1, until - performance.now()),
        lingerMs: options.lingerMs ?? 60,
        idleMs: 700,
      };
      return present(shelf.chip(request.card, unlocked), request.reader, allow, trace);
    };
    let shown = await hold(false);
    let exchanges = shown.exchanges;
    if (shown.end === 'refused') {
      trace('-- the customer unlocks the phone and holds it out again');
      await pause(unlockMs);
      shown = await hold(true);
      exchanges += shown.exchanges;
    }
    await shelf.save();
    return { left: shown.end === 'refused' ? 'read' : shown.end, exchanges };
  };

  return {
    caKeys: shelf.caKeys,
    expiredCaKeys: shelf.expiredCaKeys,
    closedLoop: { aid: walletAid, issuers: shelf.issuers },
    cards: (which) =>
      all
        .filter((card) => which === 'all' || card.offered)
        .map(({ id, label, labelZh, scheme, behaviour }) => ({ id, label, labelZh, scheme, behaviour })),
    pan: (card) => shelf.number(card),
    tap,
    inProcess: (card, unlocked = true) => inProcess(shelf.chip(card, unlocked)),
  };
}
