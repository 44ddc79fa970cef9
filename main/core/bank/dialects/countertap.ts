import { type Currency, currencyNumber, LARGEST_MINOR, type Money, money } from '../../../../contract/money.ts';
import type { IsoMessage } from '../codec.ts';
import { openKeyBlock } from '../keys.ts';
import { COUNTERTAP } from '../layouts/countertap.ts';
import type { BankAnswer, Charge, LinkRequest, Original, Presented, ReversalReason, Totals } from '../link.ts';
import { utcStamp } from '../stamp.ts';
import { utcTold } from '../told.ts';
import { BAD_MAC, type Dialect, type Identity, isCredit, type Network, readCode, sameTotals } from './dialect.ts';
import { bareEnvelope } from './tpdu.ts';

/** MTI of the first sending and of a repeat; DE 3. */
interface Kind {
  readonly first: string;
  readonly repeat: string;
  readonly processing: string;
}

/** docs/bank-link.md, "Messages". */
const KINDS: Readonly<Record<LinkRequest['type'] | Network, Kind>> = {
  'sign-on': { first: '0800', repeat: '0800', processing: '920000' },
  echo: { first: '0800', repeat: '0800', processing: '990000' },
  parameters: { first: '0800', repeat: '0800', processing: '930000' },
  purchase: { first: '0200', repeat: '0200', processing: '000000' },
  advice: { first: '0220', repeat: '0221', processing: '000000' },
  reversal: { first: '0420', repeat: '0421', processing: '000000' },
  void: { first: '0200', repeat: '0201', processing: '020000' },
  query: { first: '0100', repeat: '0100', processing: '380000' },
  reconciliation: { first: '0500', repeat: '0500', processing: '920000' },
  refund: { first: '0220', repeat: '0221', processing: '200000' },
  'charge-refund': { first: '0220', repeat: '0221', processing: '200000' },
  'pre-authorization': { first: '0100', repeat: '0100', processing: '300000' },
  completion: { first: '0220', repeat: '0221', processing: '300000' },
  upload: { first: '0320', repeat: '0321', processing: '000000' },
  'upload-end': { first: '0500', repeat: '0500', processing: '960000' },
};

/** DE 39 of a reversal. */
const REASONS: Readonly<Record<ReversalReason, string>> = {
  'no-answer': '68',
  'customer-cancel': '17',
  'invalid-answer': '30',
  'not-completed': '48',
};

type Fields = Map<number, string>;

/** Builds the message of a request, without its MAC. The same trace always gives the same fields. */
function compose(request: LinkRequest, identity: Identity): IsoMessage {
  const kind = KINDS[request.type];
  const { trace } = request;
  const fields = common(kind.processing, trace.stan, trace.at, identity);
  fields.set(37, trace.rrn);
  fields.set(60, String(trace.batch).padStart(6, '0'));
  if ('totals' in request) {
    fields.set(49, currencyNumber(request.totals.debit.currency));
    fields.set(63, totalsText(request.totals));
    if ('head' in request && request.head) fields.set(48, `${request.head.seq}=${request.head.hash}`);
  } else {
    fields.set(4, String(request.amount.minor).padStart(12, '0'));
    fields.set(25, '00');
    fields.set(49, currencyNumber(request.amount.currency));
    if ('presented' in request && request.presented) present(request.presented, fields);
    if ('original' in request) fields.set(90, originalText(request.original));
    if ('charge' in request) fields.set(61, chargeText(request.charge));
    if (request.type === 'reversal') fields.set(39, REASONS[request.reason]);
    if (request.type === 'upload') fields.set(3, isCredit(request.record) ? '020000' : '000000');
  }
  return { mti: trace.attempt > 0 ? kind.repeat : kind.first, fields };
}

/** Builds an 0800. `at` is UTC milliseconds. */
function composeNetwork(what: Network, stan: number, at: number, identity: Identity): IsoMessage {
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

/** DE 61: RRN of twelve characters, day YYYYMMDD, STAN of six digits or zeros. */
function chargeText({ rrn, day, stan = 0 }: Charge): string {
  return `${rrn.padEnd(12)}${day.replaceAll('-', '')}${String(stan).padStart(6, '0')}`;
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

/** Reads a believed answer; undefined when a reconciliation's totals are missing or cannot be read. */
function readAnswer(request: LinkRequest, answer: IsoMessage): BankAnswer | undefined {
  const code = answer.fields.get(39) ?? '';
  return 'totals' in request ? readTotals(request.totals, code, answer) : readCode(request, answer, code);
}

function readTotals(ours: Totals, code: string, answer: IsoMessage): BankAnswer | undefined {
  if (code === 'A0') return BAD_MAC;
  const text = answer.fields.get(63);
  if (text === undefined && code !== '00' && code !== '95') return { kind: 'declined', code };
  const hostTotals = totalsOf(text ?? '', ours.debit.currency);
  if (!hostTotals) return undefined;
  const agreed = code === '00' && sameTotals(ours, hostTotals);
  return { kind: agreed ? 'approved' : 'declined', code, hostTotals };
}

/** This project's own dialect: RRN by the terminal, AES-CMAC, DE 90 for originals, 0420 reversals. */
export const countertap: Dialect = {
  layout: COUNTERTAP,
  mac: 'aes-cmac',
  headerLength: 0,
  envelope: () => bareEnvelope,
  signOnSigned: true,
  openKeys: openKeyBlock,
  echoed: [3, 4, 7, 11, 12, 13, 24, 37, 41, 42, 49, 60],
  joined: [37],
  codeOf: (answer) => answer.fields.get(39),
  compose,
  composeNetwork,
  parameters: { field: 63, as: 'text' },
  timeOf: ({ fields }) => utcTold(fields.get(57)),
  readAnswer,
};
