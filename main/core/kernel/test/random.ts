/** Random numbers that a seed brings back: xorshift32. */
export interface Random {
  /** From 0 to `below` - 1. */
  int(below: number): number;
  bytes(length: number): Uint8Array;
  pick<T>(from: readonly T[]): T;
}

export function randomFrom(seed: number): Random {
  let state = (seed | 0) === 0 ? 0x9e3779b9 : seed | 0;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  const int = (below: number) => next() % below;
  return {
    int,
    bytes(length) {
      const bytes = new Uint8Array(length);
      for (let at = 0; at < length; at++) bytes[at] = next() & 0xff;
      return bytes;
    },
    pick(from) {
      const one = from[int(from.length)];
      if (one === undefined) throw new RangeError('nothing to pick from');
      return one;
    },
  };
}

const interesting = [0x00, 0x01, 0x1f, 0x70, 0x77, 0x7f, 0x80, 0x81, 0x82, 0x83, 0x9f, 0xff] as const;

/** The bytes with one thing wrong: a bit, a byte, a piece too few, too many, doubled or of something else. */
export function spoil(random: Random, bytes: Uint8Array): Uint8Array {
  const at = bytes.length === 0 ? 0 : random.int(bytes.length);
  switch (bytes.length === 0 ? 4 : random.int(8)) {
    case 0:
      return bytes.with(at, bytes[at]! ^ (1 << random.int(8)));
    case 1:
      return bytes.with(at, random.int(256));
    case 2:
      return bytes.with(at, random.pick(interesting));
    case 3:
      return bytes.slice(0, at);
    case 4:
      return Uint8Array.of(...bytes.subarray(0, at), ...random.bytes(1 + random.int(4)), ...bytes.subarray(at));
    case 5: {
      const end = at + 1 + random.int(Math.min(16, bytes.length - at));
      return Uint8Array.of(...bytes.subarray(0, at), ...bytes.subarray(end));
    }
    case 6: {
      const piece = bytes.subarray(at, at + 1 + random.int(8));
      return Uint8Array.of(...bytes.subarray(0, at), ...piece, ...bytes.subarray(at));
    }
    default:
      return bytes.with(at, (bytes[at]! + random.pick([1, 255])) & 0xff);
  }
}
