/** Longest text and URI that is shown, in characters. */
const LONGEST_TEXT = 1_024;

/**
 * Characters that are never shown: controls, line and paragraph separators, everything that turns or hides text
 * (Unicode bidirectional controls, zero-width characters, tags), and halves of surrogate pairs.
 */
const unshown =
  /[\p{Cc}\p{Cs}\u{61c}\u{115f}\u{1160}\u{180e}\u{200b}-\u{200f}\u{2028}-\u{202e}\u{2060}-\u{206f}\u{3164}\u{feff}\u{fff9}-\u{fffb}\u{e0000}-\u{e0fff}]/gu;

/** Text from a tag, fit to be shown: one line, nothing in it that could pass for something else. */
export function shownText(text: string): string {
  return [...text.replace(/[\t\n\r]+/g, ' ').replace(unshown, '')].slice(0, LONGEST_TEXT).join('').trim();
}

/** Strict UTF-8; undefined for anything else. */
export function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** UTF-16 with or without a byte order mark, big-endian by default (RFC 2781, 4.3); undefined for an odd length. */
export function utf16(bytes: Uint8Array): string | undefined {
  if (bytes.length % 2 !== 0) return undefined;
  const little = bytes[0] === 0xff && bytes[1] === 0xfe;
  const marked = little || (bytes[0] === 0xfe && bytes[1] === 0xff);
  let text = '';
  for (let at = marked ? 2 : 0; at < bytes.length; at += 2) {
    const [high, low] = little ? [bytes[at + 1]!, bytes[at]!] : [bytes[at]!, bytes[at + 1]!];
    text += String.fromCharCode(high * 256 + low);
  }
  return text;
}

/** Abbreviations of the first byte of a URI record (NFC Forum URI RTD 1.0, table 3). */
const beginnings = [
  '',
  'http://www.',
  'https://www.',
  'http://',
  'https://',
  'tel:',
  'mailto:',
  'ftp://anonymous:anonymous@',
  'ftp://ftp.',
  'ftps://',
  'sftp://',
  'smb://',
  'nfs://',
  'ftp://',
  'dav://',
  'news:',
  'telnet://',
  'imap:',
  'rtsp://',
  'urn:',
  'pop:',
  'sip:',
  'sips:',
  'tftp:',
  'btspp://',
  'btl2cap://',
  'btgoep://',
  'tcpobex://',
  'irdaobex://',
  'file://',
  'urn:epc:id:',
  'urn:epc:tag:',
  'urn:epc:pat:',
  'urn:epc:raw:',
  'urn:epc:',
  'urn:nfc:',
] as const;

/**
 * A URI record's text, for reading alone: nothing here opens it. What is not plain ASCII is percent-encoded, so that no
 * letter can pass for another one.
 */
export function uriText(payload: Uint8Array): string | undefined {
  const begin = beginnings[payload[0] ?? beginnings.length];
  const rest = utf8(payload.subarray(1));
  if (begin === undefined || rest === undefined) return undefined;
  const plain = [...`${begin}${rest}`]
    .slice(0, LONGEST_TEXT)
    .map((letter) => (/^[\x21-\x7e]$/.test(letter) ? letter : percent(letter)))
    .join('');
  return plain === '' ? undefined : plain;
}

function percent(letter: string): string {
  return [...new TextEncoder().encode(letter)]
    .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
    .join('');
}
