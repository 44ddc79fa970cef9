import { z } from './schema.ts';

/** ISO 4217 currencies this terminal knows, with their minor-unit digits (ISO 4217 table A.1). */
const digits = { CNY: 2, USD: 2, EUR: 2, GBP: 2, HKD: 2, SGD: 2, THB: 2, JPY: 0, KRW: 0 } as const;
const numeric = {
  CNY: '156',
  USD: '840',
  EUR: '978',
  GBP: '826',
  HKD: '344',
  SGD: '702',
  THB: '764',
  JPY: '392',
  KRW: '410',
} as const satisfies Record<Currency, string>;

export type Currency = keyof typeof digits;
export const Currency = z.enum(Object.keys(digits) as [Currency, ...Currency[]]);

/** The largest number of minor units in one amount: twelve digits, as ISO 8583 field 4 carries. */
export const LARGEST_MINOR = 999_999_999_999;

/** Integer minor units and their currency. May be negative only where a difference is meant. */
export const Money = z.strictObject({
  minor: z.int().min(-LARGEST_MINOR).max(LARGEST_MINOR),
  currency: Currency,
});
export type Money = z.infer<typeof Money>;

/** What can be charged: more than nothing. */
export const Amount = Money.refine((money) => money.minor > 0, { error: 'amount must be more than 0' });

/** Raised when two currencies meet or a sum leaves the range: always a bug of the caller. */
export class MoneyError extends Error {
  override name = 'MoneyError';
}

export function money(minor: number, currency: Currency): Money {
  if (!Number.isSafeInteger(minor) || Math.abs(minor) > LARGEST_MINOR) {
    throw new MoneyError(`not an amount in minor units: ${minor}`);
  }
  return { minor: minor === 0 ? 0 : minor, currency };
}

export function zero(currency: Currency): Money {
  return { minor: 0, currency };
}

function same(a: Money, b: Money): void {
  if (a.currency !== b.currency) throw new MoneyError(`${a.currency} and ${b.currency} do not mix`);
}

export function add(a: Money, b: Money): Money {
  same(a, b);
  return money(a.minor + b.minor, a.currency);
}

export function subtract(a: Money, b: Money): Money {
  same(a, b);
  return money(a.minor - b.minor, a.currency);
}

export function sum(amounts: readonly Money[], currency: Currency): Money {
  return amounts.reduce(add, zero(currency));
}

export function equal(a: Money, b: Money): boolean {
  return a.currency === b.currency && a.minor === b.minor;
}

/** Negative, zero or positive as `a` is less than, equal to or more than `b`. */
export function compare(a: Money, b: Money): number {
  same(a, b);
  return a.minor - b.minor;
}

/** ISO 4217 numeric code, three digits, as ISO 8583 field 49 and EMV tag 5F2A carry it. */
export function currencyNumber(currency: Currency): string {
  return numeric[currency];
}

export function currencyOfNumber(code: string): Currency | undefined {
  return Currency.options.find((currency) => numeric[currency] === code.padStart(3, '0').slice(-3));
}

export function minorDigits(currency: Currency): number {
  return digits[currency];
}

/**
 * Reads what a person typed ("12.8", "12.80", "1280") in major units.
 * Undefined for anything that is not a plain decimal with at most the currency's digits, or out of range.
 */
export function parseAmount(text: string, currency: Currency): Money | undefined {
  const match = /^(\d{1,10})(?:\.(\d*))?$/.exec(text.trim());
  const fraction = match?.[2] ?? '';
  if (!match || fraction.length > digits[currency]) return undefined;
  const minor = Number((match[1] ?? '') + fraction.padEnd(digits[currency], '0'));
  return minor <= LARGEST_MINOR ? money(minor, currency) : undefined;
}

/** "1,280.00": major units with thousands separated, no symbol, a minus sign when negative. */
export function formatAmount(amount: Money): string {
  const places = digits[amount.currency];
  const text = String(Math.abs(amount.minor)).padStart(places + 1, '0');
  const whole = text.slice(0, text.length - places).replace(/\B(?=(\d{3})+$)/g, ',');
  const sign = amount.minor < 0 ? '-' : '';
  return places === 0 ? sign + whole : `${sign}${whole}.${text.slice(-places)}`;
}

const symbols: Record<Currency, string> = {
  CNY: '￥',
  USD: '$',
  EUR: '€',
  GBP: '£',
  HKD: 'HK$',
  SGD: 'S$',
  THB: '฿',
  JPY: '¥',
  KRW: '₩',
};

/** The sign a person reads before the amount. CNY uses U+FFE5, which every GBK printer font has. */
export function currencySymbol(currency: Currency): string {
  return symbols[currency];
}

/** "￥1,280.00". */
export function formatMoney(amount: Money): string {
  const text = formatAmount(amount);
  return text.startsWith('-') ? `-${symbols[amount.currency]}${text.slice(1)}` : symbols[amount.currency] + text;
}
