import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type Explored, runSeed } from '../simulation/explore.ts';
import type { Failure, PartResult } from './part.ts';

/** How large a search through simulated days is to be. */
export interface SimulationOptions {
  readonly seeds: number;
  readonly first: number;
  /** Processes; one for each processor when not given. */
  readonly width?: number;
  /** Told of the seeds done so far. */
  readonly progress?: (done: number) => void;
}

/** Seeds handed to a process at a time. */
const PORTION = 250;
const MOST_FAILURES = 5;

/** Searches simulated days, seed after seed, on all processors. */
export async function runSimulation(options: SimulationOptions): Promise<PartResult> {
  const { seeds, first, width = availableParallelism(), progress } = options;
  const from = performance.now();
  const parts: Explored[] = [];
  let next = first;
  let done = 0;
  const search = async (): Promise<void> => {
    const worker = openWorker();
    try {
      while (next < first + seeds && failuresOf(parts).length < MOST_FAILURES) {
        const start = next;
        next += PORTION;
        parts.push(await worker.explore(start, Math.min(PORTION, first + seeds - start)));
        done += PORTION;
        progress?.(Math.min(done, seeds));
      }
    } finally {
      worker.close();
    }
  };
  await Promise.all(Array.from({ length: width }, search));
  const failures = failuresOf(parts);
  const sum = (of: (part: Explored) => number): number => parts.reduce((total, part) => total + of(part), 0);
  const seconds = (performance.now() - from) / 1000;
  return {
    part: 'simulation',
    ok: failures.length === 0,
    figures: {
      seeds: sum((part) => part.seeds),
      payments: sum((part) => part.payments),
      powerCuts: sum((part) => part.cuts),
      unknownOutcomes: sum((part) => part.unknown),
      unknownFinal: sum((part) => part.unknownEnded),
      virtualHours: Math.round(sum((part) => part.virtualHours)),
      seconds: Math.round(seconds * 10) / 10,
      seedsPerSecond: Math.round(sum((part) => part.seeds) / seconds),
      processes: width,
      failures: failures.length,
    },
    failures,
  };
}

function failuresOf(parts: readonly Explored[]): Failure[] {
  return parts
    .flatMap((part) => part.failures)
    .sort((a, b) => a.seed - b.seed)
    .map(({ seed, invariant, what }) => ({
      what: `seed ${seed} breaks ${invariant}: ${what}`,
      replay: `npm run chaos -- --seed ${seed} --trace`,
    }));
}

interface Worker {
  explore(first: number, count: number): Promise<Explored>;
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
    explore: (first, count) =>
      new Promise((resolve, reject) => {
        const gone = (code: number | null): void => reject(new Error(`a simulation ended with ${code}`));
        child.once('exit', gone);
        child.once('message', (explored: Explored) => {
          child.off('exit', gone);
          resolve(explored);
        });
        child.send({ first, count, failures: MOST_FAILURES });
      }),
    close: () => {
      child.kill();
    },
  };
}

/** Shows one simulated day step by step; false when it broke a promise. */
export async function traceSeed(seed: number, log: (line: string) => void): Promise<boolean> {
  const { violation, payments, cuts, virtualMs, events } = await runSeed(seed, log);
  log(`${payments} payments, ${cuts} power cuts, ${events} events in ${Math.round(virtualMs / 1000)} virtual seconds`);
  if (violation) log(`${violation.invariant}: ${violation.message}`);
  return violation === undefined;
}
