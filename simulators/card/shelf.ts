import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { caHash } from './certificate.ts';
import type { Chip } from './chip.ts';
import { type Definition, type EmvDefinition, type Listed, panOf, readDefinitions } from './definition.ts';
import { type CardMemory, emvChip } from './emv.ts';
import { type KeyRing, openKeyRing } from './keyring.ts';
import { type Personalised, personalise } from './personal.ts';
import { plainChip } from './plain.ts';
import { tagChip } from './tag.ts';
import { toHex } from './tlv.ts';
import { troubled } from './trouble.ts';
import { openWalletKeys, type WalletIssuer, type WalletKeys, walletChip, walletIssuers } from './wallet.ts';

/** A CA public key for the terminal's key file: upper-case hex; `sha1` is over RID, index, modulus and exponent. */
export interface CaKey {
  readonly rid: string;
  readonly index: string;
  readonly modulus: string;
  readonly exponent: string;
  readonly sha1: string;
  /** Last day, YYYY-MM-DD. */
  readonly expires?: string;
}

export class DeckError extends Error {
  readonly code = 'no-such-card';
  constructor(card: string) {
    super(`there is no card “${card}” in the deck`);
    this.name = 'DeckError';
  }
}

const rids = { visa: 'A000000003', unionpay: 'A000000333', mastercard: 'A000000004' } as const;
const schemes = ['visa', 'unionpay', 'mastercard'] as const;
/** The deck's own CA index, one that has expired, and one that no key file lists. */
const listedIndex = 'C0';
const expiredIndex = 'C8';
const unlistedIndex = 'C9';
const expiredOn = '2024-12-31';

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

function caKeysOf(ring: KeyRing, index: string, expires?: string): readonly CaKey[] {
  return schemes.map((scheme) => {
    const key = ring.ca[scheme];
    const rid = rids[scheme];
    const sha1 = toHex(caHash(rid, index, key));
    const own = { rid, index, modulus: toHex(key.modulus), exponent: toHex(key.exponent), sha1 };
    return expires === undefined ? own : { ...own, expires };
  });
}

const caIndex = { foreign: listedIndex, unlisted: unlistedIndex, expired: expiredIndex } as const;

function make(ring: KeyRing, card: EmvDefinition, pan: string): Personalised {
  const { ca } = card.faults;
  return personalise(card, pan, {
    caIndex: ca === undefined ? listedIndex : caIndex[ca],
    ca: ca === 'foreign' ? ring.foreign : ring.ca[card.scheme],
    issuer: ring.issuer[card.scheme],
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

/** All cards with their keys and what they keep between presentations. */
export class Shelf {
  readonly definitions: readonly Listed[];
  readonly caKeys: readonly CaKey[];
  readonly expiredCaKeys: readonly CaKey[];
  readonly issuers: readonly WalletIssuer[];
  readonly #ring: KeyRing;
  readonly #wallets: WalletKeys;
  readonly #counts: Map<string, number>;
  readonly #file: string;
  readonly #made = new Map<string, Personalised>();
  readonly #memories = new Map<string, CardMemory>();
  /** Cards that were torn away once and will not be again. */
  readonly #torn = new Set<string>();
  #saving: Promise<void> = Promise.resolve();

  private constructor(
    definitions: readonly Listed[],
    ring: KeyRing,
    wallets: WalletKeys,
    counts: Map<string, number>,
    file: string,
  ) {
    this.definitions = definitions;
    this.#ring = ring;
    this.#wallets = wallets;
    this.#counts = counts;
    this.#file = file;
    this.caKeys = caKeysOf(ring, listedIndex);
    this.expiredCaKeys = caKeysOf(ring, expiredIndex, expiredOn);
    this.issuers = walletIssuers(wallets);
  }

  /** Opens the folder, made at first use; the same cards come back at the next start, their counters counted on. */
  static async open(folder: string): Promise<Shelf> {
    await mkdir(folder, { recursive: true });
    const file = join(folder, 'counters.json');
    const here = join(import.meta.dirname, 'cards');
    const [listed, faulty, ring, wallets, counts] = await Promise.all([
      readDefinitions(here, true),
      readDefinitions(join(here, 'faults'), false),
      openKeyRing(join(folder, 'keys.json')),
      openWalletKeys(join(folder, 'wallets.json')),
      readCounters(file),
    ]);
    const shelf = new Shelf([...listed, ...faulty], ring, wallets, counts, file);
    await writeFile(join(folder, 'ca-keys.json'), `${JSON.stringify(shelf.caKeys, undefined, 2)}\n`);
    await writeFile(join(folder, 'wallet-issuers.json'), `${JSON.stringify(shelf.issuers, undefined, 2)}\n`);
    return shelf;
  }

  /** The number that must not be written down in clear; undefined for cards without one. */
  number(id: string): string | undefined {
    const { card, index } = pick(this.definitions, id);
    if (card.kind === 'emv') return panOf(card.pan, index);
    return card.kind === 'wallet' ? panOf(card.wallet, index) : undefined;
  }

  /** One presentation of a card. A locked phone refuses until it is held out `unlocked`. */
  chip(id: string, unlocked: boolean): Chip {
    const { card, index } = pick(this.definitions, id);
    switch (card.kind) {
      case 'emv': {
        const one = this.#made.get(id) ?? make(this.#ring, card, panOf(card.pan, index));
        this.#made.set(id, one);
        const open = unlocked || card.faults.seePhone !== true;
        const { tornAfter, ...others } = card.faults;
        const faults = this.#torn.has(id) ? others : { ...others, tornAfter };
        return troubled(emvChip(one, this.#memory(id), open), faults, () => this.#torn.add(id));
      }
      case 'wallet': {
        const wallet = { card, id: panOf(card.wallet, index), keys: this.#wallets };
        const open = unlocked || card.faults.seePhone !== true;
        return troubled(walletChip(wallet, this.#memory(id).nextAtc, open), card.faults);
      }
      case 'tag':
        return troubled(tagChip(card), card.faults);
      default:
        return plainChip(card);
    }
  }

  /** Keeps the counters for the next start. */
  save(): Promise<void> {
    this.#saving = this.#saving.then(async () => {
      await writeFile(`${this.#file}.new`, JSON.stringify(Object.fromEntries(this.#counts)));
      await rename(`${this.#file}.new`, this.#file);
    });
    return this.#saving;
  }

  #memory(id: string): CardMemory {
    const kept = this.#memories.get(id) ?? {
      nextAtc: () => {
        const count = (this.#counts.get(id) ?? 0) + 1;
        this.#counts.set(id, count);
        return count;
      },
      lastAc: undefined,
    };
    this.#memories.set(id, kept);
    return kept;
  }
}
