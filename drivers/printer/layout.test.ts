import fc from 'fast-check';
import iconv from 'iconv-lite';
import { describe, expect, it } from 'vitest';
import { columnsOf, printable } from './charset.ts';
import { encodeDrawer, encodeReceipt } from './escpos.ts';
import { layout, preview } from './layout.ts';
import type { ReceiptLine } from './printer.ts';

function paper(columns: number, ...lines: ReceiptLine[]): string[] {
  return preview({ lines }, columns).split('\n');
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('a', ' ', '中', '￥', 'é', '😀') }),
);
const anyLine: fc.Arbitrary<ReceiptLine> = fc.oneof(
  fc.record({
    kind: fc.constant('text' as const),
    text: anyText,
    align: fc.constantFrom('left' as const, 'center' as const, 'right' as const),
    size: fc.constantFrom(1 as const, 2 as const),
  }),
  fc.record({ kind: fc.constant('row' as const), left: anyText, right: anyText }),
  fc.record({ kind: fc.constant('qr' as const), text: anyText }),
);

describe('characters', () => {
  it.each([
    ['a', 1],
    ['中', 2],
    ['￥', 2],
    ['，', 2],
    ['€', 2],
    ['金额 AMOUNT', 11],
  ])('%s takes %i columns', (text, columns) => {
    expect(columnsOf(text)).toBe(columns);
  });

  it('prints U+00A5 as U+FFE5, for U+00A5 is four bytes that two-byte fonts lack', () => {
    expect(printable('¥12.80')).toBe('￥12.80');
    expect(hex(iconv.encode(printable('¥'), 'gb18030'))).toBe('a3a4');
  });

  it('prints no character of four bytes and none that controls', () => {
    expect(printable('茶😀\x1bp\x00\u202e\u200b㐀£5')).toBe('茶?p?GBP 5');
    expect(printable('two\nlines\there')).toBe('two lines here');
    fc.assert(
      fc.property(anyText, (text) => {
        for (const character of printable(text)) {
          const bytes = iconv.encode(character, 'gb18030');
          expect(bytes.length).toBeLessThanOrEqual(2);
          expect(bytes[0]).toBeGreaterThanOrEqual(0x20);
        }
      }),
    );
  });
});

describe('layout', () => {
  it('puts right what belongs right, counting a Han glyph as two columns', () => {
    expect(paper(20, { kind: 'row', left: '金额', right: '￥12.80' })).toEqual(['金额         ￥12.80']);
    expect(columnsOf('金额         ￥12.80')).toBe(20);
  });

  it('wraps the left text and keeps the right one whole', () => {
    expect(paper(12, { kind: 'row', left: 'Jasmine tea large', right: '12.80' })).toEqual([
      'Jasmine tea',
      'large  12.80',
    ]);
    expect(paper(8, { kind: 'row', left: 'Coffee', right: '128.00' })).toEqual(['Coffee', '  128.00']);
  });

  it('centres and enlarges', () => {
    expect(paper(20, { kind: 'text', text: '茶', align: 'center' })).toEqual(['         茶']);
    expect(layout({ lines: [{ kind: 'text', text: '茶', align: 'center', size: 2 }] }, 20)).toEqual([
      { kind: 'text', text: '    茶', bold: false, size: 2 },
    ]);
  });

  it('breaks a word only when it is longer than a row', () => {
    expect(paper(6, { kind: 'text', text: 'a longer word' })).toEqual(['a', 'longer', 'word']);
    expect(paper(4, { kind: 'text', text: 'abcdefghij' })).toEqual(['abcd', 'efgh', 'ij']);
    expect(paper(5, { kind: 'text', text: '中文收据' })).toEqual(['中文', '收据']);
  });

  it('prints a code that does not fit as text', () => {
    expect(layout({ lines: [{ kind: 'qr', text: 'x'.repeat(301) }] }, 48)[0]?.kind).toBe('text');
    expect(layout({ lines: [{ kind: 'qr', text: '' }] }, 48)).toEqual([
      { kind: 'text', text: '', bold: false, size: 1 },
    ]);
  });

  it('never makes a row wider than the paper and never loses a character', () => {
    const letters = (text: string) => printable(text).replaceAll(' ', '');
    fc.assert(
      fc.property(anyLine, fc.integer({ min: 4, max: 48 }), (line, columns) => {
        const rows = layout({ lines: [line] }, columns);
        for (const row of rows) {
          if (row.kind === 'text') expect(columnsOf(row.text) * row.size).toBeLessThanOrEqual(columns);
        }
        const wanted = line.kind === 'text' || line.kind === 'qr' ? line.text : '';
        const given = line.kind === 'row' ? letters(line.left) + letters(line.right) : letters(wanted);
        expect(rows.map((row) => letters(row.text)).join('')).toBe(given);
      }),
    );
  });
});

describe('ESC/POS', () => {
  it('is reset, Chinese on, text, feed and cut', () => {
    const bytes = encodeReceipt({ lines: [{ kind: 'text', text: '银联商户 ¥1' }] }, 48);
    expect(hex(bytes)).toBe(`1b401c26d2f8c1aac9ccbba720a3a4310a${'0a'.repeat(4)}1d5601`);
  });

  it('turns bold and size on for a row and off after it', () => {
    const bytes = encodeReceipt({ lines: [{ kind: 'text', text: 'A', bold: true, size: 2 }] }, 48);
    expect(hex(bytes)).toBe(`1b401c261d21111b4501410a1b45001d2100${'0a'.repeat(4)}1d5601`);
  });

  it('draws a QR code natively: model 2, size 6, level M', () => {
    const bytes = encodeReceipt({ lines: [{ kind: 'qr', text: 'https://example.com/r/1' }] }, 48);
    expect(hex(bytes)).toContain(
      '1d286b04003141320' +
        '01d286b03003143061d286b03003145311d286b1a0031503068747470733a2f2f6578616d706c652e636f6d2f722f311d286b0300315130',
    );
  });

  it('kicks the drawer at pin 2', () => {
    expect(hex(encodeDrawer())).toMatch(/^1b7000....$/);
  });

  it('holds no control byte from data, whatever the data is', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const frame = hex(encodeReceipt({ lines: [{ kind: 'text', text: '' }] }, 48));
        const bytes = encodeReceipt({ lines: [{ kind: 'text', text }] }, 48);
        const inner = bytes.subarray(4, bytes.length - (frame.length / 2 - 4 - 1));
        expect(inner.filter((byte) => byte < 0x20 && byte !== 0x0a)).toHaveLength(0);
      }),
    );
  });
});
