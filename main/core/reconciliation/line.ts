import { Currency, minorDigits } from '../../../contract/money.ts';
import type { LineKind } from '../../../contract/reconciliation.ts';
import type { CsvRow } from './csv.ts';
import { StatementError } from './fault.ts';
import { type Field, type StatementFormat, statementFormats } from './format.ts';

/** One line of the bank. Amounts in minor units; a void or refund is less than zero. */
export interface StatementLine {
  /** Line of the file, from 1: with the statement's number it names this line for good. */
  readonly n: number;
  readonly kind: LineKind;
  /** Settlement day, YYYY-MM-DD. */
  readonly day: string;
  /** Date and time as the bank says them. */
  readonly time: string;
  readonly terminal: string;
  readonly stan: number | null;
  /** Empty in a deposit. */
  readonly rrn: string;
  readonly scheme: string | null;
  readonly card: string | null;
  readonly gross: number;
  readonly fee: number | null;
  readonly net: number | null;
  readonly currency: Currency;
}

export interface LineContext {
  /** Of a file without a column for it. */
  readonly currency: Currency;
  readonly merchant: string;
}

/** Where each field of a format stands in this file. */
export interface Header {
  readonly format: StatementFormat;
  readonly width: number;
  readonly at: Partial<Readonly<Record<Field, number>>>;
}

const fields: readonly Field[] = [
  'merchant',
  'day',
  'date',
  'time',
  'terminal',
  'kind',
  'stan',
  'rrn',
  'auth',
  'card',
  'scheme',
  'amount',
  'fee',
  'net',
  'currency',
];

/**
 * Finds the format whose required columns are all there, each once.
 * @throws StatementError `statement-columns`
 */
export function readHeader(row: CsvRow): Header {
  const names = row.fields.map((name) => name.trim().toLowerCase());
  for (const format of statementFormats) {
    const at: Partial<Record<Field, number>> = {};
    for (const field of fields) {
      const wanted = format.columns[field] ?? [];
      const found = names.flatMap((name, index) => (wanted.includes(name) ? [index] : []));
      if (found.length > 1)
        throw new StatementError('statement-columns', row.line, `column ${names[found[0] ?? 0]} twice`);
      if (found[0] !== undefined) at[field] = found[0];
    }
    if (format.required.every((field) => at[field] !== undefined)) return { format, width: names.length, at };
  }
  throw new StatementError('statement-columns', row.line, 'the columns are those of no known format');
}

/**
 * Reads one record by its header.
 * @throws StatementError `statement-value` or `statement-merchant` with the line
 */
export function readLine(row: CsvRow, header: Header, context: LineContext): StatementLine {
  const { format, at } = header;
  const bad = (what: string): StatementError => new StatementError('statement-value', row.line, what);
  if (row.fields.length !== header.width) throw bad(`${row.fields.length} fields, the header has ${header.width}`);
  const text = (field: Field): string => {
    const index = at[field];
    // Some banks put a grave accent or a tab before digits to keep spreadsheets from reading them as a number.
    return index === undefined ? '' : (row.fields[index] ?? '').trim().replace(/^`/, '');
  };
  const merchant = text('merchant');
  if (merchant !== '' && merchant !== context.merchant) {
    throw new StatementError('statement-merchant', row.line, 'the file is of another merchant');
  }
  const kind = Object.hasOwn(format.kinds, text('kind')) ? format.kinds[text('kind')] : undefined;
  if (kind === undefined) throw bad('unknown type');
  const currency = currencyOf(text('currency'), format, context.currency);
  if (currency === undefined) throw bad('unknown currency');
  const gross = minorOf(text('amount'), currency);
  if (gross === undefined) throw bad('the amount is no plain decimal');
  const day = dayOf(text('day'));
  if (day === undefined) throw bad('no settlement day');
  const rrn = text('rrn');
  if (kind === 'deposit' ? rrn !== '' : !/^[0-9A-Za-z]{1,12}$/.test(rrn)) throw bad('no retrieval reference number');
  if (kind !== 'deposit' && (kind === 'sale' ? gross <= 0 : gross >= 0)) throw bad('the sign of the amount');
  const optional = (field: 'fee' | 'net'): number | null => {
    if (text(field) === '') return null;
    const minor = minorOf(text(field), currency);
    if (minor === undefined) throw bad(`${field} is no plain decimal`);
    return minor;
  };
  const scheme = text('scheme');
  const card = text('card');
  if (/\d{13}/.test(card)) throw bad('a card number in the clear');
  return {
    n: row.line,
    kind,
    day,
    time: `${text('date')} ${text('time')}`.trim().slice(0, 40),
    terminal: text('terminal').slice(0, 20),
    stan: stanOf(text('stan'), bad),
    rrn: kind === 'deposit' ? '' : rrn,
    scheme: scheme === '' ? null : (format.schemes?.[scheme] ?? scheme.slice(0, 20)),
    card: card === '' ? null : card.slice(0, 30),
    gross,
    fee: optional('fee'),
    net: optional('net'),
    currency,
  };
}

function stanOf(text: string, bad: (what: string) => StatementError): number | null {
  if (text === '') return null;
  if (!/^\d{1,6}$/.test(text)) throw bad('the STAN is not of up to six digits');
  return Number(text);
}

function currencyOf(text: string, format: StatementFormat, otherwise: Currency): Currency | undefined {
  if (text === '') return otherwise;
  if (format.currencies && Object.hasOwn(format.currencies, text)) return format.currencies[text];
  const known = Currency.safeParse(text);
  return known.success ? known.data : undefined;
}

/** Decimal text in major units to minor units, by its digits: "-1280.50" to -128050. Undefined for anything else. */
export function minorOf(text: string, currency: Currency): number | undefined {
  const match = /^(-?)(\d{1,10})(?:\.(\d{1,4}))?$/.exec(text);
  if (!match) return undefined;
  const places = minorDigits(currency);
  const fraction = match[3] ?? '';
  // Digits beyond the currency's must be zeros: 12.50 yen are none, 12.00 are twelve.
  if (/[1-9]/.test(fraction.slice(places))) return undefined;
  const minor = Number((match[2] ?? '') + fraction.slice(0, places).padEnd(places, '0'));
  return match[1] === '-' && minor !== 0 ? -minor : minor;
}

/** 2026-08-01, 2026/08/01 or 20260801 as 2026-08-01; undefined where there is no such day. */
export function dayOf(text: string): string | undefined {
  const match = /^(\d{4})([-/]?)(\d{2})\2(\d{2})$/.exec(text);
  if (!match) return undefined;
  const day = `${match[1]}-${match[3]}-${match[4]}`;
  const at = Date.parse(`${day}T00:00:00Z`);
  return Number.isFinite(at) && new Date(at).toISOString().startsWith(day) ? day : undefined;
}
