import { columnsOf, printable } from './charset.ts';
import type { Align, Receipt, ReceiptLine } from './printer.ts';

/** One row of paper. The text holds its own leading spaces; at size 2 each column is two of the printer's. */
export type Row =
  | { readonly kind: 'text'; readonly text: string; readonly bold: boolean; readonly size: 1 | 2 }
  | { readonly kind: 'qr'; readonly text: string };

/** Longest content of a QR code on paper, in bytes of UTF-8: a version that still fits 58 mm. */
const LONGEST_QR = 300;

/** Cuts a receipt into rows of at most `columns` columns. The printer, the preview and the tests all use these rows. */
export function layout(receipt: Receipt, columns: number): Row[] {
  return receipt.lines.flatMap((line) => rows(line, columns));
}

/** The rows as plain text, one line each; a QR code shows as its content in brackets. */
export function preview(receipt: Receipt, columns: number): string {
  return layout(receipt, columns)
    .map((row) => (row.kind === 'qr' ? `[QR ${row.text}]` : spread(row.text, row.size)))
    .join('\n');
}

/** At size 2 the leading spaces are twice as wide. */
function spread(text: string, size: 1 | 2): string {
  return size === 1 ? text : text.replace(/^ +/, (spaces) => spaces.repeat(2));
}

function rows(line: ReceiptLine, columns: number): Row[] {
  switch (line.kind) {
    case 'text': {
      const size = line.size ?? 1;
      const width = Math.floor(columns / size);
      return wrap(printable(line.text), width).map((text) =>
        textRow(aligned(text, width, line.align), line.bold, size),
      );
    }
    case 'row':
      return pair(printable(line.left), printable(line.right), columns).map((text) => textRow(text, line.bold));
    case 'rule':
      return [textRow('-'.repeat(columns))];
    case 'feed':
      return Array.from({ length: Math.max(0, Math.min(line.lines, 40)) }, () => textRow(''));
    case 'qr':
      return qr(line.text, columns);
  }
}

function textRow(text: string, bold = false, size: 1 | 2 = 1): Row {
  return { kind: 'text', text, bold, size };
}

/** A code that is too long for paper or holds control bytes is printed as text, so that nothing is lost. */
function qr(text: string, columns: number): Row[] {
  const fits = text.length > 0 && new TextEncoder().encode(text).length <= LONGEST_QR;
  if (fits && !/[\p{Cc}\p{Cf}]/u.test(text)) return [{ kind: 'qr', text }];
  return wrap(printable(text), columns).map((piece) => textRow(piece));
}

function aligned(text: string, width: number, align: Align = 'left'): string {
  const free = Math.max(0, width - columnsOf(text));
  if (align === 'left') return text;
  return ' '.repeat(align === 'right' ? free : Math.floor(free / 2)) + text;
}

function pair(left: string, right: string, columns: number): string[] {
  const lines = wrap(left, columns);
  const ends = wrap(right, columns);
  const last = lines.at(-1) ?? '';
  const first = ends[0] ?? '';
  const free = columns - columnsOf(last) - columnsOf(first);
  if (ends.length > 1 || free < 1) return [...lines, ...ends.map((text) => aligned(text, columns, 'right'))];
  return [...lines.slice(0, -1), last + ' '.repeat(free) + first];
}

/** Breaks at spaces and beside two-column glyphs; a word longer than a line is cut. At least one row. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const piece of pieces(text.trimEnd(), width)) {
    if (line !== '' && columnsOf(line + piece.trimEnd()) > width) {
      lines.push(line.trimEnd());
      line = piece.trimStart();
    } else line += piece;
  }
  return [...lines, line.trimEnd()];
}

/** What must not be broken: one wide glyph, or a narrow word with the spaces after it. */
function* pieces(text: string, width: number): Generator<string> {
  let word = '';
  for (const character of text) {
    const wide = columnsOf(character) === 2;
    const starts = word.endsWith(' ') && character !== ' ';
    if (word !== '' && (wide || starts || columnsOf(word + character) > width)) {
      yield word;
      word = '';
    }
    if (wide) yield character;
    else word += character;
  }
  if (word !== '') yield word;
}
