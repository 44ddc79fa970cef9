// Everything CI runs: npm test. The last line is `N passed, N failed`.
//   node build/test.ts [--only types,style,unused,unit,build,package,e2e]
// Each static check, the build and the packing count as one; a step that cannot run counts as one failure.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { pack } from './package.ts';
import { bundle } from './setup/bundle.ts';
import { add, type Count, closing, countVitest, oneFailed, onePassed, vitestFailures } from './setup/checks.ts';
import { run, tail } from './setup/command.ts';
import { cardDaemon } from './setup/daemon.ts';
import { endToEnd, packedFolder } from './setup/e2e.ts';
import { root } from './setup/paths.ts';
import type { Runtime } from './setup/runtime.ts';
import { line } from './setup/step.ts';
import { setup } from './setup.ts';

interface Check {
  readonly name: string;
  readonly run: () => Promise<Count>;
}

const tool = (name: string) => join(root, 'node_modules/.bin', name);

/** A check that is one program: it passes when the program does, and shows the end of its output when not. */
function program(name: string, command: string, args: readonly string[]): Check {
  return {
    name,
    run: async () => {
      const finished = await run(tool(command), args, { limitMs: 300_000 });
      if (finished.code === 0) return onePassed;
      console.log(tail(finished.output, 60));
      return oneFailed;
    },
  };
}

async function unit(): Promise<Count> {
  const report = join(root, 'out/unit.json');
  mkdirSync(join(root, 'out'), { recursive: true });
  rmSync(report, { force: true });
  const args = ['run', '--config', 'build/vitest.config.ts', '--reporter=json', `--outputFile=${report}`];
  const finished = await run(tool('vitest'), args, { limitMs: 18 * 60_000 });
  if (!existsSync(report)) {
    console.log(tail(finished.output, 40));
    return oneFailed;
  }
  const parsed: unknown = JSON.parse(readFileSync(report, 'utf8'));
  const count = countVitest(parsed, finished.code);
  for (const failure of vitestFailures(parsed)) console.log(`  failed: ${failure}`);
  if (count.failed > 0 && vitestFailures(parsed).length === 0) console.log(tail(finished.output, 40));
  return count;
}

async function build(): Promise<Count> {
  const outcome = await bundle(() => {});
  if (outcome.ok) return onePassed;
  console.log(outcome.problem);
  return oneFailed;
}

async function packed(runtime: Runtime): Promise<Count> {
  rmSync(packedFolder, { recursive: true, force: true });
  const finished = await pack(runtime, packedFolder, { e2e: true, show: false });
  if (finished.code === 0) return onePassed;
  console.log(tail(finished.output, 30));
  return oneFailed;
}

function checks(runtime: Runtime): Check[] {
  return [
    program('types', 'tsc', ['-b']),
    program('style', 'biome', ['ci', '--colors=off', '--max-diagnostics=20']),
    program('unused', 'knip', ['--config', 'build/knip.json', '--no-progress']),
    { name: 'unit', run: unit },
    { name: 'build', run: build },
    { name: 'package', run: () => packed(runtime) },
    { name: 'e2e', run: endToEnd },
  ];
}

/** Runs one check and says how it went, with a line every half minute while it takes long. */
async function perform(check: Check): Promise<Count> {
  const began = performance.now();
  console.log(`${check.name.padEnd(10)} …`);
  const alive = setInterval(() => {
    console.log(`${check.name.padEnd(10)} … ${Math.round((performance.now() - began) / 1000)} s`);
  }, 30_000);
  try {
    const count = await check.run();
    console.log(line(check.name, closing(count), performance.now() - began));
    return count;
  } catch (error) {
    console.log(`${check.name.padEnd(10)} ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    return oneFailed;
  } finally {
    clearInterval(alive);
  }
}

async function main(): Promise<Count> {
  const { values } = parseArgs({ options: { only: { type: 'string' } } });
  const ready = await setup('test');
  if (ready?.runtime === undefined) return oneFailed;
  const daemon = await cardDaemon();
  if (typeof daemon === 'string') {
    console.log(daemon);
    return oneFailed;
  }
  try {
    const wanted = values.only?.split(',');
    const counts: Count[] = [];
    for (const check of checks(ready.runtime)) {
      if (wanted === undefined || wanted.includes(check.name)) counts.push(await perform(check));
    }
    return add(counts);
  } finally {
    daemon();
  }
}

const count = await main();
console.log(closing(count));
process.exit(count.failed === 0 ? 0 : 1);
