import { type IsoCode, IsoError } from './error.ts';
import type { Format } from './fields.ts';

/** How one kind of content stands in the bytes of a message. `length` is in the field's own units. */
export interface Coding {
  /** Bytes that content of this length takes. */
  size(length: number): number;
  /** Length of a value, in the field's own units: digits, characters in their bytes, bytes. */
  measure(text: string, bytes: Uint8Array): number;
  /** Throws IsoError when the text has what the content cannot hold. */
  encode(text: string, field: number, pad: 'left' | 'right'): Uint8Array;
  decode(bytes: Buffer, length: number, field: number, pad: 'left' | 'right'): string;
}

/** A whole way of writing messages: a profile with ASCII digits or hex bitmaps is another value of this type. */
export interface Encodings {
  readonly mti: Coding;
  /** Length indicators LL and LLL. */
  readonly indicator: Coding;
  readonly bitmap: {
    /** Bytes of one bitmap of 64 bits. */
    readonly size: number;
    encode(bits: Uint8Array): Uint8Array;
    decode(bytes: Buffer): Uint8Array;
  };
  readonly formats: Readonly<Record<Format, Coding>>;
}

/** Packed BCD; an odd count is filled with a zero nibble on the field's pad side. `code` is the error for what is no digit. */
function packedDigits(code: IsoCode): Coding {
  return {
    size: (length) => (length + 1) >> 1,
    measure: (text) => text.length,
    encode(text, field, pad) {
      if (!/^\d*$/.test(text)) throw new IsoError(code, field, 'something else than digits');
      return fromHex(nibbles(text, pad));
    },
    decode(bytes, length, field, pad) {
      const text = unpadded(bytes.toString('hex'), length, field, pad, code);
      if (!/^\d*$/.test(text)) throw new IsoError(code, field, 'something else than digits');
      return text;
    },
  };
}

function nibbles(text: string, pad: 'left' | 'right'): string {
  if (text.length % 2 === 0) return text;
  return pad === 'left' ? `0${text}` : `${text}0`;
}

function unpadded(hex: string, length: number, field: number, pad: 'left' | 'right', code: IsoCode): string {
  if (hex.length === length) return hex;
  if (hex[pad === 'left' ? 0 : length] !== '0') throw new IsoError(code, field, 'the pad nibble is not zero');
  return pad === 'left' ? hex.slice(1) : hex.slice(0, length);
}

function fromHex(hex: string): Uint8Array {
  return Buffer.from(hex, 'hex');
}

/** Track 2: digits and one separator, `=` in text and the nibble D in the message (ISO/IEC 7813). */
const track: Coding = {
  size: (length) => (length + 1) >> 1,
  measure: (text) => text.length,
  encode(text, field, pad) {
    if (!/^[\d=]*$/.test(text)) throw new IsoError('digits', field, 'something else than track data');
    return fromHex(nibbles(text.replaceAll('=', 'd'), pad));
  },
  decode(bytes, length, field, pad) {
    const text = unpadded(bytes.toString('hex'), length, field, pad, 'digits').replaceAll('d', '=');
    if (!/^[\d=]*$/.test(text)) throw new IsoError('digits', field, 'something else than track data');
    return text;
  },
};

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Text in UTF-8, its length counted in bytes; `allowed` says which characters. */
function text(allowed: RegExp): Coding {
  const check = (value: string, field: number): void => {
    if (!allowed.test(value)) throw new IsoError('characters', field, 'characters the field does not have');
  };
  return {
    size: (length) => length,
    measure: (_value, bytes) => bytes.length,
    encode(value, field) {
      check(value, field);
      if (!value.isWellFormed()) throw new IsoError('characters', field, 'half a character');
      return Buffer.from(value, 'utf8');
    },
    decode(bytes, _length, field) {
      const value = decodeUtf8(bytes, field);
      check(value, field);
      return value;
    },
  };
}

function decodeUtf8(bytes: Buffer, field: number): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new IsoError('characters', field, 'not UTF-8');
  }
}

/** Bytes, upper-case hex on our side. */
const binary: Coding = {
  size: (length) => length,
  measure: (_value, bytes) => bytes.length,
  encode(value, field) {
    if (!/^(?:[\dA-Fa-f]{2})*$/.test(value)) throw new IsoError('characters', field, 'not hex');
    return fromHex(value);
  },
  decode: (bytes) => bytes.toString('hex').toUpperCase(),
};

/** Packed BCD digits and indicators, binary bitmaps. */
export const ENCODINGS: Encodings = {
  mti: packedDigits('digits'),
  indicator: packedDigits('length'),
  bitmap: { size: 8, encode: (bits) => bits, decode: (bytes) => bytes },
  formats: {
    n: packedDigits('digits'),
    an: text(/^[\dA-Za-z ]*$/),
    ans: text(/^[^\p{Cc}]*$/u),
    b: binary,
    z: track,
  },
};
