/** Bytes from hex; spaces are allowed for reading's sake. */
export function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(' ', ''), 'hex');
}

/** Upper-case hex of bytes. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex').toUpperCase();
}

/** One BER-TLV object (EMV Book 3, Annex B). `tag` is hex; lengths up to 65535 bytes. */
export function tlv(tag: string, ...values: readonly Uint8Array[]): Buffer {
  const value = Buffer.concat(values);
  const length =
    value.length < 0x80
      ? [value.length]
      : value.length < 0x100
        ? [0x81, value.length]
        : [0x82, value.length >> 8, value.length & 0xff];
  return Buffer.concat([hex(tag), Buffer.from(length), value]);
}

/** One entry of a data object list: which tag the card asks for and how many bytes of it. */
export interface Wanted {
  readonly tag: string;
  readonly length: number;
}

/** Reads a data object list such as a PDOL (EMV Book 3, 5.4). The lists here are the simulator's own, so they are well formed. */
export function readDol(dol: Uint8Array): readonly Wanted[] {
  const wanted: Wanted[] = [];
  let at = 0;
  while (at < dol.length) {
    const start = at;
    const long = ((dol[at] ?? 0) & 0x1f) === 0x1f;
    at += 1;
    if (long) {
      while (((dol[at] ?? 0) & 0x80) !== 0) at += 1;
      at += 1;
    }
    wanted.push({ tag: toHex(dol.subarray(start, at)), length: dol[at] ?? 0 });
    at += 1;
  }
  return wanted;
}

/** Cuts the data a terminal sent for a data object list into its tags; undefined when the length does not fit the list. */
export function splitDol(dol: readonly Wanted[], data: Uint8Array): ReadonlyMap<string, Buffer> | undefined {
  const found = new Map<string, Buffer>();
  let at = 0;
  for (const { tag, length } of dol) {
    if (at + length > data.length) return undefined;
    found.set(tag, Buffer.from(data.subarray(at, at + length)));
    at += length;
  }
  return at === data.length ? found : undefined;
}
