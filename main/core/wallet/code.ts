import { createHmac, type KeyObject } from 'node:crypto';

/** How a scanned code is recognised: prefix and length together, as the acquirer profile says. */
export interface WalletRule {
  readonly scheme: string;
  readonly pattern: string;
}

/** The wallet whose code this is; undefined when no rule knows it. Anything but digits is never a payment code here. */
export function recognise(text: string, rules: readonly WalletRule[]): string | undefined {
  const code = text.trim();
  if (!/^\d{10,32}$/.test(code)) return undefined;
  return rules.find(({ pattern }) => new RegExp(pattern).test(code))?.scheme;
}

/** A code in a form that may be kept: keyed, so that its digits cannot be tried out (single use is checked by it). */
export function codeHash(text: string, key: KeyObject): string {
  return createHmac('sha256', key).update(text.trim()).digest('hex');
}
