import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod';
import { caHash, issuerCertificate } from './certificate.ts';
import type { Chip } from './chip.ts';
import { type Definition, type EmvDefinition, panOf, readDefinitions } from './definition.ts';
import { emvChip, type Personalised, personalise } from './emv.ts';
import { type KeyRing, openKeyRing } from './keyring.ts';
import { plainChip } from './plain.ts';
import { toHex } from './tlv.ts';
import { type Patience, type Presented, present, type ReaderAddress, type Trace } from './vpcd.ts';

/** A CA public key for the terminal's key file: upper-case hex; `sha1` is over RID, index, modulus and exponent. */
export interface CaKey {
  readonly rid: string;
  readonly index: string;
  readonly modulus: string;
  readonly exponent: string;
  readonly sha1: string;
}

/** A card one can pick from the deck. */
export interface CardInfo {
  readonly id: string;
  readonly label: string;
  readonly labelZh: string;
  readonly scheme: 'unionpay' | 'visa' | 'other';
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

export interface DeckOptions {
  /** Folder for the keys, made at first use, and the transaction counters. */
  readonly dir: string;
  /** Milliseconds the card stays after its last record was read. */
  readonly lingerMs?: number;
  /** Gets every dialogue, card numbers masked. */
  readonly trace?: Trace;
}

export interface Deck {
  readonly caKeys: readonly CaKey[];
  cards(): readonly CardInfo[];
  /** The full number of a card: test numbers only. Undefined for cards without one. */
  pan(card: string): string | undefined;
  /** Puts a card into a reader's field until it leaves. Rejects with DeckError or ReaderError. */
  tap(request: TapRequest): Promise<TapResult>;
}

export class DeckError extends Error {
  readonly code = 'no-such-card';
  constructor(card: string) {
    super(`there is no card “${card}” in the deck`);
    this.name = 'DeckError';
  }
}

const rids = { visa: 'A000000003', unionpay: 'A000000333' } as const;
/** The deck's own CA index, and one that no key file lists. */
const listedIndex = 'C0';
const unlistedIndex = 'C9';
/** How long a customer takes to unlock the phone and hold it out again. */
const unlockMs = 400;

const counters = z.record(z.string(), z.int().nonnegative());

interface Picked {
  readonly card: Definition;
  readonly index: number;
}

/** Finds a card by its id: `NAME`, `NAME#INDEX`, or `torn-at-N`, the torn card that leaves at the N-th command. */
function pick(deck: readonly Definition[], id: string): Picked {
  const torn = /^torn-at-([1-9]\d?)$/.exec(id);
  const [name, index] = torn === null ? id.split('#') : ['torn', undefined];
  const card = deck.find((one) => one.id === name);
  if (card === undefined || (index !== undefined && !/^\d{1,5}$/.test(index))) throw new DeckError(id);
  if (torn !== null && card.kind === 'emv') {
    return { card: { ...card, faults: { ...card.faults, tornAt: Number(torn[1]) } }, index: 0 };
  }
  return { card, index: Number(index ?? 0) };
}

/** Cards that simply pay come first. */
function sorted(deck: readonly Definition[]): readonly Definition[] {
  const rank = (card: Definition): number => (card.id === 'unionpay-ok' ? 0 : card.behaviour === 'pays' ? 1 : 2);
  return deck.toSorted((one, other) => rank(one) - rank(other));
}

function make(ring: KeyRing, card: EmvDefinition, pan: string): Personalised {
  const ca = card.faults.ca === 'foreign' ? ring.foreign : ring.ca[card.scheme];
  const issuer = ring.issuer[card.scheme];
  return personalise(card, pan, {
    caIndex: card.faults.ca === 'unlisted' ? unlistedIndex : listedIndex,
    issuer,
    issuerCertificate: issuerCertificate(ca, issuer, pan.slice(0, 8), '1249'),
    card: ring.card[card.scheme],
  });
}

async function readCounters(file: string): Promise<Map<string, number>> {
  try {
    return new Map(Object.entries(counters.parse(JSON.parse(await readFile(file, 'utf8')))));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return new Map();
    throw error;
  }
}

/** Hides a card number in a line of hex: first six and last four digits stay. */
function mask(line: string, pan: string | undefined): string {
  if (pan === undefined) return line;
  return line.replaceAll(pan, `${pan.slice(0, 6)}${'*'.repeat(pan.length - 10)}${pan.slice(-4)}`);
}

/**
 * Opens the deck of test cards. Its certification authority, issuers and card keys are made at the first start and kept
 * under `dir`; the same cards come back at the next one, their transaction counters counted on.
 */
export async function openDeck(options: DeckOptions): Promise<Deck> {
  const folder = join(options.dir, 'cards');
  await mkdir(folder, { recursive: true });
  const [files, ring, atcs] = await Promise.all([
    readDefinitions(join(import.meta.dirname, 'cards')),
    openKeyRing(join(folder, 'keys.json')),
    readCounters(join(folder, 'counters.json')),
  ]);
  const deck = sorted(files);
  const caKeys = (['visa', 'unionpay'] as const).map((scheme): CaKey => {
    const key = ring.ca[scheme];
    const rid = rids[scheme];
    const sha1 = toHex(caHash(rid, listedIndex, key));
    return { rid, index: listedIndex, modulus: toHex(key.modulus), exponent: toHex(key.exponent), sha1 };
  });
  await writeFile(join(folder, 'ca-keys.json'), `${JSON.stringify(caKeys, undefined, 2)}\n`);

  const made = new Map<string, Personalised>();
  let saving: Promise<void> = Promise.resolve();
  const save = (): Promise<void> => {
    saving = saving.then(async () => {
      const file = join(folder, 'counters.json');
      await writeFile(`${file}.new`, JSON.stringify(Object.fromEntries(atcs)));
      await rename(`${file}.new`, file);
    });
    return saving;
  };

  const chipOf = (id: string, unlocked: boolean): Chip => {
    const { card, index } = pick(deck, id);
    if (card.kind !== 'emv') return plainChip(card);
    const one = made.get(id) ?? make(ring, card, panOf(card.pan, index));
    made.set(id, one);
    const count = (): number => {
      const atc = (atcs.get(id) ?? 0) + 1;
      atcs.set(id, atc);
      return atc;
    };
    return emvChip(one, count, unlocked || card.faults.seePhone !== true);
  };

  const pan = (id: string): string | undefined => {
    const { card, index } = pick(deck, id);
    return card.kind === 'emv' ? panOf(card.pan, index) : undefined;
  };

  const tap = async (request: TapRequest): Promise<TapResult> => {
    const until = performance.now() + request.timeoutMs;
    const hidden = pan(request.card);
    const trace: Trace = (line) => options.trace?.(mask(line, hidden));
    trace(`-- ${request.card} in the field`);
    const hold = (unlocked: boolean): Promise<Presented> => {
      const allow: Patience = {
        fieldMs: Math.max(1, until - performance.now()),
        lingerMs: options.lingerMs ?? 60,
        idleMs: 700,
      };
      return present(chipOf(request.card, unlocked), request.reader, allow, trace);
    };
    let shown = await hold(false);
    let exchanges = shown.exchanges;
    if (shown.end === 'refused') {
      trace('-- the customer unlocks the phone and holds it out again');
      await pause(unlockMs);
      shown = await hold(true);
      exchanges += shown.exchanges;
    }
    await save();
    return { left: shown.end === 'refused' ? 'read' : shown.end, exchanges };
  };

  return {
    caKeys,
    cards: () => deck.map(({ id, label, labelZh, scheme, behaviour }) => ({ id, label, labelZh, scheme, behaviour })),
    pan,
    tap,
  };
}
