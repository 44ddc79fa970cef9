import { type Currency, currencyNumber, LARGEST_MINOR, type Money, money } from '../../../contract/money.ts';
import type { IsoMessage } from './codec.ts';
import type { BankAnswer, BankRequest, Original, Presented, ReversalReason, Totals } from './link.ts';
import { type LocalTime, utcStamp } from './stamp.ts';

/** Who we are at this acquirer. */
export interface Identity {
  readonly terminalId: string;
  readonly merchantId: string;
  readonly nii: string;
  readonly local: LocalTime;
}

/** Message class and number of the first sending, of a repeat, of the answer; DE 3. */
interface Kind {
  readonly first: string;
  readonly repeat: string;
  readonly answer: string;
  readonly processing: string;
}

/** docs/bank-link.md, "Messages". */
const KINDS: Readonly<Record<BankRequest['type'] | 'sign-on' | 'echo', Kind>> = {
  'sign-on': { first: '0800', repeat: '0800', answer: '0810', processing: '920000' },
  echo: { first: '0800', repeat: '0800', answer: '0810', processing: '990000' },
  purchase: { first: '0200', repeat: '0200', answer: '0210', processing: '000000' },
  advice: { first: '0220', repeat: '0221', answer: '0230', processing: '000000' },
  reversal: { first: '0420', repeat: '0421', answer: '0430', processing: '000000' },
  void: { first: '0200', repeat: '0201', answer: '0210', processing: '020000' },
  query: { first: '0100', repeat: '0100', answer: '0110', processing: '380000' },
  reconciliation: { first: '0500', repeat: '0500', answer: '0510', processing: '920000' },
};

/** DE 39 of a reversal. */
const REASONS: Readonly<Record<ReversalReason, string>> = {
  'no-answer': '68',
  'customer-cancel': '17',
  'invalid-answer': '30',
  'not-completed': '48',
};

/** Fields that an answer repeats from its request unchanged, where the request has them (I5). */
const ECHOED = [3, 4, 7, 11, 12, 13, 24, 37, 41, 42, 49, 60] as const;

type Fields = Map<number, string>;

/** Builds the message of a request, without its MAC. The same trace always gives the same fields. */
export function compose(request: BankRequest, identity: Identity): IsoMessage {
  const kind = KINDS[request.type];
  const { trace } = request;
  const fields = common(kind.processing, trace.stan, trace.at, identity);
  fields.set(37, trace.rrn);
  fields.set(60, String(trace.batch).padStart(6, '0'));
  if (request.type === 'reconciliation') {
    fields.set(49, currencyNumber(request.totals.debit.currency));
    fields.set(63, totalsText(request.totals));
  } else {
    fields.set(4, String(request.amount.minor).padStart(12, '0'));
    fields.set(25, '00');
    fields.set(49, currencyNumber(request.amount.currency));
    if ('presented' in request) present(request.presented, fields);
    else fields.set(90, originalText(request.original));
    if (request.type === 'reversal') fields.set(39, REASONS[request.reason]);
  }
  return { mti: trace.attempt > 0 ? kind.repeat : kind.first, fields };
}

/** Builds an 0800: sign-on or echo. `at` is UTC milliseconds. */
export function composeNetwork(what: 'sign-on' | 'echo', stan: number, at: number, identity: Identity): IsoMessage {
  const kind = KINDS[what];
  return { mti: kind.first, fields: common(kind.processing, stan, at, identity) };
}

function common(processing: string, stan: number, at: number, identity: Identity): Fields {
  const local = identity.local(at);
  return new Map([
    [3, processing],
    [7, utcStamp(at)],
    [11, String(stan).padStart(6, '0')],
    [12, local.time],
    [13, local.date],
    [24, identity.nii],
    [41, identity.terminalId.padEnd(8)],
    [42, identity.merchantId.padEnd(15)],
  ]);
}

function present(presented: Presented, fields: Fields): void {
  if (presented.kind === 'code') {
    fields.set(22, '031');
    fields.set(48, `${presented.scheme}=${presented.code}`);
    return;
  }
  fields.set(14, presented.expiry);
  fields.set(22, '071');
  if (presented.panSequence !== undefined) fields.set(23, presented.panSequence.padStart(3, '0'));
  fields.set(48, presented.sealed);
  if (presented.iccData !== '') fields.set(55, presented.iccData);
}

/** DE 90: MTI, STAN, DE 7 of the original, then acquirer and forwarder of zeros. */
function originalText(original: Original): string {
  return `${original.mti}${String(original.stan).padStart(6, '0')}${utcStamp(original.at)}${'0'.repeat(22)}`;
}

/** DE 63: counts of ten digits, sums of twelve. */
export function totalsText(totals: Totals): string {
  const side = (count: number, sum: Money): string =>
    `${String(count).padStart(10, '0')}${String(sum.minor).padStart(12, '0')}`;
  return side(totals.debitCount, totals.debit) + side(totals.creditCount, totals.credit);
}

/** Reads DE 63; undefined when it is not 44 digits. */
export function totalsOf(text: string, currency: Currency): Totals | undefined {
  const match = /^(\d{10})(\d{12})(\d{10})(\d{12})$/.exec(text);
  if (!match) return undefined;
  const [debitCount, debit, creditCount, credit] = match.slice(1).map(Number);
  if (debit === undefined || credit === undefined || Math.max(debit, credit) > LARGEST_MINOR) return undefined;
  return {
    debitCount: debitCount ?? 0,
    debit: money(debit, currency),
    creditCount: creditCount ?? 0,
    credit: money(credit, currency),
  };
}

/** What joins an answer to its request: message class, STAN and RRN. */
export function keyOf(message: IsoMessage): string {
  return `${message.mti.slice(0, 2)} ${message.fields.get(11) ?? ''} ${message.fields.get(37) ?? ''}`;
}

/** What must be kept of a sent message to know its answer: no card data, no code. */
export function traceOf(sent: IsoMessage): IsoMessage {
  return {
    mti: sent.mti,
    fields: new Map([...sent.fields].filter(([number]) => ECHOED.some((kept) => kept === number))),
  };
}

/** The first thing in which an answer is not the one of this request; undefined when it is (I5). The MAC is checked before. */
export function mismatch(sent: IsoMessage, answer: IsoMessage): string | undefined {
  if (answer.mti !== `${sent.mti.slice(0, 2)}${answerDigit(sent.mti)}0`) return 'MTI';
  const differing = ECHOED.find((number) => sent.fields.get(number) !== answer.fields.get(number));
  if (differing !== undefined) return `DE ${differing}`;
  return answer.fields.has(39) ? undefined : 'DE 39';
}

/** Third digit of an answer's MTI: request 0 becomes 1, advice 2 becomes 3. */
function answerDigit(mti: string): number {
  return Number(mti[2]) + 1;
}

/** Reads a believed answer; undefined when a reconciliation's totals are missing or cannot be read. */
export function readAnswer(request: BankRequest, answer: IsoMessage): BankAnswer | undefined {
  const code = answer.fields.get(39) ?? '';
  if (request.type === 'reconciliation') return readTotals(request.totals, code, answer);
  if (code === '00') {
    const authCode = answer.fields.get(38)?.trim();
    return authCode ? { kind: 'approved', code, authCode } : { kind: 'approved', code };
  }
  if (code === '09') return { kind: 'pending', code };
  if (code === '25' && 'original' in request) return { kind: 'not-found', code };
  if (code === 'A0') return { kind: 'no-answer', detail: 'the host did not accept our MAC' };
  return { kind: 'declined', code };
}

function readTotals(ours: Totals, code: string, answer: IsoMessage): BankAnswer | undefined {
  if (code === 'A0') return { kind: 'no-answer', detail: 'the host did not accept our MAC' };
  const text = answer.fields.get(63);
  if (text === undefined && code !== '00' && code !== '95') return { kind: 'declined', code };
  const hostTotals = totalsOf(text ?? '', ours.debit.currency);
  if (!hostTotals) return undefined;
  const agreed = code === '00' && text === totalsText(ours);
  return { kind: agreed ? 'approved' : 'declined', code, hostTotals };
}
