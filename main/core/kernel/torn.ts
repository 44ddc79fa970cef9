import type { Generated } from './generate.ts';

/** A GENERATE AC that was sent and never answered. Holds no card number: `key` is made from a keyed token. */
export interface TornPayment {
  readonly key: string;
  /** The payment it belongs to: only that one may take it up again. */
  readonly payment: string;
  /** DOL data for RECOVER AC. */
  readonly recoveryData: Uint8Array;
  readonly asked: Omit<Generated, 'answer' | 'recovered'>;
}

/** Payments of kernel 2 whose card left in GENERATE AC: few, and for a short time (DF811C, DF811D). */
export interface TornLog {
  add(payment: TornPayment): void;
  find(key: string, payment: string): TornPayment | undefined;
  remove(key: string): void;
  readonly size: number;
}

/** A log in memory: at most `most` payments, each for `lifetimeMs`; the oldest makes room. */
export function openTornLog(
  clock: { monotonic(): number },
  { most = 8, lifetimeMs = 300_000 }: { readonly most?: number; readonly lifetimeMs?: number } = {},
): TornLog {
  const kept = new Map<string, { readonly torn: TornPayment; readonly until: number }>();
  const forget = () => {
    const now = clock.monotonic();
    for (const [key, { until }] of kept) if (until <= now) kept.delete(key);
  };
  return {
    add(torn) {
      forget();
      kept.delete(torn.key);
      const [oldest] = kept.keys();
      if (kept.size >= most && oldest !== undefined) kept.delete(oldest);
      if (most > 0) kept.set(torn.key, { torn, until: clock.monotonic() + lifetimeMs });
    },
    find(key, payment) {
      forget();
      const found = kept.get(key)?.torn;
      return found?.payment === payment ? found : undefined;
    },
    remove(key) {
      kept.delete(key);
    },
    get size() {
      forget();
      return kept.size;
    },
  };
}
