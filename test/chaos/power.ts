import { type ChildProcess, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Random } from '../simulation/random.ts';
import { rough } from './branch.ts';
import { compile } from './compile.ts';
import { place } from './opened.ts';
import { each, type Failure, type PartOptions, type PartResult, partResult, skippedPart, startFailed } from './part.ts';
import { Trial } from './trial.ts';

/** Power cuts of one terminal before its books are compared. */
const CUTS = 10;
const MOST_FAILURES = 5;
/** The disk has room for all that a terminal keeps back. */
const BYTES = 192 * 1024 * 1024;
/** Written and never synced: a power cut takes it away. */
const UNSYNCED = 'unsynced';

interface Tally {
  cuts: number;
  beforeReady: number;
  told: number;
  payments: number;
}

/**
 * Takes the power from a real file system (ext4 on a loop device) while a terminal sells on it, mounts it again as after a power
 * cut, and lets the terminal start; in the end all that people were told is held against terminal, ledger, journal and the
 * bank's own book. What was not synced is gone each time, or the cut was none.
 */
export async function runPower({ count, first, progress }: PartOptions): Promise<PartResult> {
  const from = performance.now();
  const shutdown = compile('shutdown.c');
  if (!shutdown.ok) return skippedPart('power', count, shutdown.why);
  const why = impossible(shutdown.path);
  if (why !== undefined) return skippedPart('power', count, why);
  const tally: Tally = { cuts: 0, beforeReady: 0, told: 0, payments: 0 };
  const failures: Failure[] = [];
  const seeds = Array.from({ length: Math.ceil(count / CUTS) }, (_, index) => first + index);
  await each(seeds, availableParallelism(), async (seed) => {
    if (failures.length >= MOST_FAILURES) return;
    const cuts = Math.min(CUTS, count - (seed - first) * CUTS);
    for (const what of await live(seed, cuts, shutdown.path, tally))
      failures.push({ what: `seed ${seed}: ${what}`, replay: `npm run chaos -- --power ${cuts} --seed ${seed}` });
    progress?.(tally.cuts);
  });
  return partResult('power', from, { ...tally }, failures);
}

/** Why no file system can be made, mounted and shut down here; undefined where one can. */
function impossible(shutdown: string): string | undefined {
  if (process.getuid?.() !== 0) return 'mounting a file system needs root';
  let disk: LoopDisk | undefined;
  try {
    disk = new LoopDisk(shutdown);
    disk.cut();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    disk?.end();
  }
}

/** An ext4 in a file, of which the power can be cut. */
class LoopDisk {
  readonly folder = mkdtempSync(join(place, 'countertap-power-'));
  readonly mounted = join(this.folder, 'disk');
  readonly #image = join(this.folder, 'image');
  readonly #shutdown: string;

  /** @throws Error where that cannot be done */
  constructor(shutdown: string) {
    this.#shutdown = shutdown;
    mkdirSync(this.mounted);
    writeFileSync(this.#image, '');
    truncateSync(this.#image, BYTES);
    try {
      command('mkfs.ext4', '-q', '-F', this.#image);
      this.#mount();
    } catch (error) {
      this.end();
      throw error;
    }
  }

  /** Without a flush of anything: only what was synced is safe. */
  cut(): void {
    writeFileSync(join(this.mounted, UNSYNCED), 'this was never synced');
    command(this.#shutdown, this.mounted);
  }

  /** The power is back: the file system recovers from its journal. Says whether what was never synced is gone. */
  restore(): boolean {
    command('umount', this.mounted);
    this.#mount();
    return !existsSync(join(this.mounted, UNSYNCED)) || readFileSync(join(this.mounted, UNSYNCED)).length === 0;
  }

  #mount(): void {
    command('mount', '-o', 'loop', this.#image, this.mounted);
  }

  end(): void {
    spawnSync('umount', [this.mounted]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function command(name: string, ...args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(name, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${name}: ${error?.message ?? stderr.trim()}`);
}

/** One terminal on a disk of its own, cut off so many times. */
async function live(seed: number, cuts: number, shutdown: string, tally: Tally): Promise<string[]> {
  const broken: string[] = [];
  const disk = new LoopDisk(shutdown);
  try {
    const trial = new Trial(seed, rough, disk.mounted);
    for (let cut = 0; cut < cuts; cut += 1) broken.push(...(await sellUntilCut(trial, disk, seed, cut, tally)));
    const { broken: found, payments } = await trial.settle();
    tally.payments += payments;
    return [...broken, ...found];
  } catch (error) {
    return [...broken, startFailed(error)];
  } finally {
    disk.end();
  }
}

async function sellUntilCut(trial: Trial, disk: LoopDisk, seed: number, n: number, tally: Tally): Promise<string[]> {
  const random = new Random(seed, 300 + n);
  let cut = false;
  const by = (child: ChildProcess): void => {
    if (cut) return;
    cut = true;
    stop(child);
    disk.cut();
    child.kill('SIGKILL');
  };
  const kill = { lines: random.int(1, 40), ms: random.int(0, 20), by };
  const run = await trial.run({ seed: seed * 1_000 + n, name: `${seed}-${n}`, limitMs: 30_000, kill });
  tally.cuts += 1;
  if (!run.lines.some(({ ready }) => ready)) tally.beforeReady += 1;
  tally.told += new Set(run.lines.flatMap(({ told }) => (told ? [told.id + told.outcome] : []))).size;
  const gone = disk.restore();
  if (!cut || run.code !== undefined)
    return [`start ${n} ended before the power went (${run.code}): ${run.errors.slice(0, 500)}`];
  return gone ? [] : [`power cut ${n} took nothing away`];
}

/** Nobody is in the middle of a sync then: the kernel lets one that races with the shutdown succeed for nothing. */
function stop(child: ChildProcess): void {
  child.kill('SIGSTOP');
  const tasks = `/proc/${child.pid}/task`;
  const moment = new Int32Array(new SharedArrayBuffer(4));
  while (existsSync(tasks) && !readdirSync(tasks).every((task) => isStopped(join(tasks, task, 'stat'))))
    Atomics.wait(moment, 0, 0, 1);
}

function isStopped(stat: string): boolean {
  try {
    return /\) [TZX] /.test(readFileSync(stat, 'utf8'));
  } catch {
    return true;
  }
}
