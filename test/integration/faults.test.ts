import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { money } from '../../contract/money.ts';
import { openFakeReaders, type ScriptedCard } from '../../drivers/nfc/fake.ts';
import type { Card } from '../../drivers/nfc/reader.ts';
import { insert } from '../../drivers/nfc/scripted.ts';
import { openVirtualReader } from '../../drivers/nfc/virtual.ts';
import { CaKey, type CardConfig, CardLimits, CardRules } from '../../main/core/kernel/config.ts';
import { readCard } from '../../main/core/kernel/kernel.ts';
import type { CardOutcome } from '../../main/core/kernel/outcome.ts';
import { openVault } from '../../main/core/kernel/vault.ts';
import { type Deck, type InProcess, openDeck } from '../../simulators/card/deck.ts';

const dir = mkdtempSync(join(tmpdir(), 'faults-'));
let deck: Deck;
let config: CardConfig;
beforeAll(async () => {
  deck = await openDeck({ dir });
  config = {
    cards: CardRules.parse({
      country: '156',
      exchangeMs: 8_000,
      ttq: '36004080',
      applications: [
        { aid: 'A000000333010101', kernel: 7, scheme: 'unionpay' },
        { aid: 'A0000000031010', kernel: 3, scheme: 'visa' },
        { aid: 'A0000000041010', kernel: 2, scheme: 'mastercard', limits: { floorMinor: 10_000 } },
      ],
      caKeys: [...deck.caKeys, ...deck.expiredCaKeys].map((key) => CaKey.parse(key)),
      revoked: ['A000000333', 'A000000004'].map((rid) => ({ rid, index: 'C0', serial: '00BAD1' })),
    }),
    limits: CardLimits.parse({ maxMinor: 5_000_000, contactlessMinor: 500_000, cvmMinor: 100_000 }),
  };
}, 60_000);
afterAll(() => rmSync(dir, { recursive: true }));

const { x, y } = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });
const jwk = { kty: 'EC', crv: 'P-256', x: x ?? '', y: y ?? '' } as const;
const vault = openVault({ kid: 'test', jwk }, new Uint8Array(32).fill(1));

/** A card of the deck without a reader between. */
function held({ atr, answer }: InProcess): Card {
  return {
    atr,
    async transmit(command) {
      const response = await answer(command);
      return response ? { ok: true, response } : { ok: false, fault: 'torn', detail: 'the card left' };
    },
    release() {},
  };
}

function read(card: InProcess): Promise<CardOutcome> {
  return readHeld(held(card));
}

function readHeld(card: Card, exchangeMs = config.cards.exchangeMs): Promise<CardOutcome> {
  const request = {
    amount: money(1280, 'CNY'),
    transactionType: '00',
    date: '261121',
    time: '205500',
    unpredictableNumber: Uint8Array.of(0xa1, 0xb2, 0xc3, 0xd4),
    sequence: 42,
  } as const;
  const clock = { monotonic: () => performance.now() };
  const rules = { ...config, cards: { ...config.cards, exchangeMs } };
  return readCard(card, request, rules, vault, clock, () => undefined);
}

/** Where the reader found the fault: the step of authentication, or the refusal itself. */
function place(outcome: CardOutcome): string {
  if (outcome.kind === 'refused') return `refused ${outcome.reason}: ${outcome.detail}`;
  if (outcome.kind === 'tap-again') return `tap again: ${outcome.reason}`;
  if (outcome.kind === 'choose' || outcome.kind === 'tag') return outcome.kind;
  const { card } = outcome;
  return card?.oda.step === undefined ? outcome.kind : `${card.oda.step}: ${card.oda.reason ?? ''}`;
}

/** What `card read` must name, by the part of a card's id that names its fault. */
const places: Readonly<Record<string, RegExp>> = {
  'signature-wrong': /^signature: hash/,
  'signature-header': /^signature: does not open/,
  'signature-trailer': /^signature: does not open/,
  'signature-format': /^signature: format/,
  'signature-algorithm': /^signature: algorithm/,
  'signature-hash': /^signature: hash/,
  'signature-padding': /^signature: padding/,
  'signature-data-hash': /^data-hash/,
  'signature-type': /^cryptogram-type/,
  'signature-version': /^version/,
  'ca-foreign': /^issuer-certificate: does not open/,
  'ca-unlisted': /^ca-key: no CA key/,
  'ca-expired': /^ca-key: .*expired/,
  'issuer-certificate-header': /^issuer-certificate: does not open/,
  'issuer-certificate-trailer': /^issuer-certificate: does not open/,
  'issuer-certificate-format': /^issuer-certificate: format/,
  'issuer-certificate-algorithm': /^issuer-certificate: algorithm/,
  'issuer-certificate-hash': /^issuer-certificate: hash/,
  'issuer-certificate-expired': /^issuer-certificate: expired/,
  'issuer-certificate-identifier': /^issuer-certificate: issuer identifier/,
  'issuer-certificate-revoked': /^issuer-certificate: .*(revoked|called back)/,
  'issuer-certificate-missing': /^issuer-certificate: missing/,
  'card-certificate-header': /^icc-certificate: does not open/,
  'card-certificate-trailer': /^icc-certificate: does not open/,
  'card-certificate-format': /^icc-certificate: format/,
  'card-certificate-algorithm': /^icc-certificate: algorithm/,
  'card-certificate-hash': /^icc-certificate: hash/,
  'card-certificate-expired': /^icc-certificate: expired/,
  'card-certificate-pan': /^icc-certificate: PAN/,
  'card-certificate-missing': /^icc-certificate: missing/,
  'static-data-record': /^icc-certificate: hash/,
  'static-data-profile': /^icc-certificate: hash/,
  'pan-differs': /^refused card-data-invalid: .*PAN/,
  'expiry-differs': /^refused card-data-invalid: .*expiry/,
};

describe.each(['unionpay', 'mastercard'])('a %s card that would approve offline', (scheme) => {
  test('is approved when nothing is wrong', async () => {
    expect(place(await read(deck.inProcess(`${scheme}-offline`)))).toBe('approved-offline');
  });

  const own: Readonly<Record<string, readonly string[]>> = {
    unionpay: ['signature-data-hash', 'signature-type'],
    mastercard: ['signature-version'],
  };
  const here = Object.entries(places).filter(([name]) => !own[scheme]?.includes(name));
  test.each(here)('is never approved with one thing wrong, and it is named: %s', async (name, expected) => {
    const outcome = await read(deck.inProcess(`${scheme}-${name}`));
    expect(['declined', 'refused', 'online']).toContain(outcome.kind);
    expect(outcome.kind === 'online' && outcome.deferrable).toBe(false);
    expect(place(outcome)).toMatch(expected);
  });

  test('is not approved without a signature', async () => {
    const outcome = await read(deck.inProcess(`${scheme}-signature-missing`));
    expect(outcome.kind).not.toBe('approved-offline');
    expect(outcome.kind === 'online' && outcome.deferrable).toBe(false);
  });
});

test.each([
  ['visa-states-amount', '9F02'],
  ['visa-states-currency', '5F2A'],
  ['visa-states-unpredictable-number', '9F37'],
  ['visa-states-date', '9A'],
])('%s is refused, and %s is named', async (card, tag) => {
  expect(place(await read(deck.inProcess(card)))).toMatch(new RegExp(`^refused card-data-invalid: ${tag} `));
});

test('every faulty payment card of the deck has its place here', () => {
  const ids = deck
    .cards('all')
    .filter(({ behaviour, scheme }) => behaviour === 'wrong' && ['unionpay', 'mastercard'].includes(scheme));
  const named = ids
    .map(({ id }) => id.replace(/^(unionpay|mastercard)-/, ''))
    .filter((name) => name !== 'signature-missing');
  expect(new Set(named)).toEqual(new Set(Object.keys(places)));
});

describe('a card that leaves or fails at any command', () => {
  const bad = [undefined, ...['DEADBEEF000102039000', '90', '9000', '6F00'].map((text) => Buffer.from(text, 'hex'))];

  /** The card with another answer to its command number `at`; counts the commands. */
  function spoilt(id: string, at: number, answer: Uint8Array | undefined): InProcess & { count: () => number } {
    const own = deck.inProcess(id);
    let commands = 0;
    return {
      ...own,
      count: () => commands,
      answer: async (command) => {
        commands += 1;
        return commands === at ? answer : own.answer(command);
      },
    };
  }

  test.each(['unionpay-offline', 'mastercard-offline', 'visa-ok'])(
    '%s is never approved',
    async (id) => {
      const whole = spoilt(id, 0, undefined);
      expect(['approved-offline', 'online']).toContain((await read(whole)).kind);
      for (let at = 1; at <= whole.count(); at++) {
        for (const answer of bad) {
          const { kind } = await read(spoilt(id, at, answer));
          expect(['tap-again', 'refused', 'declined']).toContain(kind);
        }
      }
    },
    60_000,
  );

  /** Through the driver: the card falls silent, or the reader is unplugged, at command number `at`. */
  async function throughReader(id: string, at: number, what: 'silent' | 'gone'): Promise<CardOutcome> {
    const readers = openFakeReaders({ names: ['One'] });
    const own = deck.inProcess(id);
    let commands = 0;
    readers.put({
      atr: own.atr,
      answer: async (command) => {
        commands += 1;
        if (commands !== at) return own.answer(command);
        if (what === 'gone') readers.unplug('One');
        return new Promise(() => undefined);
      },
    });
    const card = await readers.nextCard(AbortSignal.timeout(10_000));
    if (!card) throw new Error('no card');
    // A card that falls silent is waited for so long at each command.
    const outcome = await readHeld(card, what === 'silent' ? 500 : undefined);
    await readers.close();
    return outcome;
  }

  test.each(['unionpay-offline', 'mastercard-offline'])(
    '%s that falls silent, or loses its reader, pays nothing',
    async (id) => {
      const whole = spoilt(id, 0, undefined);
      await read(whole);
      for (let at = 1; at <= whole.count(); at++) {
        expect(await throughReader(id, at, 'silent')).toEqual({ kind: 'tap-again', reason: 'timed-out' });
        expect(await throughReader(id, at, 'gone')).toEqual({ kind: 'tap-again', reason: 'torn' });
      }
    },
    60_000,
  );

  /** A second card is held out at command number `at`; the first one would answer all the same. */
  async function beside(id: string, at: number, family: 'fake' | 'virtual'): Promise<CardOutcome> {
    const other = { atr: Uint8Array.of(0x3b, 0x80, 0x80, 0x01, 0x01), answer: () => Uint8Array.of(0x90, 0x00) };
    const own = deck.inProcess(id);
    let commands = 0;
    const first = {
      atr: own.atr,
      answer: async (command: Uint8Array) => {
        commands += 1;
        if (commands === at) await put(other);
        return own.answer(command);
      },
    };
    const fake = family === 'fake' ? openFakeReaders() : undefined;
    const virtual = family === 'virtual' ? await openVirtualReader({ port: 0 }) : undefined;
    const readers = fake ?? virtual;
    if (!readers) throw new Error('no reader');
    async function put(card: ScriptedCard): Promise<void> {
      if (virtual) await insert(virtual.port, card);
      else fake?.put(card);
      const collided = () => readers?.list()[0]?.state.status === 'collision';
      while (card === other && !collided()) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await put(first);
    const card = await readers.nextCard(AbortSignal.timeout(10_000));
    if (!card) throw new Error('no card');
    const outcome = await readHeld(card);
    await readers.close();
    return outcome;
  }

  test.each(['fake', 'virtual'] as const)(
    'beside another one pays nothing (%s reader)',
    async (family) => {
      const whole = spoilt('unionpay-offline', 0, undefined);
      await read(whole);
      for (let at = 1; at <= whole.count(); at++) {
        const outcome = await beside('unionpay-offline', at, family);
        expect(outcome).toEqual({ kind: 'tap-again', reason: 'one-card-only' });
      }
      expect((await beside('unionpay-offline', 0, family)).kind).toBe('approved-offline');
    },
    60_000,
  );
});
