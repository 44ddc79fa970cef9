import { z } from 'zod';
import type { PartResult } from './part.ts';

const count = z.int().min(0);
/** Of a hundred, to two places; null where nothing was there to be counted. */
const percent = z.number().min(0).max(100).nullable();

/** What a chaos run says of the promises of docs/reliability.md; null where its part did not run. */
export const Summary = z.strictObject({
  seeds: count.nullable(),
  seedsPerSecond: count.nullable(),
  kills: count.nullable(),
  crashStates: count.nullable(),
  lost: count,
  doubleCharges: count,
  orphanCharges: count,
  differences: count,
  unknownOutcomes: count.nullable(),
  unknownFinalPercent: percent,
  bitFlips: count.nullable(),
  damageFoundPercent: percent,
  mutantsPlanted: count.nullable(),
  mutantsKilled: count.nullable(),
  /** Everything that was found broken, of whatever kind. */
  failures: count,
  /** What could not be done on this machine. */
  skipped: count,
});
export type Summary = z.infer<typeof Summary>;

const kinds = {
  lost: /\bP1\b|\blost\b/,
  doubleCharges: /double charge/,
  orphanCharges: /orphan charge|P3: .*the terminal has not/,
  differences: /\bP5\b|\bI12\b|the books differ/,
} as const;

/** Adds the parts of a run up to what is promised. */
export function summarize(results: readonly PartResult[]): Summary {
  const figure = (part: string, name: string): number | null => {
    const found = results.find((result) => result.part === part)?.figures[name];
    return typeof found === 'number' ? Math.round(found) : null;
  };
  const failures = results.flatMap((result) => result.failures);
  const broken = (kind: RegExp): number => failures.filter(({ what }) => kind.test(what)).length;
  const unknown = figure('simulation', 'unknownOutcomes');
  const found = (figure('rot', 'refused') ?? 0) + (figure('rot', 'rebuilt') ?? 0);
  return {
    seeds: figure('simulation', 'seeds'),
    seedsPerSecond: figure('simulation', 'seedsPerSecond'),
    kills: figure('kills', 'kills'),
    crashStates: figure('crash-states', 'states'),
    lost: broken(kinds.lost),
    doubleCharges: broken(kinds.doubleCharges),
    orphanCharges: broken(kinds.orphanCharges),
    differences: broken(kinds.differences),
    unknownOutcomes: unknown,
    unknownFinalPercent: share(figure('simulation', 'unknownFinal') ?? 0, unknown ?? 0),
    bitFlips: figure('rot', 'bitsFlipped'),
    damageFoundPercent: share(found, found + (figure('rot', 'notFound') ?? 0)),
    mutantsPlanted: figure('mutants', 'planted'),
    mutantsKilled: figure('mutants', 'killed'),
    failures: results.reduce((sum, result) => sum + Math.max(result.failures.length, result.ok ? 0 : 1), 0),
    skipped: results.reduce((sum, { skipped = [] }) => sum + skipped.length, 0),
  };
}

/** Rounded down: what is not all of it never reads as 100. */
function share(part: number, whole: number): number | null {
  return whole === 0 ? null : Math.floor((part / whole) * 10_000) / 100;
}
