/** One command of the print stream, cut out but not yet obeyed. */
export interface PrintCommand {
  /** “text”, a control such as “LF”, or prefix and letter such as “ESC a”, “GS V”, “GS ( k”. */
  readonly name: string;
  /** The bytes after the name. */
  readonly data: Buffer;
  /** Bytes of the stream it took. */
  readonly size: number;
}

/** How many bytes follow the two-byte name: a number, or a rule that looks at them; undefined: more bytes are needed. */
type Size = number | ((rest: Buffer) => number | undefined);

const word = (bytes: Buffer, at: number): number => (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
/** Parameters up to and with a zero byte, after `from` bytes. */
const toZero =
  (from: number): Size =>
  (rest) => {
    const end = rest.indexOf(0, from);
    return end < 0 ? undefined : end + 1;
  };
/** Letter, two length bytes, that many bytes: all commands of the “(” family. */
const counted: Size = (rest) => (rest.length < 3 ? undefined : 3 + word(rest, 1));
const columns: Size = (rest) => (rest.length < 3 ? undefined : 3 + word(rest, 1) * ((rest[0] ?? 0) >= 32 ? 3 : 1));
const raster: Size = (rest) => (rest.length < 6 ? undefined : 6 + word(rest, 2) * word(rest, 4));
const cut: Size = (rest) => (rest[0] === undefined ? undefined : rest[0] >= 65 ? 2 : 1);
const barcode: Size = (rest) => {
  const [system, length] = rest;
  if (system === undefined) return undefined;
  if (system < 65) return toZeroAfterSystem(rest);
  return length === undefined ? undefined : 2 + length;
};
const toZeroAfterSystem = (rest: Buffer): number | undefined => {
  const end = rest.indexOf(0, 1);
  return end < 0 ? undefined : end + 1;
};
const pulse: Size = (rest) => {
  if (rest[0] === undefined) return undefined;
  return rest[0] === 8 ? 8 : 3;
};

const sizes: Readonly<Record<string, Readonly<Record<string, Size>>>> = {
  DLE: { '\x04': 1, '\x05': 1, '\x14': pulse },
  ESC: {
    '@': 0,
    '2': 0,
    i: 0,
    m: 0,
    L: 0,
    S: 0,
    v: 0,
    a: 1,
    E: 1,
    G: 1,
    t: 1,
    R: 1,
    M: 1,
    '!': 1,
    '-': 1,
    '{': 1,
    V: 1,
    ' ': 1,
    '3': 1,
    d: 1,
    J: 1,
    e: 1,
    K: 1,
    '=': 1,
    r: 1,
    U: 1,
    T: 1,
    '%': 1,
    '?': 1,
    $: 2,
    '\\': 2,
    c: 2,
    B: 2,
    p: 3,
    W: 8,
    D: toZero(0),
    '*': columns,
    '(': counted,
  },
  FS: { '&': 0, '.': 0, '!': 1, '-': 1, W: 1, C: 1, S: 2, p: 2, '(': counted },
  GS: {
    ':': 0,
    '!': 1,
    B: 1,
    H: 1,
    h: 1,
    w: 1,
    f: 1,
    a: 1,
    r: 1,
    I: 1,
    j: 1,
    b: 1,
    '/': 1,
    T: 1,
    E: 1,
    L: 2,
    W: 2,
    P: 2,
    $: 2,
    '\\': 2,
    '^': 3,
    V: cut,
    k: barcode,
    v: raster,
    '(': counted,
  },
};

const prefixes: Readonly<Record<number, string>> = { 16: 'DLE', 27: 'ESC', 28: 'FS', 29: 'GS' };
const controls: Readonly<Record<number, string>> = { 9: 'HT', 10: 'LF', 12: 'FF', 13: 'CR', 24: 'CAN' };

/** Text goes up to the next control byte. The second bytes of Chinese characters are never control bytes. */
function text(stream: Buffer): PrintCommand {
  const end = stream.findIndex((byte) => byte < 0x20);
  const size = end < 0 ? stream.length : end;
  return { name: 'text', data: stream.subarray(0, size), size };
}

/**
 * Cuts the first command off a print stream (ESC/POS). Undefined: it is not complete yet. A command that is not known is
 * named with its prefix and two bytes long, and what follows prints as text, as on a real printer.
 */
export function nextCommand(stream: Buffer): PrintCommand | undefined {
  const [first, letter] = stream;
  if (first === undefined) return undefined;
  if (first >= 0x20) return text(stream);
  const prefix = prefixes[first];
  if (prefix === undefined) {
    return { name: controls[first] ?? `control ${first}`, data: Buffer.alloc(0), size: 1 };
  }
  if (letter === undefined) return undefined;
  const character = String.fromCharCode(letter);
  const rule = sizes[prefix]?.[character];
  const shown = letter > 0x20 && letter < 0x7f ? character : letter.toString(16).toUpperCase().padStart(2, '0');
  if (rule === undefined) return { name: `unknown ${prefix} ${shown}`, data: Buffer.alloc(0), size: 2 };
  const rest = stream.subarray(2);
  const size = typeof rule === 'number' ? rule : rule(rest);
  if (size === undefined || rest.length < size) return undefined;
  const data = rest.subarray(0, size);
  if (character !== '(') return { name: `${prefix} ${shown}`, data, size: 2 + size };
  return { name: `${prefix} ( ${String.fromCharCode(data[0] ?? 0)}`, data: data.subarray(3), size: 2 + size };
}

/** What a real-time command wants: a status byte (DLE EOT n) or a drawer pulse (DLE DC4 1 m t). */
export type RealTime = { readonly kind: 'status'; readonly n: number } | { readonly kind: 'pulse' };

/**
 * Watches a stream for real-time commands, which a printer obeys as they arrive, ahead of everything it still holds, and
 * even where they stand inside other data.
 */
export function watchRealTime(obey: (command: RealTime) => void): (byte: number) => void {
  let seen: readonly number[] = [];
  return (byte) => {
    if (byte !== 0x10 && seen.length === 0) return;
    seen = byte === 0x10 && seen.length < 4 ? [0x10] : [...seen, byte];
    const [, second, third] = seen;
    if (seen[0] !== 0x10 || (second !== undefined && second !== 0x04 && second !== 0x14)) seen = [];
    else if (second === 0x04 && third !== undefined) {
      obey({ kind: 'status', n: third });
      seen = [];
    } else if (second === 0x14 && third !== undefined && (third !== 1 || seen.length === 5)) {
      if (third === 1) obey({ kind: 'pulse' });
      seen = [];
    }
  };
}
