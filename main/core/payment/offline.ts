import { compare, type Money, money } from '../../../contract/money.ts';

/** The bounds of selling while the line is down; from the acquirer profile, never without bounds. */
export interface OfflinePolicy {
  readonly enabled: boolean;
  readonly hours: number;
  readonly single: Money;
  readonly total: Money;
  readonly count: number;
  readonly oncePerCard: boolean;
  readonly schemes: readonly string[];
}

/** What is stored and waiting, counted in the same commit as the decision (I17). */
export interface OfflineUse {
  readonly count: number;
  readonly sum: Money;
  /** Milliseconds since the oldest waiting one was accepted, on a clock that nobody can set (I20); null when none waits. */
  readonly oldestMs: number | null;
  /** This card is among the waiting ones. */
  readonly cardWaiting: boolean;
}

export type OfflineRefusal =
  | 'offline-disabled'
  | 'offline-not-deferrable'
  | 'offline-over-single'
  | 'offline-over-total'
  | 'offline-over-count'
  | 'offline-card-seen'
  | 'offline-too-old';

/** Undefined when one more payment may be accepted offline, else why not. */
export function offlineRefusal(
  policy: OfflinePolicy,
  use: OfflineUse,
  card: { readonly scheme: string; readonly deferrable: boolean },
  amount: Money,
): OfflineRefusal | undefined {
  if (!policy.enabled || policy.single.currency !== amount.currency) return 'offline-disabled';
  if (!card.deferrable || !policy.schemes.includes(card.scheme)) return 'offline-not-deferrable';
  if (compare(amount, policy.single) > 0) return 'offline-over-single';
  if (use.count + 1 > policy.count) return 'offline-over-count';
  if (compare(money(use.sum.minor + amount.minor, amount.currency), policy.total) > 0) return 'offline-over-total';
  if (policy.oncePerCard && use.cardWaiting) return 'offline-card-seen';
  if (use.oldestMs !== null && use.oldestMs >= policy.hours * 3_600_000) return 'offline-too-old';
  return undefined;
}
