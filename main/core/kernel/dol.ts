import { concat, hex } from './bytes.ts';
import { tagEntry } from './tags.ts';

/** One entry of a data object list: which object, how many bytes. */
export interface DolEntry {
  readonly tag: string;
  readonly length: number;
}

export type DolResult =
  | { readonly ok: true; readonly entries: readonly DolEntry[] }
  | { readonly ok: false; readonly code: 'truncated' | 'tag' | 'length'; readonly at: number };

/** A command holds at most this much DOL data. */
const LARGEST = 252;

/** Reads a data object list (EMV Book 3, 5.4): tags and one-byte lengths; at most 252 bytes of data in all. */
export function readDol(bytes: Uint8Array): DolResult {
  const entries: DolEntry[] = [];
  let total = 0;
  let at = 0;
  while (at < bytes.length) {
    let end = at + 1;
    if ((bytes[at]! & 0x1f) === 0x1f) {
      while (end < bytes.length && (bytes[end]! & 0x80) !== 0) end += 1;
      end += 1;
    }
    if (end - at > 3) return { ok: false, code: 'tag', at };
    if (end >= bytes.length) return { ok: false, code: 'truncated', at };
    const length = bytes[end]!;
    total += length;
    if (total > LARGEST) return { ok: false, code: 'length', at };
    entries.push({ tag: hex(bytes.subarray(at, end)), length });
    at = end + 1;
  }
  return { ok: true, entries };
}

/** Fits one value to the length asked for: numbers keep their right end, everything else its left end (Book 3, 5.4). */
export function resize(tag: string, value: Uint8Array, length: number): Uint8Array {
  const { format } = tagEntry(tag);
  if (value.length === length) return value;
  if (format === 'n') {
    return value.length > length
      ? value.slice(value.length - length)
      : concat(new Uint8Array(length - value.length), value);
  }
  const padding = new Uint8Array(Math.max(0, length - value.length)).fill(format === 'cn' ? 0xff : 0);
  return concat(value.slice(0, length), padding);
}

/** The data a list asks for; an object that `values` lacks, or a constructed one, is zeros. */
export function fillDol(entries: readonly DolEntry[], values: ReadonlyMap<string, Uint8Array>): Uint8Array {
  return concat(
    ...entries.map(({ tag, length }) => {
      const constructed = (Number.parseInt(tag.slice(0, 2), 16) & 0x20) !== 0;
      const value = constructed ? undefined : values.get(tag);
      return value ? resize(tag, value, length) : new Uint8Array(length);
    }),
  );
}
