import { type IsoCode, IsoError } from './error.ts';
import type { Format } from './fields.ts';

type Pad = 'left' | 'right';

/** How one kind of content stands in the bytes of a message. Lengths are in the field's own units. */
export interface Coding {
  /** Bytes that content of this length takes. */
  size(length: number): number;
  /** Length of a value: digits, characters in their bytes, bytes. Throws IsoError for what the content cannot hold. */
  measure(text: string, field: number): number;
  /** Writes a measured value of that length at `at`. */
  write(text: string, length: number, out: Buffer, at: number, pad: Pad): void;
  /** Reads `length` units at `at`; the bytes are there. Throws IsoError for what the content cannot hold. */
  read(bytes: Buffer, at: number, length: number, field: number, pad: Pad): string;
}

export interface BitmapCoding {
  /** Bytes of one bitmap of 64 bits. */
  readonly size: number;
  write(bits: Uint8Array, out: Buffer, at: number): void;
  read(bytes: Buffer, at: number): Uint8Array;
}

/** A whole way of writing messages. */
export interface Encodings {
  /** Undefined where a message has no MTI: the inside of a nested field. */
  readonly mti?: Coding;
  /** Length indicators LL and LLL. */
  readonly indicator: Coding;
  readonly bitmap: BitmapCoding;
  readonly formats: Readonly<Record<Format, Coding>>;
}

const ZERO = 0x30;
const EQUALS = 0x3d;
const SEPARATOR = 0x0d;
const HEX = '0123456789ABCDEF';

/** The two digits of each BCD byte; undefined for a byte that is none. */
const PAIRS: readonly (string | undefined)[] = Array.from({ length: 256 }, (_, byte) => {
  return byte >> 4 < 10 && (byte & 15) < 10 ? `${byte >> 4}${byte & 15}` : undefined;
});

function isDigit(code: number): boolean {
  return code >= ZERO && code <= ZERO + 9;
}

function measureDigits(text: string, field: number, code: IsoCode, separator = -1): number {
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i);
    if (!isDigit(char) && char !== separator) throw new IsoError(code, field, 'something else than digits');
  }
  return text.length;
}

/** Packs one nibble a character; an odd count gets a zero nibble on the pad side. */
function writeNibbles(text: string, out: Buffer, at: number, pad: Pad): void {
  let half = text.length % 2 === 1 && pad === 'left' ? 1 : 0;
  let high = 0;
  for (let i = 0; i < text.length; i++, half++) {
    const char = text.charCodeAt(i);
    const nibble = char === EQUALS ? SEPARATOR : char - ZERO;
    if (half & 1) out[at + (half >> 1)] = (high << 4) | nibble;
    else high = nibble;
    if (!(half & 1) && i === text.length - 1) out[at + (half >> 1)] = nibble << 4;
    if (half & 1) high = 0;
  }
}

/** Packed BCD. `code` is the error for what is no digit. */
function packedDigits(code: IsoCode): Coding {
  return {
    size: (length) => (length + 1) >> 1,
    measure: (text, field) => measureDigits(text, field, code),
    write: (text, _length, out, at, pad) => writeNibbles(text, out, at, pad),
    read(bytes, at, length, field, pad) {
      let text = '';
      const end = at + ((length + 1) >> 1);
      for (let i = at; i < end; i++) {
        const pair = PAIRS[bytes[i] ?? 0];
        if (pair === undefined) throw new IsoError(code, field, 'something else than digits');
        text += pair;
      }
      return text.length === length ? text : unpadded(text, length, field, pad, code);
    },
  };
}

function unpadded(text: string, length: number, field: number, pad: Pad, code: IsoCode): string {
  if (text[pad === 'left' ? 0 : length] !== '0') throw new IsoError(code, field, 'the pad nibble is not zero');
  return pad === 'left' ? text.slice(1) : text.slice(0, length);
}

/** Track 2 packed: digits and the separator, `=` in text and the nibble D in the message (ISO/IEC 7813). */
const packedTrack: Coding = {
  size: (length) => (length + 1) >> 1,
  measure: (text, field) => measureDigits(text, field, 'digits', EQUALS),
  write: (text, _length, out, at, pad) => writeNibbles(text, out, at, pad),
  read(bytes, at, length, field, pad) {
    const hex = bytes.toString('hex', at, at + ((length + 1) >> 1));
    const text = (hex.length === length ? hex : unpadded(hex, length, field, pad, 'digits')).replaceAll('d', '=');
    if (!/^[\d=]*$/.test(text)) throw new IsoError('digits', field, 'something else than track data');
    return text;
  },
};

/** Digits as characters. */
function plainDigits(code: IsoCode, separator = -1): Coding {
  return {
    size: (length) => length,
    measure: (text, field) => measureDigits(text, field, code, separator),
    write: (text, length, out, at) => void out.write(text, at, length, 'latin1'),
    read(bytes, at, length, field) {
      for (let i = at; i < at + length; i++) {
        const char = bytes[i] ?? 0;
        if (!isDigit(char) && char !== separator) throw new IsoError(code, field, 'something else than digits');
      }
      return bytes.toString('latin1', at, at + length);
    },
  };
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** What a byte of ASCII text may be: 1 in `an` and `ans`, 2 in `ans` only. */
const CLASSES = Uint8Array.from({ length: 128 }, (_, code) => {
  if (/[\dA-Za-z ]/.test(String.fromCharCode(code))) return 1;
  return code >= 0x20 && code < 0x7f ? 2 : 0;
});

/** Text; its length counts bytes. `most` is the class that its ASCII may have; the rest is UTF-8 in `ans` only. */
function textOf(most: 1 | 2): Coding {
  const allowed = most === 1 ? /^[\dA-Za-z ]*$/ : /^[^\p{Cc}]*$/u;
  const wrong = (field: number): IsoError => new IsoError('characters', field, 'characters the field does not have');
  const simple = (code: number): boolean => {
    const kind = CLASSES[code] ?? 0;
    return kind > 0 && kind <= most;
  };
  return {
    size: (length) => length,
    measure(text, field) {
      let plain = true;
      for (let i = 0; plain && i < text.length; i++) plain = simple(text.charCodeAt(i));
      if (plain) return text.length;
      if (!allowed.test(text) || !text.isWellFormed()) throw wrong(field);
      return Buffer.byteLength(text, 'utf8');
    },
    write: (text, _length, out, at) => void out.write(text, at, 'utf8'),
    read(bytes, at, length, field) {
      let plain = true;
      for (let i = at; plain && i < at + length; i++) plain = simple(bytes[i] ?? 0);
      if (plain) return bytes.toString('latin1', at, at + length);
      const text = decodeUtf8(bytes.subarray(at, at + length), field);
      if (!allowed.test(text)) throw wrong(field);
      return text;
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

/** Bytes as they are, hex on our side, upper-case when read. */
export const RAW: Coding = {
  size: (length) => length,
  measure(text, field) {
    if (!/^(?:[\dA-Fa-f]{2})*$/.test(text)) throw new IsoError('characters', field, 'not hex');
    return text.length >> 1;
  },
  write: (text, length, out, at) => void out.write(text, at, length, 'hex'),
  read: (bytes, at, length) => bytes.toString('hex', at, at + length).toUpperCase(),
};

/** Bytes as upper-case hex characters, two a byte. */
const hexText: Coding = {
  size: (length) => length * 2,
  measure: RAW.measure,
  write: (text, length, out, at) => void out.write(text.toUpperCase(), at, length * 2, 'latin1'),
  read(bytes, at, length, field) {
    const text = bytes.toString('latin1', at, at + length * 2);
    if (!/^[\dA-F]*$/.test(text)) throw new IsoError('characters', field, 'not upper-case hex');
    return text;
  },
};

/** A sign (C, D, or 0 for none) and digits; the length counts both. `digits` writes what follows the sign. */
function signed(digits: Coding): Coding {
  return {
    size: (length) => 1 + digits.size(length - 1),
    measure(text, field) {
      if (!/^[CD0]/.test(text)) throw new IsoError('characters', field, 'no sign');
      return 1 + digits.measure(text.slice(1), field);
    },
    write(text, length, out, at, pad) {
      out[at] = text.charCodeAt(0);
      digits.write(text.slice(1), length - 1, out, at + 1, pad);
    },
    read(bytes, at, length, field, pad) {
      const sign = bytes.toString('latin1', at, at + 1);
      if (!/[CD0]/.test(sign)) throw new IsoError('characters', field, 'no sign');
      return sign + digits.read(bytes, at + 1, length - 1, field, pad);
    },
  };
}

export const BINARY_BITMAP: BitmapCoding = {
  size: 8,
  write: (bits, out, at) => out.set(bits, at),
  read: (bytes, at) => bytes.subarray(at, at + 8),
};

const HEX_BITMAP: BitmapCoding = {
  size: 16,
  write(bits, out, at) {
    for (let i = 0; i < 8; i++) {
      const byte = bits[i] ?? 0;
      out[at + 2 * i] = HEX.charCodeAt(byte >> 4);
      out[at + 2 * i + 1] = HEX.charCodeAt(byte & 15);
    }
  },
  read(bytes, at) {
    const text = bytes.toString('latin1', at, at + 16);
    if (!/^[\dA-F]*$/.test(text)) throw new IsoError('bitmap', 1, 'not upper-case hex');
    return Buffer.from(text, 'hex');
  },
};

const an = textOf(1);
const ans = textOf(2);
const packed = packedDigits('digits');
const plain = plainDigits('digits');

/** Packed BCD digits and indicators, binary bitmaps, bytes as they are. */
export const PACKED: Encodings = {
  mti: packed,
  indicator: packedDigits('length'),
  bitmap: BINARY_BITMAP,
  formats: { n: packed, an, ans, b: RAW, z: packedTrack, xn: signed(packed) },
};

/** Everything as characters: digits in ASCII, bitmaps and bytes in hex. */
export const CHARACTERS: Encodings = {
  mti: plain,
  indicator: plainDigits('length'),
  bitmap: HEX_BITMAP,
  formats: { n: plain, an, ans, b: hexText, z: plainDigits('digits', EQUALS), xn: signed(plain) },
};
