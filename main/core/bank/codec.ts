import type { Coding, Encodings } from './encodings.ts';
import { IsoError } from './error.ts';
import { type Field, type FieldTable, tableOf } from './fields.ts';

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

interface Slot {
  readonly field: Field;
  readonly coding: Coding;
}

/** Which fields exist and how each kind of content is written. */
export interface Layout {
  readonly fields: FieldTable;
  readonly encodings: Encodings;
  readonly slots: readonly (Slot | undefined)[];
}

/** `exceptions` are fields that a layout writes otherwise than the rest of their format. */
export function layoutOf(
  fields: readonly Field[],
  encodings: Encodings,
  exceptions: Readonly<Record<number, Coding>> = {},
): Layout {
  const slots: (Slot | undefined)[] = Array.from({ length: 129 }, () => undefined);
  for (const field of fields) {
    slots[field.number] = { field, coding: exceptions[field.number] ?? encodings.formats[field.format] };
  }
  return { fields: tableOf(fields), encodings, slots };
}

/** Messages are put together here one at a time and copied out. */
const desk = Buffer.alloc(LONGEST_MESSAGE);

/**
 * Builds the bytes of a message. Text shorter than a fixed text field is padded with spaces, digits shorter than a
 * fixed numeric one with zeros. Throws IsoError for a value its field cannot carry: a bug of the caller.
 */
export function pack(message: IsoMessage, layout: Layout): Uint8Array {
  let end = LONGEST_MESSAGE;
  try {
    end = writeMessage(message, layout);
    return Buffer.from(desk.subarray(0, end));
  } finally {
    desk.fill(0, 0, end);
  }
}

function writeMessage({ mti, fields }: IsoMessage, { encodings, slots }: Layout): number {
  let at = 0;
  if (encodings.mti) {
    if (encodings.mti.measure(mti, 0) !== 4) throw new IsoError('length', 0, 'an MTI has four digits');
    encodings.mti.write(mti, 4, desk, 0, 'left');
    at = encodings.mti.size(4);
  }
  const numbers = ordered(fields);
  at = writeBitmaps(numbers, encodings, at);
  for (const number of numbers) {
    const slot = slots[number];
    if (!slot) throw new IsoError('undefined-field', number, 'no such field in this profile');
    at = writeField(slot, fields.get(number) ?? '', encodings, at);
  }
  return at;
}

function ordered(fields: ReadonlyMap<number, string>): number[] {
  const numbers = [...fields.keys()];
  for (let i = 1; i < numbers.length; i++) {
    if ((numbers[i - 1] ?? 0) > (numbers[i] ?? 0)) return numbers.sort((a, b) => a - b);
  }
  return numbers;
}

function writeBitmaps(numbers: readonly number[], { bitmap }: Encodings, at: number): number {
  const long = (numbers.at(-1) ?? 0) > 64;
  const bits = new Uint8Array(long ? 16 : 8);
  if (long) bits[0] = 0x80;
  for (const number of numbers) {
    if (number === 65 || number < 2 || number > 128) throw new IsoError('undefined-field', number, 'no such field');
    bits[(number - 1) >> 3]! |= 0x80 >> ((number - 1) & 7);
  }
  bitmap.write(bits.subarray(0, 8), desk, at);
  if (!long) return at + bitmap.size;
  bitmap.write(bits.subarray(8), desk, at + bitmap.size);
  return at + 2 * bitmap.size;
}

function writeField({ field, coding }: Slot, value: string, { indicator }: Encodings, start: number): number {
  const { number, pad } = field;
  const text = field.indicator === 0 ? filled(field, value, coding) : value;
  const length = coding.measure(text, number);
  if (field.indicator === 0 ? length !== field.length : length > field.length) {
    const bound = field.indicator === 0 ? 'must be' : 'at most';
    throw new IsoError('length', number, `${length} long, ${bound} ${field.length}`);
  }
  const at = start + (field.indicator === 0 ? 0 : indicator.size(field.indicator));
  const end = at + coding.size(length);
  if (end > LONGEST_MESSAGE) throw new IsoError('too-long', 0, `message of more than ${LONGEST_MESSAGE} bytes`);
  if (field.indicator > 0) {
    indicator.write(String(length).padStart(field.indicator, '0'), field.indicator, desk, start, 'left');
  }
  coding.write(text, length, desk, at, pad);
  return end;
}

function filled(field: Field, value: string, coding: Coding): string {
  if (value.length >= field.length) return value;
  if (field.format === 'n') return value.padStart(field.length, '0');
  if (field.format !== 'an' && field.format !== 'ans') return value;
  return value + ' '.repeat(Math.max(0, field.length - coding.measure(value, field.number)));
}

/** Reads a message. Refuses everything it does not know; never guesses. */
export function unpack(bytes: Uint8Array, layout: Layout): Unpacked {
  try {
    return { ok: true, message: read(bytes, layout) };
  } catch (error) {
    if (error instanceof IsoError) return { ok: false, error };
    throw error;
  }
}

function need(bytes: Buffer, end: number, field: number): void {
  if (end > bytes.length) throw new IsoError('truncated', field, 'the message ends here');
}

function read(input: Uint8Array, { encodings, slots }: Layout): IsoMessage {
  if (input.length > LONGEST_MESSAGE) throw new IsoError('too-long', 0, `message of ${input.length} bytes`);
  const bytes = Buffer.from(input.buffer, input.byteOffset, input.byteLength);
  let at = 0;
  let mti = '';
  if (encodings.mti) {
    at = encodings.mti.size(4);
    need(bytes, at, 0);
    mti = encodings.mti.read(bytes, 0, 4, 0, 'left');
  }
  const fields = new Map<number, string>();
  const numbers = readBitmaps(bytes, at, encodings);
  at += encodings.bitmap.size * numbers.bitmaps;
  for (const number of numbers.present) {
    const slot = slots[number];
    if (!slot) throw new IsoError('undefined-field', number, 'no such field in this profile');
    at = readField(slot, encodings, bytes, at, fields);
  }
  if (at !== bytes.length) throw new IsoError('trailing', 0, `${bytes.length - at} bytes after the last field`);
  return { mti, fields };
}

function readBitmaps(bytes: Buffer, at: number, { bitmap }: Encodings): { present: number[]; bitmaps: number } {
  need(bytes, at + bitmap.size, 1);
  const primary = bitmap.read(bytes, at);
  const present: number[] = [];
  collect(primary, 0, present);
  if (present[0] !== 1) return { present, bitmaps: 1 };
  present.shift();
  need(bytes, at + 2 * bitmap.size, 1);
  const before = present.length;
  collect(bitmap.read(bytes, at + bitmap.size), 64, present);
  if (present.length === before || present[before] === 65) {
    throw new IsoError('bitmap', 1, 'secondary bitmap is empty or announces a third');
  }
  return { present, bitmaps: 2 };
}

function collect(bits: Uint8Array, base: number, present: number[]): void {
  for (let i = 0; i < 8; i++) {
    const byte = bits[i] ?? 0;
    if (byte === 0) continue;
    for (let bit = 0; bit < 8; bit++) if (byte & (0x80 >> bit)) present.push(base + 8 * i + bit + 1);
  }
}

function readField(
  { field, coding }: Slot,
  { indicator }: Encodings,
  bytes: Buffer,
  start: number,
  fields: Map<number, string>,
): number {
  const { number } = field;
  let at = start;
  let { length } = field;
  if (field.indicator > 0) {
    at += indicator.size(field.indicator);
    need(bytes, at, number);
    length = Number(indicator.read(bytes, start, field.indicator, number, 'left'));
    if (length > field.length) throw new IsoError('length', number, `${length} long, at most ${field.length}`);
    if (length === 0 && field.format === 'xn') throw new IsoError('length', number, 'no sign');
  }
  const end = at + coding.size(length);
  need(bytes, end, number);
  fields.set(number, coding.read(bytes, at, length, number, field.pad));
  return end;
}
