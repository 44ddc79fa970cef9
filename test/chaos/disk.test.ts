import { expect, test } from 'vitest';
import { runCrashStates } from './crash.ts';
import { runFull } from './full.ts';
import { runIo } from './io.ts';
import { runKills } from './kills.ts';
import type { PartResult } from './part.ts';
import { runPower } from './power.ts';
import { rares } from './rare.ts';
import { runRot } from './rot.ts';
import { runSteps } from './steps.ts';

/** The parts of `npm run chaos` on real files, in the sizes of CI. */

const MINUTES = 60_000;

/** Nothing is broken; what could not be done here is said, and counted. */
function sound({ part, figures, failures, skipped = [] }: PartResult): void {
  process.stdout.write(`${part}: ${JSON.stringify(figures)}\n`);
  for (const { what, why, count } of skipped) process.stdout.write(`SKIPPED ${what} (${count}): ${why}\n`);
  expect(failures).toEqual([]);
}

test(
  'killed at operations on its disk and at any time, the terminal loses nothing that it told',
  async () => {
    const result = await runKills({ count: 40, first: 1 });
    sound(result);
    expect(result.figures['kills']).toBe(40);
  },
  5 * MINUTES,
);

test(
  'killed or without power in what it rarely does, the terminal has done it, has not, or goes on with it',
  async () => {
    const few = rares.filter(({ name }) => name === 'restore' || name === 'close and daily backup');
    sound(await runSteps({ count: 6, first: 4 }, few));
  },
  5 * MINUTES,
);

test(
  'and it is seen when a file takes the place of another before its bytes are safe',
  async () => {
    const few = rares.filter(({ name }) => name === 'parameters taken');
    const { failures, skipped } = await runSteps({ count: 30, first: 1 }, few, true);
    if (skipped) return;
    expect(failures.some(({ what }) => what.includes('half of the parameters are in force'))).toBe(true);
  },
  5 * MINUTES,
);

test(
  'whatever part of the unsynced bytes a power cut leaves, nothing that was told is lost',
  async () => {
    sound(await runCrashStates({ count: 400, first: 1 }));
  },
  5 * MINUTES,
);

test(
  'the same search finds what a disk loses that takes syncs for nothing',
  async () => {
    const { failures, skipped } = await runCrashStates({ count: 200, first: 1 }, true);
    if (skipped) return;
    expect(failures.some(({ what }) => what.includes('is lost'))).toBe(true);
  },
  5 * MINUTES,
);

test(
  'on a real file system without power nothing that was told is lost',
  async () => {
    sound(await runPower({ count: 6, first: 1 }));
  },
  5 * MINUTES,
);

test(
  'a bit flipped, a file cut, deleted or swapped: found at the start, or nothing was changed by it',
  async () => {
    const result = await runRot({ count: 200, first: 1 });
    sound(result);
    expect(Number(result.figures['refused'])).toBeGreaterThan(0);
  },
  5 * MINUTES,
);

test(
  'an operation on the disk that fails stops the terminal, which is whole after a restart',
  async () => {
    const result = await runIo({ count: 30, first: 1 });
    sound(result);
    // Not only starts are hit.
    expect(Number(result.figures['told'])).toBeGreaterThan(0);
  },
  5 * MINUTES,
);

test(
  'a disk that becomes full stops the terminal, and takes nothing from it',
  async () => {
    sound(await runFull({ count: 2, first: 1 }));
  },
  5 * MINUTES,
);
