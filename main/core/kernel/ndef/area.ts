/** Where the NDEF message stands in a Type 2 tag's data area (NFC Forum Type 2 Tag 1.1, 2.4). */
export type Area =
  | { readonly found: true; readonly from: number; readonly to: number }
  /** The area ends, or its terminator comes, before any message. */
  | { readonly found: false; readonly why: 'none' | 'malformed' }
  /** At least this many bytes must be read before more can be said. */
  | { readonly found: 'unread'; readonly atLeast: number };

const NULL = 0x00;
const MESSAGE = 0x03;
const TERMINATOR = 0xfe;

/** Looks for the first message TLV in as much of the area as was read; `size` is the whole area's. */
export function findMessage(read: Uint8Array, size: number): Area {
  let at = 0;
  for (;;) {
    if (at >= size) return { found: false, why: 'none' };
    if (at >= read.length) return { found: 'unread', atLeast: at + 1 };
    const tag = read[at]!;
    if (tag === TERMINATOR) return { found: false, why: 'none' };
    if (tag === NULL) {
      at += 1;
      continue;
    }
    const long = read[at + 1] === 0xff;
    const from = at + (long ? 4 : 2);
    if (from > size) return { found: false, why: 'malformed' };
    if (from > read.length) return { found: 'unread', atLeast: from };
    const to = from + (long ? read[at + 2]! * 256 + read[at + 3]! : read[at + 1]!);
    if (to > size) return { found: false, why: 'malformed' };
    if (tag === MESSAGE) return to > read.length ? { found: 'unread', atLeast: to } : { found: true, from, to };
    at = to;
  }
}
