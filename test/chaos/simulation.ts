import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { DayOptions } from '../simulation/day.ts';
import { type Explored, runSeed, type Search } from '../simulation/explore.ts';
import { type Failure, type PartOptions, type PartResult, partResult } from './part.ts';

/** Seeds handed to a process at a time. */
const PORTION = 250;
const MOST_FAILURES = 5;

/** Searches simulated days, seed after seed, on all processors. */
export function runSimulation(options: PartOptions): Promise<PartResult> {
  return searched('simulation', options, {});
}

/** Lives each day once more for each point at which the power may fail: at every wait, write, sync, commit and sending. */
export function runPoints(options: PartOptions): Promise<PartResult> {
  return searched('points', options, { everyPoint: true });
}

/** Days on which what is rare happens often, so that it meets. */
export function runCrowded(options: PartOptions): Promise<PartResult> {
  return searched('crowded', options, { crowded: true });
}

async function searched(
  part: string,
  { count: seeds, first, progress }: PartOptions,
  how: Pick<Search, 'everyPoint' | 'crowded'>,
): Promise<PartResult> {
  const processes = availableParallelism();
  // With every point a day is lived a hundred times and more, and a crowded one is long.
  const portion = how.everyPoint ? 1 : how.crowded ? 50 : PORTION;
  const from = performance.now();
  const parts: Explored[] = [];
  let next = first;
  let done = 0;
  const search = async (): Promise<void> => {
    const worker = openWorker();
    try {
      while (next < first + seeds && failuresOf(parts).length < MOST_FAILURES) {
        const count = Math.min(portion, first + seeds - next);
        next += count;
        parts.push(await worker.explore({ first: next - count, count, failures: MOST_FAILURES, ...how }));
        done += count;
        progress?.(done);
      }
    } finally {
      worker.close();
    }
  };
  await Promise.all(Array.from({ length: processes }, search));
  const sum = (of: (part: Explored) => number): number => parts.reduce((total, part) => total + of(part), 0);
  const days = sum((part) => part.seeds);
  const seedsPerSecond = Math.round((1_000 * days) / (performance.now() - from));
  const figures = {
    seeds: days,
    ...(how.everyPoint ? { lives: sum((part) => part.lives) } : { seedsPerSecond }),
    payments: sum((part) => part.payments),
    powerCuts: sum((part) => part.cuts),
    unknownOutcomes: sum((part) => part.unknown),
    unknownFinal: sum((part) => part.unknownEnded),
    virtualHours: Math.round(sum((part) => part.virtualHours)),
    processes,
  };
  return partResult(part, from, figures, failuresOf(parts, how.crowded ? ' --crowded 1' : ''));
}

function failuresOf(parts: readonly Explored[], option = ''): Failure[] {
  return parts
    .flatMap((part) => part.failures)
    .sort((a, b) => a.seed - b.seed)
    .map(({ seed, cutAt, invariant, what }) => ({
      what: `seed ${seed}${cutAt === undefined ? '' : `, power cut at point ${cutAt}`} breaks ${invariant}: ${what}`,
      replay: `npm run chaos --${option} --seed ${seed}${cutAt === undefined ? '' : ` --cut ${cutAt}`} --trace`,
    }));
}

interface Worker {
  explore(search: Search): Promise<Explored>;
  close(): void;
}

/** A process that explores on request. */
function openWorker(): Worker {
  const child = fork(join(import.meta.dirname, '../simulation/worker.ts'), [], {
    stdio: 'inherit',
    // Nearly all that a day makes is gone with it.
    execArgv: ['--max-semi-space-size=64'],
  });
  return {
    explore: (search) =>
      new Promise((resolve, reject) => {
        const gone = (code: number | null): void => reject(new Error(`a simulation ended with ${code}`));
        child.once('exit', gone);
        child.once('message', (explored: Explored) => {
          child.off('exit', gone);
          resolve(explored);
        });
        child.send(search);
      }),
    close: () => {
      child.kill();
    },
  };
}

/** Shows one simulated day step by step; false when it broke a promise. */
export async function traceSeed(
  seed: number,
  log: (line: string) => void,
  options: Pick<DayOptions, 'cutAt' | 'crowded'> = {},
): Promise<boolean> {
  const { violation, payments, cuts, virtualMs, events } = await runSeed(seed, { ...options, log });
  log(`${payments} payments, ${cuts} power cuts, ${events} events in ${Math.round(virtualMs / 1000)} virtual seconds`);
  if (violation) log(`${violation.invariant}: ${violation.message}`);
  return violation === undefined;
}
