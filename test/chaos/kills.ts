import { availableParallelism } from 'node:os';
import { Random } from '../simulation/random.ts';
import { rough } from './branch.ts';
import {
  each,
  type Failure,
  type PartOptions,
  type PartResult,
  partResult,
  type Skipped,
  startFailed,
} from './part.ts';
import { buildRecorder } from './recorder.ts';
import { type RunOptions, Trial } from './trial.ts';

/** Kills of one terminal before its books are compared. */
const KILLS = 20;
/** The operations on the disk, counted from the start of the process, at which it is killed one after another. */
const POINTS = 180;
const MOST_FAILURES = 5;

interface Tally {
  kills: number;
  atPoints: number;
  torn: number;
  beforeReady: number;
  told: number;
  payments: number;
  replayed: number;
  appended: number;
}

/**
 * Kills a selling terminal (SIGKILL) at random times and at each operation on its disk, in its recovery too, and lets
 * it start again; then holds all that people were told against terminal, ledger, journal and the bank's own book.
 */
export async function runKills({ count, first, progress }: PartOptions): Promise<PartResult> {
  const from = performance.now();
  const recorder = buildRecorder();
  const tally: Tally = {
    kills: 0,
    atPoints: 0,
    torn: 0,
    beforeReady: 0,
    told: 0,
    payments: 0,
    replayed: 0,
    appended: 0,
  };
  const failures: Failure[] = [];
  const seeds = Array.from({ length: Math.ceil(count / KILLS) }, (_, index) => first + index);
  await each(seeds, availableParallelism(), async (seed) => {
    if (failures.length >= MOST_FAILURES) return;
    const kills = Math.min(KILLS, count - (seed - first) * KILLS);
    for (const what of await trial(seed, kills, recorder.ok ? recorder.path : undefined, tally)) {
      failures.push({ what: `seed ${seed}: ${what}`, replay: `npm run chaos -- --kills ${kills} --seed ${seed}` });
    }
    progress?.(tally.kills);
  });
  const skipped: Skipped[] = recorder.ok
    ? []
    : [{ what: 'kills at enumerated operations', why: recorder.why, count: Math.floor(count / 2) }];
  return { ...partResult('kills', from, { ...tally }, failures), skipped };
}

async function trial(seed: number, kills: number, recorder: string | undefined, tally: Tally): Promise<string[]> {
  const trial = new Trial(seed, rough);
  const broken: string[] = [];
  try {
    for (let kill = 0; kill < kills; kill += 1) {
      const how = killing(seed, kill, recorder);
      const run = await trial.run({ seed: seed * 1_000 + kill, name: `${seed}-${kill}`, limitMs: 30_000, ...how });
      tally.kills += 1;
      if (how.recorder) tally.atPoints += 1;
      if (how.recorder?.orders.kill?.half) tally.torn += 1;
      if (!run.lines.some(({ ready }) => ready)) tally.beforeReady += 1;
      tally.told += new Set(run.lines.flatMap(({ told }) => (told ? [told.id + told.outcome] : []))).size;
      const stopped = run.lines.find((line) => line.stopped !== undefined)?.stopped;
      if (stopped !== undefined || run.code !== undefined)
        broken.push(
          `start ${kill} was not killed but ended by itself (${run.code}): ${stopped ?? ''}${run.errors.slice(0, 500)}`,
        );
    }
    const { broken: found, payments, replayed, appended } = await trial.settle();
    tally.payments += payments;
    tally.replayed += replayed;
    tally.appended += appended;
    return [...broken, ...found];
  } catch (error) {
    return [...broken, startFailed(error)];
  } finally {
    trial.end();
  }
}

/** Every other kill at the next operation, mostly, the others some time after the start. */
function killing(seed: number, kill: number, path: string | undefined): Pick<RunOptions, 'recorder' | 'kill'> {
  const random = new Random(seed, 100 + kill);
  if (kill % 2 === 1 || path === undefined) return { kill: { lines: random.int(1, 40), ms: random.int(0, 20) } };
  // Seven and the count of points have no divisor in common: few kills are spread over all of them, many reach each.
  const point = (seed * (KILLS / 2) + kill / 2) * 7;
  const half = kill % 4 === 2;
  return { recorder: { path, orders: { kill: { at: 1 + (point % POINTS), half } } } };
}
