import { LONGEST_MESSAGE } from './codec.ts';

/** One message with its two-byte length before it (docs/bank-link.md, "Frame"). */
export function frame(message: Uint8Array): Uint8Array {
  const bytes = Buffer.allocUnsafe(message.length + 2);
  bytes.writeUInt16BE(message.length, 0);
  bytes.set(message, 2);
  return bytes;
}

/** What a chunk completed; `broken` when a length is impossible: nothing after it can be read. */
export interface Deframed {
  readonly messages: readonly Uint8Array[];
  readonly broken: boolean;
}

/** Collects chunks of a line into messages. Holds at most one message that is not complete. */
export function openDeframer(): (chunk: Uint8Array) => Deframed {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    rest = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]);
    const messages: Uint8Array[] = [];
    while (rest.length >= 2) {
      const length = rest.readUInt16BE(0);
      if (length === 0 || length > LONGEST_MESSAGE) return { messages, broken: true };
      if (rest.length < length + 2) break;
      messages.push(rest.subarray(2, length + 2));
      rest = rest.subarray(length + 2);
    }
    return { messages, broken: false };
  };
}
