import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cardKey, commonSessionKey, mac, pad } from './cryptogram.ts';
import { type Deck, inProcess, openDeck } from './deck.ts';
import { readDialogue, replayed, writeDialogue } from './dialogue.ts';
import { hex, readDol, splitDol, toHex } from './tlv.ts';

let dir: string;
let deck: Deck;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'dialogue-'));
  deck = await openDeck({ dir });
}, 60_000);
afterAll(() => rm(dir, { recursive: true }));

type Say = (command: string) => Promise<string | undefined>;

function say(card: ReturnType<Deck['inProcess']>): Say {
  return async (command) => {
    const answer = await card.answer(hex(command));
    return answer && toHex(answer);
  };
}

/** The value of a tag that comes once in an answer, found by its bytes. */
function value(answer: string | undefined, tag: string): string {
  const bytes = hex(answer ?? '');
  const at = bytes.indexOf(hex(tag));
  expect(at, `${tag} in ${answer}`).toBeGreaterThanOrEqual(0);
  const head = at + tag.length / 2;
  const long = bytes[head] === 0x81;
  const from = head + (long ? 2 : 1);
  return toHex(bytes.subarray(from, from + (bytes[from - 1] ?? 0)));
}

const select = '00A4040007A000000004101000';
const cdolData =
  '000000001280 000000000000 0156 0000000000 0156 261121 00 A1B2C3D4 22 0000 0000000000000000 1F0302'.replaceAll(
    ' ',
    '',
  );
const generate = (p1: string) => `80AE${p1}00${(cdolData.length / 2).toString(16).toUpperCase()}${cdolData}00`;

async function started(id: string, gpo = '80A8000002830000'): Promise<Say> {
  const card = say(deck.inProcess(id));
  expect(await card(select)).toMatch(/9000$/);
  expect(await card(gpo)).toMatch(/^77.*9000$/);
  return card;
}

describe('kernel 2 in EMV mode', () => {
  test('asks at GENERATE AC for what its CDOL1 lists', async () => {
    const card = await started('mastercard-ok');
    const record = await card('00B2011400');
    const entries = readDol(hex(value(record, '8C')));
    expect(splitDol(entries, hex(cdolData))?.get('9F37')).toEqual(hex('A1B2C3D4'));
    expect(await card('80AE900003000000')).toBe('6700');
  });

  test.each([
    ['mastercard-ok', '90', '80'],
    ['mastercard-ok', '50', '80'],
    ['mastercard-offline', '50', '40'],
    ['mastercard-offline', '90', '80'],
    ['mastercard-offline', '10', '00'],
    ['mastercard-declines', '90', '00'],
  ])('%s asked for %s answers %s, never more than was asked', async (id, p1, type) => {
    const card = await started(id);
    const answer = await card(generate(p1));
    expect(value(answer, '9F27')).toBe(type);
    expect(answer?.includes('9F4B')).toBe(type !== '00');
    expect(await card(generate(p1))).toBe('6985');
  });

  test('wants its PDOL filled when it has one', async () => {
    const card = say(deck.inProcess('mastercard-pdol'));
    await card(select);
    expect(await card('80A8000002830000')).toBe('6700');
    expect(await card('80A800000A8308015622000000000000')).toMatch(/^77.*9000$/);
  });

  test('gives a lost cryptogram once more, to a terminal that asks for it', async () => {
    const torn = await started('mastercard-torn');
    for (const record of ['00B2011400', '00B2011C00', '00B2021C00', '00B2031C00']) await torn(record);
    expect(await torn('80CA9F3600')).toMatch(/9000$/);
    const lost = deck.inProcess('mastercard-recovers');
    const first = say(lost);
    await first(select);
    await first('80A8000002830000');
    const answer = await first(generate('90'));
    const again = await started('mastercard-recovers');
    expect(await again('80D0000004A1B2C3D400')).toBe(answer);
    expect(await again('80D0000004A1B2C3D400')).toBe('6985');
  });

  test('makes its session key as EMV’s common derivation does (vector of knovichikhin/pyemv, Visa version 18)', () => {
    const key = commonSessionKey(
      cardKey(hex('0123456789ABCDEFFEDCBA9876543210'), '1234567890123456', '00'),
      hex('001C'),
    );
    const data = '000000004000 000000000000 0124 8000048000 0124 191105 01 52BF4585 1800 001C 06011203A0B800';
    expect(toHex(mac(key, pad(hex(data), 2)))).toBe('7A788EA6B8A3E733');
  });
});

describe('trouble in the dialogue', () => {
  test('a card that leaves after it has done what was asked leaves without an answer', async () => {
    const card = say(deck.inProcess('mastercard-torn'));
    const commands = [
      '00A404000E325041592E5359532E444446303100',
      select,
      '80A8000002830000',
      '00B2011400',
      '00B2011C00',
      '00B2021C00',
      '00B2031C00',
    ];
    for (const command of commands) expect(await card(command)).toMatch(/9000$/);
    expect(await card(generate('90'))).toBeUndefined();
    expect(await (await started('mastercard-torn'))('80D0000004A1B2C3D400')).toMatch(/^77.*9000$/);
  });
});

describe('a recorded dialogue', () => {
  test('read back says the same, and bent text is refused with its line', () => {
    const text = '-- card in the field\n=> 00A40400 00\n<= 6F00 9000\n# note\n\n=> 80A8000002830000\n-- left\n';
    const exchanges = readDialogue(text);
    expect(exchanges.map(({ command, answer }) => [toHex(command), answer && toHex(answer)])).toEqual([
      ['00A4040000', '6F009000'],
      ['80A8000002830000', undefined],
    ]);
    expect(readDialogue(writeDialogue(exchanges))).toEqual(exchanges);
    for (const bad of ['<= 9000', '=> 00\n<= 9000\n<= 9000', '=> 5A08621094******0011', 'hello', '=> 0']) {
      expect(() => readDialogue(bad), bad).toThrow(/^line \d: /);
    }
  });

  test('replayed is the same card to a terminal with another random number', async () => {
    const recorded: string[] = [];
    const original = say(deck.inProcess('unionpay-ok'));
    const gpo = (random: string) =>
      `80A80000238321270040800000000012800000000000000156000000000001562611210${'0'}${random}00`;
    const commands = [
      '00A404000E325041592E5359532E444446303100',
      '00A4040008A00000033301010100',
      gpo('A1B2C3D4'),
      '00B2011400',
    ];
    for (const command of commands) {
      const answer = await original(command);
      expect(answer).toMatch(/9000$/);
      recorded.push(`=> ${command}`, `<= ${answer}`);
    }
    const card = say(inProcess(replayed(readDialogue(recorded.join('\n')), hex('3B80800101'))));
    expect(await card(commands[0] ?? '')).toBe(recorded[1]?.slice(3));
    expect(await card(commands[1] ?? '')).toBe(recorded[3]?.slice(3));
    expect(await card(gpo('99999999'))).toBe(recorded[5]?.slice(3));
    expect(await card('00B2011400')).toBe(recorded[7]?.slice(3));
    expect(await card('80CA9F1700')).toBe('6D00');
  });
});

test('a deck of an older version gets the keys it lacks and keeps the others', async () => {
  const old = await mkdtemp(join(tmpdir(), 'old-'));
  const before = await openDeck({ dir: old });
  const file = join(old, 'cards', 'keys.json');
  const keys = JSON.parse(await readFile(file, 'utf8'));
  for (const part of ['ca', 'issuer', 'card']) delete keys[part].mastercard;
  await writeFile(file, JSON.stringify(keys));
  const after = await openDeck({ dir: old });
  expect(after.caKeys.filter(({ rid }) => rid !== 'A000000004')).toEqual(
    before.caKeys.filter(({ rid }) => rid !== 'A000000004'),
  );
  expect(after.caKeys).toHaveLength(3);
  expect((await openDeck({ dir: old })).caKeys).toEqual(after.caKeys);
  await rm(old, { recursive: true });
}, 60_000);
