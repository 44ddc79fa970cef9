import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { PartResult } from './chaos/part.ts';
import { runSimulation, traceSeed } from './chaos/simulation.ts';

/** `npm run chaos`: searches for a broken promise under faults of every kind. docs/reliability.md explains it. */

const usage = `npm run chaos -- [--seeds N] [--seed S] [--trace] [--json FILE]
  --seeds N    how many simulated days (20000)
  --seed S     the first one (1); alone with --trace: only that day
  --trace      show the day step by step
  --json FILE  write the figures there`;

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
  for (const { what, replay } of result.failures) log(`  ${what}\n    see it again at commit ${commit()}: ${replay}`);
}

async function main(): Promise<boolean> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '20000' },
      seed: { type: 'string', default: '1' },
      trace: { type: 'boolean', default: false },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    log(usage);
    return true;
  }
  const first = wholeNumber(values.seed, 'seed');
  if (values.trace) return traceSeed(first, log);
  const seeds = wholeNumber(values.seeds, 'seeds');
  let told = 0;
  const progress = (done: number): void => {
    if (done - told < seeds / 10 && done < seeds) return;
    told = done;
    log(`  ${done} of ${seeds} days`);
  };
  const parts = [await runSimulation({ seeds, first, progress })];
  for (const part of parts) tell(part);
  if (values.json !== undefined)
    writeFileSync(values.json, `${JSON.stringify({ commit: commit(), parts }, null, 2)}\n`);
  return parts.every(({ ok }) => ok);
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
