import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Random } from '../simulation/random.ts';
import type { Way } from './branch.ts';
import { each, type Failure, type PartOptions, type PartResult, partResult, skippedPart } from './part.ts';
import { buildRecorder } from './recorder.ts';
import { Trial } from './trial.ts';

const HOUR = 3_600_000;
/** The last second of 32-bit time. */
const DOOMSDAY = Date.UTC(2038, 0, 19, 3, 14, 7);
const ACTS = 34;
/** Nothing in these days depends on how fast the machine is: the terminal waits long for what comes at once. */
const PATIENCE = 20;
/** Pairs of days, as long as one differs from the other. */
const TRIES = 3;
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
    const wrong = new Map<string, string>();
    // What a clock does to an outcome it does each time; what a standstill of the machine does, it does once.
    for (let attempt = 0; attempt < TRIES; attempt += 1) {
      const [still, jumping] = [await day(seed, recorder.path, []), await day(seed, recorder.path, jumps)];
      const found = differences(still, jumping);
      if (attempt === 0) {
        tally.days += 1;
        tally.jumps += jumping.jumped;
        tally.requests += still.ends.size;
        for (const [key, what] of found) wrong.set(key, what);
      }
      for (const key of wrong.keys()) if (!found.has(key)) wrong.delete(key);
      if (wrong.size === 0) break;
    }
    tally.differing += wrong.size;
    const replay = `npm run chaos -- --clock 1 --seed ${seed}`;
    for (const what of wrong.values()) failures.push({ what: `seed ${seed}: ${what}`, replay });
    progress?.(tally.days);
  });
  return partResult('clock', from, { ...tally }, failures);
}

/** Everything that is not the same, or not good in itself, by request. */
function differences(still: Day, jumping: Day): Map<string, string> {
  const found = new Map([...still.broken, ...jumping.broken].map((what) => [what, what]));
  for (const [key, end] of still.ends) {
    const other = jumping.ends.get(key);
    if (other !== end) found.set(key, `request ${key} ends as ${end}, and as ${other} when the clock jumps`);
  }
  return found;
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
