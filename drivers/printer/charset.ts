import iconv from 'iconv-lite';

/** What the two-byte fonts of Chinese printers lack, and what is printed in its place. */
const substitutes: Record<string, string> = {
  // U+00A5 is four bytes in GB18030, which two-byte fonts print as rubbish; U+FFE5 is in every one of them.
  '¥': '￥',
  '£': 'GBP ',
  '₩': 'KRW ',
  '฿': 'THB ',
  '\u00a0': ' ',
};

const widths = new Map<string, 0 | 1 | 2>();

/** Columns that one character takes: 1 for ASCII, 2 for a two-byte glyph, 0 for what such a printer cannot print. */
function widthOf(character: string): 0 | 1 | 2 {
  let width = widths.get(character);
  if (width === undefined) {
    const length = iconv.encode(character, 'gb18030').length;
    width = length === 1 || length === 2 ? length : 0;
    widths.set(character, width);
  }
  return width;
}

/** Columns of the printer's font A that a printable text takes. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) columns += widthOf(character);
  return columns;
}

/**
 * The text as it will stand on paper: no control or formatting characters (a name must not open the drawer), and
 * "?" for every character outside GB18030's one- and two-byte part.
 */
export function printable(text: string): string {
  let clean = '';
  for (const character of text.normalize('NFC')) {
    if (/[\t\n\r\u2028\u2029]/u.test(character)) clean += ' ';
    else if (/[\p{Cc}\p{Cf}]/u.test(character)) continue;
    else if (substitutes[character] !== undefined) clean += substitutes[character];
    else if (widthOf(character) > 0) clean += character;
    else if (!/\p{M}/u.test(character)) clean += '?';
  }
  return clean;
}
