import { describe, expect, test, vi } from 'vitest';
import { type Currency, money } from '../../../contract/money.ts';
import { hex, unhex } from './bytes.ts';
import { CaKey, type CardConfig } from './config.ts';
import type { CardOutcome } from './outcome.ts';
import { type CombinedCardSpec, combinedCard, sent } from './test/combinedcard.ts';
import { config, MASTERCARD_PAN, mastercard, opened, tap, testClock, withFloor } from './test/setting.ts';
import { cardOf, type Disturb, makeKeys } from './test/testcard.ts';
import { publishedKeys, recordedDialogue } from './test/vectors.ts';
import { openTornLog } from './torn.ts';

// The recorded payment was made in Australian dollars, which this terminal does not sell in.
vi.mock('../../../contract/money.ts', async (original) => {
  const real = await original<typeof import('../../../contract/money.ts')>();
  return {
    ...real,
    currencyNumber: (currency: Currency | 'AUD') => (currency === 'AUD' ? '036' : real.currencyNumber(currency)),
  };
});

const CDOL = '9F02069F03069F1A0295055F2A029A039C019F37049F35019F45029F4C089F34039F3303';

function cardIn(outcome: CardOutcome) {
  if (!('card' in outcome) || !outcome.card) throw new Error(`no card: ${JSON.stringify(outcome)}`);
  return outcome.card;
}

function reasonOf(outcome: CardOutcome): string {
  if (outcome.kind === 'online') return outcome.deferrable ? 'online deferrable' : 'online only';
  return 'reason' in outcome ? `${outcome.kind} ${outcome.reason}` : outcome.kind;
}

const small = { ...mastercard, gives: 'TC' } as const satisfies CombinedCardSpec;

async function comesTo(spec: CombinedCardSpec, changes: Parameters<typeof tap>[1] = {}): Promise<string> {
  return reasonOf((await tap(cardOf(combinedCard(spec)), changes)).outcome);
}

describe('a published dialogue, command by command', () => {
  const exchanges = recordedDialogue('mastercard-cda');
  const caKeys = publishedKeys().map((key) => CaKey.parse(key));
  const recordedConfig: CardConfig = {
    ...config,
    cards: {
      ...config.cards,
      country: '036',
      caKeys,
      applications: [
        { aid: 'A0000000041010', kernel: 2, scheme: 'mastercard', limits: { floorMinor: 20_000, cvmMinor: 10_000 } },
      ],
    },
  };
  const payment = {
    amount: { minor: 10_001, currency: 'AUD' as Currency },
    date: '120315',
    unpredictableNumber: unhex('000EEC85'),
  };
  /** The recording starts after the directory, which is put before it. */
  const directory = '6F20840E325041592E5359532E4444463031A50EBF0C0B61094F07A00000000410109000';
  const replay = (changes: Readonly<Record<string, (answer: string) => string>> = {}) =>
    cardOf((command) => {
      const text = hex(command);
      if (text.startsWith('00A404000E')) return unhex(directory);
      const answer = exchanges.get(text) ?? '6F00';
      return unhex(changes[text.slice(0, 8)]?.(answer) ?? answer);
    });

  test('is led to its offline approval by the very same commands', async () => {
    const card = replay();
    const { outcome } = await tap(card, { config: recordedConfig, request: payment });
    expect(card.commands.slice(1)).toEqual([...exchanges.keys()]);
    expect(reasonOf(outcome)).toBe('approved-offline');
    expect(cardIn(outcome)).toMatchObject({
      kernel: 2,
      scheme: 'mastercard',
      maskedPan: '541333******0044',
      expiry: '1412',
      oda: { method: 'cda', result: 'passed' },
      cvm: 'signature',
      cryptogram: { type: 'TC', value: 'D58B731AF5885C06', atc: 53 },
      findings: { tvr: '0000000000' },
    });
    expect(cardIn(outcome).iccData).toContain('9F2608D58B731AF5885C06');
  });

  test.each<[string, string, number, string]>([
    ['80AE5000', 'cryptogram type outside', 12, 'refused card-data-invalid'],
    ['80AE5000', 'transaction counter', 22, 'declined oda-failed'],
    ['80AE5000', 'signature', 60, 'declined oda-failed'],
    ['80AE5000', 'issuer application data', -8, 'declined oda-failed'],
    ['00B20114', 'static data', 127, 'declined oda-failed'],
    ['00B2011C', 'issuer certificate', 100, 'declined oda-failed'],
    ['00B20224', 'card certificate', 100, 'declined oda-failed'],
    ['00B20124', 'remainder', 60, 'declined oda-failed'],
  ])('%s with a changed %s is never an approval', async (command, _, at, expected) => {
    const change = (answer: string) => {
      const place = at < 0 ? answer.length + at : at;
      const digit = (Number.parseInt(answer[place]!, 16) ^ 8).toString(16);
      return answer.slice(0, place) + digit + answer.slice(place + 1);
    };
    const { outcome } = await tap(replay({ [command]: change }), { config: recordedConfig, request: payment });
    expect(reasonOf(outcome)).toBe(expected);
  });
});

describe('what the card is asked for', () => {
  test('a small payment below the floor limit: an offline approval, signed', async () => {
    const card = cardOf(combinedCard(small));
    const { outcome, gone } = await tap(card, { config: withFloor });
    expect([reasonOf(outcome), gone]).toEqual(['approved-offline', 1]);
    expect(card.commands.at(-1)).toMatch(/^80AE5000/);
    const data = sent(CDOL, card.commands.at(-1)!);
    expect(Object.fromEntries(data)).toMatchObject({
      '9F02': '000000001280',
      '9F37': '01020304',
      '95': '0000000000',
      '9F34': '1F0302',
      '9F33': '000808',
      '9F45': '0000',
    });
    expect(cardIn(outcome)).toMatchObject({
      label: 'Test Credit',
      cvm: 'none',
      panSequence: '001',
      oda: { method: 'cda', result: 'passed' },
      cryptogram: { type: 'TC', value: 'C1C2C3C4C5C6C7C8', atc: 53 },
      findings: { tvr: '0000000000', tsi: 'E800' },
    });
    expect(await opened(cardIn(outcome).sealed)).toMatchObject({ pan: MASTERCARD_PAN });
  });

  test('a card may give less than it was asked for, and never more', async () => {
    expect(await comesTo({ ...small, gives: 'ARQC' }, { config: withFloor })).toBe('online deferrable');
    expect(await comesTo({ ...small, gives: 'AAC' }, { config: withFloor })).toBe('declined card-declined');
    const blocked = { config: withFloor, context: { blocked: () => true } };
    for (const type of ['40', '80']) {
      expect(await comesTo({ ...small, answer: { '9F27': type } }, blocked)).toBe('refused card-data-invalid');
    }
  });

  test('without a floor limit every payment goes online, signed and deferrable', async () => {
    const card = cardOf(combinedCard(small));
    const { outcome } = await tap(card);
    expect(reasonOf(outcome)).toBe('online deferrable');
    expect(card.commands.at(-1)).toMatch(/^80AE9000/);
    expect(cardIn(outcome).findings?.tvr).toBe('0000008000');
    expect(cardIn(outcome).iccData).toContain('95050000008000');
  });

  test('a card without combined signatures, or of an unknown CA, is asked for a plain online cryptogram', async () => {
    const plain = cardOf(combinedCard({ ...small, profile: '1880' }));
    const first = (await tap(plain, { config: withFloor })).outcome;
    expect([reasonOf(first), plain.commands.at(-1)!.slice(0, 8)]).toEqual(['online only', '80AE8000']);
    expect(cardIn(first)).toMatchObject({
      oda: { method: 'none', result: 'not-performed' },
      findings: { tvr: '8000000000' },
    });
    const unknown = { ...withFloor, cards: { ...withFloor.cards, caKeys: [] } };
    const foreign = cardOf(combinedCard(small));
    const second = (await tap(foreign, { config: unknown })).outcome;
    expect([reasonOf(second), foreign.commands.at(-1)!.slice(0, 8)]).toEqual(['online only', '80AE8000']);
    expect(cardIn(second)).toMatchObject({
      oda: { result: 'failed', step: 'ca-key' },
      findings: { tvr: '0400000000' },
    });
  });

  test('certificates that are not there are told as missing card data', async () => {
    const { outcome } = await tap(cardOf(combinedCard({ ...small, issuer: { '90': undefined } })), {
      config: withFloor,
    });
    expect(reasonOf(outcome)).toBe('online only');
    expect(cardIn(outcome)).toMatchObject({
      oda: { result: 'failed', step: 'issuer-certificate', reason: 'missing' },
      findings: { tvr: '2400000000' },
    });
  });

  test('records that cannot be authenticated are told before anything is asked for', async () => {
    const card = cardOf(combinedCard({ ...small, record: { '9F4A': '84' } }));
    const { outcome } = await tap(card, { config: withFloor });
    expect([reasonOf(outcome), card.commands.at(-1)!.slice(0, 8)]).toEqual(['online only', '80AE8000']);
    expect(cardIn(outcome)).toMatchObject({
      oda: { result: 'failed', step: 'static-data' },
      findings: { tvr: '0400000000' },
    });
  });

  test('a PDOL of the card is filled, and counts in the hash', async () => {
    const card = cardOf(combinedCard({ ...small, pdol: '9F1A029F3704' }));
    expect(reasonOf((await tap(card, { config: withFloor })).outcome)).toBe('approved-offline');
    expect(card.commands[2]).toBe('80A80000088306015601020304' + '00');
  });

  test('answers in format 80 are read', async () => {
    expect(await comesTo({ ...mastercard, plain: true, profile: '1880' })).toBe('online only');
    expect(await comesTo({ ...mastercard, plain: true })).toBe('declined oda-failed');
  });

  test('magnetic-stripe mode is refused before anything is read', async () => {
    const card = cardOf(combinedCard({ ...mastercard, profile: '1900' }));
    expect(reasonOf((await tap(card)).outcome)).toBe('refused mag-stripe-mode');
    expect(card.commands.length).toBe(3);
  });
});

describe('findings and action codes', () => {
  const rules = (
    change: Partial<CardConfig['cards']>,
    actions?: { denial: string; online: string; default: string },
  ) => ({
    ...withFloor,
    cards: {
      ...withFloor.cards,
      ...change,
      applications: withFloor.cards.applications.map((each) => (actions ? { ...each, actions } : each)),
    },
  });
  test.each<[string, Partial<CombinedCardSpec>, string, string]>([
    ['expired', { expiry: '2610' }, 'online only', '0040000000'],
    ['not yet effective', { record: { '5F25': '270101' } }, 'declined terminal-declined', '0020000000'],
    ['usage control, domestic', { record: { '9F07': '5700' } }, 'online only', '0010000000'],
    ['usage control, country', { record: { '9F07': 'AB00', '5F28': '0840' } }, 'online only', '0010000000'],
    ['another version', { record: { '9F08': '0003' } }, 'approved-offline', '0080000000'],
    ['no verification list', { record: { '8E': undefined } }, 'online deferrable', '2000000000'],
    [
      'denied by the issuer',
      { record: { '9F0E': '0080000000', '9F08': '0003' } },
      'declined terminal-declined',
      '0080000000',
    ],
    ['no issuer codes', { record: { '9F0F': undefined, '9F08': '0003' } }, 'online deferrable', '0080000000'],
  ])('%s', async (_, changes, expected, tvr) => {
    const actions = { denial: '0020000000', online: 'F45084F00C', default: 'F45084F00C' };
    const { outcome } = await tap(cardOf(combinedCard({ ...small, ...changes })), { config: rules({}, actions) });
    expect([reasonOf(outcome), cardIn(outcome).findings?.tvr]).toEqual([expected, tvr]);
  });

  test('a terminal that never goes online goes by the default codes', async () => {
    const never = rules({ terminalType: '23' });
    expect(await comesTo({ ...small, record: { '9F08': '0003' } }, { config: never })).toBe('approved-offline');
    expect(await comesTo({ ...small, expiry: '2610' }, { config: never })).toBe('declined terminal-declined');
  });

  test('a card on the block list is declined, and one that paid offline too often goes online', async () => {
    const blocked = await tap(cardOf(combinedCard(small)), { config: withFloor, context: { blocked: () => true } });
    expect(blocked.outcome).toMatchObject({
      kind: 'declined',
      reason: 'card-blocked',
      detail: expect.stringContaining('block list'),
    });
    expect(cardIn(blocked.outcome).findings?.tvr).toBe('1000000000');
    expect(await comesTo(small, { config: rules({ blockedBins: ['541333'] }) })).toBe('declined card-blocked');
    expect(await comesTo(small, { config: rules({ blockedBins: ['541334'] }) })).toBe('approved-offline');
    const bounds = rules({ consecutiveOffline: { lower: 2, upper: 3 } });
    const afterwards = (count: number) => comesTo(small, { config: bounds, context: { offlineInARow: () => count } });
    expect([await afterwards(1), await afterwards(2), await afterwards(3)]).toEqual([
      'approved-offline',
      'online deferrable',
      'online only',
    ]);
  });

  test('random selection sends a small payment online', async () => {
    const chosen = rules({ randomOnline: { percent: 20, maxPercent: 20, thresholdMinor: 0 } });
    const drawn = (value: number) =>
      comesTo(small, { config: chosen, context: { random: () => Uint8Array.of(0, value) } });
    expect([await drawn(19), await drawn(20)]).toEqual(['online deferrable', 'approved-offline']);
    expect(await comesTo(small, { config: chosen })).toBe('approved-offline');
  });
});

describe('the cardholder’s verification', () => {
  const large = { amount: money(100_000, 'CNY') };
  test.each<[string, Partial<CombinedCardSpec>, string, string, string]>([
    ['signature by the list', {}, 'online deferrable', 'signature', '1E0300'],
    ['on the device', { profile: '1B80' }, 'online deferrable', 'cdcvm', '010002'],
    ['not supported by the card', { profile: '0980' }, 'online deferrable', 'none', '3F0000'],
    ['none that fits', { record: { '8E': '00000000000000001F03' } }, 'online only', 'none', '3F0001'],
    ['an unknown method', { record: { '8E': '000000000000000060001E00' } }, 'online deferrable', 'signature', '1E0000'],
    ['over X only', { record: { '8E': '00000064000000001E07' } }, 'online deferrable', 'signature', '1E0700'],
  ])('%s', async (_, changes, expected, cvm, results) => {
    const card = cardOf(combinedCard({ ...mastercard, ...changes }));
    const { outcome } = await tap(card, { request: large });
    expect([reasonOf(outcome), cardIn(outcome).cvm]).toEqual([expected, cvm]);
    expect(sent(CDOL, card.commands.at(-1)!).get('9F34')).toBe(results);
    expect(sent(CDOL, card.commands.at(-1)!).get('9F33')).toBe('002008');
  });

  test('a card that insists on a PIN belongs to another terminal, before its cryptogram is made', async () => {
    const card = cardOf(combinedCard({ ...mastercard, record: { '8E': '00000000000000000200' } }));
    const { outcome } = await tap(card, { request: large });
    expect(reasonOf(outcome)).toBe('refused use-another-interface');
    expect(card.commands.some((command) => command.startsWith('80AE'))).toBe(false);
  });

  test('limits of the application hold, another one where the device verifies', async () => {
    const limits = { transactionMinor: 50_000, deviceTransactionMinor: 200_000 };
    const applications = config.cards.applications.map((each) => ({ ...each, limits }));
    const limited = { ...config, cards: { ...config.cards, applications } };
    expect(await comesTo(mastercard, { config: limited, request: large })).toBe('refused amount-above-limit');
    expect(await comesTo({ ...mastercard, profile: '1B80' }, { config: limited, request: large })).toBe(
      'online deferrable',
    );
  });

  test('a phone that declined because it wants to be unlocked gets another tap', async () => {
    const phone = { ...mastercard, gives: 'AAC' } as const;
    expect(await comesTo({ ...phone, answer: { DF4B: '000200' } })).toBe('tap-again see-phone');
    expect(await comesTo({ ...phone, answer: { DF4B: '000000' } })).toBe('declined card-declined');
    expect(await comesTo(phone)).toBe('declined card-declined');
  });
});

describe('what is wrong with a signature is named', () => {
  const other = makeKeys({ ca: 1152, issuer: 1024, icc: 1024 });
  test.each<[string, Partial<CombinedCardSpec>, string, string]>([
    ['type inside', { inside: '80' }, 'declined oda-failed', 'cryptogram-type'],
    ['transaction data hash', { wrongHash: true }, 'declined oda-failed', 'data-hash'],
    ['counter outside', { answer: { '9F36': '0036' } }, 'declined oda-failed', 'data-hash'],
    ['one object more', { answer: { '9F60': '00' } }, 'declined oda-failed', 'data-hash'],
    ['signature of nobody', { answer: { '9F4B': 'A5'.repeat(128) } }, 'declined oda-failed', 'signature'],
    [
      'signature left out',
      { answer: { '9F4B': undefined, '9F26': 'C1C2C3C4C5C6C7C8' } },
      'declined oda-failed',
      'signature',
    ],
    ['another cryptogram outside', { answer: { '9F26': '0000000000000000' } }, 'declined oda-failed', 'signature'],
    ['another CA', { keys: other }, 'declined oda-failed', 'issuer-certificate'],
    ['certificates that ended', { certifiedUntil: '0125' }, 'declined oda-failed', 'issuer-certificate'],
  ])('%s', async (_, changes, expected, step) => {
    const { outcome } = await tap(cardOf(combinedCard({ ...small, ...changes })), { config: withFloor });
    expect([reasonOf(outcome), cardIn(outcome).oda]).toEqual([
      expected,
      expect.objectContaining({ method: 'cda', step }),
    ]);
    expect(cardIn(outcome).findings?.tvr).toBe('0400000000');
    expect(reasonOf((await tap(cardOf(combinedCard({ ...mastercard, ...changes })))).outcome)).toBe(
      changes.inside ? 'online deferrable' : expected,
    );
  });

  test.each<[string, Partial<CombinedCardSpec>]>([
    ['an approval where an online cryptogram was asked for', { answer: { '9F27': '40' } }],
    ['a reserved type', { answer: { '9F27': 'C0' } }],
    ['no counter', { answer: { '9F36': undefined } }],
    ['neither cryptogram nor signature', { answer: { '9F4B': undefined } }],
    ['the amount changed', { answer: { '9F02': '000000000001' } }],
    ['another card’s number', { answer: { '5A': '5413330089020011' } }],
    ['no list of data', { record: { '8C': undefined } }],
    ['a broken list of data', { record: { '8C': '9F02' } }],
  ])('%s is no answer', async (_, changes) => {
    expect(await comesTo({ ...mastercard, ...changes })).toBe('refused card-data-invalid');
  });
});

describe('a card that leaves in GENERATE AC', () => {
  const drdol = '9F37049F02069F2103';
  const tearing: Disturb = (_, answer, command) => (hex(command).startsWith('80AE') ? 'torn' : answer);
  const torn = async (spec: CombinedCardSpec, log = openTornLog(testClock())) => {
    const answers = combinedCard(spec);
    const first = await tap(cardOf(answers, { disturb: tearing }), { config: withFloor, context: { torn: log } });
    expect(first.outcome).toEqual({ kind: 'tap-again', reason: 'torn' });
    return { answers, log };
  };

  test('is asked for the same cryptogram at the next tap of the same payment', async () => {
    const { answers, log } = await torn({ ...small, drdol });
    expect(log.size).toBe(1);
    const again = cardOf(answers);
    const { outcome } = await tap(again, {
      config: withFloor,
      context: { torn: log },
      request: { unpredictableNumber: unhex('0A0B0C0D'), time: '205600' },
    });
    expect(again.commands.at(-1)).toBe(`80D000000D01020304000000001280205500${'00'}`);
    expect(reasonOf(outcome)).toBe('approved-offline');
    expect(cardIn(outcome)).toMatchObject({ recovered: true, oda: { result: 'passed' } });
    expect(cardIn(outcome).iccData).toContain('9F370401020304');
    expect(log.size).toBe(0);
  });

  test('makes a new one for another payment, or when it has none', async () => {
    for (const request of [{ amount: money(1281, 'CNY') }, { sequence: 43 }]) {
      const { answers, log } = await torn({ ...small, drdol });
      const again = cardOf(answers);
      const { outcome } = await tap(again, { config: withFloor, context: { torn: log }, request });
      expect(again.commands.at(-1)).toMatch(/^80AE/);
      expect([reasonOf(outcome), 'recovered' in cardIn(outcome)]).toEqual(['approved-offline', false]);
    }
    const { log } = await torn({ ...small, drdol });
    const forgetful = cardOf(combinedCard({ ...small, drdol }));
    const { outcome } = await tap(forgetful, { config: withFloor, context: { torn: log } });
    expect(forgetful.commands.slice(-2).map((command) => command.slice(0, 4))).toEqual(['80D0', '80AE']);
    expect(reasonOf(outcome)).toBe('approved-offline');
  });

  test('is kept only when it says how it recovers, and never an approval when it leaves again', async () => {
    expect((await torn(small)).log.size).toBe(0);
    const { answers, log } = await torn({ ...small, drdol });
    const leaving = cardOf(answers, {
      disturb: (_, answer, command) => (hex(command).startsWith('80D0') ? 'torn' : answer),
    });
    const { outcome } = await tap(leaving, { config: withFloor, context: { torn: log } });
    expect(outcome).toEqual({ kind: 'tap-again', reason: 'torn' });
    expect(log.size).toBe(1);
  });

  test('the log is short and forgets', async () => {
    const clock = testClock();
    const log = openTornLog(clock, { most: 2, lifetimeMs: 1_000 });
    for (const sequence of [1, 2, 3]) {
      const pan = ['5413330089600044', '5413330089020011', '5413330089020029'][sequence - 1]!;
      const card = cardOf(combinedCard({ ...small, pan, drdol }), { disturb: tearing });
      await tap(card, { config: withFloor, context: { torn: log }, request: { sequence } });
    }
    expect(log.size).toBe(2);
    clock.advance(1_000);
    expect(log.size).toBe(0);
  });
});
