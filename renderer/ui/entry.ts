import { type Currency, currencySymbol, type Money, minorDigits, parseAmount } from '../../contract/money.ts';

/** An amount as far as it was typed, in major units: "", "12", "12.", "12.8". */
export type Typed = string;
export type PadKey = '0' | '1' | '2' | '3' | '4' | '5' | '6' | '7' | '8' | '9' | '00' | '.' | 'Backspace' | 'Clear';

/** So many digits fit the screen; the core has its own limit and says so. */
const LARGEST_DIGITS = 9;

export function isPadKey(name: string): name is PadKey {
  return /^(\d|00|\.|Backspace|Clear)$/.test(name);
}

/** What stands on the pad after one more key. A key that does not fit changes nothing. */
export function typeKey(typed: Typed, key: PadKey, currency: Currency): Typed {
  if (key === 'Clear') return '';
  if (key === 'Backspace') return typed.slice(0, -1);
  const places = minorDigits(currency);
  if (key === '.') return places === 0 || typed.includes('.') ? typed : `${typed === '' ? '0' : typed}.`;
  let next = typed;
  for (const digit of key) next = typeDigit(next, digit, places);
  return next;
}

function typeDigit(typed: Typed, digit: string, places: number): Typed {
  const [whole = '', fraction] = typed.split('.');
  if (fraction !== undefined) return fraction.length < places ? typed + digit : typed;
  if (whole === '' || whole === '0') return digit;
  return whole.length < LARGEST_DIGITS - places ? typed + digit : typed;
}

/** The amount typed so far; undefined while it is nothing that can be charged. */
export function amountOf(typed: Typed, currency: Currency): Money | undefined {
  const amount = parseAmount(typed, currency);
  return amount !== undefined && amount.minor > 0 ? amount : undefined;
}

/** How the pad's display writes it: what was typed, and faintly what is still to come. */
export function display(typed: Typed, currency: Currency): { symbol: string; typed: string; rest: string } {
  const places = minorDigits(currency);
  const [whole = '', fraction] = typed.split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  const zeros = '0'.repeat(places);
  const symbol = currencySymbol(currency);
  if (typed === '') return { symbol, typed: '', rest: places === 0 ? '0' : `0.${zeros}` };
  if (fraction === undefined) return { symbol, typed: grouped, rest: places === 0 ? '' : `.${zeros}` };
  return { symbol, typed: `${grouped}.${fraction}`, rest: zeros.slice(fraction.length) };
}
