import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCrowded, runPoints, runSimulation } from '../chaos/simulation.ts';
import { clockDifferences, runSeed } from './explore.ts';
import { mutants } from './mutants.ts';
import { huntAll, MOST_SEEDS, publishedDays } from './mutate.ts';
import { drawDialect } from './shape.ts';

const ROOT = join(import.meta.dirname, '../..');
const SEEDS = Number(process.env['COUNTERTAP_SEEDS'] ?? 21_000);
const MINUTE = 60_000;
/** Days that are lived once for each point at which the power may fail. */
const DAYS_CUT = 2;
/** Days on which what is rare happens often. */
const DAYS_CROWDED = 1_000;
/** Days that are lived with the clock set and without. */
const DAYS_TWICE = 300;

test('no simulated day breaks a promise', { timeout: 20 * MINUTE }, async () => {
  const { failures, figures } = await runSimulation({ count: SEEDS, first: 1 });
  expect(failures).toEqual([]);
  expect(figures['seeds']).toBe(SEEDS);
  expect(Number(figures['powerCuts'])).toBeGreaterThan(SEEDS / 10);
});

test('with the power cut at each of its points in turn, no day breaks a promise', { timeout: 5 * MINUTE }, async () => {
  const { failures, figures } = await runPoints({ count: DAYS_CUT, first: 1 });
  expect(failures).toEqual([]);
  expect(Number(figures['lives'])).toBeGreaterThan(DAYS_CUT * 20);
  expect(Number(figures['powerCuts'])).toBeGreaterThanOrEqual(Number(figures['lives']) - DAYS_CUT);
});

test('where what is rare happens often, no day breaks a promise', { timeout: 5 * MINUTE }, async () => {
  const { failures, figures } = await runCrowded({ count: DAYS_CROWDED, first: 1 });
  expect(failures).toEqual([]);
  expect(figures['seeds']).toBe(DAYS_CROWDED);
});

test('the same seed is the same day, event for event', async () => {
  const [first, second]: [string[], string[]] = [[], []];
  await runSeed(7, { log: (line) => first.push(line) });
  await runSeed(8);
  await runSeed(7, { log: (line) => second.push(line) });
  expect(first.length).toBeGreaterThan(10);
  expect(second).toEqual(first);
});

test('one day in eight speaks to the bank over lines, in every dialect', () => {
  const spoken = Array.from({ length: 4_000 }, (_, seed) => drawDialect(seed + 1));
  for (const dialect of ['countertap', 'hypercom', 'unionpay']) {
    expect(spoken.filter((one) => one === dialect).length).toBeGreaterThan(80);
  }
  expect(spoken.filter((one) => one === undefined).length).toBeGreaterThan(3_300);
});

test('setting the clock changes no outcome of a day (P13)', { timeout: 5 * MINUTE }, async () => {
  const differing: string[] = [];
  for (let seed = 1; seed <= DAYS_TWICE; seed += 1) {
    for (const what of await clockDifferences(seed)) differing.push(`seed ${seed}: ${what}`);
  }
  expect(differing).toEqual([]);
});

test('at least twenty bugs can be planted, each in one place that is there', () => {
  expect(mutants.length).toBeGreaterThanOrEqual(20);
  expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
  for (const { name, file, from } of mutants) {
    const source = readFileSync(join(ROOT, file), 'utf8');
    expect(source.split(from).length - 1, `${name} in ${file}`).toBe(1);
  }
});

test('every planted bug is found', { timeout: 20 * MINUTE }, async () => {
  const days = publishedDays();
  expect([...days.keys()].sort()).toEqual(mutants.map(({ name }) => name).sort());
  const killed = await huntAll(availableParallelism(), () => undefined, { days });
  expect(killed).toHaveLength(mutants.length);
  expect(killed.filter(({ seeds }) => seeds === undefined).map(({ name }) => name)).toEqual([]);
  for (const { seeds } of killed) expect(seeds).toBeLessThanOrEqual(MOST_SEEDS);
});
