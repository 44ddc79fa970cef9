import { expect, test } from 'vitest';
import { runClock } from './clock.ts';
import { runLine } from './line.ts';

const MINUTES = 60_000;

test(
  'over a line that fails in every way nobody is charged twice, and bank and terminal agree',
  async () => {
    const { figures, failures } = await runLine({ count: 64, first: 1 });
    process.stdout.write(`line: ${JSON.stringify(figures)}\n`);
    expect(failures).toEqual([]);
    expect(Number(figures['kindsOfFault'])).toBeGreaterThanOrEqual(9);
  },
  5 * MINUTES,
);

test(
  'a wall clock that jumps changes no outcome',
  async () => {
    const { figures, failures, skipped = [] } = await runClock({ count: 1, first: 1 });
    process.stdout.write(`clock: ${JSON.stringify({ ...figures, skipped })}\n`);
    expect(failures).toEqual([]);
  },
  5 * MINUTES,
);
