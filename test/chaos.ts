import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { runClock } from './chaos/clock.ts';
import { runCrashStates } from './chaos/crash.ts';
import { runFull } from './chaos/full.ts';
import { runIo } from './chaos/io.ts';
import { runKills } from './chaos/kills.ts';
import { runLine } from './chaos/line.ts';
import { runMutants } from './chaos/mutants.ts';
import type { PartOptions, PartResult } from './chaos/part.ts';
import { runPower } from './chaos/power.ts';
import { runRot } from './chaos/rot.ts';
import { runCrowded, runPoints, runSimulation, traceSeed } from './chaos/simulation.ts';
import { runSteps } from './chaos/steps.ts';
import { summarize } from './chaos/summary.ts';
import { mutants } from './simulation/mutants.ts';

/** `npm run chaos`: searches for a broken promise under faults of every kind. docs/reliability.md explains it. */

interface Part {
  readonly option: string;
  readonly counts: string;
  /** How large it is when no part is named. */
  readonly usual: number;
  readonly run: (options: PartOptions) => Promise<PartResult>;
}

const parts: readonly Part[] = [
  { option: 'seeds', counts: 'simulated days', usual: 100_000, run: runSimulation },
  {
    option: 'points',
    counts: 'simulated days, each lived once more for every point at which the power may fail',
    usual: 200,
    run: runPoints,
  },
  {
    option: 'crowded',
    counts: 'simulated days on which what is rare happens often',
    usual: 20_000,
    run: runCrowded,
  },
  { option: 'mutants', counts: 'bugs that are planted', usual: mutants.length, run: runMutants },
  { option: 'kills', counts: 'times that a selling terminal is killed', usual: 2_000, run: runKills },
  {
    option: 'steps',
    counts: 'times that it is killed, or without power, in what it rarely does',
    usual: 1_000,
    run: (options) => runSteps(options),
  },
  {
    option: 'crash-states',
    counts: 'states in which a power cut may leave the disk',
    usual: 10_000,
    run: (options) => runCrashStates(options),
  },
  { option: 'power', counts: 'power cuts of a real file system', usual: 300, run: runPower },
  { option: 'rot', counts: 'places in which a store is spoilt', usual: 400, run: runRot },
  { option: 'full', counts: 'disks that become full', usual: 20, run: runFull },
  { option: 'io', counts: 'operations on the disk that fail', usual: 300, run: runIo },
  { option: 'clock', counts: 'days with a clock that jumps', usual: 10, run: runClock },
  { option: 'line', counts: 'sales over a line that fails in every way', usual: 1_000, run: runLine },
];

const usage = `npm run chaos -- [--PART N]… [--seed S] [--trace] [--json FILE]
${parts.map(({ option, counts, usual }) => `  --${`${option} N`.padEnd(16)} ${counts} (${usual})`).join('\n')}
  --seed S           the first seed (1)
  --trace            show the simulated day of the seed step by step; with --crowded 1 such a day
  --cut K            there: with a power cut at its point K
  --json FILE        write the figures there
Without a part all of them run, as large as is said in brackets: the sizes that docs/reliability.md publishes, most of an
hour on two cores. Name parts for less. FILE is written again after each part.`;

const log = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return 'unknown';
  }
}

function wholeNumber(text: string, name: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1)
    throw new Error(`--${name} wants a whole number from 1, not "${text}"`);
  return number;
}

function tell(result: PartResult): void {
  log(`${result.part}: ${result.ok ? 'nothing broken' : 'BROKEN'}`);
  for (const [name, value] of Object.entries(result.figures)) log(`  ${name}: ${value}`);
  for (const { what, why, count } of result.skipped ?? []) log(`  SKIPPED: ${what} (${count}): ${why}`);
  for (const { what, replay } of result.failures) log(`  ${what}\n    see it again at commit ${commit()}: ${replay}`);
}

/** Says every tenth part of the way how far it is. */
function progress(part: Part, count: number): (done: number) => void {
  let told = 0;
  return (done) => {
    if (done - told < count / 10 && done < count) return;
    told = done;
    log(`  ${Math.min(done, count)} of ${count} ${part.counts}`);
  };
}

async function main(): Promise<boolean> {
  const { values }: { values: Readonly<Record<string, string | boolean | undefined>> } = parseArgs({
    options: {
      ...Object.fromEntries(parts.map(({ option }) => [option, { type: 'string' } as const])),
      seed: { type: 'string' },
      trace: { type: 'boolean' },
      cut: { type: 'string' },
      json: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  const text = (name: string): string | undefined => {
    const value = values[name];
    return typeof value === 'string' ? value : undefined;
  };
  if (values['help']) {
    log(usage);
    return true;
  }
  const first = wholeNumber(text('seed') ?? '1', 'seed');
  const cut = text('cut');
  if (values['trace']) {
    const cutAt = cut === undefined ? undefined : wholeNumber(cut, 'cut');
    return traceSeed(first, log, { cutAt, crowded: text('crowded') !== undefined });
  }
  const named = parts.filter(({ option }) => text(option) !== undefined);
  const results: PartResult[] = [];
  const file = text('json');
  for (const part of named.length > 0 ? named : parts) {
    const count = wholeNumber(text(part.option) ?? String(part.usual), part.option);
    const result = await part.run({ count, first, progress: progress(part, count) });
    tell(result);
    results.push(result);
    if (file !== undefined)
      writeFileSync(
        file,
        `${JSON.stringify({ commit: commit(), summary: summarize(results), parts: results }, null, 2)}\n`,
      );
  }
  log(`in all: ${JSON.stringify(summarize(results))}`);
  return results.every(({ ok }) => ok);
}

main().then(
  (ok) => {
    process.exitCode = ok ? 0 : 1;
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${usage}\n`);
    process.exitCode = 2;
  },
);
