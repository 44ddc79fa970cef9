import { describe, expect, test } from 'vitest';
import type { Card, Exchange } from '../../../drivers/nfc/reader.ts';
import { hex, sameBytes, unhex } from './bytes.ts';
import { readTag } from './ndef/tag.ts';
import { external, inArea, message, text, type2, uri } from './ndef/test/tag.ts';
import type { CardOutcome } from './outcome.ts';
import { combinedCard } from './test/combinedcard.ts';
import { mastercard, tap, testClock, unionpay, visa, withFloor } from './test/setting.ts';
import { answersOf, cardOf, type Disturb, testCard } from './test/testcard.ts';
import { openTornLog } from './torn.ts';

// Bad input from cards, row by row: what comes must be refused whole, with its code, and never become money.

function said(outcome: CardOutcome): string {
  return 'reason' in outcome ? `${outcome.kind} ${outcome.reason}` : outcome.kind;
}

const offline = { ...unionpay, cid: '40' };

/** Every answer of a card that would approve offline, one after the other, in place of its own. */
async function atEveryAnswer(answer: string | ((own: Uint8Array) => Uint8Array)): Promise<string[]> {
  const whole = testCard(offline);
  expect((await tap(whole)).outcome.kind).toBe('approved-offline');
  const ends: string[] = [];
  for (let at = 0; at < whole.commands.length; at++) {
    const disturb: Disturb = (index, own) =>
      index !== at ? own : typeof answer === 'string' ? unhex(answer) : answer(own);
    ends.push(said((await tap(testCard(offline, { disturb }))).outcome));
  }
  return ends;
}

const refusals = /^(refused (card-data-invalid|not-a-payment-card|no-supported-application)|tap-again torn)$/;

describe('TLV', () => {
  const deep = (depth: number): string =>
    depth === 0 ? '5A00' : `70${(depth * 2).toString(16).padStart(2, '0')}${deep(depth - 1)}`;
  test.each<[string, string | ((own: Uint8Array) => Uint8Array)]>([
    ['truncated', (own) => Uint8Array.of(...own.subarray(0, own.length - 3), 0x90, 0x00)],
    ['of indefinite length', '7080570000009000'],
    ['with a length above the rest', '6F7F8407A00000000410109000'],
    ['with a length of a length', '70840000000157009000'],
    ['with a tag of more than three bytes', '7006DF8182838401009000'],
    ['nested deeper than six', `${deep(9)}9000`],
    ['of more than 512 objects', `7082${(1_100).toString(16).padStart(4, '0')}${'8E00'.repeat(550)}9000`],
    ['that says 57 twice in two ways', '700A 5702 6210 5702 6211 9000'.replaceAll(' ', '')],
    ['that says 5A twice in two ways', '700A 5A02 6210 5A02 6211 9000'.replaceAll(' ', '')],
    ['that says 9F02 twice in two ways', '7008 9F0201 12 9F0201 13 9000'.replaceAll(' ', '')],
  ])('%s refuses the card at every answer', async (_name, answer) => {
    for (const end of await atEveryAnswer(answer)) expect(end).toMatch(refusals);
  });
});

describe('an answer', () => {
  test.each([
    ['of no byte', ''],
    ['of one byte', '90'],
  ])('%s is a torn card', async (_name, answer) => {
    for (const end of await atEveryAnswer(answer)) expect(end).toBe('tap-again torn');
  });

  test.each(['6A82', '6985', '6700', '6F00', '6281'])('%s where 9000 is needed never approves', async (status) => {
    for (const end of await atEveryAnswer(status)) expect(end).not.toMatch(/approved|online/);
  });

  test('of more than 64 kB is none', async () => {
    for (const end of await atEveryAnswer(() => new Uint8Array(70_000))) expect(end).toMatch(refusals);
  });
});

describe('a cryptogram that was asked for and not answered', () => {
  const spec = { ...mastercard, gives: 'TC', drdol: '9F37049F02069F2103' } as const;

  test('ends the tap before the bank, is not asked for again blindly, and is recovered at the next tap', async () => {
    const torn = openTornLog(testClock());
    const commands: string[] = [];
    const answer = combinedCard(spec);
    const leaves: Card = {
      atr: unhex('3B80800101'),
      async transmit(command): Promise<Exchange> {
        commands.push(hex(command));
        const response = answer(command);
        return hex(command).startsWith('80AE')
          ? { ok: false, fault: 'torn', detail: 'the card left' }
          : { ok: true, response };
      },
      release() {},
    };
    const first = await tap(leaves, { config: withFloor, context: { torn } });
    expect(said(first.outcome)).toBe('tap-again torn');
    expect(commands.filter((command) => command.startsWith('80AE'))).toHaveLength(1);
    const second = cardOf(answer);
    expect((await tap(second, { config: withFloor, context: { torn } })).outcome.kind).toBe('approved-offline');
    expect(second.commands.filter((command) => command.startsWith('80D0'))).toHaveLength(1);
    expect(second.commands.filter((command) => command.startsWith('80AE'))).toHaveLength(0);
  });
});

describe('another card in mid-dialogue', () => {
  const [one, two] = [answersOf(offline), answersOf({ ...offline, pan: '6210948000000029' })];

  test('with another answer to reset counts for nothing', async () => {
    for (let at = 1; at < 8; at++) {
      const own = cardOf(one);
      let commands = 0;
      let atr = unhex('3B80800101');
      const changed: Card = {
        get atr() {
          return atr;
        },
        transmit: (command, ms) => {
          commands += 1;
          if (commands === at) atr = unhex('3B8180010101');
          return own.transmit(command, ms);
        },
        release() {},
      };
      const { outcome } = await tap(changed);
      if (commands >= at) expect(said(outcome)).toBe('tap-again torn');
    }
  });

  test('with another number, between any two commands, is never approved', async () => {
    const whole = testCard(offline);
    await tap(whole);
    for (let at = 1; at < whole.commands.length; at++) {
      const heard: { command: Uint8Array; answer: Uint8Array }[] = [];
      const { outcome } = await tap(
        cardOf((command) => {
          const answer = (heard.length >= at ? two : one)(command);
          heard.push({ command, answer });
          return answer;
        }),
      );
      // Directory, application and issuer's certificate are the same on both: where nothing else was heard, nothing was mixed.
      const alone = [one, two].some((card) => heard.every(({ command, answer }) => sameBytes(card(command), answer)));
      if (!alone) expect(said(outcome)).toMatch(/^(refused card-data-invalid|declined oda-failed)$/);
    }
  });
});

test('two cards in the field, at any command, are one too many', async () => {
  const whole = testCard(offline);
  await tap(whole);
  for (let at = 0; at < whole.commands.length; at++) {
    const disturb: Disturb = (index, own) => (index === at ? 'collision' : own);
    expect(said((await tap(testCard(offline, { disturb }))).outcome)).toBe('tap-again one-card-only');
  }
});

test.each([
  ['amount', '9F02', '000000000001'],
  ['currency', '5F2A', '0840'],
  ['date', '9A', '250101'],
  ['unpredictable number', '9F37', '0A0B0C0D'],
])('a card that states another %s than was asked for is refused', async (_name, tag, value) => {
  const { outcome } = await tap(testCard({ ...visa, record: { [tag]: value } }));
  expect(outcome).toMatchObject({ kind: 'refused', reason: 'card-data-invalid', detail: expect.stringContaining(tag) });
});

describe('an NDEF tag', () => {
  const limits = { exchangeMs: 1_000, dialogueMs: 5_000 };
  const read = (bytes: Uint8Array) => readTag(type2(inArea(bytes)), testClock(), limits);
  const poster = (payload: Uint8Array) => ({ format: 1, type: 'Sp', payload });

  test.each<[string, Uint8Array]>([
    ['chunked', unhex('B5010154')],
    ['with a smart poster in a smart poster', message(poster(message(poster(message(uri(4, 'a'))), uri(4, 'b'))))],
    ['of more than 32 records', message(...Array.from({ length: 33 }, () => text('x')))],
  ])('%s is refused', async (_name, bytes) => {
    expect(await read(bytes)).toMatchObject({ kind: 'refused', reason: 'tag-invalid' });
  });

  test('larger than 8 kB is refused', async () => {
    const huge = type2(inArea(message(external('a:b', 'x'.repeat(9_000)))), undefined, 'E110FF00');
    expect((await readTag(huge, testClock(), limits)).kind).toBe('refused');
  });

  test('with text that turns around is shown without what turns it, and no address is opened', async () => {
    const outcome = await read(message(text('TOTAL \u202e00.1'), uri(0, 'javascript:alert(1)')));
    expect(outcome).toMatchObject({
      kind: 'tag',
      records: [
        { kind: 'text', text: 'TOTAL 00.1' },
        { kind: 'uri', uri: 'javascript:alert(1)' },
      ],
    });
  });
});
