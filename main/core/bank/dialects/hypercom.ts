import { type Currency, currencyNumber, LARGEST_MINOR, type Money, money } from '../../../../contract/money.ts';
import type { IsoMessage } from '../codec.ts';
import { IsoError } from '../error.ts';
import { openRetailBlock } from '../keys.ts';
import { HYPERCOM } from '../layouts/hypercom.ts';
import type { BankAnswer, Charge, LinkRequest, Original, Presented, Totals } from '../link.ts';
import { localTold } from '../told.ts';
import {
  BAD_MAC,
  type Dialect,
  digits,
  type Identity,
  isCredit,
  type Network,
  readCode,
  sameTotals,
  withHostRrn,
} from './dialect.ts';
import { tpduEnvelope } from './tpdu.ts';

type Fields = Map<number, string>;

/** First sending, repeat, DE 3 (docs/bank-link.md, "The dialect hypercom"). */
const KINDS: Readonly<Record<LinkRequest['type'], readonly [first: string, repeat: string, processing: string]>> = {
  purchase: ['0200', '0200', '000000'],
  advice: ['0220', '0221', '000000'],
  reversal: ['0400', '0401', '000000'],
  void: ['0200', '0201', '020000'],
  query: ['0100', '0100', '380000'],
  refund: ['0200', '0201', '200000'],
  'charge-refund': ['0200', '0201', '200000'],
  'pre-authorization': ['0100', '0100', '300000'],
  completion: ['0220', '0221', '000000'],
  reconciliation: ['0500', '0500', '920000'],
  upload: ['0320', '0321', '000000'],
  'upload-end': ['0500', '0500', '960000'],
};

function compose(request: LinkRequest, identity: Identity): IsoMessage {
  const [first, repeat, processing] = KINDS[request.type];
  const { trace } = request;
  const fields = common(processing, trace.stan, identity);
  fields.set(60, digits(trace.batch % 1_000_000, 6));
  if ('totals' in request) {
    fields.set(49, currencyNumber(request.totals.debit.currency));
    fields.set(63, totalsText(request.totals));
  } else {
    fields.set(4, digits(request.amount.minor, 12));
    fields.set(25, request.type === 'pre-authorization' ? '06' : '00');
    fields.set(49, currencyNumber(request.amount.currency));
    fields.set(62, invoice(stanOf(request)));
    if ('presented' in request && request.presented) present(request.presented, fields);
    if ('original' in request && request.type !== 'reversal' && request.type !== 'query') {
      about(request.original, identity, fields);
    }
    if ('charge' in request) aboutCharge(request.charge, fields);
    if (request.type === 'advice') setTime(trace.at, identity, fields);
    if (request.type === 'upload') {
      fields.set(3, isCredit(request.record) ? '020000' : '000000');
      fields.set(
        60,
        request.original.mti + digits(request.original.stan, 6) + digits(trace.batch % 1_000_000, 6) + '0'.repeat(6),
      );
    }
  }
  return { mti: trace.attempt > 0 ? repeat : first, fields };
}

const NETWORK: Readonly<Record<Network, string>> = { 'sign-on': '920000', echo: '990000', parameters: '930000' };

function composeNetwork(what: Network, stan: number, _at: number, identity: Identity): IsoMessage {
  return { mti: '0800', fields: common(NETWORK[what], stan, identity) };
}

function common(processing: string, stan: number, identity: Identity): Fields {
  return new Map([
    [3, processing],
    [11, digits(stan, 6)],
    [24, identity.nii],
    [41, identity.terminalId.padEnd(8)],
    [42, identity.merchantId.padEnd(15)],
  ]);
}

/** The STAN that names the payment: its own, that of the one it is about, or zeros where a charge has none. */
function stanOf(request: Exclude<LinkRequest, { totals: Totals }>): number {
  if ('charge' in request) return request.charge.stan ?? 0;
  return 'original' in request ? request.original.stan : request.trace.stan;
}

/** DE 62: six digits in characters. Ours is the STAN of the payment, so that a reversal or void names it again. */
function invoice(stan: number): string {
  return Buffer.from(digits(stan, 6), 'latin1').toString('hex').toUpperCase();
}

function setTime(at: number, identity: Identity, fields: Fields): void {
  const local = identity.local(at);
  fields.set(12, local.time);
  fields.set(13, local.date);
}

/** What a void, refund, completion or upload repeats of its original. */
function about(original: Original, identity: Identity, fields: Fields): void {
  setTime(original.at, identity, fields);
  if (original.hostRrn !== undefined) fields.set(37, original.hostRrn);
  if (original.authCode !== undefined) fields.set(38, original.authCode);
}

/** What a refund repeats of a charge on the statement; the statement's time may be none of this host's clock. */
function aboutCharge({ rrn, day }: Charge, fields: Fields): void {
  fields.set(12, '000000');
  fields.set(13, day.slice(5).replace('-', ''));
  fields.set(37, rrn.padEnd(12));
}

/** Entry modes end with 2: no PIN was asked for. */
function present(presented: Presented, fields: Fields): void {
  if (presented.kind === 'code') {
    fields.set(22, '032');
    fields.set(48, `${presented.scheme}=${presented.code}`);
    return;
  }
  fields.set(14, presented.expiry);
  fields.set(22, '072');
  if (presented.panSequence !== undefined) fields.set(23, digits(Number(presented.panSequence), 3));
  if (presented.iccData !== '') fields.set(55, presented.iccData);
  fields.set(57, presented.sealed);
}

const LARGEST_COUNT = 999;

/** DE 63: six pairs of count n3 and sum n12: captured sales and refunds, debit sales and refunds, authorized ones. */
function totalsText(totals: Totals): string {
  const pair = (count: number, sum: Money): string => {
    if (count > LARGEST_COUNT) throw new IsoError('length', 63, `${count} payments, at most ${LARGEST_COUNT}`);
    return digits(count, 3) + digits(sum.minor, 12);
  };
  return pair(totals.debitCount, totals.debit) + pair(totals.creditCount, totals.credit) + '0'.repeat(60);
}

function totalsOf(text: string, currency: Currency): Totals | undefined {
  const match = /^(\d{3})(\d{12})(\d{3})(\d{12})0{60}$/.exec(text);
  if (!match) return undefined;
  const [debitCount = 0, debit = 0, creditCount = 0, credit = 0] = match.slice(1).map(Number);
  if (Math.max(debit, credit) > LARGEST_MINOR) return undefined;
  return { debitCount, debit: money(debit, currency), creditCount, credit: money(credit, currency) };
}

function readAnswer(request: LinkRequest, answer: IsoMessage): BankAnswer | undefined {
  const code = answer.fields.get(39) ?? '';
  if (!('totals' in request)) return withHostRrn(readCode(request, answer, code), answer);
  if (code === 'A0') return BAD_MAC;
  const text = answer.fields.get(63);
  if (text === undefined) return code === '00' ? undefined : { kind: 'declined', code };
  const hostTotals = totalsOf(text, request.totals.debit.currency);
  if (!hostTotals) return undefined;
  return { kind: code === '00' && sameTotals(request.totals, hostTotals) ? 'approved' : 'declined', code, hostTotals };
}

/** Hosts of the Hypercom family: TPDU, X9.19, 0400 reversals, invoice in DE 62, 90 digits of totals. */
export const hypercom: Dialect = {
  layout: HYPERCOM,
  mac: 'x9.19',
  headerLength: 5,
  envelope: ({ nii }) => tpduEnvelope(nii),
  signOnSigned: false,
  openKeys: openRetailBlock,
  echoed: [3, 4, 11, 24, 41, 42, 49, 60],
  joined: [],
  codeOf: (answer) => answer.fields.get(39),
  compose,
  composeNetwork,
  parameters: { field: 63, as: 'text' },
  timeOf: ({ fields }, zone) => localTold(fields.get(13), fields.get(12), zone),
  readAnswer,
};
