import type { Verdict } from '../host.ts';
import type { NewKey } from '../mac.ts';
import { messageClass, type Request } from '../request.ts';
import type { Fields, Forms, Message } from '../wire.ts';

/** How the bank speaks to one family of terminals (docs/bank-link.md, "Dialects"). */
export interface Dialect {
  readonly forms: Forms;
  /** Takes the header off. Throws `WireError` when it is not one. */
  open(bytes: Buffer): Buffer;
  close(message: Buffer): Buffer;
  isSignOn(message: Message): boolean;
  /** Whether a sign-on carries a MAC under the master key; else it and its answer carry none. */
  readonly signOnSealed: boolean;
  newKey(master: Buffer): NewKey;
  /** Where a part of the parameters stands, and how many bytes of them fit at most. */
  readonly parameters: { readonly field: number; readonly as: 'text' | 'hex'; readonly most: number };
  mac(key: Buffer, covered: Buffer): Buffer;
  /** Undefined when the message is none that the bank knows: a format error. */
  read(message: Message): Request | undefined;
  /**
   * The answer to a message; `request` is undefined when it could not be read. `more` are fields of a sign-on, `now` is
   * what the bank's clock shows, UTC milliseconds.
   */
  answer(message: Message, request: Request | undefined, verdict: Verdict, more: Fields, now: number): Message;
}

/** The fields of an answer that every dialect has: what it repeats, DE 39, DE 38. */
export function answerFields(
  message: Message,
  repeated: readonly number[],
  request: Request | undefined,
  verdict: Verdict,
  more: Fields,
): Fields {
  const fields: Fields = new Map(more);
  for (const number of repeated) {
    const value = message.fields.get(number);
    if (value !== undefined) fields.set(number, value);
  }
  fields.set(39, verdict.code);
  if (verdict.amount !== undefined) fields.set(4, String(verdict.amount).padStart(12, '0'));
  const good = verdict.code === '00' || verdict.code === '10';
  if (verdict.authCode !== undefined && good && request?.kind !== 'reversal') {
    fields.set(38, verdict.authCode.padEnd(6));
  }
  return fields;
}

/** 0200 is answered by 0210, 0220 by 0230. */
export function answerMti(message: Message): string {
  const kind = messageClass(message.mti);
  return `${kind.slice(0, 2)}${Number(kind[2]) + 1}0`;
}

/** YYYYMMDDhhmmss in UTC. */
export function digitsOf(now: number): string {
  return new Date(now).toISOString().replace(/\D/g, '').slice(0, 14);
}
