import { spawn } from 'node:child_process';
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

/** Runs the explorer against one planted bug, in a process of its own. */
export function hunt(mutant: Mutant, most = MOST_SEEDS): Promise<Killed> {
  const { name, invariant } = mutant;
  const plant = join(import.meta.dirname, 'plant.ts');
  const worker = join(import.meta.dirname, 'worker.ts');
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', plant, worker, '1', String(most), '1'], {
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

/** Hunts mutants, all when not said which, `width` at a time; `told` hears of each as it ends. */
export async function huntAll(
  width: number,
  told: (killed: Killed) => void,
  hunted: readonly Mutant[] = mutants,
): Promise<Killed[]> {
  const waiting = [...hunted];
  const done: Killed[] = [];
  const hunter = async (): Promise<void> => {
    for (let mutant = waiting.shift(); mutant; mutant = waiting.shift()) {
      const killed = await hunt(mutant);
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
