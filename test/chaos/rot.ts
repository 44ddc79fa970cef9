import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { forked } from './forked.ts';
import { each, type PartOptions, type PartResult, partResult } from './part.ts';
import type { RotResult, RotTask } from './rotworker.ts';

const program = fileURLToPath(import.meta.resolve('./rotworker.ts'));
/** Places spoilt in one store. */
const PLACES = 200;

/**
 * Spoils the files of a store, one place at a time: a bit flipped, a file cut, deleted, or swapped for an older copy. The
 * start must refuse and name it, bring back what was lost from the other file, or hold exactly what it held before.
 */
export async function runRot({ count, first, progress }: PartOptions): Promise<PartResult> {
  const from = performance.now();
  const size = Math.min(PLACES, Math.ceil(count / availableParallelism()));
  const seeds = Array.from({ length: Math.ceil(count / size) }, (_, index) => first + index);
  const results: { seed: number; result: RotResult }[] = [];
  await each(seeds, availableParallelism(), async (seed) => {
    const result = await forked<RotTask, RotResult>(program, {
      seed,
      count: Math.min(size, count - (seed - first) * size),
    });
    results.push({ seed, result });
    progress?.(results.reduce((done, one) => done + one.result.spoilt, 0));
  });
  const failures = results.flatMap(({ seed, result: { broken, spoilt } }) =>
    broken.map((what) => ({
      what: `seed ${seed}: ${what}`,
      replay: `npm run chaos -- --rot ${spoilt} --seed ${seed}`,
    })),
  );
  const sum = (of: (result: RotResult) => number): number =>
    results.reduce((total, { result }) => total + of(result), 0);
  const figures = {
    places: sum(({ spoilt }) => spoilt),
    bitsFlipped: sum(({ flips }) => flips),
    refused: sum(({ refused }) => refused),
    rebuilt: sum(({ rebuilt }) => rebuilt),
    harmless: sum(({ harmless }) => harmless),
    notFound: failures.length,
  };
  return partResult('rot', from, figures, failures);
}
