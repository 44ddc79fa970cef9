import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ExchangeFault } from '../../../../drivers/nfc/reader.ts';
import { concat, unhex } from '../bytes.ts';
import { testClock, unionpay } from '../test/setting.ts';
import { testCard } from '../test/testcard.ts';
import { findMessage } from './area.ts';
import { type NdefRecord, readMessage } from './message.ts';
import { readContainer, readTag } from './tag.ts';
import { external, inArea, message, type RecordSpec, text, type2, type4, uri } from './test/tag.ts';
import { shownText } from './text.ts';

const limits = { exchangeMs: 1_000, dialogueMs: 5_000 };
const read = (card: Parameters<typeof readTag>[0]) => readTag(card, testClock(), limits);

function records(...specs: readonly RecordSpec[]): readonly NdefRecord[] | string {
  const result = readMessage(message(...specs));
  return result.ok ? result.records : result.code;
}

const well = (type: string, payload: Uint8Array): RecordSpec => ({ format: 1, type, payload });
const poster = (...parts: readonly RecordSpec[]) => well('Sp', message(...parts));

describe('a message', () => {
  test('of text in three encodings', () => {
    const bigEndian = well('T', unhex('8264656C60597D'));
    const littleEndian = well('T', unhex('826465FFFE606C7D59'));
    const hello = String.fromCharCode(0x6c60, 0x597d);
    expect(records(text('会员 Karte', 'zh-CN'), bigEndian, littleEndian)).toEqual([
      { kind: 'text', language: 'zh-CN', text: '会员 Karte' },
      { kind: 'text', language: 'de', text: hello },
      { kind: 'text', language: 'de', text: hello },
    ]);
  });

  test('of URIs, with what is not ASCII made plain', () => {
    expect(records(uri(4, 'example.com/a?b=c'), uri(0, 'https://еxample.com/ x'), uri(5, '+8610'))).toEqual([
      { kind: 'uri', uri: 'https://example.com/a?b=c' },
      { kind: 'uri', uri: 'https://%D0%B5xample.com/%20x' },
      { kind: 'uri', uri: 'tel:+8610' },
    ]);
  });

  test('of a smart poster is flattened, its action left out', () => {
    const action = well('act', unhex('00'));
    expect(records(poster(text('Menu'), uri(4, 'example.com'), action))).toEqual([
      { kind: 'text', language: 'en', text: 'Menu' },
      { kind: 'uri', uri: 'https://example.com' },
    ]);
  });

  test('of members, coupons, MIME and others', () => {
    const mime: RecordSpec = { format: 2, type: 'text/plain', payload: new TextEncoder().encode('hi\u202e') };
    const image: RecordSpec = { format: 2, type: 'image/png', payload: unhex('89504E47') };
    const member = external('countertap.example:member', 'M-0012345');
    const coupon = external('Countertap.Example:Coupon', 'TEN-OFF-7');
    expect(records(member, coupon, mime, image, external('other.example:x', 'y'), well('Hs', unhex('12')))).toEqual([
      { kind: 'member', id: 'M-0012345' },
      { kind: 'coupon', id: 'TEN-OFF-7' },
      { kind: 'mime', type: 'text/plain', length: 5, text: 'hi' },
      { kind: 'mime', type: 'image/png', length: 4 },
      { kind: 'other', type: 'urn:nfc:ext:other.example:x', length: 1 },
      { kind: 'other', type: 'urn:nfc:wkt:Hs', length: 1 },
    ]);
  });

  test('may be empty', () => {
    expect(readMessage(new Uint8Array())).toEqual({ ok: true, records: [] });
    expect(readMessage(unhex('D00000'))).toEqual({ ok: true, records: [] });
  });

  test.each([
    ['chunked', unhex('B5010154')],
    ['chunked', unhex('D60001AA')],
    ['nested', message(poster(poster(uri(4, 'a')), uri(4, 'b')))],
    ['too-large', new Uint8Array(8_193)],
    ['too-many-records', message(...Array.from({ length: 33 }, () => text('x')))],
    ['too-many-records', message(poster(uri(4, 'a'), ...Array.from({ length: 31 }, () => text('x'))))],
    ['truncated', message(text('hello')).slice(0, -1)],
    ['truncated', unhex('C1017FFFFFFF54')],
    ['truncated', unhex('D1')],
    ['malformed', unhex('9101015400')],
    ['malformed', unhex('51010354026558')],
    ['malformed', concat(message(text('a')), unhex('00'))],
    ['malformed', unhex('D70000')],
    ['malformed', unhex('D00001AA')],
    ['malformed', unhex('D5010054')],
    ['malformed', unhex('D101015442')],
    ['malformed', message(well('T', unhex('3F656E')))],
    ['malformed', message(well('T', unhex('02656EFF')))],
    ['malformed', message(well('T', unhex('82656E00')))],
    ['malformed', message(well('U', unhex('24')))],
    ['malformed', message(well('U', unhex('04FF')))],
    ['malformed', message(well('U', unhex('')))],
    ['malformed', message(poster(text('no address')))],
    ['malformed', message(poster(uri(4, 'a'), uri(4, 'b')))],
    ['malformed', message({ format: 2, type: 'nonsense', payload: unhex('00') })],
    ['malformed', message(external('countertap.example:member', "1' OR '1'='1"))],
    ['malformed', message(external('countertap.example:member', '12'))],
    ['malformed', message(external('countertap.example:cash', '1000'))],
  ])('that is %s is refused whole', (code, bytes) => {
    const result = readMessage(bytes);
    expect(result.ok ? result.records : result.code).toBe(code);
  });

  test('of exactly 32 records and 8 kB is read', () => {
    expect(records(...Array.from({ length: 32 }, () => text('x')))).toHaveLength(32);
    expect(readMessage(message({ format: 2, type: 'a/b', payload: new Uint8Array(8_192 - 9) })).ok).toBe(true);
  });
});

describe('hostile content', () => {
  const everything = /[\p{Cc}\p{Cs}\u{200b}-\u{200f}\u{202a}-\u{202e}\u{2066}-\u{2069}\u{feff}]/u;

  test('is shown without anything that turns, hides or controls', () => {
    const spoofed = '\u202egnp.exe\u2066\u200b\u001b[2J\u0000\ufeff\u{e0041}Pay 10.00\r\nApproved';
    const shown = shownText(spoofed);
    expect(shown).toBe('gnp.exe[2JPay 10.00 Approved');
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (any) => {
        expect(shownText(any)).not.toMatch(everything);
      }),
      { numRuns: 5_000 },
    );
  });

  test.each(['javascript:alert(1)', 'file:///etc/passwd', 'data:text/html,<script>', 'intent://x#Intent;end'])(
    'stays text: %s',
    (address) => expect(records(uri(0, address))).toEqual([{ kind: 'uri', uri: address }]),
  );

  test('no longer than 1,024 characters is shown', () => {
    expect(records(text('长'.repeat(2_000)))).toEqual([{ kind: 'text', language: 'en', text: '长'.repeat(1_024) }]);
  });
});

describe('a Type 2 tag', () => {
  const member = message(external('countertap.example:member', 'M-0012345'));

  test('is read through the reader’s READ BINARY, no page more than needed', async () => {
    const tag = type2(inArea(member));
    expect(await read(tag)).toMatchObject({
      kind: 'tag',
      type: 'type-2',
      records: [{ kind: 'member', id: 'M-0012345' }],
    });
    expect(tag.commands).toEqual(['FFB0000310', 'FFB0000710', 'FFB0000B10']);
  });

  test('with lock, memory and proprietary TLVs before the message, and a long one', async () => {
    const long = message(text('x'.repeat(300)));
    const area = concat(unhex('0103A00C34 00 0203000000 FD02AABB 00'.replaceAll(' ', '')), inArea(long));
    const outcome = await read(type2(area, undefined, 'E110FF00'));
    expect(outcome).toMatchObject({ kind: 'tag', records: [{ kind: 'text', text: 'x'.repeat(300) }] });
  });

  test.each([
    ['a terminator first', 'FE', undefined, 'tag'],
    ['an empty message', '0300FE', undefined, 'tag'],
    ['nothing at all', '00', 'E1100100', 'tag'],
    ['a message longer than the tag', '03FE', 'E1100600', 'tag-invalid'],
    ['a message of 64 kB', '03FFFFFF', 'E110FF00', 'tag-invalid'],
    ['no container', 'FE', '00000000', 'not-a-tag'],
    ['a container of another version', 'FE', 'E1203F00', 'not-a-tag'],
    ['a lock on reading', 'FE', 'E1103FF0', 'not-a-tag'],
  ])('with %s', async (_name, area, container, expected) => {
    const outcome = await read(type2(unhex(area), undefined, container));
    expect(outcome.kind === 'refused' ? outcome.reason : outcome.kind).toBe(expected);
    if (outcome.kind === 'tag') expect(outcome.records).toEqual([]);
  });
});

describe('a Type 4 tag', () => {
  test('is read in pieces', async () => {
    const tag = type4(message(text('x'.repeat(600))), undefined, '000F200040003404 06E10420000000'.replace(' ', ''));
    expect(await read(tag)).toMatchObject({ kind: 'tag', type: 'type-4', records: [{ text: 'x'.repeat(600) }] });
    expect(tag.commands.filter((command) => command.startsWith('00B0')).length).toBe(2 + Math.ceil(610 / 64));
  });

  test('that is empty has no records', async () => {
    expect(await read(type4(new Uint8Array()))).toMatchObject({ kind: 'tag', records: [] });
  });

  test.each([
    ['too short', '000F20'],
    ['length', '000E2000FF00FF0406E1042000000000'],
    ['version', '000F1000FF00FF0406E104200000FF'],
    ['largest answer', '000F20000E00FF0406E104200000FF'],
    ['no NDEF file', '000F2000FF00FF0506E104200000FF'],
    ['file identifier', '000F2000FF00FF0406E103200000FF'],
    ['may not be read', '000F2000FF00FF0406E104200080FF'],
  ])('whose container is wrong: %s', (what, container) => {
    expect(readContainer(unhex(container))).toBe(what);
  });

  test('that says it is longer than its file, or than 8 kB, is refused', async () => {
    const small = type4(message(text('hello')), undefined, '000F2000FF00FF0406E104000500FF');
    expect(await read(small)).toMatchObject({ kind: 'refused', reason: 'tag-invalid', detail: 'longer than its file' });
    expect(await read(type4(new Uint8Array(8_193)))).toMatchObject({ kind: 'refused', detail: 'too-large' });
  });

  test('is not what a payment card is', async () => {
    const card = testCard(unionpay, { disturb: () => unhex('6A82') });
    expect(await read(card)).toMatchObject({ kind: 'refused', reason: 'not-a-tag' });
  });
});

describe.each([
  ['type 2', () => inArea(message(text('hello'), text('world'))), type2],
  ['type 4', () => message(text('hello'), text('world')), type4],
] as const)('a fault at any exchange with %s', (_name, content, make) => {
  const faults: readonly (ExchangeFault | Uint8Array)[] = [
    'torn',
    'timed-out',
    'reader-gone',
    unhex('9000'),
    unhex('6300'),
    unhex('DEADBEEF9000'),
  ];
  test.each(faults)('%s never shows half a tag', async (fault) => {
    const whole = make(content());
    await read(whole);
    for (let at = 0; at < whole.commands.length; at++) {
      const outcome = await read(make(content(), (index, answer) => (index === at ? fault : answer)));
      // SELECT may answer anything beside 9000; an empty answer is the right one to the selection of a file.
      const harmless = typeof fault !== 'string' && fault.at(-2) === 0x90 && (at === 0 || fault.length === 2);
      if (outcome.kind === 'tag') {
        expect(harmless).toBe(true);
        expect(outcome.records).toHaveLength(2);
      } else expect(outcome.kind).toBe(typeof fault === 'string' ? 'tap-again' : 'refused');
    }
  });
});

test('a storage card that is no tag is left alone', async () => {
  const classic = { ...type2(new Uint8Array()), atr: unhex('3B8F8001804F0CA000000306030001000000006A') };
  expect(await read(classic)).toMatchObject({ kind: 'refused', reason: 'not-a-tag' });
  expect(classic.commands).toEqual([]);
});

describe('500,000 bent inputs', () => {
  /** xorshift32 (Marsaglia 2003): the same inputs in every run. */
  function random(seed: number) {
    let state = seed;
    return (below: number) => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return (state >>> 0) % below;
    };
  }
  const good = [
    message(text('hello'), uri(4, 'example.com')),
    message(poster(text('a'), uri(1, 'b'), well('act', unhex('00')))),
    message(external('countertap.example:member', 'M-0012345'), { format: 2, type: 'a/b', payload: unhex('01') }),
  ];

  test('end in records or a code, within bounds', () => {
    const draw = random(20_261_121);
    let read = 0;
    for (let run = 0; run < 500_000; run++) {
      const base = good[run % good.length]!;
      const bytes =
        run % 5 === 0 ? new Uint8Array(draw(80)).map(() => draw(256)) : base.slice(0, base.length - draw(3));
      for (let changes = draw(4); changes > 0 && bytes.length > 0; changes--) bytes[draw(bytes.length)] = draw(256);
      const result = readMessage(bytes);
      if (result.ok) {
        read += 1;
        if (result.records.length > 32) throw new Error('too many records');
      }
      const area = findMessage(bytes, bytes.length);
      if (area.found === true && area.to > bytes.length) throw new Error('beyond the area');
    }
    expect(read).toBeGreaterThan(10_000);
  }, 30_000);
});
