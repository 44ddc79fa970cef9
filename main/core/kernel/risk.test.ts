import { describe, expect, test } from 'vitest';
import { money } from '../../../contract/money.ts';
import { unhex } from './bytes.ts';
import { type CardConfig, CardRules } from './config.ts';
import { riskOf } from './limits.ts';
import type { CardOutcome } from './outcome.ts';
import { cryptogramType } from './risk.ts';
import { config, request, tap, unionpay, VISA_PAN, visa } from './test/setting.ts';
import { type TestCardSpec, testCard } from './test/testcard.ts';

type Changes = Parameters<typeof tap>[1];

function told(outcome: CardOutcome): string {
  if (outcome.kind === 'online') return outcome.deferrable ? 'online deferrable' : 'online only';
  return 'reason' in outcome ? `${outcome.kind} ${outcome.reason}` : outcome.kind;
}

async function comesTo(spec: TestCardSpec, changes: Changes = {}): Promise<string> {
  return told((await tap(testCard(spec), changes)).outcome);
}

async function findings(spec: TestCardSpec, changes: Changes = {}): Promise<string | undefined> {
  const { outcome } = await tap(testCard(spec), changes);
  return 'card' in outcome ? outcome.card?.findings?.tvr : undefined;
}

function rules(change: Partial<CardConfig['cards']>, ttq?: string): CardConfig {
  return { ...config, cards: { ...config.cards, ...change, ...(ttq === undefined ? {} : { ttq }) } };
}

/** The settings with more said about the Visa application. */
function visaRules(change: Partial<CardConfig['cards']['applications'][number]>): CardConfig {
  const applications = config.cards.applications.map((each) => (each.kernel === 3 ? { ...each, ...change } : each));
  return rules({ applications });
}

const offline = { ...visa, cid: '40' } as const;

describe('what a card itself wants when its signature does not hold (tag 9F6C)', () => {
  const wrong = { answer: { '9F4B': 'A5'.repeat(128) } };
  test.each<[string, string, string]>([
    ['nothing', '0000', 'declined oda-failed'],
    ['to go online', '2000', 'online only'],
    ['another interface', '1000', 'refused use-another-interface'],
    ['online first', '3000', 'online only'],
  ])('%s', async (_, ctq, expected) => {
    expect(await comesTo({ ...offline, ctq, ...wrong })).toBe(expected);
    expect(await comesTo({ ...unionpay, cid: '40', ctq, ...wrong })).toBe(expected);
  });

  test('a terminal without a line or a contact reader cannot do either', async () => {
    const config = rules({}, '2A004000');
    expect(await comesTo({ ...offline, ctq: '2000', ...wrong }, { config })).toBe('declined oda-failed');
    expect(await comesTo({ ...offline, ctq: '1000', ...wrong }, { config })).toBe('declined oda-failed');
  });

  test('a card that signed nothing has no wish', async () => {
    expect(await comesTo({ ...offline, ctq: '2000', answer: { '9F4B': undefined } })).toBe('declined oda-failed');
  });
});

test('an expired card goes online when it says so, and is never deferred', async () => {
  const expired = { ...offline, expiry: '2610' };
  expect(await comesTo({ ...expired, ctq: '0000' })).toBe('declined card-expired');
  expect(await comesTo({ ...expired, ctq: '0800' })).toBe('online only');
  expect(await comesTo({ ...expired, cid: '80', ctq: '0800' })).toBe('online only');
  expect(await findings({ ...expired, ctq: '0800' })).toBe('0040000000');
});

test('usage control counts by country', async () => {
  const control = (uses: string, country = '0156') =>
    comesTo({ ...offline, record: { '9F07': uses, '5F28': country } });
  expect(await control('A900')).toBe('approved-offline');
  expect(await control('5700')).toBe('declined terminal-declined');
  expect(await control('A900', '0840')).toBe('declined terminal-declined');
  expect(await control('1500', '0840')).toBe('approved-offline');
  expect(await control('FE00')).toBe('declined terminal-declined');
});

test('field 55 has the verification results that the card saw; what was found is told beside it', async () => {
  const { outcome } = await tap(
    testCard({ ...visa, record: { '9F08': '0001' }, keys: { ...visa.keys, ca: visa.keys.icc } }),
  );
  expect(outcome).toMatchObject({
    kind: 'online',
    deferrable: false,
    card: { findings: { tvr: '0880000000', tsi: 'E800' }, iccData: expect.stringContaining('95050000000000') },
  });
});

describe('signed static data', () => {
  const spec = { ...visa, staticOnly: true } as const;
  test('is checked and told, and is no ground for an approval without the issuer', async () => {
    const { outcome } = await tap(testCard(spec));
    expect(outcome).toMatchObject({
      kind: 'online',
      deferrable: false,
      card: { oda: { method: 'sda', result: 'passed' } },
    });
    expect(await comesTo({ ...spec, cid: '40' })).toBe('declined oda-failed');
    expect(await findings(spec)).toBe('0200000000');
  });

  test('that was changed is named', async () => {
    const { outcome } = await tap(testCard({ ...spec, answer: { '82': '2001' } }));
    expect(outcome).toMatchObject({
      card: { oda: { method: 'sda', result: 'failed', step: 'static-data', reason: 'hash' } },
    });
    expect(await findings({ ...spec, answer: { '82': '2001' } })).toBe('4200000000');
  });
});

describe('certificates', () => {
  test('one that was called back, and only that one', async () => {
    const revoked = (serial: string, index = 'F0') => rules({ revoked: [{ rid: 'A000000003', index, serial }] });
    expect(await comesTo(offline, { config: revoked('000001') })).toBe('declined oda-failed');
    expect(await comesTo(offline, { config: revoked('000002') })).toBe('approved-offline');
    expect(await comesTo(offline, { config: revoked('000001', 'F1') })).toBe('approved-offline');
    expect((await tap(testCard(visa), { config: revoked('000001') })).outcome).toMatchObject({
      card: { oda: { step: 'issuer-certificate', reason: 'revoked' } },
    });
  });

  test('a CA key is used on its last day and not after', async () => {
    const until = (expires: string) => rules({ caKeys: config.cards.caKeys.map((key) => ({ ...key, expires })) });
    expect(await comesTo(offline, { config: until('2026-11-21') })).toBe('approved-offline');
    expect((await tap(testCard(offline), { config: until('2026-11-20') })).outcome).toMatchObject({
      kind: 'declined',
      card: { oda: { result: 'failed', step: 'ca-key', reason: 'expired' } },
    });
  });
});

describe('risk', () => {
  test('above the floor limit the card must answer with an online cryptogram', async () => {
    const floor = visaRules({ limits: { floorMinor: 1_279 } });
    const card = testCard(visa);
    await tap(card, { config: floor });
    expect(card.commands[2]!.slice(14, 22)).toBe('33804080');
    expect(await comesTo(offline, { config: floor })).toBe('declined terminal-declined');
    expect(await findings(visa, { config: floor })).toBe('0000008000');
    expect(await comesTo(offline, { config: visaRules({ limits: { floorMinor: 1_280 } }) })).toBe('approved-offline');
  });

  test('limits by the card’s program', async () => {
    const programs = [
      { id: '40', floorMinor: 1_000 },
      { id: '4001', transactionMinor: 1_000 },
      { id: '4002', floorMinor: 5_000, cvmMinor: 1_000 },
    ];
    const config = visaRules({ programs });
    expect(await comesTo(offline, { config })).toBe('approved-offline');
    expect(await comesTo({ ...offline, program: '4099' }, { config })).toBe('declined terminal-declined');
    expect(await comesTo({ ...offline, program: '400156' }, { config })).toBe('refused amount-above-limit');
    const third = testCard({ ...offline, program: '4002', ctq: '0080' });
    expect(told((await tap(third, { config })).outcome)).toBe('approved-offline');
    expect(third.commands[2]!.slice(14, 22)).toBe('33404080');
  });

  test('a card on the block list is declined, one that paid offline too often goes online', async () => {
    const { outcome } = await tap(testCard(offline), { context: { blocked: () => true } });
    expect(outcome).toMatchObject({
      kind: 'declined',
      reason: 'card-blocked',
      detail: 'the card is on the block list',
    });
    const config = rules({ consecutiveOffline: { lower: 2, upper: 3 } });
    const afterwards = (count: number, cid: string) =>
      comesTo({ ...visa, cid }, { config, context: { offlineInARow: () => count } });
    expect(await afterwards(1, '40')).toBe('approved-offline');
    expect(await afterwards(2, '40')).toBe('online only');
    expect(await afterwards(2, '80')).toBe('online deferrable');
    expect(await afterwards(3, '80')).toBe('online only');
  });

  test('a card that begins with digits the acquirer blocks is declined, and no other', async () => {
    const blocking = (...blockedBins: string[]) => ({ config: rules({ blockedBins }) });
    expect(await comesTo(offline, blocking('621094', '47617390'))).toBe('declined card-blocked');
    expect(await comesTo(visa, blocking('476173'))).toBe('declined card-blocked');
    expect(await findings(visa, blocking('476173'))).toBe('1000000000');
    expect(await comesTo(offline, blocking('47617391', '621094', '761739'))).toBe('approved-offline');
    expect(CardRules.safeParse({ ...config.cards, blockedBins: ['47617390'] }).success).toBe(true);
    for (const bin of ['47617', VISA_PAN, '47617A']) {
      expect(CardRules.safeParse({ ...config.cards, blockedBins: [bin] }).success).toBe(false);
    }
  });

  test('a card that was chosen at random must answer with an online cryptogram', async () => {
    const config = rules({ randomOnline: { percent: 50, maxPercent: 50, thresholdMinor: 0 } });
    const qualifiers = async (draw: number) => {
      const card = testCard(visa);
      await tap(card, { config, context: { random: () => Uint8Array.of(0, draw) } });
      return card.commands[2]!.slice(14, 22);
    };
    expect([await qualifiers(49), await qualifiers(50)]).toEqual(['33804080', '33004080']);
  });

  test('the share that is sent online grows from the threshold to the floor limit', () => {
    const share = rules({ randomOnline: { percent: 10, maxPercent: 90, thresholdMinor: 1_000 } });
    const limits = { floor: 2_000, transaction: 9_000, deviceTransaction: 9_000, cvm: 5_000 };
    const chosen = (minor: number, draw: number) =>
      riskOf({ ...request, amount: money(minor, 'CNY') }, share, limits, draw).chosenAtRandom;
    expect([chosen(500, 10), chosen(500, 11)]).toEqual([true, false]);
    expect([chosen(1_500, 50), chosen(1_500, 51)]).toEqual([true, false]);
    expect([chosen(2_000, 90), chosen(2_000, 91)]).toEqual([true, false]);
    expect(riskOf({ ...request, amount: money(2_001, 'CNY') }, share, limits, 1)).toEqual({
      floorExceeded: true,
      chosenAtRandom: false,
    });
  });
});

test('a cryptogram type that the issuer’s data contradicts is none', () => {
  expect(cryptogramType(unhex('40'), unhex('07010103900000'))?.type).toBe('TC');
  expect(cryptogramType(unhex('40'), unhex('07010103A00000'))).toBeUndefined();
  expect(cryptogramType(unhex('40'), unhex('1F2201A0000000'))?.type).toBe('TC');
  expect(cryptogramType(unhex('C0'), unhex('1F2201A0000000'))).toBeUndefined();
});
