import { ENCODINGS, type Encodings } from './encodings.ts';
import { IsoError } from './error.ts';
import { FIELDS, type Field, type FieldTable } from './fields.ts';

/** A message: its MTI and the text of each field (upper-case hex for format `b`), fixed text fields with their spaces. */
export interface IsoMessage {
  readonly mti: string;
  readonly fields: ReadonlyMap<number, string>;
}

export type Unpacked =
  | { readonly ok: true; readonly message: IsoMessage }
  | { readonly ok: false; readonly error: IsoError };

/** Longest message in bytes (docs/bank-link.md, "Frame"). */
export const LONGEST_MESSAGE = 8192;

/** Which fields exist and how each kind of content is written. */
export interface Dialect {
  readonly fields: FieldTable;
  readonly encodings: Encodings;
}

/** The shipped profile: 1987 fields, packed BCD, binary bitmaps. */
export const BINARY: Dialect = { fields: FIELDS, encodings: ENCODINGS };

/**
 * Builds the bytes of a message. Text shorter than a fixed text field is padded with spaces, digits shorter than a
 * fixed numeric one with zeros. Throws IsoError for a value its field cannot carry: a bug of the caller.
 */
export function pack(message: IsoMessage, dialect: Dialect = BINARY): Uint8Array {
  const { encodings } = dialect;
  const numbers = [...message.fields.keys()].sort((a, b) => a - b);
  const parts: Uint8Array[] = [encodings.mti.encode(mtiOf(message), 0, 'left')];
  parts.push(encodings.bitmap.encode(bitmapOf(numbers)));
  for (const number of numbers) {
    const field = dialect.fields.get(number);
    if (!field) throw new IsoError('undefined-field', number, 'no such field in this profile');
    packField(field, message.fields.get(number) ?? '', encodings, parts);
  }
  const bytes = Buffer.concat(parts);
  if (bytes.length > LONGEST_MESSAGE) throw new IsoError('too-long', 0, `message of ${bytes.length} bytes`);
  return bytes;
}

function bitmapOf(numbers: readonly number[]): Uint8Array {
  const last = numbers.at(-1) ?? 0;
  const bits = new Uint8Array(last > 64 ? 16 : 8);
  for (const number of last > 64 ? [1, ...numbers] : numbers) {
    if (number === 65 || number < 1 || number > 128) throw new IsoError('undefined-field', number, 'no such field');
    bits[(number - 1) >> 3]! |= 0x80 >> ((number - 1) & 7);
  }
  return bits;
}

function mtiOf(message: IsoMessage): string {
  if (message.mti.length !== 4) throw new IsoError('length', 0, 'an MTI has four digits');
  return message.mti;
}

function packField(field: Field, value: string, encodings: Encodings, parts: Uint8Array[]): void {
  const coding = encodings.formats[field.format];
  const text = field.indicator === 0 ? filled(field, value) : value;
  const bytes = coding.encode(text, field.number, field.pad);
  const length = coding.measure(text, bytes);
  if (field.indicator === 0) {
    if (length !== field.length) throw new IsoError('length', field.number, `${length} long, must be ${field.length}`);
  } else {
    if (length > field.length) throw new IsoError('length', field.number, `${length} long, at most ${field.length}`);
    parts.push(encodings.indicator.encode(String(length).padStart(field.indicator, '0'), field.number, 'left'));
  }
  parts.push(bytes);
}

function filled(field: Field, value: string): string {
  if (field.format === 'n') return value.padStart(field.length, '0');
  if (field.format !== 'an' && field.format !== 'ans') return value;
  return value + ' '.repeat(Math.max(0, field.length - Buffer.byteLength(value, 'utf8')));
}

/** Reads a message. Refuses everything it does not know; never guesses. */
export function unpack(bytes: Uint8Array, dialect: Dialect = BINARY): Unpacked {
  try {
    return { ok: true, message: read(bytes, dialect) };
  } catch (error) {
    if (error instanceof IsoError) return { ok: false, error };
    throw error;
  }
}

function read(input: Uint8Array, { fields, encodings }: Dialect): IsoMessage {
  if (input.length > LONGEST_MESSAGE) throw new IsoError('too-long', 0, `message of ${input.length} bytes`);
  const bytes = Buffer.from(input.buffer, input.byteOffset, input.byteLength);
  let at = 0;
  const take = (length: number, field: number): Buffer => {
    if (at + length > bytes.length) throw new IsoError('truncated', field, 'the message ends here');
    at += length;
    return bytes.subarray(at - length, at);
  };
  const mti = encodings.mti.decode(take(encodings.mti.size(4), 0), 4, 0, 'left');
  const primary = encodings.bitmap.decode(take(encodings.bitmap.size, 1));
  const secondary = (primary[0] ?? 0) & 0x80 ? encodings.bitmap.decode(take(encodings.bitmap.size, 1)) : undefined;
  if (secondary && (secondary.every((byte) => byte === 0) || (secondary[0] ?? 0) & 0x80)) {
    throw new IsoError('bitmap', 1, 'secondary bitmap is empty or announces a third');
  }
  const values = new Map<number, string>();
  for (const number of numbersOf(primary, secondary)) {
    const field = fields.get(number);
    if (!field) throw new IsoError('undefined-field', number, 'no such field in this profile');
    values.set(number, readField(field, encodings, take));
  }
  if (at !== bytes.length) throw new IsoError('trailing', 0, `${bytes.length - at} bytes after the last field`);
  return { mti, fields: values };
}

function numbersOf(primary: Uint8Array, secondary: Uint8Array | undefined): number[] {
  const numbers: number[] = [];
  for (let number = 2; number <= (secondary ? 128 : 64); number++) {
    const half = number <= 64 ? primary : secondary;
    const bit = (number - 1) & 63;
    if ((half?.[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) numbers.push(number);
  }
  return numbers;
}

function readField(field: Field, encodings: Encodings, take: (length: number, field: number) => Buffer): string {
  let length = field.length;
  if (field.indicator > 0) {
    const bytes = take(encodings.indicator.size(field.indicator), field.number);
    length = Number(encodings.indicator.decode(bytes, field.indicator, field.number, 'left'));
    if (length > field.length) throw new IsoError('length', field.number, `${length} long, at most ${field.length}`);
  }
  const coding = encodings.formats[field.format];
  return coding.decode(take(coding.size(length), field.number), length, field.number, field.pad);
}
