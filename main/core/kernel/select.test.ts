import { describe, expect, test } from 'vitest';
import { hex, unhex } from './bytes.ts';
import { config, tap, unionpay, visa } from './test/setting.ts';
import { type Disturb, type TestCardSpec, testCard } from './test/testcard.ts';

const DEBIT = 'A000000333010101';
const CREDIT = 'A000000333010102';
const VISA = 'A0000000031010';

/** The AIDs that were selected, in order. */
function selected(commands: readonly string[]): string[] {
  return commands.filter((command) => /^00A40400(?!0E)/.test(command)).map((command) => command.slice(10, -2));
}

async function order(directory: NonNullable<TestCardSpec['directory']>, status = '6A82'): Promise<string[]> {
  const disturb: Disturb = (index, answer) => (index > 0 ? unhex(status) : answer);
  const card = testCard({ ...unionpay, directory }, { disturb });
  await tap(card);
  return selected(card.commands);
}

test('priority decides, then the card’s order; no priority comes last', async () => {
  const directory = [{ aid: VISA }, { aid: CREDIT, priority: '02' }, { aid: DEBIT, priority: '01' }];
  expect(await order(directory)).toEqual([DEBIT, CREDIT, VISA]);
  expect(
    await order([
      { aid: CREDIT, priority: '01' },
      { aid: DEBIT, priority: '01' },
    ]),
  ).toEqual([CREDIT, DEBIT]);
});

test('a longer AID of the card matches, a shorter or foreign one does not', async () => {
  expect(
    await order([
      { aid: `${VISA}01` },
      { aid: 'A00000000310' },
      { aid: 'A0000000651010' },
      { aid: 'A000000025010801' },
    ]),
  ).toEqual([`${VISA}01`]);
});

test('the kernel a card asks for must be the counter’s for that AID', async () => {
  const asked = (kernel: string) => order([{ aid: DEBIT, kernel }]);
  expect(await asked('07')).toEqual([DEBIT]);
  expect(await asked('00')).toEqual([DEBIT]);
  expect(await asked('03')).toEqual([]);
  expect(await asked('C10156')).toEqual([]);
});

test.each(['6A82', '6283', '6985'])('%s on selection gives the next candidate its turn', async (status) => {
  const directory = [
    { aid: CREDIT, priority: '01' },
    { aid: DEBIT, priority: '02' },
  ];
  expect(await order(directory, status)).toEqual([CREDIT, DEBIT]);
  const disturb: Disturb = (_, answer, command) => (hex(command).includes(CREDIT) ? unhex(status) : answer);
  const { outcome } = await tap(testCard({ ...unionpay, directory }, { disturb }));
  expect(outcome).toMatchObject({ kind: 'online', card: { aid: DEBIT } });
});

test('6985 on GPO gives the next candidate its turn', async () => {
  const directory = [
    { aid: CREDIT, priority: '01' },
    { aid: DEBIT, priority: '02' },
  ];
  let asked = 0;
  const disturb: Disturb = (_, answer, command) => {
    if (!hex(command).startsWith('80A8')) return answer;
    asked += 1;
    return asked === 1 ? unhex('6985') : answer;
  };
  const card = testCard({ ...unionpay, directory }, { disturb });
  const { outcome } = await tap(card);
  expect(outcome).toMatchObject({ kind: 'online', card: { aid: DEBIT } });
  expect(selected(card.commands)).toEqual([CREDIT, DEBIT]);
});

describe('cards that are no payment cards here', () => {
  test('a storage card is known by its ATR and asked nothing', async () => {
    // MIFARE Classic 1K, PC/SC part 3.
    const card = testCard(unionpay, { atr: '3B8F8001804F0CA000000306030001000000006A' });
    expect((await tap(card)).outcome).toMatchObject({ kind: 'refused', reason: 'not-a-payment-card' });
    expect(card.commands).toEqual([]);
  });

  test.each(['6A82', '6A81', '6D00', '6E00', '6700'])('no directory: %s', async (status) => {
    const { outcome } = await tap(testCard(unionpay, { disturb: () => unhex(status) }));
    expect(outcome).toMatchObject({ kind: 'refused', reason: 'not-a-payment-card', detail: `SELECT PPSE: ${status}` });
  });

  test('only applications that this terminal has no kernel for', async () => {
    const { outcome } = await tap(testCard({ ...unionpay, directory: [{ aid: 'A0000000041010', kernel: '03' }] }));
    expect(outcome).toMatchObject({ kind: 'refused', reason: 'no-supported-application' });
    const empty = await tap(testCard({ ...unionpay, directory: [] }));
    expect(empty.outcome).toMatchObject({ kind: 'refused', reason: 'no-supported-application' });
  });
});

test('an answer under another name than the one selected is refused', async () => {
  const disturb: Disturb = (index, answer) =>
    index === 1 ? unhex(hex(answer).replace('8407A0000000031010', '8407A0000000032010')) : answer;
  expect((await tap(testCard(visa, { disturb }))).outcome).toMatchObject({
    kind: 'refused',
    reason: 'card-data-invalid',
  });
});

test.each([
  ['without the qualifiers', '9F02069F3704', 'use-another-interface'],
  ['that is empty', '', 'use-another-interface'],
  ['that is cut', '9F66049F', 'card-data-invalid'],
])('a PDOL %s ends contactless', async (_, pdol, reason) => {
  expect((await tap(testCard({ ...visa, pdol }))).outcome).toMatchObject({ kind: 'refused', reason });
});

test('the most exact of the counter’s AIDs decides the kernel', async () => {
  const cards = {
    ...config.cards,
    applications: [
      { aid: 'A000000003', kernel: 7, scheme: 'unionpay' },
      { aid: VISA, kernel: 3, scheme: 'visa' },
    ] as const,
  };
  const { outcome } = await tap(testCard(visa), {
    config: { ...config, cards: { ...cards, applications: [...cards.applications] } },
  });
  expect(outcome).toMatchObject({ card: { kernel: 3, scheme: 'visa' } });
});

describe('an application that the card wants its holder to choose', () => {
  const directory = [
    { aid: CREDIT, priority: '81', label: 'CREDIT' },
    { aid: DEBIT, priority: '02' },
  ];
  const choices = [
    { aid: CREDIT, label: 'CREDIT' },
    { aid: DEBIT, label: 'TEST' },
  ];

  test('is asked about, beside the others, and nothing else is asked of the card', async () => {
    const card = testCard({ ...unionpay, directory });
    const { outcome, gone } = await tap(card);
    expect(outcome).toEqual({ kind: 'choose', choices });
    expect(gone).toBe(1);
    expect(card.commands.length).toBe(1);
  });

  test.each([CREDIT, DEBIT])('%s is taken when it was chosen, and no other', async (chosen) => {
    const card = testCard({ ...unionpay, directory });
    expect((await tap(card, { request: { chosen } })).outcome).toMatchObject({ card: { aid: chosen } });
    expect(selected(card.commands)).toEqual([chosen]);
  });

  test('is asked about when nothing else is there', async () => {
    const card = testCard({ ...unionpay, directory: directory.slice(0, 1) });
    expect((await tap(card)).outcome).toEqual({ kind: 'choose', choices: choices.slice(0, 1) });
  });

  test('is no question while a better one does without, and one when that falls out', async () => {
    const other = [{ ...directory[0]!, priority: '83' }, directory[1]!];
    expect((await tap(testCard({ ...unionpay, directory: other }))).outcome).toMatchObject({ card: { aid: DEBIT } });
    const disturb: Disturb = (_, answer, command) => (hex(command).includes(DEBIT) ? unhex('6A82') : answer);
    const card = testCard({ ...unionpay, directory: other }, { disturb });
    expect((await tap(card)).outcome).toEqual({ kind: 'choose', choices: choices.slice(0, 1) });
  });

  test('and is not on the card that comes then is refused, without another one in its place', async () => {
    const card = testCard({ ...unionpay, directory: directory.slice(1) });
    expect((await tap(card, { request: { chosen: CREDIT } })).outcome).toMatchObject({
      kind: 'refused',
      reason: 'no-supported-application',
    });
    expect(card.commands.length).toBe(1);
  });

  test('is told by its label, and by the scheme where that could be a number', async () => {
    const labelled = (label: string) => [{ ...directory[0]!, label }];
    for (const [label, told] of [
      ['Visa Debit', 'Visa Debit'],
      ['4761739001010119', 'UnionPay'],
      ['no 476173', 'UnionPay'],
      ['\u0007bell', 'UnionPay'],
      ['longer than sixteen', 'UnionPay'],
    ] as const) {
      const { outcome } = await tap(testCard({ ...unionpay, directory: labelled(label) }));
      expect(outcome).toEqual({ kind: 'choose', choices: [{ aid: CREDIT, label: told }] });
    }
  });
});

test('between applications of one priority the holder chooses where the rules say so', async () => {
  const directory = [
    { aid: CREDIT, priority: '01' },
    { aid: DEBIT, priority: '01' },
    { aid: VISA, priority: '02' },
  ];
  const asking = { ...config, cards: { ...config.cards, chooseBetweenEquals: true } };
  const { outcome } = await tap(testCard({ ...unionpay, directory }), { config: asking });
  expect(outcome).toMatchObject({ kind: 'choose', choices: [{ aid: CREDIT }, { aid: DEBIT }, { aid: VISA }] });
  expect((await tap(testCard({ ...unionpay, directory }))).outcome).toMatchObject({ card: { aid: CREDIT } });
  const unranked = directory.map(({ aid }) => ({ aid }));
  expect((await tap(testCard({ ...unionpay, directory: unranked }), { config: asking })).outcome).toMatchObject({
    card: { aid: CREDIT },
  });
});

test('the extended selection of a directory entry follows the AID where the rules allow it', async () => {
  const directory = [{ aid: VISA, extension: '0102' }];
  const applications = config.cards.applications.map((each) => ({ ...each, extendedSelection: true }));
  const cards = { ...config.cards, applications };
  const card = testCard({ ...visa, directory });
  expect((await tap(card, { config: { ...config, cards } })).outcome).toMatchObject({ card: { aid: `${VISA}0102` } });
  expect(selected(card.commands)).toEqual([`${VISA}0102`]);
  expect(await order(directory)).toEqual([VISA]);
  const long = testCard({ ...visa, directory: [{ aid: VISA, extension: '00'.repeat(10) }] });
  expect((await tap(long, { config: { ...config, cards } })).outcome).toMatchObject({ kind: 'refused' });
});

describe('a card without a directory', () => {
  const absent: Disturb = (index, answer) => (index === 0 ? unhex('6A82') : answer);
  const config1 = { ...config, cards: { ...config.cards, withoutDirectory: true } };
  test('is asked for each application where the rules say so', async () => {
    const others: Disturb = (index, answer, command) =>
      index > 0 && hex(command).startsWith('00A4') && !hex(command).includes(VISA)
        ? unhex('6A82')
        : absent(index, answer, command);
    const card = testCard(visa, { disturb: others });
    expect((await tap(card, { config: config1 })).outcome).toMatchObject({ card: { aid: VISA, kernel: 3 } });
    expect(selected(card.commands)).toEqual([DEBIT, CREDIT, VISA]);
  });

  test('and none of them', async () => {
    const card = testCard(visa, { disturb: () => unhex('6A82') });
    expect((await tap(card, { config: config1 })).outcome).toMatchObject({ reason: 'no-supported-application' });
    expect(card.commands.length).toBe(1 + config.cards.applications.length);
  });

  test('is no payment card elsewhere', async () => {
    const card = testCard(visa, { disturb: absent });
    expect((await tap(card)).outcome).toMatchObject({ reason: 'not-a-payment-card' });
  });
});

test('an answer that only announces more (61xx, 6Cxx) is none: the reader fetches it', async () => {
  for (const status of ['6110', '6C10']) {
    const { outcome } = await tap(
      testCard(visa, { disturb: (index, answer) => (index === 2 ? unhex(status) : answer) }),
    );
    expect(outcome).toMatchObject({ kind: 'refused', reason: 'card-data-invalid' });
  }
});

test('a card that has become another one is no answer of this one', async () => {
  const card = testCard({ ...visa, cid: '40' });
  const changing = {
    ...card,
    get atr() {
      return unhex(card.commands.length < 3 ? '3B80800101' : '3B8080010100');
    },
  };
  expect((await tap(changing)).outcome).toEqual({ kind: 'tap-again', reason: 'torn' });
});
