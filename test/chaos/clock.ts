import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Random } from '../simulation/random.ts';
import type { Way } from './branch.ts';
import { each, type Failure, type PartOptions, type PartResult, secondsSince, skippedPart } from './part.ts';
import { buildRecorder } from './recorder.ts';
import { Trial } from './trial.ts';

const HOUR = 3_600_000;
/** The last second of 32-bit time. */
const DOOMSDAY = Date.UTC(2038, 0, 19, 3, 14, 7);
const ACTS = 40;
/** Nothing in these days depends on how fast the machine is: the terminal waits long for what comes at once. */
const PATIENCE = 10;
const way: Way = { dropRequest: 0.02, dropAnswer: 0.03, late: 0, declined: 0 };

/** Where the wall clock is set to, as milliseconds from the true time. */
function jumpsOf(random: Random): number[] {
  const [first, ...rest] = [HOUR, -HOUR, -24 * HOUR, DOOMSDAY - Date.now(), -400 * 24 * HOUR, 24 * HOUR] as const;
  return Array.from({ length: 4 }, () => random.pick([first, ...rest]));
}

/**
 * Lets a terminal sell while its wall clock jumps, and once more from the same seed while it does not (the monotonic clock
 * goes on as ever). Every request must come to the same end.
 */
export async function runClock({ count, first, progress }: PartOptions): Promise<PartResult> {
  const from = performance.now();
  const recorder = buildRecorder();
  if (!recorder.ok) return skippedPart('clock', count, recorder.why);
  const failures: Failure[] = [];
  const tally = { days: 0, jumps: 0, requests: 0, differing: 0 };
  const seeds = Array.from({ length: count }, (_, index) => first + index);
  await each(seeds, availableParallelism(), async (seed) => {
    const jumps = jumpsOf(new Random(seed, 66));
    const [still, jumping] = [await day(seed, recorder.path, []), await day(seed, recorder.path, jumps)];
    const wrong = [...still.broken, ...jumping.broken];
    for (const [key, end] of still.ends) {
      const other = jumping.ends.get(key);
      if (other === end) continue;
      tally.differing += 1;
      wrong.push(`request ${key} ends as ${end}, and as ${other} when the clock jumps`);
    }
    tally.days += 1;
    tally.jumps += jumping.jumped;
    tally.requests += still.ends.size;
    for (const what of wrong)
      failures.push({ what: `seed ${seed}: ${what}`, replay: `npm run chaos -- --clock 1 --seed ${seed}` });
    progress?.(tally.days);
  });
  const figures = { ...tally, seconds: secondsSince(from), failures: failures.length };
  return { part: 'clock', ok: failures.length === 0, figures, failures: failures.slice(0, 10) };
}

interface Day {
  readonly broken: readonly string[];
  readonly ends: ReadonlyMap<string, string>;
  readonly jumped: number;
}

/** One day; the clock is set when every eighth request is taken, and true again before the next start. */
async function day(seed: number, path: string, jumps: readonly number[]): Promise<Day> {
  const trial = new Trial(seed, way);
  try {
    const clock = join(trial.folder, 'clock');
    const set = (ms: number): void => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64LE(BigInt(Math.round(ms)) * 1_000_000n);
      writeFileSync(clock, bytes, { flag: 'r+' });
    };
    writeFileSync(clock, Buffer.alloc(8));
    let asked = 0;
    let jumped = 0;
    const run = await trial.run({
      seed,
      name: 'day',
      acts: ACTS,
      patience: PATIENCE,
      recorder: { path, orders: { clock } },
      limitMs: 180_000,
      heard: (line) => {
        if (!line.asked) return;
        asked += 1;
        const jump = jumps[asked / 8 - 1];
        if (jump === undefined) return;
        set(jump);
        jumped += 1;
      },
    });
    const done = run.lines.some((line) => line.done);
    const { broken, ends } = await trial.settle();
    return { broken: done ? broken : [...broken, `the day did not end: ${run.errors.slice(0, 500)}`], ends, jumped };
  } finally {
    trial.end();
  }
}
