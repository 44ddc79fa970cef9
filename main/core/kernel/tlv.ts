import { concat, unhex } from './bytes.ts';

/** One BER-TLV data object (EMV Book 3 annex B). `children` is there when the tag is a constructed one. */
export interface Tlv {
  /** Upper-case hex of the tag's one to three bytes. */
  readonly tag: string;
  /** A view of the bytes that were decoded. */
  readonly value: Uint8Array;
  readonly children?: readonly Tlv[];
  /** Where the object, tag and length included, stands in the bytes that were decoded. */
  readonly from: number;
  readonly to: number;
}

export type TlvCode =
  /** A tag, length or value runs past the end. */
  | 'truncated'
  /** More than three tag bytes. */
  | 'tag'
  /** Indefinite length, or more than two length bytes. */
  | 'length'
  | 'depth'
  | 'objects'
  | 'size'
  /** A data object that may stand only once came twice. */
  | 'duplicate';

export type TlvResult =
  | { readonly ok: true; readonly nodes: readonly Tlv[] }
  | { readonly ok: false; readonly code: TlvCode; readonly at: number };

const LARGEST = 65_536;
const DEEPEST = 6;
const MOST = 512;

const digits = '0123456789ABCDEF';
/** Hex of one byte, ready made: tags are most of what is decoded. */
const pairs = Array.from({ length: 256 }, (_, byte) => digits[byte >> 4]! + digits[byte & 15]!);
/** Two-byte tags met so far, by the second byte under the first. At most 7 × 256 of them have two bytes. */
const doubles: (string | undefined)[] = new Array(65_536);

interface Reading {
  readonly bytes: Uint8Array;
  objects: number;
  /** Which of 57, 5A and 9F02 have come. */
  seen: number;
  /** What is wrong, once something is, and where. */
  code: TlvCode | undefined;
  at: number;
}

/** Notes the fault. Not thrown: what cards send is wrong often enough, and an exception costs more than the decoding. */
function broken(reading: Reading, code: TlvCode, at: number): undefined {
  reading.code = code;
  reading.at = at;
}

/** Objects that may stand only once, and their bit in `seen`. */
function singleBit(tag: string): number {
  if (tag === '57') return 1;
  if (tag === '5A') return 2;
  return tag === '9F02' ? 4 : 0;
}

/** Hex of the tag that starts at `at`: its length is half as many bytes. */
function readTag(reading: Reading, at: number, end: number): string | undefined {
  const { bytes } = reading;
  const first = bytes[at]!;
  if ((first & 0x1f) !== 0x1f) return pairs[first]!;
  if (at + 1 >= end) return broken(reading, 'truncated', at);
  const second = bytes[at + 1]!;
  if (second < 0x80) {
    const key = first * 256 + second;
    const known = doubles[key];
    if (known !== undefined) return known;
    const text = pairs[first]! + pairs[second]!;
    doubles[key] = text;
    return text;
  }
  if (at + 2 >= end) return broken(reading, 'truncated', at);
  const third = bytes[at + 2]!;
  if (third >= 0x80) return broken(reading, 'tag', at);
  return pairs[first]! + pairs[second]! + pairs[third]!;
}

function readNodes(reading: Reading, from: number, end: number, depth: number): Tlv[] | undefined {
  if (depth > DEEPEST) return broken(reading, 'depth', from);
  const { bytes } = reading;
  const nodes: Tlv[] = [];
  let at = from;
  while (at < end) {
    const first = bytes[at]!;
    if (first === 0) {
      at += 1;
      continue;
    }
    const tag = readTag(reading, at, end);
    if (tag === undefined) return undefined;
    let next = at + (tag.length >> 1);
    if (next >= end) return broken(reading, 'truncated', next);
    let length = bytes[next]!;
    next += 1;
    if (length >= 0x80) {
      const count = length & 0x7f;
      if (count === 0 || count > 2) return broken(reading, 'length', next - 1);
      if (next + count > end) return broken(reading, 'truncated', next - 1);
      length = count === 1 ? bytes[next]! : bytes[next]! * 256 + bytes[next + 1]!;
      next += count;
    }
    const to = next + length;
    if (to > end) return broken(reading, 'truncated', at);
    reading.objects += 1;
    if (reading.objects > MOST) return broken(reading, 'objects', at);
    const single = singleBit(tag);
    if ((reading.seen & single) !== 0) return broken(reading, 'duplicate', at);
    reading.seen |= single;
    const value = bytes.subarray(next, to);
    if ((first & 0x20) === 0) {
      nodes.push({ tag, value, from: at, to });
    } else {
      const children = readNodes(reading, next, to, depth + 1);
      if (!children) return undefined;
      nodes.push({ tag, value, children, from: at, to });
    }
    at = to;
  }
  return nodes;
}

/**
 * Strict BER-TLV: at most 64 kB, 6 levels, 512 objects, 3 tag bytes, definite lengths. Zero bytes between objects are
 * padding (Book 3, B1). 57, 5A and 9F02 may stand only once. Values are views: the bytes must not change afterwards.
 */
export function decode(bytes: Uint8Array): TlvResult {
  if (bytes.length > LARGEST) return { ok: false, code: 'size', at: 0 };
  const reading: Reading = { bytes, seen: 0, objects: 0, code: undefined, at: 0 };
  const nodes = readNodes(reading, 0, bytes.length, 1);
  return nodes ? { ok: true, nodes } : { ok: false, code: reading.code ?? 'truncated', at: reading.at };
}

const tagBytes = new Map<string, Uint8Array>();

function bytesOfTag(tag: string): Uint8Array {
  const known = tagBytes.get(tag);
  if (known) return known;
  const bytes = unhex(tag);
  if (bytes.length <= 2) tagBytes.set(tag, bytes);
  return bytes;
}

/** One data object with the shortest length form. */
export function encode(tag: string, value: Uint8Array): Uint8Array {
  const { length } = value;
  if (length >= LARGEST) throw new RangeError(`too long for a data object: ${length}`);
  const head = bytesOfTag(tag);
  let at = head.length;
  const more = length < 0x80 ? 0 : length < 0x100 ? 1 : 2;
  const bytes = new Uint8Array(at + 1 + more + length);
  bytes[0] = head[0]!;
  for (let n = 1; n < at; n++) bytes[n] = head[n]!;
  if (more > 0) bytes[at++] = 0x80 | more;
  if (more === 2) bytes[at++] = length >> 8;
  bytes[at++] = length & 0xff;
  bytes.set(value, at);
  return bytes;
}

/** A constructed object of the given parts. */
export function wrap(tag: string, ...parts: readonly Uint8Array[]): Uint8Array {
  return encode(tag, concat(...parts));
}

/** The first object at the end of a path of tags: `find(nodes, '6F', 'A5', '9F38')`. */
export function find(nodes: readonly Tlv[], ...path: readonly string[]): Tlv | undefined {
  const [tag, ...rest] = path;
  const node = nodes.find((each) => each.tag === tag);
  return node && rest.length > 0 ? find(node.children ?? [], ...rest) : node;
}

/** All primitive objects, in order, whatever template they stand in. */
export function leaves(nodes: readonly Tlv[]): Tlv[] {
  return nodes.flatMap((node) => (node.children ? leaves(node.children) : [node]));
}
