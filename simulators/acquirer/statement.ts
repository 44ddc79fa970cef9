import type { Payment } from './book.ts';

/** What the bank keeps of a payment: 38 hundredths of a percent, at least one minor unit, half up. */
export function feeOf(minor: number): number {
  return Math.max(1, Math.floor((minor * 38 + 5_000) / 10_000));
}

const columns = [
  'date',
  'time',
  'terminal',
  'batch',
  'type',
  'stan',
  'rrn',
  'auth_code',
  'card',
  'scheme',
  'amount',
  'fee',
  'net',
  'currency',
] as const;

/** Text as a CSV field (RFC 4180). */
function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function lineOf(payment: Payment & { readonly terminal: string }, type: 'sale' | 'void'): string {
  const sign = type === 'sale' ? 1 : -1;
  const fee = feeOf(payment.amount);
  const values: Record<(typeof columns)[number], string | number> = {
    date: payment.at.slice(0, 10),
    time: payment.at.slice(11, 19),
    terminal: payment.terminal,
    batch: payment.batch,
    type,
    stan: payment.stan,
    rrn: payment.rrn,
    auth_code: payment.authCode ?? '',
    card: payment.maskedPan ?? '',
    scheme: payment.scheme,
    amount: sign * payment.amount,
    fee: sign * fee,
    net: sign * (payment.amount - fee),
    currency: payment.currency,
  };
  return columns.map((column) => quoted(String(values[column]))).join(',');
}

/** The bank's statement as CSV, amounts in minor units, times in UTC: what was approved, and what was voided once more with minus. */
export function statementText(payments: readonly (Payment & { readonly terminal: string })[]): string {
  const lines = payments.flatMap((payment) => {
    if (payment.state === 'approved') return [lineOf(payment, 'sale')];
    return payment.state === 'voided' ? [lineOf(payment, 'sale'), lineOf(payment, 'void')] : [];
  });
  return `${[columns.join(','), ...lines].join('\r\n')}\r\n`;
}
