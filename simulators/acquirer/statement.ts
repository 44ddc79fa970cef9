import iconv from 'iconv-lite';
import { z } from 'zod';
import type { Payment } from './book.ts';
import { MERCHANT_ID } from './profile.ts';
import { zipOf } from './zip.ts';

/** What the bank keeps of a payment: 38 hundredths of a percent, at least one minor unit, half up. */
export function feeOf(minor: number): number {
  return Math.max(1, Math.floor((minor * 38 + 5_000) / 10_000));
}

/** Money given back after its batch. */
export interface Refund {
  readonly terminal: string;
  readonly stan: number;
  readonly rrn: string;
  readonly at: string;
  readonly amount: number;
  readonly currency: string;
  readonly batch: number;
  readonly scheme: string;
  readonly maskedPan: string | null;
}

/** A difference that the statement shall have: with this payment, or the first sale that has none yet. */
export const Plant = z.strictObject({
  plant: z.enum(['missing', 'unknown', 'amount', 'duplicate', 'fee', 'next-day', 'deposit']),
  rrn: z.string().optional(),
});
export type Plant = z.infer<typeof Plant>;

/** How a statement is written. */
export const StatementTerms = z.strictObject({
  /** Only of this settlement day, YYYY-MM-DD. */
  day: z.iso.date().optional(),
  batch: z.int().min(0).optional(),
  language: z.enum(['en', 'zh']).default('en'),
  encoding: z.enum(['utf-8', 'utf-8-bom', 'gbk']).default('utf-8'),
  zip: z.boolean().default(false),
  plants: z.array(Plant).default([]),
});
export type StatementTerms = z.infer<typeof StatementTerms>;

interface Line {
  readonly type: 'sale' | 'void' | 'refund' | 'deposit';
  readonly day: string;
  readonly at: string;
  readonly terminal: string;
  readonly batch: number | '';
  readonly stan: number | '';
  readonly rrn: string;
  readonly auth: string;
  readonly card: string;
  readonly scheme: string;
  readonly minor: number;
  readonly fee: number;
  readonly currency: string;
}

type Row = Payment & { readonly terminal: string };

/** The bank's clock: eight hours before UTC, without summer time; its day ends at midnight. */
function local(at: string): string {
  return new Date(Date.parse(at) + 8 * 3_600_000).toISOString();
}

function saleLine(payment: Row, type: 'sale' | 'void'): Line {
  const sign = type === 'sale' ? 1 : -1;
  return {
    type,
    day: local(payment.at).slice(0, 10),
    at: local(payment.at),
    terminal: payment.terminal,
    batch: payment.batch,
    stan: payment.stan,
    rrn: payment.rrn,
    auth: payment.authCode ?? '',
    card: payment.maskedPan ?? '',
    scheme: payment.scheme,
    minor: sign * payment.amount,
    fee: sign * feeOf(payment.amount),
    currency: payment.currency,
  };
}

function refundLine({ amount, maskedPan, at, ...refund }: Refund): Line {
  const day = local(at).slice(0, 10);
  return {
    ...refund,
    type: 'refund',
    day,
    at: local(at),
    auth: '',
    card: maskedPan ?? '',
    minor: -amount,
    fee: -feeOf(amount),
  };
}

/** What was approved, what was voided once more with minus, and what was refunded. */
function linesOf(payments: readonly Row[], refunds: readonly Refund[]): Line[] {
  const sales = payments.flatMap((payment) => {
    if (payment.state === 'approved') return [saleLine(payment, 'sale')];
    return payment.state === 'voided' ? [saleLine(payment, 'sale'), saleLine(payment, 'void')] : [];
  });
  return [...sales, ...refunds.map(refundLine)];
}

function nextDay(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
}

function changed(line: Line, plant: Plant['plant']): Line[] {
  switch (plant) {
    case 'missing':
      return [];
    case 'amount':
      return [{ ...line, minor: line.minor + 100 }];
    case 'duplicate':
      return [line, line];
    case 'fee':
      return [{ ...line, fee: line.fee + 1 }];
    case 'next-day':
      return [{ ...line, day: nextDay(line.day) }];
    case 'unknown':
      return [line, { ...line, stan: 999_999, rrn: `9${line.rrn.slice(1)}`, auth: '000000' }];
    case 'deposit':
      return [line];
  }
}

/** The lines with the differences planted, each in a sale of its own. Throws where there is no sale left for one. */
function planted(lines: readonly Line[], plants: readonly Plant[]): Line[] {
  const taken = new Map<Line, Plant['plant']>();
  for (const { plant, rrn } of plants) {
    if (plant === 'deposit') continue;
    const line = lines.find((one) => one.type === 'sale' && !taken.has(one) && (rrn === undefined || one.rrn === rrn));
    if (!line) throw new Error(`There is no sale left in which to plant ${plant}.`);
    taken.set(line, plant);
  }
  return lines.flatMap((line) => {
    const plant = taken.get(line);
    return plant === undefined ? [line] : changed(line, plant);
  });
}

/** One deposit for each day and currency: the sums of its lines. */
function depositsOf(lines: readonly Line[], wrong: boolean): Line[] {
  const sums = new Map<string, Line>();
  for (const { day, currency, minor, fee } of lines) {
    const key = `${day} ${currency}`;
    const sum = sums.get(key) ?? {
      type: 'deposit',
      day,
      at: `${nextDay(day)}T08:00:00`,
      terminal: '',
      batch: '',
      stan: '',
      rrn: '',
      auth: '',
      card: '',
      scheme: '',
      minor: 0,
      fee: wrong ? 1 : 0,
      currency,
    };
    sums.set(key, { ...sum, minor: sum.minor + minor, fee: sum.fee + fee });
  }
  return [...sums.values()];
}

const headers = {
  en: 'settlement_date,date,time,merchant,terminal,batch,type,stan,rrn,auth_code,card,scheme,amount,fee,net,currency',
  zh: '清算日期,交易日期,交易时间,商户号,终端号,批次号,交易类型,流水号,参考号,授权号,卡号,卡组织,交易金额,手续费,结算金额,币种',
} as const;

const chinese: Readonly<Record<string, string>> = {
  sale: '消费',
  void: '消费撤销',
  refund: '退货',
  deposit: '划款',
  unionpay: '银联',
  alipay: '支付宝',
  wechat: '微信支付',
  'unionpay-code': '云闪付',
  'e-cny': '数字人民币',
  wallet: '银行钱包',
  CNY: '人民币',
};

/** Minor units of a currency with two digits, or with none, as people write them. */
function major(minor: number, currency: string): string {
  if (currency === 'JPY' || currency === 'KRW') return String(minor);
  const digits = String(Math.abs(minor)).padStart(3, '0');
  return `${minor < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** Text as a CSV field (RFC 4180). */
function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function record(line: Line, language: StatementTerms['language']): string {
  const word = (text: string): string => (language === 'zh' ? (chinese[text] ?? text) : text);
  const { day, at, terminal, batch, type, stan, rrn, auth, card, scheme, minor, fee, currency } = line;
  const amounts = [minor, fee, minor - fee].map((amount) => major(amount, currency));
  const numbers = [at.slice(0, 10), at.slice(11, 19), MERCHANT_ID, terminal, batch, word(type), stan, rrn, auth];
  return [day, ...numbers, card, word(scheme), ...amounts, word(currency)]
    .map((field) => quoted(String(field)))
    .join(',');
}

/** The bank's statement of what it has in its book, as a file's name and bytes, and how many lines it has. */
export function statementFile(
  payments: readonly Row[],
  refunds: readonly Refund[],
  terms: StatementTerms,
): { readonly name: string; readonly bytes: Buffer; readonly lines: number } {
  const { day, batch, language, encoding, zip, plants } = terms;
  const all = planted(linesOf(payments, refunds), plants).filter((line) => day === undefined || line.day === day);
  const lines = [
    ...all,
    ...depositsOf(
      all,
      plants.some(({ plant }) => plant === 'deposit'),
    ),
  ];
  const text = `${[headers[language], ...lines.map((line) => record(line, language))].join('\r\n')}\r\n`;
  const bytes = iconv.encode(text, encoding === 'gbk' ? 'gbk' : 'utf8', { addBOM: encoding === 'utf-8-bom' });
  const stem = ['statement', ...(batch === undefined ? [] : [batch]), ...(day === undefined ? [] : [day])].join('-');
  const name = `${stem}.csv`;
  return zip
    ? { name: `${stem}.zip`, bytes: zipOf(name, bytes), lines: lines.length }
    : { name, bytes, lines: lines.length };
}
