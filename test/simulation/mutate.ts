import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Mutant, mutants } from './mutants.ts';

/** How the explorer dealt with one planted bug. */
export interface Killed {
  readonly name: string;
  readonly invariant: string;
  /** Seeds that it took, undefined when the bug lived. */
  readonly seeds: number | undefined;
  readonly ms: number;
  /** What was found broken first. */
  readonly found: string;
}

/** Every mutant must die within so many seeds. */
export const MOST_SEEDS = 4_000;

/** The days that docs/reliability.md says each bug was found after, counted from seed 1. */
export function publishedDays(): ReadonlyMap<string, number> {
  const page = readFileSync(join(import.meta.dirname, '../../docs/reliability.md'), 'utf8');
  const rows = page.matchAll(/^\| ([a-z-]+) \| [A-Z]\d+ \| (\d+) \|$/gm);
  return new Map([...rows].map(([, name = '', day]) => [name, Number(day)]));
}

/** Looks on the day on which a bug was found last, and where it is not found there on all of them. */
async function huntFrom(mutant: Mutant, day: number | undefined): Promise<Killed> {
  const killed = day === undefined ? undefined : await hunt(mutant, day, 1);
  return killed?.seeds === undefined ? hunt(mutant) : { ...killed, seeds: day };
}

/** Runs the explorer against one planted bug, in a process of its own. */
export function hunt(mutant: Mutant, first = 1, most = MOST_SEEDS): Promise<Killed> {
  const { name, invariant } = mutant;
  const plant = join(import.meta.dirname, 'plant.ts');
  const worker = join(import.meta.dirname, 'worker.ts');
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', plant, worker, String(first), String(most), '1'], {
      env: { ...process.env, COUNTERTAP_MUTANT: name },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      const text = Buffer.concat(out).toString();
      if (code !== 0) {
        reject(new Error(`mutant ${name}: ${Buffer.concat(err).toString()}`));
        return;
      }
      const { seeds, ms, failures }: Report = JSON.parse(text);
      const [first] = failures;
      resolve({ name, invariant, seeds: first && seeds, ms, found: first ? `${first.invariant}: ${first.what}` : '' });
    });
  });
}

interface Report {
  readonly seeds: number;
  readonly ms: number;
  readonly failures: readonly { readonly invariant: string; readonly what: string }[];
}

interface Hunted {
  readonly mutants?: readonly Mutant[];
  /** Where to look first; from seed 1 on when not said. */
  readonly days?: ReadonlyMap<string, number>;
}

/** Hunts mutants, all when not said which, `width` at a time; `told` hears of each as it ends. */
export async function huntAll(
  width: number,
  told: (killed: Killed) => void,
  { mutants: hunted = mutants, days }: Hunted = {},
): Promise<Killed[]> {
  const waiting = [...hunted];
  const done: Killed[] = [];
  const hunter = async (): Promise<void> => {
    for (let mutant = waiting.shift(); mutant; mutant = waiting.shift()) {
      const killed = await huntFrom(mutant, days?.get(mutant.name));
      done.push(killed);
      told(killed);
    }
  };
  await Promise.all(Array.from({ length: width }, hunter));
  const order = new Map(mutants.map(({ name }, index) => [name, index]));
  return done.sort((a, b) => (order.get(a.name) ?? 0) - (order.get(b.name) ?? 0));
}

export function tableRow({ name, invariant, seeds, ms, found }: Killed): string {
  const what = found.split('\n')[0]?.slice(0, 60) ?? '';
  return `| ${name} | ${invariant} | ${seeds ?? 'LIVES'} | ${Math.round(ms)} | ${what} |`;
}

if (import.meta.main) {
  const only = process.argv[2];
  const log = (line: string): void => {
    process.stdout.write(`${line}\n`);
  };
  log('| mutant | breaks | seeds | ms | found first |\n| --- | --- | --- | --- | --- |');
  const one = mutants.find(({ name }) => name === only);
  const tell = (killed: Killed): void => log(tableRow(killed));
  const killed = one ? [await hunt(one)] : await huntAll(2, tell);
  if (one) killed.forEach(tell);
  const alive = killed.filter(({ seeds }) => seeds === undefined);
  if (alive.length > 0) {
    log(`${alive.length} of ${killed.length} live`);
    process.exitCode = 1;
  }
}
