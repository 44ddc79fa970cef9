import { shownText, uriText, utf8, utf16 } from './text.ts';

/** One record of a tag, inert: text to be shown or an id to be looked up. Nothing of it is ever opened or run. */
export type NdefRecord =
  | { readonly kind: 'text'; readonly language: string; readonly text: string }
  | { readonly kind: 'uri'; readonly uri: string }
  | { readonly kind: 'mime'; readonly type: string; readonly length: number; readonly text?: string }
  /** External types of this product: a member's id, a coupon's code. */
  | { readonly kind: 'member' | 'coupon'; readonly id: string }
  | { readonly kind: 'other'; readonly type: string; readonly length: number };

export type NdefCode =
  | 'too-large'
  | 'too-many-records'
  | 'truncated'
  | 'chunked'
  /** A smart poster in a smart poster. */
  | 'nested'
  /** Begin or end mark in the wrong place, a type where there must be none, or content that breaks its type's rules. */
  | 'malformed';

export type NdefResult =
  | { readonly ok: true; readonly records: readonly NdefRecord[] }
  | { readonly ok: false; readonly code: NdefCode };

export const LARGEST_MESSAGE = 8_192;
const MOST_RECORDS = 32;
/** The type names that this product's own tags carry (NFC Forum RTD 1.0, 3.3: external types). */
const OWN = 'countertap.example:';

/** A record as it stands in the message (NFC Forum NDEF 1.0, 3.2). */
interface Raw {
  /** Type name format: 0 empty, 1 well-known, 2 MIME, 3 absolute URI, 4 external, 5 unknown. */
  readonly format: number;
  readonly type: string;
  readonly payload: Uint8Array;
}

/** How far reading has come, over all levels. */
interface Count {
  records: number;
}

const BEGIN = 0x80;
const END = 0x40;
const CHUNK = 0x20;
const SHORT = 0x10;
const ID = 0x08;

interface Header {
  readonly flags: number;
  readonly typeLength: number;
  readonly payloadLength: number;
  readonly idLength: number;
  readonly next: number;
}

function header(bytes: Uint8Array, at: number): Header | undefined {
  const flags = bytes[at]!;
  const short = (flags & SHORT) !== 0;
  const withId = (flags & ID) !== 0;
  const size = 2 + (short ? 1 : 4) + (withId ? 1 : 0);
  if (at + size > bytes.length) return undefined;
  const payloadLength = short
    ? bytes[at + 2]!
    : ((bytes[at + 2]! * 256 + bytes[at + 3]!) * 256 + bytes[at + 4]!) * 256 + bytes[at + 5]!;
  const idLength = withId ? bytes[at + size - 1]! : 0;
  return { flags, typeLength: bytes[at + 1]!, payloadLength, idLength, next: at + size };
}

/** Cuts a message into its records; their content is not looked at. */
function cut(bytes: Uint8Array, count: Count): readonly Raw[] | NdefCode {
  const raws: Raw[] = [];
  let at = 0;
  let ended = false;
  while (at < bytes.length) {
    if (ended) return 'malformed';
    count.records += 1;
    if (count.records > MOST_RECORDS) return 'too-many-records';
    const head = header(bytes, at);
    if (!head) return 'truncated';
    const { flags, typeLength, payloadLength, idLength, next } = head;
    const format = flags & 0x07;
    if ((flags & CHUNK) !== 0 || format === 6) return 'chunked';
    if (((flags & BEGIN) !== 0) !== (at === 0) || format === 7) return 'malformed';
    const payloadAt = next + typeLength + idLength;
    if (payloadAt + payloadLength > bytes.length) return 'truncated';
    if ((format === 0 || format === 5) !== (typeLength === 0)) return 'malformed';
    if (format === 0 && payloadLength + idLength > 0) return 'malformed';
    const type = Buffer.from(bytes.subarray(next, next + typeLength)).toString('latin1');
    if (!/^[\x21-\x7e]*$/.test(type)) return 'malformed';
    raws.push({ format, type, payload: bytes.subarray(payloadAt, payloadAt + payloadLength) });
    ended = (flags & END) !== 0;
    at = payloadAt + payloadLength;
  }
  return ended || bytes.length === 0 ? raws : 'malformed';
}

/** Text record (NFC Forum Text RTD 1.0, 3.2): status byte, language, text. */
function text(payload: Uint8Array): NdefRecord | undefined {
  const status = payload[0];
  if (status === undefined || (status & 0x40) !== 0) return undefined;
  const languageLength = status & 0x3f;
  if (1 + languageLength > payload.length) return undefined;
  const language = Buffer.from(payload.subarray(1, 1 + languageLength)).toString('latin1');
  if (!/^[A-Za-z0-9-]*$/.test(language)) return undefined;
  const rest = payload.subarray(1 + languageLength);
  const read = (status & 0x80) === 0 ? utf8(rest) : utf16(rest);
  return read === undefined ? undefined : { kind: 'text', language, text: shownText(read) };
}

function mime(type: string, payload: Uint8Array): NdefRecord | undefined {
  if (!/^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?:;[\x21-\x7e]*)?$/.test(type)) return undefined;
  const { length } = payload;
  const read = type.startsWith('text/') ? utf8(payload) : undefined;
  return read === undefined ? { kind: 'mime', type, length } : { kind: 'mime', type, length, text: shownText(read) };
}

/** Ids of members and coupons: letters, digits and hyphens, 4 to 64 of them. */
function own(kind: string, payload: Uint8Array): NdefRecord | undefined {
  const id = utf8(payload) ?? '';
  if ((kind !== 'member' && kind !== 'coupon') || !/^[0-9A-Za-z-]{4,64}$/.test(id)) return undefined;
  return { kind, id };
}

function single({ format, type, payload }: Raw): NdefRecord | undefined {
  const { length } = payload;
  if (format === 1 && type === 'T') return text(payload);
  if (format === 1 && type === 'U') {
    const uri = uriText(payload);
    return uri === undefined ? undefined : { kind: 'uri', uri };
  }
  if (format === 2) return mime(type, payload);
  if (format === 4 && type.toLowerCase().startsWith(OWN)) return own(type.toLowerCase().slice(OWN.length), payload);
  const space = ['', 'urn:nfc:wkt:', '', '', 'urn:nfc:ext:', 'unknown'][format] ?? '';
  return { kind: 'other', type: `${space}${type}`.slice(0, 255), length };
}

/** A smart poster's parts as records of their own; its actions and icons say nothing here and are left out. */
function poster(payload: Uint8Array, count: Count): readonly NdefRecord[] | NdefCode {
  const raws = cut(payload, count);
  if (typeof raws === 'string') return raws;
  const records: NdefRecord[] = [];
  for (const raw of raws) {
    if (raw.format === 1 && raw.type === 'Sp') return 'nested';
    if (raw.format !== 1 || (raw.type !== 'T' && raw.type !== 'U')) continue;
    const record = single(raw);
    if (!record) return 'malformed';
    records.push(record);
  }
  return records.filter(({ kind }) => kind === 'uri').length === 1 ? records : 'malformed';
}

/**
 * Reads an NDEF message of at most 8 kB and 32 records. Smart posters are flattened one level deep; chunked records and
 * posters in posters are refused. One bad record refuses the whole message.
 */
export function readMessage(bytes: Uint8Array): NdefResult {
  if (bytes.length > LARGEST_MESSAGE) return { ok: false, code: 'too-large' };
  const count = { records: 0 };
  const raws = cut(bytes, count);
  if (typeof raws === 'string') return { ok: false, code: raws };
  const records: NdefRecord[] = [];
  for (const raw of raws) {
    if (raw.format === 0) continue;
    if (raw.format === 1 && raw.type === 'Sp') {
      const parts = poster(raw.payload, count);
      if (typeof parts === 'string') return { ok: false, code: parts };
      records.push(...parts);
      continue;
    }
    const record = single(raw);
    if (!record) return { ok: false, code: 'malformed' };
    records.push(record);
  }
  return { ok: true, records };
}
