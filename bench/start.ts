import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { shortTerms } from '../test/demo/day.ts';
import { startSimulators } from '../test/e2e/support/simulators.ts';
import { type Figure, percentile } from './figure.ts';

/** Milliseconds from the start of a Node program until it writes its first line. */
async function firstLine(args: readonly string[]): Promise<number> {
  const from = performance.now();
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const ready = once(createInterface({ input: child.stdout }), 'line').then(() => performance.now() - from);
  const ms = await Promise.race([ready, ended.then(([code]) => Promise.reject(new Error(`ended with ${code}`)))]);
  child.kill('SIGTERM');
  await ended;
  return ms;
}

async function median(args: readonly string[], times: number): Promise<number> {
  const found: number[] = [];
  for (let n = 0; n < times; n += 1) found.push(await firstLine(args));
  return percentile(found, 0.5);
}

const TIMES = 7;

/** From the start of the process until the core may charge by card: store open and checked, devices there, bank signed on. */
export async function measureStart(dir: string): Promise<Figure[]> {
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'terms.json'), JSON.stringify(shortTerms));
  const simulators = await startSimulators(join(dir, 'counter'), join(dir, 'terms.json'));
  try {
    const data = join(dir, 'terminal');
    const { profile, virtual } = simulators;
    const ready = [join(import.meta.dirname, 'ready.ts'), data, profile, virtual];
    await firstLine(ready);
    const core = await median(ready, TIMES);
    const empty = await median(['-e', 'console.log(1); setTimeout(() => {}, 5000)'], TIMES);
    return [
      {
        name: 'start-core',
        what: 'process start to ready to charge, core alone under Node',
        value: core,
        unit: 'ms',
        samples: TIMES,
      },
      { name: 'start-node', what: 'an empty Node program', value: empty, unit: 'ms', samples: TIMES },
    ];
  } finally {
    await simulators.stop();
  }
}
