import { type Money, money } from '../../../../contract/money.ts';
import type { IsoMessage, Layout } from '../codec.ts';
import type { KeyBlock } from '../keys.ts';
import type { BankAnswer, FurtherRequest, LinkRequest, Totals } from '../link.ts';
import type { MacScheme } from '../mac.ts';
import type { LocalStamp } from '../stamp.ts';
import type { ToldTime } from '../told.ts';

/** Who we are at this acquirer. */
export interface Identity {
  readonly terminalId: string;
  readonly merchantId: string;
  readonly nii: string;
  readonly local: LocalStamp;
}

/** What came in a frame: the message without its header, and whether the host asks for a new sign-on. */
export type Opened =
  | { readonly ok: true; readonly message: Uint8Array; readonly signOn: boolean }
  | { readonly ok: false; readonly detail: string };

/** What stands before the MTI in a frame. */
export interface Envelope {
  close(message: Uint8Array): Uint8Array;
  open(bytes: Uint8Array): Opened;
}

export type Network = 'sign-on' | 'echo' | 'parameters';

/** How one family of acquirer hosts speaks ISO 8583 (docs/bank-link.md, "Dialects"). */
export interface Dialect {
  readonly layout: Layout;
  readonly mac: MacScheme;
  /** Bytes before the MTI. */
  readonly headerLength: number;
  envelope(identity: Pick<Identity, 'nii'>): Envelope;
  /** Whether a sign-on and its answer carry a MAC under the master key. */
  readonly signOnSigned: boolean;
  /** Opens DE 62 of a sign-on answer. */
  openKeys(masterKey: Uint8Array, block: string): KeyBlock;
  /** Fields that an answer repeats from its request unchanged, where the request has them (I5). */
  readonly echoed: readonly number[];
  /** Fields that besides class and STAN join an answer to its request. */
  readonly joined: readonly number[];
  /** The code that an answer was given; undefined when it has none. */
  codeOf(answer: IsoMessage): string | undefined;
  /** Builds the message of a request, without its MAC. The same trace always gives the same fields. */
  compose(request: LinkRequest, identity: Identity): IsoMessage;
  /** Builds a sign-on, an echo, or the question for a part of newer parameters. `at` is UTC milliseconds. */
  composeNetwork(what: Network, stan: number, at: number, identity: Identity): IsoMessage;
  /** The field of a parameter message that holds its text, as ASCII or as the hex of that. */
  readonly parameters: { readonly field: number; readonly as: 'text' | 'hex' };
  /** The host's time in the answer to a sign-on or an echo; `zone` is the host's own. */
  timeOf(answer: IsoMessage, zone: string): ToldTime | undefined;
  /** Reads a believed answer; undefined when totals are missing or cannot be read. */
  readAnswer(request: LinkRequest, answer: IsoMessage): BankAnswer | undefined;
}

/** What the host answered when the MAC of our request was wrong to it. */
export const BAD_MAC: BankAnswer = { kind: 'no-answer', detail: 'the host did not accept our MAC' };

/** Whether two sets of totals say the same. */
/** Whether a payment told again takes money from the batch. */
export function isCredit(record: Extract<FurtherRequest, { type: 'upload' }>['record']): boolean {
  return record === 'void' || record === 'refund';
}

export function sameTotals(ours: Totals, theirs: Totals): boolean {
  return (
    ours.debitCount === theirs.debitCount &&
    ours.debit.minor === theirs.debit.minor &&
    ours.creditCount === theirs.creditCount &&
    ours.credit.minor === theirs.credit.minor
  );
}

/** What DE 39, DE 38 and DE 55 of an answer to anything but totals come to. `good` are the codes that mean approved. */
export function readCode(
  request: LinkRequest,
  answer: IsoMessage,
  code: string,
  good: readonly string[] = ['00'],
): BankAnswer {
  const iccData = answer.fields.get(55);
  const forCard = iccData ? { iccData } : {};
  if (good.includes(code)) {
    const authCode = answer.fields.get(38)?.trim();
    return { kind: 'approved', code, ...(authCode ? { authCode } : {}), ...forCard };
  }
  if (code === '09') return { kind: 'pending', code };
  if (code === '10' && request.type === 'purchase') return partial(request.amount, answer);
  if (code === '25' && 'original' in request) return { kind: 'not-found', code };
  return code === 'A0' ? BAD_MAC : { kind: 'declined', code, ...forCard };
}

function partial({ minor, currency }: Money, answer: IsoMessage): BankAnswer {
  const approved = Number(answer.fields.get(4));
  const authCode = answer.fields.get(38)?.trim();
  if (!(approved > 0 && approved < minor)) {
    // Approved in part, and the part is not told: whatever it is, it goes back.
    return { kind: 'no-answer', detail: 'approved in part without the part' };
  }
  return { kind: 'partial', code: '10', amount: money(approved, currency), ...(authCode ? { authCode } : {}) };
}

/** An answer that approves, in whole or in part, together with the RRN that the host made. */
export function withHostRrn(answer: BankAnswer, message: IsoMessage): BankAnswer {
  const hostRrn = message.fields.get(37)?.trim();
  const approves = answer.kind === 'approved' || answer.kind === 'partial';
  return approves && hostRrn ? { ...answer, hostRrn } : answer;
}

export function digits(value: number, length: number): string {
  return String(value).padStart(length, '0');
}
