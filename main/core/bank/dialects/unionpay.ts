import { type Currency, currencyNumber, LARGEST_MINOR, type Money, money } from '../../../../contract/money.ts';
import type { IsoMessage } from '../codec.ts';
import { IsoError } from '../error.ts';
import { openUnionPayBlock } from '../keys.ts';
import { UNIONPAY } from '../layouts/unionpay.ts';
import type { BankAnswer, Charge, LinkRequest, Original, Presented, ReversalReason, Totals } from '../link.ts';
import { localTold } from '../told.ts';
import {
  BAD_MAC,
  type Dialect,
  digits,
  type Identity,
  isCredit,
  type Network,
  readCode,
  withHostRrn,
} from './dialect.ts';
import { tpduEnvelope } from './tpdu.ts';

type Fields = Map<number, string>;

interface Kind {
  readonly mti: string;
  /** DE 3; the settlement messages have none. */
  readonly processing?: string;
  /** DE 25. */
  readonly condition?: string;
  /** DE 60.1. */
  readonly code: string;
  /** DE 60.3. */
  readonly network?: string;
}

/** docs/bank-link.md, "The dialect unionpay". A repeat has the MTI of the first sending. */
const KINDS: Readonly<Record<LinkRequest['type'] | Network, Kind>> = {
  'sign-on': { mti: '0800', code: '00', network: '003' },
  echo: { mti: '0820', code: '00', network: '301' },
  parameters: { mti: '0800', code: '00', network: '360' },
  purchase: { mti: '0200', processing: '000000', condition: '00', code: '22' },
  advice: { mti: '0220', processing: '000000', condition: '00', code: '30' },
  reversal: { mti: '0400', processing: '000000', condition: '00', code: '22' },
  void: { mti: '0200', processing: '200000', condition: '00', code: '23' },
  query: { mti: '0100', processing: '380000', condition: '00', code: '01' },
  refund: { mti: '0220', processing: '200000', condition: '00', code: '25' },
  'charge-refund': { mti: '0220', processing: '200000', condition: '00', code: '25' },
  'pre-authorization': { mti: '0100', processing: '030000', condition: '06', code: '10' },
  completion: { mti: '0200', processing: '000000', condition: '06', code: '20' },
  reconciliation: { mti: '0500', code: '00', network: '201' },
  upload: { mti: '0320', processing: '000000', condition: '00', code: '00', network: '205' },
  'upload-end': { mti: '0320', code: '00', network: '202' },
};

/** DE 39 of a 0400. */
const REASONS: Readonly<Record<ReversalReason, string>> = {
  'no-answer': '98',
  'customer-cancel': '17',
  'invalid-answer': '96',
  'not-completed': '06',
};

/** Approved, and approved although something about it was faulty at the host. */
const GOOD = ['00', '11', 'A2', 'A4', 'A5', 'A6'] as const;

/** Terminal reads contactless and contact chips (DE 60.4), and the chip was not in doubt (DE 60.5). */
const CAPABILITY = '60';

function compose(request: LinkRequest, identity: Identity): IsoMessage {
  const kind = KINDS[request.type];
  const { trace } = request;
  const fields = common(kind, trace.stan, trace.batch, identity);
  if ('totals' in request) {
    fields.set(49, currencyNumber(request.totals.debit.currency));
    fields.set(48, request.type === 'upload-end' ? digits(request.count, 4) : totalsText(request.totals));
    if (request.type === 'reconciliation') fields.set(63, '001');
  } else {
    fields.set(4, digits(request.amount.minor, 12));
    fields.set(49, currencyNumber(request.amount.currency));
    if ('presented' in request && request.presented) present(request.presented, fields);
    if ('original' in request) about(request.original, trace.batch, identity, fields);
    if ('charge' in request) aboutCharge(request.charge, fields);
    if (request.type === 'reversal') fields.set(39, REASONS[request.reason]);
    if (request.type === 'upload' && isCredit(request.record)) fields.set(3, '200000');
  }
  return { mti: kind.mti, fields };
}

function composeNetwork(what: Network, stan: number, _at: number, identity: Identity): IsoMessage {
  const kind = KINDS[what];
  const fields = common(kind, stan, 0, identity);
  if (what === 'sign-on') fields.set(63, '001');
  return { mti: kind.mti, fields };
}

function common(kind: Kind, stan: number, batch: number, identity: Identity): Fields {
  const fields: Fields = new Map([
    [11, digits(stan, 6)],
    [41, identity.terminalId.padEnd(8)],
    [42, identity.merchantId.padEnd(15)],
  ]);
  if (kind.processing !== undefined) fields.set(3, kind.processing);
  if (kind.condition !== undefined) fields.set(25, kind.condition);
  const head = kind.code + digits(batch % 1_000_000, 6);
  fields.set(60, kind.network === undefined ? `${head}000${CAPABILITY}` : head + kind.network);
  return fields;
}

/** Entry modes end with 2: no PIN was asked for. */
function present(presented: Presented, fields: Fields): void {
  if (presented.kind === 'code') {
    fields.set(22, '032');
    fields.set(59, `${presented.scheme}=${presented.code}`);
    return;
  }
  fields.set(14, presented.expiry);
  fields.set(22, '072');
  if (presented.panSequence !== undefined) fields.set(23, digits(Number(presented.panSequence), 3));
  if (presented.iccData !== '') fields.set(55, presented.iccData);
  fields.set(57, presented.sealed);
}

/** DE 61: batch, STAN and date of the original. */
function about(original: Original, ownBatch: number, identity: Identity, fields: Fields): void {
  const batch = original.batch ?? ownBatch;
  fields.set(61, digits(batch % 1_000_000, 6) + digits(original.stan, 6) + identity.local(original.at).date);
  if (original.hostRrn !== undefined) fields.set(37, original.hostRrn);
  if (original.authCode !== undefined) fields.set(38, original.authCode);
}

/** A charge on the statement: its batch is not known here, and its STAN only where the statement has it. */
function aboutCharge({ rrn, day, stan = 0 }: Charge, fields: Fields): void {
  fields.set(37, rrn.padEnd(12));
  fields.set(61, `000000${digits(stan, 6)}${day.slice(5).replace('-', '')}`);
}

const LARGEST_COUNT = 999;

/** DE 48: sum n12 and count n3 of debits and of credits, and a result; all once more for foreign cards, not used here. */
function totalsText(totals: Totals): string {
  const pair = (sum: Money, count: number): string => {
    if (count > LARGEST_COUNT) throw new IsoError('length', 48, `${count} payments, at most ${LARGEST_COUNT}`);
    return digits(sum.minor, 12) + digits(count, 3);
  };
  return `${pair(totals.debit, totals.debitCount)}${pair(totals.credit, totals.creditCount)}${'0'.repeat(32)}`;
}

/** The two result digits of a 0510: 1 balanced, 2 not balanced, 3 error. */
function resultsOf(answer: IsoMessage): string | undefined {
  const text = answer.fields.get(48) ?? '';
  return text.length === 62 ? `${text[30] ?? ''}${text[61] ?? ''}` : undefined;
}

function totalsOf(text: string, currency: Currency): Totals | undefined {
  const match = /^(\d{12})(\d{3})(\d{12})(\d{3})\d{32}$/.exec(text);
  if (!match) return undefined;
  const [debit = 0, debitCount = 0, credit = 0, creditCount = 0] = match.slice(1).map(Number);
  if (Math.max(debit, credit) > LARGEST_MINOR) return undefined;
  return { debitCount, debit: money(debit, currency), creditCount, credit: money(credit, currency) };
}

/** A 0510 may have no DE 39: its results stand for one. */
function codeOf(answer: IsoMessage): string | undefined {
  const code = answer.fields.get(39);
  if (code !== undefined || answer.mti !== '0510') return code;
  const results = resultsOf(answer);
  if (results === undefined) return undefined;
  return results === '11' ? '00' : results.includes('3') ? '96' : '95';
}

function readAnswer(request: LinkRequest, answer: IsoMessage): BankAnswer | undefined {
  const code = codeOf(answer) ?? '';
  if (code === 'A0') return BAD_MAC;
  if (request.type === 'upload-end') return { kind: code === '00' ? 'approved' : 'declined', code };
  if (request.type !== 'reconciliation') return withHostRrn(readCode(request, answer, code, GOOD), answer);
  const results = resultsOf(answer);
  const hostTotals = totalsOf(answer.fields.get(48) ?? '', request.totals.debit.currency);
  if (!results || !hostTotals) return code === '00' ? undefined : { kind: 'declined', code };
  const agreed = code === '00' && results === '11' && totalsText(hostTotals) === totalsText(request.totals);
  return { kind: agreed ? 'approved' : 'declined', code: code === '00' && !agreed ? '95' : code, hostTotals };
}

/** Application class IC, software version, terminal state, what is asked for, software minor version. */
const HEADER = Buffer.from('613100310000', 'hex');
const SIGN_ON_AGAIN = 3;

/** Reads what the host asks for from its header: undefined when it is none. */
function asksSignOn(header: Uint8Array): boolean | undefined {
  if ((header[0] ?? 0) >> 4 !== 6) return undefined;
  return ((header[2] ?? 0) & 15) === SIGN_ON_AGAIN;
}

/** UnionPay terminals: TPDU and header, ECB MAC, 0400 reversals, DE 60 and 61, results in DE 48 of a 0510. */
export const unionpay: Dialect = {
  layout: UNIONPAY,
  mac: 'unionpay-ecb',
  headerLength: 11,
  envelope: ({ nii }) => tpduEnvelope(nii, HEADER, asksSignOn),
  signOnSigned: false,
  openKeys: openUnionPayBlock,
  echoed: [3, 4, 11, 25, 41, 42, 49, 60],
  joined: [],
  codeOf,
  compose,
  composeNetwork,
  parameters: { field: 62, as: 'hex' },
  timeOf: ({ fields }, zone) => localTold(fields.get(13), fields.get(12), zone),
  readAnswer,
};
