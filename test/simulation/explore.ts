import './crypto.ts';
import { Day, type DayResult } from './day.ts';
import { isPowerCut } from './machine.ts';

/** What a run over many seeds came to. */
export interface Explored {
  readonly seeds: number;
  readonly payments: number;
  readonly cuts: number;
  readonly unknown: number;
  readonly unknownEnded: number;
  readonly virtualHours: number;
  readonly ms: number;
  readonly failures: readonly { readonly seed: number; readonly invariant: string; readonly what: string }[];
}

/** Runs one seed; with `log` every event of it is told. */
export async function runSeed(seed: number, log?: (line: string) => void): Promise<DayResult> {
  return new Day(seed, { log }).run();
}

/** Runs seeds from `first` on, until `count` are done or `failures` have been found. */
export async function explore(first: number, count: number, failures = 1): Promise<Explored> {
  const found: { seed: number; invariant: string; what: string }[] = [];
  const totals = { seeds: 0, payments: 0, cuts: 0, unknown: 0, unknownEnded: 0, virtualMs: 0 };
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
    for (let seed = first; seed < first + count && found.length < failures; seed += 1) {
      const result = await runSeed(seed);
      totals.seeds += 1;
      totals.payments += result.payments;
      totals.cuts += result.cuts;
      totals.unknown += result.unknown.began;
      totals.unknownEnded += result.unknown.ended;
      totals.virtualMs += result.virtualMs;
      const { violation } = result;
      if (violation) found.push({ seed, invariant: violation.invariant, what: violation.message });
      if (seed % 16 === 0) await new Promise((resolve) => setImmediate(resolve));
      if (lost === undefined) continue;
      found.push({ seed, invariant: 'crash', what: `a promise that nobody waited for: ${String(lost)}` });
      lost = undefined;
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
