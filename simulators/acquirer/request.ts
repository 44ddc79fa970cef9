import type { Message } from './wire.ts';

/** What a request asks for; the names are those of docs/bank-link.md. */
export type Kind =
  | 'sign-on'
  | 'echo'
  | 'parameters'
  | 'purchase'
  | 'advice'
  | 'authorization'
  | 'completion'
  | 'refund'
  | 'reversal'
  | 'void'
  | 'query'
  | 'totals'
  | 'upload'
  | 'upload-end';

/** The message that a reversal, void or query speaks of. */
export interface Original {
  readonly stan: number;
  /** Class of the original; any payment when the dialect does not say. */
  readonly mti?: string;
  /** DE 7 of the original, MMDDhhmmss, where the dialect has it; else its batch is given. */
  readonly transmitted?: string;
  readonly batch?: number;
  /** The bank's own reference, where it is named by that: a refund of what stands on the statement. */
  readonly rrn?: string;
}

/** A request taken apart. `amount` in minor units, `currency` as ISO 4217 digits. */
export interface Request {
  readonly kind: Kind;
  /** Its fields as the dialect `countertap` has them, whatever the dialect: what the bank decides by. */
  readonly message: Message;
  readonly mti: string;
  readonly stan: number;
  readonly rrn: string;
  readonly terminal: string;
  readonly merchant: string;
  readonly transmitted: string;
  readonly amount: number;
  readonly currency: string;
  readonly batch: number;
  readonly original?: Original;
  /** How many payments the end of an upload says there were. */
  readonly count?: number;
}

interface Shape {
  readonly kind: Kind;
  readonly fields: readonly number[];
  readonly optional?: readonly number[];
}

const common = [3, 7, 11, 12, 13, 24, 41, 42];

/** Message class (MTI with 0 for its last digit) and processing code → what it is and which fields it must and may have. */
const shapes: Readonly<Record<string, Shape>> = {
  '0800 920000': { kind: 'sign-on', fields: [] },
  '0800 990000': { kind: 'echo', fields: [] },
  '0800 930000': { kind: 'parameters', fields: [63] },
  '0200 000000': { kind: 'purchase', fields: [4, 22, 25, 37, 48, 49, 60], optional: [14, 23, 55] },
  '0220 000000': { kind: 'advice', fields: [4, 14, 22, 25, 37, 48, 49, 60], optional: [23, 55] },
  '0420 000000': { kind: 'reversal', fields: [4, 25, 37, 39, 49, 60, 90] },
  '0200 020000': { kind: 'void', fields: [4, 25, 37, 49, 60, 90] },
  '0100 380000': { kind: 'query', fields: [4, 25, 37, 49, 60, 90] },
  '0500 920000': { kind: 'totals', fields: [37, 49, 60, 63], optional: [48] },
  '0100 300000': { kind: 'authorization', fields: [4, 22, 25, 37, 48, 49, 60], optional: [14, 23, 55] },
  '0220 300000': { kind: 'completion', fields: [4, 25, 37, 49, 60, 90] },
  '0220 200000': { kind: 'refund', fields: [4, 25, 37, 49, 60], optional: [14, 22, 23, 48, 55, 61, 90] },
  '0320 000000': { kind: 'upload', fields: [4, 25, 37, 49, 60, 90] },
  '0320 020000': { kind: 'upload', fields: [4, 25, 37, 49, 60, 90] },
  '0500 960000': { kind: 'upload-end', fields: [37, 49, 60, 63] },
};

export function messageClass(mti: string): string {
  return `${mti.slice(0, 3)}0`;
}

function original(text: string | undefined): Original | undefined {
  if (text === undefined) return undefined;
  return { mti: messageClass(text.slice(0, 4)), stan: Number(text.slice(4, 10)), transmitted: text.slice(10, 20) };
}

/** DE 61: RRN of twelve characters, day YYYYMMDD, STAN of six digits, zeros where it is not known. */
function charge(text: string | undefined): Original | undefined {
  const match = /^(.{12})\d{8}(\d{6})$/.exec(text ?? '');
  return match === null ? undefined : { rrn: (match[1] ?? '').trim(), stan: Number(match[2]) };
}

/** Checks a message against the table of messages. Undefined when it is none of them: a format error (DE 39 `30`). */
export function read(message: Message): Request | undefined {
  const { mti, fields } = message;
  const get = (number: number) => fields.get(number) ?? '';
  const shape = shapes[`${messageClass(mti)} ${get(3)}`];
  if (shape === undefined || (mti !== messageClass(mti) && !mti.endsWith('1'))) return undefined;
  const must = [...common, ...shape.fields];
  const may = new Set([...must, ...(shape.optional ?? [])]);
  if (must.some((number) => !fields.has(number))) return undefined;
  if ([...fields.keys()].some((number) => !may.has(number))) return undefined;
  const about = original(fields.get(90)) ?? charge(fields.get(61));
  // A refund names a payment in DE 90 or a charge in DE 61, and never both.
  if (shape.kind === 'refund' && (about === undefined || (fields.has(61) && fields.has(90)))) return undefined;
  return {
    kind: shape.kind,
    message,
    mti: messageClass(mti),
    stan: Number(get(11)),
    rrn: get(37),
    terminal: get(41),
    merchant: get(42),
    transmitted: get(7),
    amount: Number(get(4)),
    currency: get(49),
    batch: Number(get(60)),
    ...(about === undefined ? {} : { original: about }),
  };
}

export interface Totals {
  readonly debitCount: number;
  readonly debitMinor: number;
  readonly creditCount: number;
  readonly creditMinor: number;
}

/** DE 63: counts n10, sums n12, debits then credits. */
export function totalsText(totals: Totals): string {
  const digits = (value: number, length: number) => String(value).padStart(length, '0');
  return (
    digits(totals.debitCount, 10) +
    digits(totals.debitMinor, 12) +
    digits(totals.creditCount, 10) +
    digits(totals.creditMinor, 12)
  );
}

/** Reads DE 63; undefined when it is not 44 digits. */
export function readTotals(text: string): Totals | undefined {
  const match = /^(\d{10})(\d{12})(\d{10})(\d{12})$/.exec(text);
  if (match === null) return undefined;
  const [debitCount = 0, debitMinor = 0, creditCount = 0, creditMinor = 0] = match.slice(1).map(Number);
  return { debitCount, debitMinor, creditCount, creditMinor };
}
