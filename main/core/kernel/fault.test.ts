import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ExchangeFault } from '../../../drivers/nfc/reader.ts';
import { concat, hex, unhex } from './bytes.ts';
import type { CardOutcome } from './outcome.ts';
import { combinedCard } from './test/combinedcard.ts';
import { mastercard, tap, UNIONPAY_PAN, unionpay, VISA_PAN, visa, withFloor } from './test/setting.ts';
import { answersOf, cardOf, type Disturb, testCard } from './test/testcard.ts';
import { decode, type Tlv } from './tlv.ts';

const cards: [string, () => (command: Uint8Array) => Uint8Array][] = [
  ['kernel 7', () => answersOf({ ...unionpay, cid: '40' })],
  ['kernel 3', () => answersOf({ ...visa, cid: '40' })],
  ['kernel 2', () => combinedCard({ ...mastercard, gives: 'TC' })],
];
const rules = { config: withFloor };
const EXCHANGES = 7;
const indexes = Array.from({ length: EXCHANGES }, (_, index) => index);

const answers = {
  torn: 'torn',
  'timed-out': 'timed-out',
  'reader-gone': 'reader-gone',
  collision: 'collision',
  garbage: unhex('DEADBEEF000102039000'),
  nothing: unhex('9000'),
  '6A82': unhex('6A82'),
  '6985': unhex('6985'),
  '6986': unhex('6986'),
  '6984': unhex('6984'),
  '6283': unhex('6283'),
  '6F00': unhex('6F00'),
} as const satisfies Record<string, Uint8Array | ExchangeFault>;

function reason(outcome: CardOutcome): string {
  return `${outcome.kind} ${'reason' in outcome ? outcome.reason : ''}`.trim();
}

/** What each step's fault comes to: directory, selection, options, record. */
const expected: Record<keyof typeof answers, readonly [string, string, string, string]> = {
  torn: ['tap-again torn', 'tap-again torn', 'tap-again torn', 'tap-again torn'],
  'timed-out': ['tap-again timed-out', 'tap-again timed-out', 'tap-again timed-out', 'tap-again timed-out'],
  'reader-gone': ['tap-again torn', 'tap-again torn', 'tap-again torn', 'tap-again torn'],
  collision: [
    'tap-again one-card-only',
    'tap-again one-card-only',
    'tap-again one-card-only',
    'tap-again one-card-only',
  ],
  garbage: bad(),
  nothing: [
    'refused not-a-payment-card',
    'refused card-data-invalid',
    'refused card-data-invalid',
    'refused card-data-invalid',
  ],
  '6A82': by('not-a-payment-card', 'no-supported-application', 'card-data-invalid'),
  '6985': by('not-a-payment-card', 'no-supported-application', 'use-another-interface'),
  '6986': [
    'refused not-a-payment-card',
    'refused no-supported-application',
    'tap-again see-phone',
    'refused card-data-invalid',
  ],
  '6984': by('not-a-payment-card', 'no-supported-application', 'use-another-interface'),
  '6283': by('not-a-payment-card', 'application-blocked', 'card-data-invalid'),
  '6F00': by('not-a-payment-card', 'no-supported-application', 'card-data-invalid'),
};

function bad(): readonly [string, string, string, string] {
  return by('card-data-invalid', 'card-data-invalid', 'card-data-invalid');
}

function by(directory: string, selection: string, options: string): readonly [string, string, string, string] {
  return [`refused ${directory}`, `refused ${selection}`, `refused ${options}`, 'refused card-data-invalid'];
}

describe.each(cards)('%s, a card that would approve offline', (_, make) => {
  const testCard = (options: Parameters<typeof cardOf>[1] = {}) => cardOf(make(), options);
  test('does so when nothing happens', async () => {
    const card = testCard();
    expect((await tap(card, rules)).outcome.kind).toBe('approved-offline');
    expect(card.commands.length).toBe(EXCHANGES);
  });

  test.each(Object.keys(answers) as (keyof typeof answers)[])(
    '%s at every exchange is never an approval',
    async (fault) => {
      for (const at of indexes) {
        const card = testCard({ disturb: (index, answer) => (index === at ? answers[fault] : answer) });
        const { outcome, gone } = await tap(card, rules);
        expect(reason(outcome), `exchange ${at}`).toBe(expected[fault][Math.min(at, 3)]);
        expect(gone).toBe(1);
        expect(card.commands.length).toBe(at + 1);
      }
    },
  );

  test('an answer cut at any byte is never an approval', async () => {
    for (const at of indexes) {
      let length = 3;
      for (let cut = 2; cut < length; cut += 5) {
        const disturb: Disturb = (index, answer) => {
          if (index !== at) return answer;
          length = answer.length;
          return answer.slice(0, cut);
        };
        const { outcome } = await tap(testCard({ disturb }), rules);
        expect(['refused', 'tap-again']).toContain(outcome.kind);
      }
    }
  });
});

test('a second exchange at the same time is a bug and not an outcome', async () => {
  await expect(tap(testCard(visa, { disturb: () => 'busy' }))).rejects.toThrow(/two exchanges/);
});

test('less than two bytes is a torn card, more than 64 kB is no answer', async () => {
  expect(reason((await tap(testCard(visa, { disturb: () => unhex('90') }))).outcome)).toBe('tap-again torn');
  const long = concat(new Uint8Array(65_536), unhex('9000'));
  expect(reason((await tap(testCard(visa, { disturb: () => long }))).outcome)).toBe('refused card-data-invalid');
});

const SIGNED_RECORD = 3;

test('one changed byte of the signed record is never an approval', async () => {
  const spec = { ...visa, cid: '40' };
  await fc.assert(
    fc.asyncProperty(fc.nat(60), fc.integer({ min: 1, max: 255 }), async (place, change) => {
      const disturb: Disturb = (index, answer) => {
        const at = place % (answer.length - 2);
        return index === SIGNED_RECORD ? answer.with(at, answer[at]! ^ change) : answer;
      };
      const { outcome } = await tap(testCard(spec, { disturb }));
      return outcome.kind === 'declined' || outcome.kind === 'refused';
    }),
    { numRuns: 300 },
  );
});

test('whatever a card answers, there is an outcome, and no PAN in it', async () => {
  const junk = fc.oneof(
    fc.uint8Array({ minLength: 2, maxLength: 40 }),
    fc.uint8Array({ maxLength: 40 }).map((bytes) => concat(bytes, unhex('9000'))),
  );
  const change = fc.record({ at: fc.nat(EXCHANGES - 1), place: fc.nat(400), bits: fc.integer({ min: 1, max: 255 }) });
  await fc.assert(
    fc.asyncProperty(
      fc.array(change, { maxLength: 3 }),
      fc.option(fc.tuple(fc.nat(EXCHANGES - 1), junk)),
      async (changes, whole) => {
        const disturb: Disturb = (index, answer) => {
          if (whole && whole[0] === index) return whole[1];
          return changes.reduce((bytes, { at, place, bits }) => {
            const where = place % bytes.length;
            return at === index ? bytes.with(where, bytes[where]! ^ bits) : bytes;
          }, answer);
        };
        const { outcome, gone } = await tap(testCard(visa, { disturb }));
        const text = JSON.stringify(outcome);
        return (
          gone === 1 && outcome.kind !== 'approved-offline' && !text.includes(VISA_PAN) && !text.includes(UNIONPAY_PAN)
        );
      },
    ),
    // Whole dialogues are spoilt half a million times by fuzz.test.ts.
    { numRuns: 300 },
  );
}, 60_000);

/**
 * Objects that no signature of kernels 3 and 7 covers: what a card says of itself before its records, its counters and
 * cryptogram (the issuer's to check), its wishes (a verification on the device counts only when 9F69 says so too).
 */
const unsigned = new Set(
  ['6F', '84', 'A5', 'BF0C', '61', '4F', '50', '87', '9F38', '9F2A'].concat([
    '9F10',
    '9F26',
    '9F36',
    '5F34',
    '57',
    '9F6C',
  ]),
);

/** The tag of the object that holds the byte, and of the templates around it down to it. */
function placeOf(nodes: readonly Tlv[], at: number): string {
  const node = nodes.find(({ from, to }) => at >= from && at < to);
  if (!node) return '';
  const inner = node.children ? placeOf(node.children, at) : '';
  return inner || node.tag;
}

test.each(cards)(
  '%s: one byte changed in anything that is signed is never an approval, and its place is named',
  async (_, make) => {
    const sound = cardOf(make());
    await tap(sound, rules);
    const respond = make();
    const first = sound.commands.map((command) => respond(unhex(command)));
    let proved = 0;
    for (const [index, answer] of first.entries()) {
      if (index < 2) continue;
      const read = decode(answer.slice(0, -2));
      const nodes = read.ok ? read.nodes : [];
      for (let at = 0; at < answer.length - 2; at++) {
        if (unsigned.has(placeOf(nodes, at))) continue;
        const changed = answer.with(at, answer[at]! ^ (1 << (at % 8)));
        const card = cardOf((command) => first[sound.commands.indexOf(hex(command))] ?? unhex('6A83'), {
          disturb: (n, own) => (n === index ? changed : own),
        });
        const { outcome } = await tap(card, rules);
        expect(['declined', 'refused', 'tap-again', 'online'], `${index} ${at}`).toContain(outcome.kind);
        if (outcome.kind === 'declined' && outcome.reason === 'oda-failed') {
          const oda = outcome.card?.oda;
          expect(oda?.result === 'failed' ? oda.step : oda?.reason, `${index} ${at}`).toBeTruthy();
          proved += 1;
        }
      }
    }
    expect(proved).toBeGreaterThan(300);
  },
  60_000,
);
