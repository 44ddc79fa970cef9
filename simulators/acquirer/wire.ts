/** ISO 8583:1987 messages as docs/bank-link.md lays them out: a table of fields for each dialect, one reader, one writer. */

/**
 * n: digits as packed BCD, an odd digit after a zero nibble; nr: before one · text: ASCII or UTF-8 · b: bytes, held as hex.
 * `prefix` is the number of BCD length bytes.
 */
interface Form {
  readonly kind: 'n' | 'nr' | 'text' | 'b';
  readonly length: number;
  readonly prefix?: 1 | 2;
}
export type Forms = Readonly<Record<number, Form>>;

/** Fields of the dialect `countertap`. */
export const countertapForms: Forms = {
  3: { kind: 'n', length: 6 },
  4: { kind: 'n', length: 12 },
  7: { kind: 'n', length: 10 },
  11: { kind: 'n', length: 6 },
  12: { kind: 'n', length: 6 },
  13: { kind: 'n', length: 4 },
  14: { kind: 'n', length: 4 },
  22: { kind: 'n', length: 3 },
  23: { kind: 'n', length: 3 },
  24: { kind: 'n', length: 3 },
  25: { kind: 'n', length: 2 },
  37: { kind: 'text', length: 12 },
  38: { kind: 'text', length: 6 },
  39: { kind: 'text', length: 2 },
  41: { kind: 'text', length: 8 },
  42: { kind: 'text', length: 15 },
  48: { kind: 'text', length: 999, prefix: 2 },
  49: { kind: 'n', length: 3 },
  55: { kind: 'b', length: 255, prefix: 2 },
  57: { kind: 'n', length: 14 },
  60: { kind: 'n', length: 6, prefix: 2 },
  61: { kind: 'text', length: 26, prefix: 2 },
  62: { kind: 'b', length: 999, prefix: 2 },
  63: { kind: 'text', length: 999, prefix: 2 },
  64: { kind: 'b', length: 8 },
  90: { kind: 'n', length: 42 },
  128: { kind: 'b', length: 8 },
};

/** Field values: digits for n, text as it stands (padding included) for text, upper-case hex for b. */
export type Fields = Map<number, string>;

export interface Message {
  readonly mti: string;
  readonly fields: Fields;
}

/** A message as it came: `covered` are the bytes its MAC speaks for, `mac` the MAC it carries. */
export interface Received extends Message {
  readonly covered: Buffer;
  readonly mac: Buffer;
}

/** A message that cannot be read; nothing of it may be used. */
export class WireError extends Error {
  override name = 'WireError';
}

export const LARGEST_MESSAGE = 8192;

function bcd(digits: string, kind: 'n' | 'nr' = 'n'): Buffer {
  if (digits.length % 2 === 0) return Buffer.from(digits, 'hex');
  return Buffer.from(kind === 'n' ? `0${digits}` : `${digits}0`, 'hex');
}

class Cursor {
  readonly bytes: Buffer;
  at = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  take(count: number, what: string): Buffer {
    if (this.at + count > this.bytes.length) throw new WireError(`${what} is cut off`);
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  digits(count: number, what: string, kind: 'n' | 'nr' = 'n'): string {
    const text = this.take(Math.ceil(count / 2), what).toString('hex');
    if (!/^\d*$/.test(text)) throw new WireError(`${what} holds something that is no digit`);
    if (count % 2 === 0) return text;
    if (text.at(kind === 'n' ? 0 : -1) !== '0') throw new WireError(`${what} is not padded with zero`);
    return kind === 'n' ? text.slice(1) : text.slice(0, -1);
  }
}

function bits(map: Buffer, first: number): number[] {
  const found: number[] = [];
  for (let index = 0; index < 64; index++) {
    if (((map[index >> 3] ?? 0) >> (7 - (index & 7))) & 1) found.push(first + index);
  }
  return found;
}

function readField(cursor: Cursor, number: number, forms: Forms): string {
  const form = forms[number];
  const what = `DE ${number}`;
  if (form === undefined) throw new WireError(`${what} is not known here`);
  const length = form.prefix === undefined ? form.length : Number(cursor.digits(form.prefix * 2, `length of ${what}`));
  if (length > form.length || length === 0) throw new WireError(`${what} has the length ${length}`);
  if (form.kind === 'n' || form.kind === 'nr') return cursor.digits(length, what, form.kind);
  const bytes = cursor.take(length, what);
  if (form.kind === 'b') return bytes.toString('hex').toUpperCase();
  const text = bytes.toString('utf8');
  if (!Buffer.from(text, 'utf8').equals(bytes)) throw new WireError(`${what} is no UTF-8`);
  return text;
}

/**
 * Reads one message (without frame and header). Throws `WireError` for anything that is not exactly one message with a MAC;
 * `bare` says which may do without, and has an empty one then.
 */
export function decode(
  bytes: Buffer,
  forms: Forms = countertapForms,
  bare: (message: Message) => boolean = () => false,
): Received {
  const cursor = new Cursor(bytes);
  const mti = cursor.digits(4, 'MTI');
  let present = bits(cursor.take(8, 'bitmap'), 1);
  if (present[0] === 1) present = [...present.slice(1), ...bits(cursor.take(8, 'secondary bitmap'), 65)];
  const last = present.at(-1);
  const fields: Fields = new Map();
  let covered = 0;
  for (const number of present) {
    covered = cursor.at;
    fields.set(number, readField(cursor, number, forms));
  }
  if (cursor.at !== bytes.length) throw new WireError('there is something after the MAC');
  if (last !== 64 && last !== 128) {
    if (!bare({ mti, fields })) throw new WireError('there is no MAC');
    return { mti, fields, covered: bytes, mac: Buffer.alloc(0) };
  }
  const mac = Buffer.from(fields.get(last) ?? '', 'hex');
  fields.delete(last);
  return { mti, fields, covered: bytes.subarray(0, covered), mac };
}

function writeField(number: number, value: string, forms: Forms): Buffer {
  const form = forms[number];
  if (form === undefined) throw new WireError(`DE ${number} is not known here`);
  const digits = form.kind === 'n' || form.kind === 'nr';
  const body = digits ? bcd(value, form.kind) : Buffer.from(value, form.kind === 'b' ? 'hex' : 'utf8');
  const length = digits ? value.length : body.length;
  if (form.prefix === undefined ? length !== form.length : length > form.length) {
    throw new WireError(`DE ${number} has the length ${length}`);
  }
  if (form.prefix === undefined) return body;
  return Buffer.concat([bcd(String(length).padStart(form.prefix * 2, '0')), body]);
}

/** Writes one message (without frame and header); `sign` makes the eight bytes of the MAC, no MAC without it. */
export function encode(
  message: Message,
  sign: ((covered: Buffer) => Buffer) | undefined,
  forms: Forms = countertapForms,
): Buffer {
  const numbers = [...message.fields.keys()].sort((a, b) => a - b);
  const long = numbers.some((number) => number > 64);
  const map = Buffer.alloc(long ? 16 : 8);
  const extra = [...(long ? [1] : []), ...(sign === undefined ? [] : [long ? 128 : 64])];
  for (const number of [...numbers, ...extra]) {
    const index = number - 1;
    map[index >> 3] = (map[index >> 3] ?? 0) | (0x80 >> (index & 7));
  }
  const fields = numbers.map((number) => writeField(number, message.fields.get(number) ?? '', forms));
  const covered = Buffer.concat([bcd(message.mti), map, ...fields]);
  return sign === undefined ? covered : Buffer.concat([covered, sign(covered)]);
}

/** Puts the two-byte length before a message. */
export function frame(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}

/** Collects what a socket delivers and gives back whole messages. Throws `WireError` when a frame cannot be one. */
export class Frames {
  #held: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): Buffer[] {
    this.#held = Buffer.concat([this.#held, chunk]);
    const whole: Buffer[] = [];
    while (this.#held.length >= 2) {
      const length = this.#held.readUInt16BE(0);
      if (length === 0 || length > LARGEST_MESSAGE) throw new WireError(`a frame says it has ${length} bytes`);
      if (this.#held.length < 2 + length) break;
      whole.push(this.#held.subarray(2, 2 + length));
      this.#held = this.#held.subarray(2 + length);
    }
    return whole;
  }
}
