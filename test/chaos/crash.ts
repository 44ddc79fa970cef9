import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { CrashResult, CrashTask } from './crashworker.ts';
import { forked } from './forked.ts';
import { each, type Failure, type PartOptions, type PartResult, partResult, skippedPart } from './part.ts';
import { buildRecorder } from './recorder.ts';

const program = fileURLToPath(import.meta.resolve('./crashworker.ts'));
/** States that are made of one recording. */
const STATES = 1_250;

/**
 * Records every write and sync of a selling terminal, and makes of the recording states in which a power cut may leave
 * the disk: what was synced is there, of the rest any part. Each is opened as the product opens it, and must hold
 * everything that was told and everything that had left by then. With `lying` a sync counts for nothing.
 */
export async function runCrashStates({ count, first, progress }: PartOptions, lying = false): Promise<PartResult> {
  const from = performance.now();
  const recorder = buildRecorder();
  if (!recorder.ok) return skippedPart('crash-states', count, recorder.why);
  const size = Math.min(STATES, Math.ceil(count / availableParallelism()));
  const seeds = Array.from({ length: Math.ceil(count / size) }, (_, index) => first + index);
  const results: CrashResult[] = [];
  const failures: Failure[] = [];
  await each(seeds, availableParallelism(), async (seed) => {
    const states = Math.min(size, count - (seed - first) * size);
    const result = await forked<CrashTask, CrashResult>(program, { seed, states, recorder: recorder.path, lying });
    results.push(result);
    for (const { state, what } of result.broken)
      failures.push({
        what: `seed ${seed}, state ${state}: ${what}`,
        replay: `npm run chaos -- --crash-states ${states} --seed ${seed}`,
      });
    progress?.(sum(results, ({ states: done }) => done));
  });
  const figures = {
    states: sum(results, ({ states }) => states),
    recordings: results.length,
    operations: sum(results, ({ operations }) => operations),
    told: sum(results, ({ told }) => told),
    uncertain: sum(results, ({ uncertain }) => uncertain),
    databaseBehind: sum(results, ({ replayed }) => replayed),
    journalBehind: sum(results, ({ appended }) => appended),
    journalTorn: sum(results, ({ cut }) => cut),
  };
  return partResult('crash-states', from, figures, failures);
}

function sum(results: readonly CrashResult[], of: (result: CrashResult) => number): number {
  return results.reduce((total, result) => total + of(result), 0);
}
