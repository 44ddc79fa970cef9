import { hex } from './bytes.ts';

/** First six and last four digits; nothing at all of a number too short to hide any. */
export function maskPan(pan: string): string {
  return pan.length < 12 ? '*'.repeat(pan.length) : pan.slice(0, 6) + '*'.repeat(pan.length - 10) + pan.slice(-4);
}

/** ISO/IEC 7812-1 annex B. */
export function luhn(digits: string): boolean {
  let sum = 0;
  for (let at = 0; at < digits.length; at++) {
    const digit = Number(digits[digits.length - 1 - at]);
    const doubled = at % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/**
 * Objects that are never shown: track data, the cardholder's name and papers, and the ICC certificate, from which
 * anybody who has the public CA key can work out the PAN.
 */
const hidden = new Set(['56', '5F20', '9F0B', '9F1F', '9F20', '9F46', '9F61', '9F6B']);

/** Whether the PAN stands in the value, packed at either nibble or as ASCII digits. */
export function holdsPan(value: Uint8Array, pan: string): boolean {
  return hex(value).includes(pan) || Buffer.from(value).toString('latin1').includes(pan);
}

/** Hex of a card's data object that is safe to show: as long as the value, with card data starred out. */
export function maskValue(tag: string, value: Uint8Array, pan: string): string {
  const text = hex(value);
  if (hidden.has(tag)) return '*'.repeat(text.length);
  if (tag === '5A' || tag === '57') {
    return text.startsWith(pan) ? maskPan(pan) + '*'.repeat(text.length - pan.length) : '*'.repeat(text.length);
  }
  return holdsPan(value, pan) ? '*'.repeat(text.length) : text;
}
