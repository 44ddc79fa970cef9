import './crypto.ts';
import { Day, type DayOptions, type DayResult } from './day.ts';
import { isPowerCut } from './machine.ts';

/** What a run over many seeds came to. */
export interface Explored {
  readonly seeds: number;
  /** How often a day was lived: more often than there are seeds where each was lived for every point. */
  readonly lives: number;
  readonly payments: number;
  readonly cuts: number;
  readonly unknown: number;
  readonly unknownEnded: number;
  readonly virtualHours: number;
  readonly ms: number;
  readonly failures: readonly Found[];
}

interface Found {
  readonly seed: number;
  /** At which point the power failed for certain. */
  readonly cutAt: number | undefined;
  readonly invariant: string;
  readonly what: string;
}

/** Which days are lived. */
export interface Search {
  readonly first: number;
  readonly count: number;
  /** After so many broken promises no further day is begun. */
  readonly failures?: number;
  /** Each day is lived once more for each point of it, and there the power fails. */
  readonly everyPoint?: boolean;
  /** Days on which what is rare happens often. */
  readonly crowded?: boolean;
}

/** Runs one seed; with a `log` every event of it is told. */
export function runSeed(seed: number, options?: DayOptions): Promise<DayResult> {
  return new Day(seed, options).run();
}

/** Runs seeds from `first` on, until `count` are done or `failures` have been found. */
export async function explore({ first, count, failures = 1, everyPoint = false, crowded }: Search): Promise<Explored> {
  const found: Found[] = [];
  const totals = { seeds: 0, lives: 0, payments: 0, cuts: 0, unknown: 0, unknownEnded: 0, virtualMs: 0 };
  let lost: unknown;
  const unhandled = (error: unknown): void => {
    if (!isPowerCut(error)) lost ??= error;
  };
  process.on('unhandledRejection', unhandled);
  // Refusals are everyday here, and a stack costs more than what is refused. One seed alone, as it is replayed, has them.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  const from = performance.now();
  try {
    const live = async (seed: number, cutAt?: number): Promise<number> => {
      const result = await runSeed(seed, { cutAt, crowded });
      totals.lives += 1;
      totals.payments += result.payments;
      totals.cuts += result.cuts;
      totals.unknown += result.unknown.began;
      totals.unknownEnded += result.unknown.ended;
      totals.virtualMs += result.virtualMs;
      const { violation } = result;
      if (violation) found.push({ seed, cutAt, invariant: violation.invariant, what: violation.message });
      if (totals.lives % 16 === 0) await new Promise((resolve) => setImmediate(resolve));
      if (lost === undefined) return result.points;
      found.push({ seed, cutAt, invariant: 'crash', what: `a promise that nobody waited for: ${String(lost)}` });
      lost = undefined;
      return result.points;
    };
    for (let seed = first; seed < first + count && found.length < failures; seed += 1) {
      totals.seeds += 1;
      const points = await live(seed);
      for (let at = 1; everyPoint && at <= points && found.length < failures; at += 1) await live(seed, at);
    }
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    process.off('unhandledRejection', unhandled);
  }
  const { virtualMs, ...counted } = totals;
  const virtualHours = virtualMs / 3_600_000;
  return { ...counted, virtualHours, ms: performance.now() - from, failures: found };
}

/** Where the same day ends differently because somebody set the clock: nothing, when I20 and P13 hold. */
export async function clockDifferences(seed: number): Promise<string[]> {
  const without = await new Day(seed, { clock: false }).run();
  const jumped = await new Day(seed, { clock: true }).run();
  const broken = [without, jumped].flatMap(({ violation }) => (violation ? [violation.message] : []));
  const length = Math.max(without.outcomes.length, jumped.outcomes.length);
  const differing = Array.from({ length }, (_, n) => [without.outcomes[n], jumped.outcomes[n]] as const)
    .filter(([one, other]) => one !== other)
    .map(([one, other]) => `${one ?? 'nothing'}; with the clock set: ${other ?? 'nothing'}`);
  return [...broken, ...differing];
}
