import { createCipheriv } from 'node:crypto';
import { hex } from './tlv.ts';

/** The issuer master key of every simulated card: a published test value, no secret. */
export const issuerMasterKey = hex('0123456789ABCDEF FEDCBA9876543210');

const zeroes = Buffer.alloc(8);

function des3(key16: Uint8Array, data: Uint8Array): Buffer {
  const cipher = createCipheriv('des-ede3-cbc', Buffer.concat([key16, key16.subarray(0, 8)]), zeroes).setAutoPadding(
    false,
  );
  return Buffer.concat([cipher.update(data), cipher.final()]);
}

/** One 8-byte block at a time: cipher block chaining with a zero vector over one block is the plain block cipher. */
function block(key16: Uint8Array, data: Uint8Array): Buffer {
  return des3(key16, data.subarray(0, 8));
}

/** A card's own key from the issuer's, PAN and sequence number: option A (EMV Book 2, A1.4.1). */
export function cardKey(master: Uint8Array, pan: string, sequence: string): Buffer {
  const y = hex((pan + sequence).slice(-16).padStart(16, '0'));
  return Buffer.concat([block(master, y), block(master, Buffer.from(y.map((byte) => byte ^ 0xff)))]);
}

/** A session key from the transaction counter, as PBOC 2.0 part 5 has it: counter for the left half, its inverse for the right. */
export function sessionKey(key: Uint8Array, atc: Uint8Array): Buffer {
  const inverse = Buffer.from(atc.map((byte) => byte ^ 0xff));
  const padding = Buffer.alloc(6);
  return Buffer.concat([block(key, Buffer.concat([padding, atc])), block(key, Buffer.concat([padding, inverse]))]);
}

/** EMV's common session key: the counter with F0 for the left half, with 0F for the right (EMV Book 2, A1.3.1). */
export function commonSessionKey(key: Uint8Array, atc: Uint8Array): Buffer {
  const half = (mark: string) => block(key, Buffer.concat([atc, hex(mark), Buffer.alloc(5)]));
  return Buffer.concat([half('F0'), half('0F')]);
}

/** ISO 9797-1 MAC algorithm 3 with DES; `data` must already be padded to whole blocks. */
export function mac(key: Uint8Array, data: Uint8Array): Buffer {
  const left = Buffer.concat([key.subarray(0, 8), key.subarray(0, 8)]);
  const chained = data.length > 8 ? des3(left, data.subarray(0, -8)).subarray(-8) : zeroes;
  const last = Buffer.from(data.subarray(-8)).map((byte, at) => byte ^ (chained[at] ?? 0));
  return block(key, last);
}

/** Pads to whole blocks: method 1 adds zeroes, method 2 adds 80 and zeroes (ISO 9797-1). */
export function pad(data: Uint8Array, method: 1 | 2): Buffer {
  const marked = method === 2 ? Buffer.concat([data, hex('80')]) : Buffer.from(data);
  return Buffer.concat([marked, Buffer.alloc((8 - (marked.length % 8)) % 8)]);
}
