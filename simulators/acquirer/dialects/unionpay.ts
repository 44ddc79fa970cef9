import { newUnionPayKey, unionPayMac } from '../mac.ts';
import { type Kind, messageClass, type Original, type Request, type Totals, totalsText } from '../request.ts';
import type { Fields, Forms, Message } from '../wire.ts';
import { answerFields, answerMti, type Dialect, digitsOf } from './dialect.ts';
import { tpduOff, tpduOn } from './tpdu.ts';

const forms: Forms = {
  3: { kind: 'n', length: 6 },
  4: { kind: 'n', length: 12 },
  11: { kind: 'n', length: 6 },
  12: { kind: 'n', length: 6 },
  13: { kind: 'n', length: 4 },
  14: { kind: 'n', length: 4 },
  22: { kind: 'nr', length: 3 },
  23: { kind: 'n', length: 3 },
  25: { kind: 'n', length: 2 },
  37: { kind: 'text', length: 12 },
  38: { kind: 'text', length: 6 },
  39: { kind: 'text', length: 2 },
  41: { kind: 'text', length: 8 },
  42: { kind: 'text', length: 15 },
  48: { kind: 'nr', length: 322, prefix: 2 },
  49: { kind: 'text', length: 3 },
  55: { kind: 'b', length: 255, prefix: 2 },
  57: { kind: 'text', length: 999, prefix: 2 },
  59: { kind: 'text', length: 999, prefix: 2 },
  60: { kind: 'nr', length: 17, prefix: 2 },
  61: { kind: 'nr', length: 29, prefix: 2 },
  62: { kind: 'b', length: 512, prefix: 2 },
  63: { kind: 'text', length: 163, prefix: 2 },
  64: { kind: 'b', length: 8 },
};

/** Message class, DE 60.1 (and 60.3 where it matters) → what it is. */
const kinds: Readonly<Record<string, Kind>> = {
  '0800 00 003': 'sign-on',
  '0820 00 301': 'echo',
  '0800 00 360': 'parameters',
  '0200 22 000': 'purchase',
  '0220 30 000': 'advice',
  '0400 22 000': 'reversal',
  '0200 23 000': 'void',
  '0100 01 000': 'query',
  '0220 25 000': 'refund',
  '0100 10 000': 'authorization',
  '0200 20 000': 'completion',
  '0500 00 201': 'totals',
  '0320 00 205': 'upload',
  '0320 00 202': 'upload-end',
};

const money = [3, 4, 25, 49];
const card = [14, 22, 23, 55, 57, 59];
const told = [37, 38];

/** Fields that a message must and may have besides DE 11, 41, 42 and 60. */
const shapes: Readonly<Record<Kind, { readonly must: readonly number[]; readonly may?: readonly number[] }>> = {
  'sign-on': { must: [63] },
  echo: { must: [] },
  parameters: { must: [62] },
  purchase: { must: [...money, 22], may: card },
  advice: { must: [...money, 22, 57], may: card },
  reversal: { must: [...money, 39, 61], may: told },
  void: { must: [...money, 61], may: told },
  query: { must: [...money, 61], may: told },
  refund: { must: [...money, 61], may: [...card, ...told] },
  authorization: { must: [...money, 22], may: card },
  completion: { must: [...money, 61], may: told },
  totals: { must: [48, 49, 63] },
  upload: { must: [...money, 61], may: told },
  'upload-end': { must: [48, 49] },
};

function kindOf({ mti, fields }: Message): Kind | undefined {
  const code = fields.get(60) ?? '';
  const kind = kinds[`${messageClass(mti)} ${code.slice(0, 2)} ${code.slice(8, 11)}`];
  if (kind === undefined) return undefined;
  const must = [11, 41, 42, 60, ...shapes[kind].must];
  const may = new Set([...must, ...(shapes[kind].may ?? [])]);
  const whole = must.every((number) => fields.has(number)) && [...fields.keys()].every((number) => may.has(number));
  return whole ? kind : undefined;
}

/** DE 48: sum n12 and count n3 of debits and credits, a result; the same for foreign cards, which there are none of. */
function readTotals(text: string): Totals | undefined {
  const match = /^(\d{12})(\d{3})(\d{12})(\d{3})\d0{30}\d$/.exec(text);
  if (match === null) return undefined;
  const [debitMinor = 0, debitCount = 0, creditMinor = 0, creditCount = 0] = match.slice(1).map(Number);
  return { debitCount, debitMinor, creditCount, creditMinor };
}

function writeTotals(totals: Totals, result: string): string {
  const pair = (minor: number, count: number) => String(minor).padStart(12, '0') + String(count).padStart(3, '0');
  const own = pair(totals.debitMinor, totals.debitCount) + pair(totals.creditMinor, totals.creditCount);
  return own + result + ''.padEnd(30, '0') + result;
}

/** The fields by which the bank decides, as the dialect `countertap` has them. */
function decisive({ mti, fields }: Message, kind: Kind): Message {
  const own: Fields = new Map(fields);
  const mode = fields.get(22);
  if (mode !== undefined) own.set(22, `${mode.slice(0, 2)}1`);
  own.delete(48);
  own.delete(63);
  const presented = fields.get(57) ?? fields.get(59);
  if (presented !== undefined) own.set(48, presented);
  const totals = kind === 'totals' ? readTotals(fields.get(48) ?? '') : undefined;
  if (totals !== undefined) own.set(63, totalsText(totals));
  if (kind === 'void') own.set(3, '020000');
  return { mti, fields: own };
}

/** DE 61: batch n6, STAN n6, date. */
function original(text: string | undefined): Original | undefined {
  const match = /^(\d{6})(\d{6})\d{4}$/.exec(text ?? '');
  return match === null ? undefined : { batch: Number(match[1]), stan: Number(match[2]) };
}

function read(message: Message): Request | undefined {
  const { mti, fields } = message;
  const kind = kindOf(message);
  if (kind === undefined) return undefined;
  const get = (number: number) => fields.get(number) ?? '';
  const batch = get(60).slice(2, 8);
  const subject = original(fields.get(61));
  if (fields.has(61) && subject === undefined) return undefined;
  // A refund names a payment, of an older batch too, by the RRN that it has here.
  const rrn = kind === 'refund' && fields.has(37) ? get(37).trim() : undefined;
  return {
    kind,
    message: decisive(message, kind),
    mti: messageClass(mti),
    stan: Number(get(11)),
    rrn: batch + get(11),
    terminal: get(41),
    merchant: get(42),
    transmitted: '',
    amount: Number(get(4)),
    currency: get(49),
    batch: Number(batch),
    ...(subject === undefined ? {} : { original: { ...subject, ...(rrn === undefined ? {} : { rrn }) } }),
    ...(kind === 'upload-end' ? { count: Number(get(48)) } : {}),
  };
}

const repeated = [3, 4, 11, 25, 41, 42, 49, 60];

const results: Readonly<Record<string, string>> = { '00': '1', '95': '2' };

/** Hosts of UnionPay's kind. A 0510 has no DE 39: the result stands in DE 48. */
export const unionpay: Dialect = {
  forms,
  open: (bytes) => tpduOff(bytes, 6),
  close: (message) => tpduOn(message, '613100310000'),
  isSignOn: ({ mti, fields }) => mti === '0800' && fields.get(60)?.endsWith('003') === true,
  signOnSealed: false,
  newKey: newUnionPayKey,
  parameters: { field: 62, as: 'hex', most: 330 },
  mac: unionPayMac,
  read,
  answer(message, request, verdict, more, now) {
    const fields = answerFields(message, repeated, request, verdict, more);
    const digits = digitsOf(now);
    fields.set(12, digits.slice(8)).set(13, digits.slice(4, 8));
    if (request !== undefined) fields.set(37, verdict.rrn ?? request.rrn);
    if (request?.kind === 'totals' && verdict.totals !== undefined) {
      fields.set(48, writeTotals(verdict.totals, results[verdict.code] ?? '3'));
      fields.delete(39);
    }
    return { mti: answerMti(message), fields };
  },
};
