import type { ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { AcquirerProfile } from '../main/core/bank/profile.ts';
import type { Core } from '../main/core/core.ts';
import { coreRate } from './durable.ts';
import { type Figure, percentile } from './figure.ts';
import { heapMiB } from './heap.ts';
import { store } from './large.ts';
import { besideEmpty, type Opening, opened } from './packed.ts';
import { openPlainCore } from './plain.ts';

/** The processes of a group, as the system lists them. */
function processesOf(group: number): string[] {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      const stat = readFileSync(join('/proc', name, 'stat'), 'utf8');
      // After the name in brackets, which may hold anything: state, parent, group.
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]) === group;
    } catch {
      return false;
    }
  });
}

/** What a process takes, in KiB; of a page that several share its part. No number where the system does not tell it. */
function pssOf(name: string): number {
  try {
    const told = readFileSync(join('/proc', name, 'smaps_rollup'), 'utf8');
    return Number(/^Pss:\s+(\d+) kB$/m.exec(told)?.[1] ?? Number.NaN);
  } catch {
    return Number.NaN;
  }
}

/** What all processes of a program take together, in MiB. */
function takenBy(child: ChildProcess): number {
  return processesOf(child.pid ?? 0).reduce((all, name) => all + pssOf(name), 0) / 1024;
}

const TIMES = 3;
/** What a program does when it opens is over by then, and what that left behind is cleared away. */
const REST_MS = 30_000;

async function takenIdle(opening: Opening): Promise<number> {
  const taken: number[] = [];
  for (let n = 0; n < TIMES; n += 1) {
    const once = await opened(opening, async (_ms, child) => {
      await pause(REST_MS);
      return takenBy(child);
    });
    taken.push(once);
  }
  return percentile(taken, 0.5);
}

/** So many sales after which nothing is loaded or compiled for the first time. */
const WARM_UP = 1_000;

/** How much the core's heap has grown by `sales` sales, after those with which it warmed up. */
async function heapGrown(data: string, profile: AcquirerProfile, sales: number): Promise<number> {
  const core = openPlainCore(data, profile);
  core.start();
  await coreRate(core, WARM_UP);
  const before = heapMiB();
  await coreRate(core, sales);
  const grown = heapMiB() - before;
  await core.close();
  return grown;
}

/**
 * How much memory the core keeps of the sales that it made, and how much the packed terminal takes on their record, at rest on
 * the page where people sign in, against an empty window of the same Electron. The latter where it can be measured.
 */
export async function measureMemory(dir: string, profile: AcquirerProfile, sales: number): Promise<Figure[]> {
  const count = sales.toLocaleString('en');
  const grown = await heapGrown(join(dir, 'heap'), profile, sales);
  const heap: Figure = {
    name: 'memory-heap',
    what: `heap grown by ${count} sales`,
    value: grown,
    unit: 'MiB',
    samples: 1,
  };
  if (process.platform !== 'linux') return [heap];
  const fill = (core: Core): void => {
    for (let n = 0; n < sales; n += 1) store(core, n);
  };
  const idle = await besideEmpty(dir, { data: join(dir, 'terminal'), fill }, async ({ terminal, empty }) => {
    const taken = { terminal: await takenIdle(terminal), empty: await takenIdle(empty) };
    if (!Number.isNaN(taken.terminal + taken.empty)) return figures(count, taken.terminal, taken.empty);
    console.log('  What a sandboxed page takes is told to root alone.');
    return [];
  });
  return [heap, ...idle];
}

function figures(count: string, terminal: number, empty: number): Figure[] {
  const samples = TIMES;
  return [
    {
      name: 'memory',
      what: `memory at rest after ${count} sales, all processes`,
      value: terminal,
      unit: 'MiB',
      samples,
    },
    { name: 'memory-empty', what: 'an empty window of the same Electron', value: empty, unit: 'MiB', samples },
    {
      name: 'memory-ratio',
      what: 'memory against the empty window',
      value: terminal / empty,
      unit: '×',
      budget: { most: 1.5 },
      samples,
    },
  ];
}
