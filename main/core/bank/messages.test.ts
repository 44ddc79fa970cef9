import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { money } from '../../../contract/money.ts';
import { type IsoMessage, unpack } from './codec.ts';
import { countertap, totalsOf, totalsText } from './dialects/countertap.ts';
import type { Identity } from './dialects/dialect.ts';
import { COUNTERTAP } from './layouts/countertap.ts';
import type { BankRequest, Original, Trace } from './link.ts';
import { openCmac, packSigned, trusted } from './mac.ts';
import { mismatch as mismatchIn } from './messages.ts';
import { meaningOf, RESPONSES } from './responses.ts';
import { localStamp, utcStamp } from './stamp.ts';

const { compose, composeNetwork, readAnswer } = countertap;
const mismatch = (sent: IsoMessage, answer: IsoMessage) => mismatchIn(sent, answer, countertap);

const identity: Identity = { terminalId: 'T0000001', merchantId: 'M1', nii: '003', local: localStamp('Asia/Shanghai') };
const at = Date.UTC(2026, 10, 21, 20, 55, 0);
const trace: Trace = { stan: 42, rrn: '000000000042', at, batch: 7, attempt: 0 };
const amount = money(1280, 'CNY');
const original: Original = { mti: '0200', stan: 41, rrn: '000000000041', at: at - 60_000 };
const card = {
  kind: 'card',
  sealed: 'a.b.c.d.e',
  iccData: '9F2608AABBCCDDEEFF0011',
  panSequence: '1',
  expiry: '3012',
} as const;
const wallet = { kind: 'card', sealed: 'a.b.c.d.e', iccData: '', expiry: '3012' } as const;
const code = { kind: 'code', scheme: 'alipay', code: '28763443825664394' } as const;
const totals = { debitCount: 3, debit: money(3840, 'CNY'), creditCount: 1, credit: money(1280, 'CNY') };

/** Fields every request has. 20:55 UTC is 04:55 of the next day in Shanghai. */
const common = {
  7: '1121205500',
  11: '000042',
  12: '045500',
  13: '1122',
  24: '003',
  37: '000000000042',
  41: 'T0000001',
  42: 'M1             ',
  49: '156',
  60: '000007',
};
const DE90 = `0200000041${'1121205400'}${'0'.repeat(22)}`;

const requests: [string, BankRequest, Record<number, string>][] = [
  [
    '0200',
    { type: 'purchase', trace, amount, presented: card },
    { 3: '000000', 4: '000000001280', 14: '3012', 22: '071', 23: '001', 25: '00', 48: 'a.b.c.d.e', 55: card.iccData },
  ],
  [
    '0200',
    { type: 'purchase', trace, amount, presented: code },
    { 3: '000000', 4: '000000001280', 22: '031', 25: '00', 48: 'alipay=28763443825664394' },
  ],
  [
    '0221',
    { type: 'advice', trace: { ...trace, attempt: 2 }, amount, presented: card },
    { 3: '000000', 4: '000000001280', 14: '3012', 22: '071', 23: '001', 25: '00', 48: 'a.b.c.d.e', 55: card.iccData },
  ],
  [
    '0420',
    { type: 'reversal', trace, amount, original, reason: 'no-answer' },
    { 3: '000000', 4: '000000001280', 25: '00', 39: '68', 90: DE90 },
  ],
  [
    '0421',
    { type: 'reversal', trace: { ...trace, attempt: 1 }, amount, original, reason: 'not-completed' },
    { 3: '000000', 4: '000000001280', 25: '00', 39: '48', 90: DE90 },
  ],
  ['0200', { type: 'void', trace, amount, original }, { 3: '020000', 4: '000000001280', 25: '00', 90: DE90 }],
  [
    '0201',
    { type: 'void', trace: { ...trace, attempt: 1 }, amount, original },
    { 3: '020000', 4: '000000001280', 25: '00', 90: DE90 },
  ],
  ['0100', { type: 'query', trace, amount, original }, { 3: '380000', 4: '000000001280', 25: '00', 90: DE90 }],
  [
    '0500',
    { type: 'reconciliation', trace, totals },
    { 3: '920000', 63: '00000000030000000038400000000001000000001280' },
  ],
  [
    '0220',
    { type: 'advice', trace, amount, presented: wallet },
    { 3: '000000', 4: '000000001280', 14: '3012', 22: '071', 25: '00', 48: 'a.b.c.d.e' },
  ],
  [
    '0221',
    {
      type: 'charge-refund',
      trace: { ...trace, attempt: 1 },
      amount,
      charge: { rrn: 'B42', day: '2026-08-01', stan: 77 },
    },
    { 3: '200000', 4: '000000001280', 25: '00', 61: 'B42         20260801000077' },
  ],
];

const sorted = (message: IsoMessage): [number, string][] => [...message.fields].sort(([a], [b]) => a - b);
const asMap = (fields: Record<number, string>): [number, string][] => {
  return Object.entries(fields)
    .map(([number, value]): [number, string] => [Number(number), value])
    .sort(([a], [b]) => a - b);
};

describe('the message of each request', () => {
  test.each(requests)('%s', (mti, request, fields) => {
    const message = compose(request, identity);
    expect(message.mti).toBe(mti);
    expect(sorted(message)).toEqual(asMap({ ...common, ...fields }));
    expect(compose(request, identity)).toEqual(message);
  });

  test('0800', () => {
    const { 37: _rrn, 49: _currency, 60: _batch, ...rest } = common;
    const message = composeNetwork('sign-on', 42, at, identity);
    expect(message.mti).toBe('0800');
    expect(sorted(message)).toEqual(asMap({ ...rest, 3: '920000' }));
    expect(composeNetwork('echo', 42, at, identity).fields.get(3)).toBe('990000');
  });
});

describe('the MAC field', () => {
  const cmac = openCmac(new Uint8Array(16));
  test.each(requests)('of %s is the last field', (_mti, request) => {
    const bytes = packSigned(compose(request, identity), cmac, COUNTERTAP);
    const unpacked = unpack(bytes, COUNTERTAP);
    if (!unpacked.ok) throw unpacked.error;
    const numbers = [...unpacked.message.fields.keys()];
    expect(numbers.at(-1)).toBe(numbers.includes(90) ? 128 : 64);
    expect(numbers.includes(64) && numbers.includes(128)).toBe(false);
    expect(trusted(bytes, unpacked.message, cmac)).toBe(true);
  });
  test('in the wrong place is not trusted', () => {
    const message = compose(requests[3]![1], identity);
    const bytes = packSigned(
      { ...message, fields: new Map(message.fields).set(64, '0000000000000000') },
      cmac,
      COUNTERTAP,
    );
    const unpacked = unpack(bytes, COUNTERTAP);
    expect(unpacked.ok && trusted(bytes, unpacked.message, cmac)).toBe(false);
  });
});

/** The host's answer to a message, as docs/bank-link.md says. */
function answerTo(sent: IsoMessage, change: Record<number, string> = {}): IsoMessage {
  const echoed = [3, 4, 7, 11, 12, 13, 24, 37, 41, 42, 49, 60];
  const fields = new Map([...sent.fields].filter(([number]) => echoed.includes(number)));
  fields.set(39, '00');
  for (const [number, value] of Object.entries(change)) fields.set(Number(number), value);
  return { mti: `${sent.mti.slice(0, 2)}${Number(sent.mti[2]) + 1}0`, fields };
}

describe('an answer', () => {
  test.each(requests)('to %s is known as its own', (_mti, request) => {
    const sent = compose(request, identity);
    expect(mismatch(sent, answerTo(sent))).toBeUndefined();
  });

  test.each([3, 4, 7, 11, 12, 13, 24, 37, 41, 42, 49, 60])('that differs in DE %i is not', (number) => {
    const sent = compose(requests[0]![1], identity);
    const answer = answerTo(sent);
    const value = answer.fields.get(number) ?? '';
    const other = value.slice(0, -1) + (value.endsWith('1') ? '2' : '1');
    expect(mismatch(sent, { ...answer, fields: new Map(answer.fields).set(number, other) })).toBe(`DE ${number}`);
    const fields = new Map(answer.fields);
    fields.delete(number);
    expect(mismatch(sent, { ...answer, fields })).toBe(`DE ${number}`);
  });

  test('with another MTI or without DE 39 is not', () => {
    const sent = compose(requests[0]![1], identity);
    const answer = answerTo(sent);
    for (const mti of ['0200', '0230', '0211', '0410', '1210']) expect(mismatch(sent, { ...answer, mti })).toBe('MTI');
    const fields = new Map(answer.fields);
    fields.delete(39);
    expect(mismatch(sent, { ...answer, fields })).toBe('DE 39');
  });

  const read = (request: BankRequest, change: Record<number, string>) => {
    return readAnswer(request, answerTo(compose(request, identity), change));
  };
  const purchase = requests[0]![1];
  const reversal = requests[3]![1];
  test.each<[string, BankRequest, Record<number, string>, unknown]>([
    ['approved', purchase, { 38: 'A1    ' }, { kind: 'approved', code: '00', authCode: 'A1' }],
    ['approved without a code', purchase, { 38: '      ' }, { kind: 'approved', code: '00' }],
    ['declined', purchase, { 39: '51' }, { kind: 'declined', code: '51' }],
    ['with issuer data', purchase, { 55: '8A023030' }, { kind: 'approved', code: '00', iccData: '8A023030' }],
    ['declined with it', purchase, { 39: '51', 55: '7205' }, { kind: 'declined', code: '51', iccData: '7205' }],
    ['declined by a code nobody knows', purchase, { 39: 'ZZ' }, { kind: 'declined', code: 'ZZ' }],
    ['pending', purchase, { 39: '09' }, { kind: 'pending', code: '09' }],
    ['a purchase cannot be unknown', purchase, { 39: '25' }, { kind: 'declined', code: '25' }],
    ['a reversal can', reversal, { 39: '25' }, { kind: 'not-found', code: '25' }],
    ['bad MAC', reversal, { 39: 'A0' }, { kind: 'no-answer', detail: 'the host did not accept our MAC' }],
  ])('%s', (_name, request, change, answer) => expect(read(request, change)).toEqual(answer));

  const closing: BankRequest = { type: 'reconciliation', trace, totals };
  const less = { ...totals, debitCount: 2, debit: money(2560, 'CNY') };
  test.each<[string, Record<number, string>, unknown]>([
    ['agreed', { 63: totalsText(totals) }, { kind: 'approved', code: '00', hostTotals: totals }],
    ['differs', { 39: '95', 63: totalsText(less) }, { kind: 'declined', code: '95', hostTotals: less }],
    [
      'agreed with other totals is no agreement',
      { 63: totalsText(less) },
      { kind: 'declined', code: '00', hostTotals: less },
    ],
    ['refused', { 39: '96' }, { kind: 'declined', code: '96' }],
    ['agreed without totals', {}, undefined],
    ['differs with totals nobody can read', { 39: '95', 63: '12' }, undefined],
  ])('totals: %s', (_name, change, answer) => expect(read(closing, change)).toEqual(answer));
});

test('totals come back as they were written', () => {
  const count = fc.integer({ min: 0, max: 9_999_999_999 });
  const sum = fc.integer({ min: 0, max: 999_999_999_999 });
  fc.assert(
    fc.property(count, sum, count, sum, (debitCount, debit, creditCount, credit) => {
      const written = { debitCount, debit: money(debit, 'JPY'), creditCount, credit: money(credit, 'JPY') };
      expect(totalsOf(totalsText(written), 'JPY')).toEqual(written);
    }),
  );
});

describe('dates', () => {
  test('of any instant have their digits, whatever the zone', () => {
    const zones = ['Asia/Shanghai', 'America/St_Johns', 'Pacific/Kiritimati', 'UTC'].map(localStamp);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_102_444_799_000 }), fc.nat(3), (instant, zone) => {
        expect(utcStamp(instant)).toMatch(/^[01]\d[0-3]\d[0-2]\d[0-5]\d[0-5]\d$/);
        const local = zones[zone]?.(instant);
        expect(local?.date).toMatch(/^[01]\d[0-3]\d$/);
        expect(local?.time).toMatch(/^[01]\d|2[0-3][0-5]\d[0-5]\d$/);
      }),
    );
  });
  test('midnight is 00, not 24', () => expect(localStamp('UTC')(Date.UTC(2026, 0, 1)).time).toBe('000000'));
  test('UTC is UTC', () => {
    expect(localStamp('UTC')(at)).toEqual({ date: utcStamp(at).slice(0, 4), time: utcStamp(at).slice(4) });
  });
  test('a zone that does not exist is refused', () => expect(() => localStamp('Mars/Olympus')).toThrow(RangeError));
});

test('every response code has one meaning of its own, and others are other', () => {
  expect(new Set(RESPONSES.values()).size).toBe(RESPONSES.size);
  expect(meaningOf('51')).toBe('insufficient-funds');
  expect(meaningOf('ZZ')).toBe('other');
});
