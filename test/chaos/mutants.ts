import { availableParallelism } from 'node:os';
import { mutants } from '../simulation/mutants.ts';
import { huntAll } from '../simulation/mutate.ts';
import { type PartOptions, type PartResult, partResult } from './part.ts';

/** Plants the first `count` bugs one after another and lets the simulated days look for each. */
export async function runMutants({ count, progress }: PartOptions): Promise<PartResult> {
  const from = performance.now();
  let done = 0;
  const found = await huntAll(
    availableParallelism(),
    () => {
      done += 1;
      progress?.(done);
    },
    { mutants: mutants.slice(0, count) },
  );
  const alive = found.filter(({ seeds }) => seeds === undefined);
  const days = found.reduce((sum, { seeds = 0 }) => sum + seeds, 0);
  return partResult(
    'mutants',
    from,
    { planted: found.length, killed: found.length - alive.length, days },
    alive.map(({ name, invariant }) => ({
      what: `the planted bug ${name} breaks ${invariant}, and nobody noticed`,
      replay: `node test/simulation/mutate.ts ${name}`,
    })),
  );
}
