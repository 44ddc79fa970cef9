import { concat, hex, unhex } from './bytes.ts';

/** One BER-TLV data object (EMV Book 3 annex B). `children` is there when the tag is a constructed one. */
export interface Tlv {
  /** Upper-case hex of the tag's one to three bytes. */
  readonly tag: string;
  readonly value: Uint8Array;
  readonly children?: readonly Tlv[];
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
const single = new Set(['57', '5A', '9F02']);

/** Raised inside this file only; `decode` turns it into a value. */
class Broken extends Error {
  readonly code: TlvCode;
  readonly at: number;
  constructor(code: TlvCode, at: number) {
    super(code);
    this.code = code;
    this.at = at;
  }
}

interface Reading {
  readonly bytes: Uint8Array;
  readonly seen: Set<string>;
  objects: number;
}

/** End of the tag that starts at `at`, bounded by `end`. */
function tagEnd(bytes: Uint8Array, at: number, end: number): number {
  if ((bytes[at]! & 0x1f) !== 0x1f) return at + 1;
  for (let next = at + 1; next < at + 3; next++) {
    if (next >= end) throw new Broken('truncated', at);
    if ((bytes[next]! & 0x80) === 0) return next + 1;
  }
  throw new Broken('tag', at);
}

function readLength(bytes: Uint8Array, at: number, end: number): { length: number; next: number } {
  if (at >= end) throw new Broken('truncated', at);
  const first = bytes[at]!;
  if (first < 0x80) return { length: first, next: at + 1 };
  const count = first & 0x7f;
  if (count === 0 || count > 2) throw new Broken('length', at);
  if (at + 1 + count > end) throw new Broken('truncated', at);
  const length = count === 1 ? bytes[at + 1]! : bytes[at + 1]! * 256 + bytes[at + 2]!;
  return { length, next: at + 1 + count };
}

function readNodes(reading: Reading, from: number, end: number, depth: number): Tlv[] {
  if (depth > DEEPEST) throw new Broken('depth', from);
  const nodes: Tlv[] = [];
  let at = from;
  while (at < end) {
    if (reading.bytes[at] === 0) {
      at += 1;
      continue;
    }
    const start = at;
    const afterTag = tagEnd(reading.bytes, at, end);
    const { length, next } = readLength(reading.bytes, afterTag, end);
    if (next + length > end) throw new Broken('truncated', start);
    const tag = hex(reading.bytes.subarray(start, afterTag));
    reading.objects += 1;
    if (reading.objects > MOST) throw new Broken('objects', start);
    if (single.has(tag)) {
      if (reading.seen.has(tag)) throw new Broken('duplicate', start);
      reading.seen.add(tag);
    }
    const value = reading.bytes.slice(next, next + length);
    const constructed = (reading.bytes[start]! & 0x20) !== 0;
    nodes.push(
      constructed ? { tag, value, children: readNodes(reading, next, next + length, depth + 1) } : { tag, value },
    );
    at = next + length;
  }
  return nodes;
}

/**
 * Strict BER-TLV: at most 64 kB, 6 levels, 512 objects, 3 tag bytes, definite lengths. Zero bytes between objects are
 * padding (Book 3, B1). 57, 5A and 9F02 may stand only once.
 */
export function decode(bytes: Uint8Array): TlvResult {
  if (bytes.length > LARGEST) return { ok: false, code: 'size', at: 0 };
  try {
    return { ok: true, nodes: readNodes({ bytes, seen: new Set(), objects: 0 }, 0, bytes.length, 1) };
  } catch (error) {
    if (error instanceof Broken) return { ok: false, code: error.code, at: error.at };
    throw error;
  }
}

function lengthBytes(length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(length);
  if (length < 0x100) return Uint8Array.of(0x81, length);
  if (length < LARGEST) return Uint8Array.of(0x82, length >> 8, length & 0xff);
  throw new RangeError(`too long for a data object: ${length}`);
}

/** One data object with the shortest length form. */
export function encode(tag: string, value: Uint8Array): Uint8Array {
  return concat(unhex(tag), lengthBytes(value.length), value);
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
