import { describe, expect, test } from 'vitest';
import { money } from '../../../contract/money.ts';
import { hex, unhex } from './bytes.ts';
import { readCard } from './kernel.ts';
import type { CardOutcome } from './outcome.ts';
import {
  config,
  opened,
  request,
  tap,
  testClock,
  UNIONPAY_PAN,
  unionpay,
  VISA_PAN,
  vault,
  visa,
} from './test/setting.ts';
import { caKeyOf, type Disturb, makeKeys, type TestCardSpec, testCard } from './test/testcard.ts';

function cardOf(outcome: CardOutcome) {
  if (!('card' in outcome) || !outcome.card) throw new Error(`no card: ${JSON.stringify(outcome)}`);
  return outcome.card;
}

function reasonOf(outcome: CardOutcome): string {
  return 'reason' in outcome ? `${outcome.kind} ${outcome.reason}` : outcome.kind;
}

/** What a tap of a card with these differences comes to, in short. */
async function comesTo(spec: TestCardSpec, changes?: Parameters<typeof tap>[1]): Promise<string> {
  const { outcome, gone } = await tap(testCard(spec), changes);
  expect(gone).toBe(1);
  if (outcome.kind === 'online')
    return `online ${outcome.deferrable ? 'deferrable' : (outcome.card.oda.step ?? 'only')}`;
  return reasonOf(outcome);
}

test('a UnionPay card goes online, proved and deferrable, with everything the bank needs', async () => {
  const { outcome } = await tap(testCard(unionpay));
  const card = cardOf(outcome);
  expect(outcome).toMatchObject({ kind: 'online', deferrable: true });
  expect(card).toMatchObject({
    scheme: 'unionpay',
    aid: 'A000000333010101',
    label: 'Test Debit',
    kernel: 7,
    maskedPan: '621094******0011',
    expiry: '3012',
    panSequence: '001',
    oda: { method: 'fdda', result: 'passed' },
    cvm: 'none',
    cryptogram: { type: 'ARQC', value: '1122334455667788', atc: 28 },
  });
  expect(card.token).toMatch(/^[0-9a-f]{32}$/);
  expect(card.iccData).toBe(
    '9F26081122334455667788' +
      '9F270180' +
      '9F100E07010103A00000010A0100000000' +
      '9F370401020304' +
      '9F3602001C' +
      '95050000000000' +
      '9A03261121' +
      '9C0100' +
      '9F0206000000001280' +
      '5F2A020156' +
      '82022000' +
      '9F1A020156' +
      '9F0306000000000000' +
      '9F3303002840' +
      '9F34031F0302' +
      '9F350122' +
      '9F1E083030303030303030' +
      '8408A000000333010101' +
      '9F09020030' +
      '9F410400000042' +
      '5F340101',
  );
  expect(await opened(card.sealed)).toEqual({
    pan: UNIONPAY_PAN,
    track2: `${UNIONPAY_PAN}D30122010000000F`,
    expiry: '3012',
  });
});

test('a Visa card goes the same way under kernel 3', async () => {
  const { outcome } = await tap(testCard(visa));
  expect(outcome).toMatchObject({
    kind: 'online',
    deferrable: true,
    card: { scheme: 'visa', kernel: 3, maskedPan: '476173******0119', oda: { result: 'passed' } },
  });
});

test('no full PAN and no track data stand in the outcome, but in the seal', async () => {
  const ascii = hex(new TextEncoder().encode(VISA_PAN));
  const { outcome } = await tap(
    testCard({ ...visa, record: { '5F20': '54455354', '9F1F': ascii, DF8101: `00${ascii}` } }),
  );
  const text = JSON.stringify(outcome);
  expect(text).not.toContain(VISA_PAN);
  expect(text).not.toContain(ascii);
  const shown = new Map(cardOf(outcome).tags.map((tag) => [tag.tag, tag.value]));
  expect(shown.get('5A')).toBe('476173******0119');
  expect(shown.get('57')).toBe(`476173******0119${'*'.repeat(16)}`);
  expect(shown.get('5F20')).toBe('********');
  expect(shown.get('9F46')).toMatch(/^\*+$/);
  expect(shown.get('9F36')).toBe('001C');
});

test('a label that holds the PAN, or is not readable, gives way to the scheme’s name', async () => {
  for (const label of [VISA_PAN, 'Caf\u00e9', 'far too long for a label']) {
    expect(cardOf((await tap(testCard({ ...visa, label }))).outcome).label).toBe('Visa');
  }
});

test('PANs of 19 digits, as most UnionPay cards have, and of odd lengths are read', async () => {
  // The test BIN 621094 with generated account digits.
  for (const pan of ['6210948000000000004', '6210948000004', '62109480000000004']) {
    const spec = { ...unionpay, pan, cid: '40' };
    const { outcome } = await tap(testCard(spec));
    expect(reasonOf(outcome)).toBe('approved-offline');
    expect(cardOf(outcome).maskedPan).toBe(`621094${'*'.repeat(pan.length - 10)}${pan.slice(-4)}`);
    expect(await opened(cardOf(outcome).sealed)).toMatchObject({ pan });
  }
});

test('the card may go after its last exchange, before signatures are checked; time is told apart', async () => {
  const clock = testClock();
  const card = testCard(unionpay, { clock, ms: 30 });
  let seen: number | undefined;
  const outcome = await readCard(card, request, config, vault, clock, () => {
    seen = card.commands.length;
    clock.advance(500);
  });
  expect(seen).toBe(card.commands.length);
  expect(cardOf(outcome).timing).toMatchObject({ cardMs: 210, ownMs: 0 });
  expect(cardOf(outcome).timing.exchanges.map((exchange) => exchange.command)).toEqual([
    'SELECT PPSE',
    'SELECT',
    'GPO',
    'READ RECORD 2.1',
    'READ RECORD 2.2',
    'READ RECORD 2.3',
    'READ RECORD 2.4',
  ]);
  expect(card.timeouts.every((timeout) => timeout === 2_000)).toBe(true);
});

test('a whole dialogue has its own deadline', async () => {
  const clock = testClock();
  const card = testCard(unionpay, { clock, ms: 1_900 });
  const { outcome } = await tap(card, { clock });
  expect(outcome).toEqual({ kind: 'tap-again', reason: 'timed-out' });
  expect(card.timeouts.at(-1)).toBe(500);
  expect(card.commands.length).toBe(6);
});

describe('what the cryptogram comes to', () => {
  const other = makeKeys({ ca: 1152, issuer: 1024, icc: 1024 });
  test.each<[string, Partial<TestCardSpec>, string]>([
    ['TC, proved', { cid: '40' }, 'approved-offline'],
    ['AAC', { cid: '00' }, 'declined card-declined'],
    ['TC, signed with another CA', { cid: '40', keys: other }, 'declined oda-failed'],
    ['TC, another fDDA version', { cid: '40', fddaVersion: '00' }, 'declined oda-failed'],
    ['TC, not signed', { cid: '40', answer: { '9F4B': undefined } }, 'declined oda-failed'],
    ['TC, certificates expired', { cid: '40', certifiedUntil: '0125' }, 'declined oda-failed'],
    ['TC, static data changed', { cid: '40', answer: { '82': '2001' } }, 'declined oda-failed'],
    ['ARQC, signed with another CA', { keys: other }, 'online issuer-certificate'],
    ['ARQC, signature of nobody', { answer: { '9F4B': 'A5'.repeat(128) } }, 'online signature'],
    ['TC, signature of nobody', { cid: '40', answer: { '9F4B': 'A5'.repeat(128) } }, 'declined oda-failed'],
    ['TC, signature of no length', { cid: '40', answer: { '9F4B': '' } }, 'declined oda-failed'],
    ['ARQC, not signed', { answer: { '9F4B': undefined } }, 'online only'],
    ['ARQC, version 00', { fddaVersion: '00' }, 'online version'],
    ['ARQC, certificates expired', { certifiedUntil: '0125' }, 'online issuer-certificate'],
    ['ARQC told by 9F10 alone', { answer: { '9F27': undefined } }, 'online deferrable'],
    ['TC told by 9F10 alone', { answer: { '9F27': undefined, '9F10': '07010103900000' } }, 'approved-offline'],
    ['reserved type', { cid: 'C0' }, 'refused card-data-invalid'],
    ['expired card', { expiry: '2610' }, 'declined card-expired'],
    ['expired card with a TC', { expiry: '2610', cid: '40' }, 'declined card-expired'],
    ['card on its last day', { expiry: '2611', record: { '5F24': '261121' } }, 'online deferrable'],
    ['card of tomorrow', { record: { '5F25': '261122' } }, 'declined not-yet-effective'],
    ['card of today', { record: { '5F25': '261121' } }, 'online deferrable'],
  ])('%s', async (_, changes, expected) => {
    expect(await comesTo({ ...unionpay, ...changes })).toBe(expected);
    expect(await comesTo({ ...visa, ...changes })).toBe(expected);
  });

  test('a signature over another unpredictable number or amount proves nothing', async () => {
    const recordedAnswers: Uint8Array[] = [];
    const record: Disturb = (index, answer) => {
      recordedAnswers[index] = answer;
      return answer;
    };
    await tap(testCard({ ...visa, cid: '40' }, { disturb: record }));
    const replayed = testCard({ ...visa, cid: '40' }, { disturb: (index) => recordedAnswers[index]! });
    const fresh = await tap(replayed, { request: { unpredictableNumber: unhex('0A0B0C0D') } });
    expect(fresh.outcome).toMatchObject({
      kind: 'declined',
      reason: 'oda-failed',
      card: { oda: { step: 'signature' } },
    });
    const more = await tap(testCard(visa, { disturb: (index) => recordedAnswers[index]! }), {
      request: { amount: money(1281, 'CNY') },
    });
    expect(more.outcome).toMatchObject({ kind: 'declined', reason: 'oda-failed' });
    const same = await tap(testCard(visa, { disturb: (index) => recordedAnswers[index]! }));
    expect(same.outcome.kind).toBe('approved-offline');
  });

  test('a TC where the terminal required an online cryptogram is declined', async () => {
    const online = { ...config, cards: { ...config.cards, ttq: '36804080' } };
    expect(await comesTo({ ...visa, cid: '40' }, { config: online })).toBe('declined terminal-declined');
    expect(await comesTo(visa, { config: online })).toBe('online deferrable');
  });

  test('short keys without remainder, and a CA key that is not there', async () => {
    const short = makeKeys({ ca: 1152, issuer: 832, icc: 480 + 32 });
    const cards = { ...config.cards, caKeys: [caKeyOf(short, 'A000000333')] };
    expect(await comesTo({ ...unionpay, keys: short, cid: '40' }, { config: { ...config, cards } })).toBe(
      'approved-offline',
    );
    expect(await comesTo(unionpay, { config: { ...config, cards: { ...cards, caKeys: [] } } })).toBe('online ca-key');
  });
});

describe('the cardholder’s verification', () => {
  const large = { request: { amount: money(100_000, 'CNY') } };
  test.each<[string, string | undefined, string, string]>([
    ['nothing asked', '0000', 'none', 'declined terminal-declined'],
    ['no qualifiers', undefined, 'none', 'signature'],
    ['done on the phone', '0080', 'cdcvm', 'cdcvm'],
    ['signature', '4000', 'signature', 'signature'],
    ['PIN or signature', 'C000', 'signature', 'signature'],
    ['PIN', '8000', 'refused use-another-interface', 'refused use-another-interface'],
  ])('%s', async (_, ctq, small, big) => {
    const { ctq: _own, ...rest } = unionpay;
    const spec: TestCardSpec = ctq === undefined ? rest : { ...unionpay, ctq };
    const came = async (changes: Parameters<typeof tap>[1]) => {
      const { outcome } = await tap(testCard(spec), changes);
      return outcome.kind === 'online'
        ? outcome.card.cvm
        : `${outcome.kind} ${'reason' in outcome ? outcome.reason : ''}`;
    };
    expect(await came({})).toBe(small);
    expect(await came(large)).toBe(big);
  });

  test('the terminal tells the card that verification is due, and never that a PIN can be entered', async () => {
    const [small, big] = [testCard(unionpay), testCard(unionpay)];
    await tap(small);
    await tap(big, large);
    expect(small.commands[2]).toMatch(/^80A8000023832132004080000000001280/);
    expect(big.commands[2]).toMatch(/^80A8000023832132404080000000100000/);
    const third = testCard(visa);
    await tap(third);
    expect(third.commands[2]).toMatch(/^80A8000023832133004080/);
  });

  test('a phone’s verification that its signed data does not confirm is none', async () => {
    expect(await comesTo({ ...visa, answer: { '9F6C': '0080' } })).toBe('declined terminal-declined');
  });

  test('field 55 tells of the signature', async () => {
    const { outcome } = await tap(testCard({ ...visa, ctq: '4000' }));
    expect(cardOf(outcome).iccData).toContain('9F34031E0300');
  });
});

describe('what contradicts itself or is missing is refused', () => {
  test.each<[string, Partial<TestCardSpec>]>([
    ['5A of another card', { record: { '5A': '6210948000000029' } }],
    ['expiry of another day', { record: { '5F24': '310131' } }],
    ['a day that is none', { record: { '5F24': '301300' } }],
    ['another amount', { answer: { '9F02': '000000000001' } }],
    ['another currency', { record: { '5F2A': '0840' } }],
    ['two sequence numbers', { record: { '5F34': '02' } }],
    ['PAN check digit', { pan: '6210948000000012', record: { '5A': undefined } }],
    ['no track 2', { answer: { '57': undefined } }],
    ['track 2 that is none', { answer: { '57': 'FFFFFFFFFFFFFFFF' } }],
    ['no cryptogram', { answer: { '9F26': undefined } }],
    ['short cryptogram', { answer: { '9F26': '11223344' } }],
    ['no counter', { answer: { '9F36': undefined } }],
    ['no application data', { answer: { '9F10': undefined } }],
    ['long application data', { answer: { '9F10': '00'.repeat(33) } }],
    ['no interchange profile', { answer: { '82': undefined } }],
    ['bad file locator', { answer: { '94': '10020100' } }],
    ['the PAN in field 55', { answer: { '9F10': `0701${UNIONPAY_PAN}` } }],
  ])('%s', async (_, changes) => {
    expect(await comesTo({ ...unionpay, ...changes })).toBe('refused card-data-invalid');
  });

  test('magnetic-stripe mode is told apart', async () => {
    expect(await comesTo({ ...visa, answer: { '82': '0080', '9F26': undefined } })).toBe('refused mag-stripe-mode');
  });

  test('an amount above the contactless limit asks nothing of the card', async () => {
    const card = testCard(unionpay);
    const { outcome, gone } = await tap(card, { request: { amount: money(500_001, 'CNY') } });
    expect(outcome).toMatchObject({ kind: 'refused', reason: 'amount-above-limit' });
    expect([gone, card.commands.length]).toEqual([1, 0]);
    const small = { ...config, limits: { ...config.limits, maxMinor: 1_279 } };
    expect(await comesTo(unionpay, { config: small })).toBe('refused amount-above-limit');
    expect(await comesTo({ ...unionpay, ctq: '0080' }, { request: { amount: money(500_000, 'CNY') } })).toBe(
      'online deferrable',
    );
  });

  test.each([{ amount: money(0, 'CNY') }, { unpredictableNumber: unhex('0102') }, { date: '2026' }, { sequence: -1 }])(
    'a request that is none is a bug: %o',
    async (changes) => {
      await expect(tap(testCard(unionpay), { request: changes })).rejects.toThrow(RangeError);
    },
  );
});

test('an answer in format 80 carries no cryptogram and is refused', async () => {
  const card = testCard(unionpay, {
    disturb: (_, answer, command) => (hex(command).startsWith('80A8') ? unhex('80062000100104019000') : answer),
  });
  expect((await tap(card)).outcome).toMatchObject({ kind: 'refused', reason: 'card-data-invalid' });
});
