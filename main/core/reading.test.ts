import { beforeAll, describe, expect, test } from 'vitest';
import { money } from '../../contract/money.ts';
import type { Card, ReaderClass } from '../../drivers/nfc/reader.ts';
import { inForce, type ReaderRules } from './kernel/readers.ts';
import { combinedCard } from './kernel/test/combinedcard.ts';
import { config, mastercard, unionpay, vault, visa } from './kernel/test/setting.ts';
import { testCard } from './kernel/test/testcard.ts';
import { closedLoop, walletCard } from './kernel/token/test/wallet.ts';
import { openReading } from './reading.ts';
import { openModelBank } from './test/bank.ts';
import { openManualClock } from './test/clock.ts';
import { openMemoryStorage } from './test/storage.ts';
import { makeProfile, openTill, type Surroundings } from './test/till.ts';

let signed: Surroundings['signed'];
beforeAll(async () => {
  signed = await makeProfile();
});

/** What a card comes to on a reader of a class, under the acquirer's rules. */
async function readOn(kind: ReaderClass | undefined, card: Card, readers?: ReaderRules): Promise<string> {
  const around = { clock: openManualClock(), storage: openMemoryStorage(), bank: openModelBank(), signed };
  const { core } = openTill(around);
  const { world, zone, book, payments } = core;
  const { cards, limits } = config;
  const profile = { ...signed.profile, cards, limits, closedLoop, ...(readers ? { readers } : {}) };
  const read = openReading({
    world,
    time: core.time,
    profile,
    zone,
    book,
    payments,
    vault,
    blocklist: { has: () => false },
  });
  const { atr, transmit, release } = card;
  const outcome = await read(
    { atr, transmit: transmit.bind(card), release: release.bind(card), ...(kind ? { kind } : {}) },
    money(1_280, 'CNY'),
    1,
    () => undefined,
  );
  await core.close();
  return 'reason' in outcome ? `${outcome.kind} ${outcome.reason}` : outcome.kind;
}

describe('a plain reader (class B)', () => {
  const cards = {
    unionpay: () => testCard(unionpay),
    visa: () => testCard(visa),
  };

  test.each(['unionpay', 'visa'] as const)(
    'refuses a live %s card unless the acquirer has signed for it',
    async (scheme) => {
      expect(await readOn('B', cards[scheme]())).toBe('refused live-card');
      expect(await readOn(undefined, cards[scheme]())).toBe('refused live-card');
      expect(await readOn('B', cards[scheme](), { openLoopOnPlain: false, testCards: ['541333'] })).toBe(
        'refused live-card',
      );
      expect(await readOn('B', cards[scheme](), { openLoopOnPlain: true })).toBe('online');
      expect(await readOn('virtual', cards[scheme]())).toBe('online');
    },
  );

  test('reads the test cards that the acquirer lists', async () => {
    expect(await readOn('B', testCard(visa), { testCards: ['476173'] })).toBe('online');
    expect(await readOn('B', testCard(unionpay), { testCards: ['476173'] })).toBe('refused live-card');
  });

  test('reads the bank’s own wallet', async () => {
    expect(await readOn('B', walletCard({}))).toBe('online');
  });
});

test('a live card of kernel 2 is not even asked for its cryptogram', async () => {
  const sent: number[] = [];
  const answer = combinedCard(mastercard);
  const card: Card = {
    atr: Uint8Array.of(0x3b, 0x80, 0x80, 0x01, 0x01),
    transmit: async (command) => {
      sent.push(command[1] ?? 0);
      return { ok: true, response: answer(command) };
    },
    release: () => undefined,
  };
  expect(await readOn('B', card)).toBe('refused live-card');
  expect(sent).not.toContain(0xae);
});

test('what is in force follows the class, and for class A the acquirer’s list', () => {
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: 'A'.repeat(43) } as const;
  const rules = { sealed: [{ serial: 'ONE', jwk }] };
  expect(inForce({ kind: 'A', serial: 'ONE' }, rules)).toBe('open-loop');
  expect(inForce({ kind: 'A', serial: 'TWO' }, rules)).toBe('nothing');
  expect(inForce({ kind: 'A' })).toBe('nothing');
  expect(inForce({ kind: 'B' }, rules)).toBe('test-cards');
  expect(inForce({ kind: 'B' }, { openLoopOnPlain: true })).toBe('open-loop');
  expect(inForce({ kind: 'virtual' })).toBe('simulated');
});
