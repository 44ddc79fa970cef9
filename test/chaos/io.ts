import { availableParallelism } from 'node:os';
import { rough } from './branch.ts';
import { each, type Failure, type PartOptions, type PartResult, partResult, skippedPart, startFailed } from './part.ts';
import { buildRecorder, type Failing } from './recorder.ts';
import { type Run, Trial } from './trial.ts';

/** Points on one folder before its books are compared. */
const POINTS = 10;
/** The operations on the disk, counted from the start of the process, that fail one after another. */
const SPREAD = 300;
const ACTS = 25;
const MOST_FAILURES = 5;

interface Tally {
  points: number;
  stopped: number;
  stoppedAtStart: number;
  wentOn: number;
  told: number;
  payments: number;
}

/**
 * Lets the n-th operation on the disk fail: with an I/O error, without space, or half done; once or from then on. The
 * terminal must stop selling there and then, have told nothing that is not on the disk, and be whole after a restart.
 */
export async function runIo({ count, first, progress }: PartOptions): Promise<PartResult> {
  const from = performance.now();
  const recorder = buildRecorder();
  if (!recorder.ok) return skippedPart('io', count, recorder.why);
  const tally: Tally = { points: 0, stopped: 0, stoppedAtStart: 0, wentOn: 0, told: 0, payments: 0 };
  const failures: Failure[] = [];
  const seeds = Array.from({ length: Math.ceil(count / POINTS) }, (_, index) => first + index);
  await each(seeds, availableParallelism(), async (seed) => {
    if (failures.length >= MOST_FAILURES) return;
    const points = Math.min(POINTS, count - (seed - first) * POINTS);
    for (const what of await trial(seed, points, recorder.path, tally)) {
      failures.push({ what: `seed ${seed}: ${what}`, replay: `npm run chaos -- --io ${points} --seed ${seed}` });
    }
    progress?.(tally.points);
  });
  return partResult('io', from, { ...tally }, failures);
}

async function trial(seed: number, points: number, path: string, tally: Tally): Promise<string[]> {
  const trial = new Trial(seed, rough);
  const broken: string[] = [];
  try {
    for (let index = 0; index < points; index += 1) {
      const fail = failing(seed * POINTS + index);
      const name = `${seed}-${index}`;
      const run = await trial.run({
        seed: seed * 1_000 + index,
        name,
        acts: ACTS,
        recorder: { path, orders: { fail } },
      });
      count(run, tally);
      const wrong = misbehaviour(run);
      if (wrong !== undefined) broken.push(`${fail.how} at operation ${fail.at}, ${fail.times} times: ${wrong}`);
    }
    const { broken: found, payments } = await trial.settle();
    tally.payments += payments;
    return [...broken, ...found];
  } catch (error) {
    return [...broken, startFailed(error)];
  } finally {
    trial.end();
  }
}

/** What fails at the n-th point of all: every operation in every way, once or for good. */
function failing(n: number): Failing {
  const hows = ['EIO', 'ENOSPC', 'short'] as const;
  return { at: 1 + ((n * 67) % SPREAD), how: hows[n % 3] ?? 'EIO', times: n % 2 === 0 ? 1 : 1_000_000 };
}

function count({ lines }: Run, tally: Tally): void {
  tally.points += 1;
  const stopped = lines.some((line) => line.stopped !== undefined);
  if (!stopped) tally.wentOn += 1;
  else if (lines.some(({ ready }) => ready)) tally.stopped += 1;
  else tally.stoppedAtStart += 1;
  tally.told += lines.filter(({ told }) => told).length;
}

/** It ends by itself, having done its work or having stopped; then it sells no more. */
function misbehaviour({ lines, code, errors }: Run): string | undefined {
  if (code !== 0 && code !== 3) return `it ended with ${code ?? 'a signal'}: ${errors.slice(0, 500)}`;
  const at = lines.findIndex((line) => line.stopped !== undefined);
  if (at < 0) return undefined;
  const after = lines.slice(at);
  if (after.some(({ soldAfterStop }) => soldAfterStop)) return 'it sold after it had stopped';
  if (after.some(({ told }) => told)) return `it told ${JSON.stringify(after)} after it had stopped`;
  const refused = after.findLast((line) => line.refused !== undefined)?.refused;
  const started = lines.some(({ ready }) => ready);
  return started && refused !== 'store-failed' ? `it refuses with ${refused}, not with store-failed` : undefined;
}
