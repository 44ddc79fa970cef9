import type { FeeRule } from './terms.ts';

/**
 * The fee of one payment in minor units: basis points of the amount, half a minor unit up, then not less than `minMinor` and not
 * more than `maxMinor`. Of a void or refund the same with minus: the fee is given back. Null where the profile has no rule.
 */
export function feeOf(gross: number, scheme: string | null, rules: readonly FeeRule[]): number | null {
  const rule = rules.find((one) => one.scheme === scheme);
  if (!rule) return null;
  const amount = Math.abs(gross);
  const half = Math.floor((amount * rule.basisPoints + 5_000) / 10_000);
  const fee = Math.min(Math.max(half, rule.minMinor ?? 0), rule.maxMinor ?? Number.MAX_SAFE_INTEGER);
  return gross < 0 && fee !== 0 ? -fee : fee;
}
