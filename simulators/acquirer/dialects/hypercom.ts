import { newRetailKey, x919 } from '../mac.ts';
import { type Kind, messageClass, type Request, type Totals, totalsText } from '../request.ts';
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
  22: { kind: 'n', length: 3 },
  23: { kind: 'n', length: 3 },
  24: { kind: 'n', length: 3 },
  25: { kind: 'n', length: 2 },
  37: { kind: 'text', length: 12 },
  38: { kind: 'text', length: 6 },
  39: { kind: 'text', length: 2 },
  41: { kind: 'text', length: 8 },
  42: { kind: 'text', length: 15 },
  48: { kind: 'text', length: 999, prefix: 2 },
  49: { kind: 'n', length: 3 },
  55: { kind: 'b', length: 255, prefix: 2 },
  57: { kind: 'text', length: 999, prefix: 2 },
  60: { kind: 'text', length: 999, prefix: 2 },
  62: { kind: 'b', length: 999, prefix: 2 },
  63: { kind: 'text', length: 999, prefix: 2 },
  64: { kind: 'b', length: 8 },
};

interface Shape {
  readonly kind: Kind;
  readonly must: readonly number[];
  readonly may?: readonly number[];
}

const card = [14, 22, 23, 48, 55, 57];
const about = [4, 11, 12, 13, 25, 49, 60, 62];

/** Message class and processing code; besides DE 3, 11, 24, 41 and 42. */
const shapes: Readonly<Record<string, Shape>> = {
  '0800 920000': { kind: 'sign-on', must: [] },
  '0800 990000': { kind: 'echo', must: [] },
  '0800 930000': { kind: 'parameters', must: [63] },
  '0200 000000': { kind: 'purchase', must: [4, 22, 25, 49, 60, 62], may: card },
  '0220 000000': { kind: 'advice', must: about, may: [...card, 37, 38] },
  '0400 000000': { kind: 'reversal', must: [4, 25, 49, 60, 62] },
  '0200 020000': { kind: 'void', must: about, may: [37, 38] },
  '0200 200000': { kind: 'refund', must: about, may: [...card, 37, 38] },
  '0100 300000': { kind: 'authorization', must: [4, 22, 25, 49, 60, 62], may: card },
  '0100 380000': { kind: 'query', must: [4, 25, 49, 60, 62] },
  '0500 920000': { kind: 'totals', must: [49, 60, 63] },
  '0500 960000': { kind: 'upload-end', must: [49, 60, 63] },
  '0320 000000': { kind: 'upload', must: about, may: [37, 38] },
  '0320 020000': { kind: 'upload', must: about, may: [37, 38] },
};

const always = [3, 11, 24, 41, 42];

function shapeOf({ mti, fields }: Message): Shape | undefined {
  const shape = shapes[`${messageClass(mti)} ${fields.get(3)}`];
  if (shape === undefined) return undefined;
  const must = [...always, ...shape.must];
  const may = new Set([...must, ...(shape.may ?? [])]);
  if (must.some((number) => !fields.has(number)) || [...fields.keys()].some((number) => !may.has(number)))
    return undefined;
  // An offline sale names no card of its own when it completes an authorized one.
  return shape.kind === 'advice' && !fields.has(22) ? { ...shape, kind: 'completion' } : shape;
}

/** 90 digits: count n3 and sum n12 of captured sales and refunds; the other four pairs are not used. */
function readTotals(text: string): Totals | undefined {
  const match = /^(\d{3})(\d{12})(\d{3})(\d{12})0{60}$/.exec(text);
  if (match === null) return undefined;
  const [debitCount = 0, debitMinor = 0, creditCount = 0, creditMinor = 0] = match.slice(1).map(Number);
  return { debitCount, debitMinor, creditCount, creditMinor };
}

function writeTotals(totals: Totals): string {
  const pair = (count: number, minor: number) => String(count).padStart(3, '0') + String(minor).padStart(12, '0');
  return pair(totals.debitCount, totals.debitMinor) + pair(totals.creditCount, totals.creditMinor) + ''.padEnd(60, '0');
}

/** The fields by which the bank decides, as the dialect `countertap` has them. */
function decisive({ mti, fields }: Message): Message {
  const own: Fields = new Map(fields);
  const mode = fields.get(22);
  if (mode !== undefined) own.set(22, `${mode.slice(0, 2)}1`);
  const presented = fields.get(57) ?? fields.get(48);
  if (presented !== undefined) own.set(48, presented);
  const totals = readTotals(fields.get(63) ?? '');
  if (totals !== undefined) own.set(63, totalsText(totals));
  else own.delete(63);
  return { mti, fields: own };
}

function read(message: Message): Request | undefined {
  const { mti, fields } = message;
  const shape = shapeOf(message);
  if (shape === undefined) return undefined;
  const get = (number: number) => fields.get(number) ?? '';
  const upload = shape.kind === 'upload';
  const batch = upload ? get(60).slice(10, 16) : get(60);
  // A refund names a payment, of an older batch too, by the RRN that it has here.
  const rrn = shape.kind === 'refund' && fields.has(37) ? get(37).trim() : undefined;
  const invoice = Buffer.from(get(62), 'hex').toString('latin1');
  if (fields.has(60) && !/^\d{6}$/.test(batch)) return undefined;
  if (fields.has(62) && !/^\d{6}$/.test(invoice)) return undefined;
  return {
    kind: shape.kind,
    message: decisive(message),
    mti: messageClass(mti),
    stan: Number(get(11)),
    rrn: batch + get(11),
    terminal: get(41),
    merchant: get(42),
    transmitted: '',
    amount: Number(get(4)),
    currency: get(49),
    batch: Number(batch),
    ...(fields.has(62)
      ? { original: { stan: Number(invoice), batch: Number(batch), ...(rrn === undefined ? {} : { rrn }) } }
      : {}),
  };
}

const repeated = [3, 4, 11, 24, 41, 42, 49, 60, 62];

/** Hosts of the Hypercom family. */
export const hypercom: Dialect = {
  forms,
  open: (bytes) => tpduOff(bytes, 0),
  close: (message) => tpduOn(message),
  isSignOn: ({ mti, fields }) => messageClass(mti) === '0800' && fields.get(3) === '920000',
  signOnSealed: false,
  newKey: newRetailKey,
  parameters: { field: 63, as: 'text', most: 700 },
  mac: x919,
  read,
  answer(message, request, verdict, more, now) {
    const fields = answerFields(message, repeated, request, verdict, more);
    const digits = digitsOf(now);
    fields.set(12, digits.slice(8)).set(13, digits.slice(4, 8));
    if (request !== undefined && request.rrn.length === 12) fields.set(37, verdict.rrn ?? request.rrn);
    if (verdict.totals !== undefined) fields.set(63, writeTotals(verdict.totals));
    return { mti: answerMti(message), fields };
  },
};
