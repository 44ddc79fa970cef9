import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '../simulation/random.ts';
import { rough } from './branch.ts';
import { type Failure, type PartOptions, type PartResult, secondsSince, skippedPart } from './part.ts';
import { Trial } from './trial.ts';

/** Kilobytes of the disk, and of those what is left when the selling goes on until nothing is. */
const SIZE = 4_096;
const LEFT = { least: 4, most: 600 } as const;
const MOST_FAILURES = 5;

/**
 * Fills the disk (a small tmpfs of its own) while a terminal sells. It must stop selling, having told nothing that is not
 * on the disk; with space again it must be whole.
 */
export async function runFull({ count, first, progress }: PartOptions): Promise<PartResult> {
  const from = performance.now();
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return skippedPart('full', count, 'mounting a small disk needs root on Linux');
  const place = mkdtempSync(join(tmpdir(), 'countertap-full-'));
  const why = mounted(place, `size=${SIZE}k`);
  if (why !== undefined) {
    rmSync(place, { recursive: true, force: true });
    return skippedPart('full', count, why);
  }
  spawnSync('umount', [place]);
  const failures: Failure[] = [];
  const tally = { fills: 0, stopped: 0, stoppedAtStart: 0, told: 0, payments: 0 };
  try {
    for (let seed = first; seed < first + count && failures.length < MOST_FAILURES; seed += 1) {
      for (const what of await fill(seed, place, tally))
        failures.push({ what: `seed ${seed}: ${what}`, replay: `npm run chaos -- --full 1 --seed ${seed}` });
      progress?.(tally.fills);
    }
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
  const figures = { ...tally, seconds: secondsSince(from), failures: failures.length };
  return { part: 'full', ok: failures.length === 0, figures, failures };
}

/** Mounts a tmpfs; why it cannot be, when it cannot. */
function mounted(place: string, options: string): string | undefined {
  const { status, stderr, error } = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'countertap', place], {
    encoding: 'utf8',
  });
  return status === 0 ? undefined : `no tmpfs can be mounted: ${error?.message ?? stderr.trim()}`;
}

async function fill(
  seed: number,
  place: string,
  tally: { fills: number; stopped: number; stoppedAtStart: number; told: number; payments: number },
): Promise<string[]> {
  const why = mounted(place, `size=${SIZE}k`);
  if (why !== undefined) return [why];
  const broken: string[] = [];
  try {
    const trial = new Trial(seed, rough, place);
    const random = new Random(seed, 88);
    await trial.run({ seed, name: 'before', acts: 8 });
    const filler = join(place, 'filler');
    takeAllBut(filler, random.int(LEFT.least, LEFT.most));
    const run = await trial.run({ seed: seed + 500, name: 'full', limitMs: 120_000 });
    tally.fills += 1;
    tally.told += run.lines.filter(({ told }) => told).length;
    const at = run.lines.findIndex(({ stopped }) => stopped !== undefined);
    if (at < 0) broken.push(`it was not stopped by a full disk (${run.code}): ${run.errors.slice(0, 300)}`);
    else if (run.lines.some(({ ready }) => ready)) tally.stopped += 1;
    else tally.stoppedAtStart += 1;
    const after = run.lines.slice(Math.max(at, 0));
    if (at >= 0 && after.some(({ told, soldAfterStop }) => told || soldAfterStop))
      broken.push('it sold on a full disk');
    rmSync(filler, { force: true });
    const { broken: found, payments } = await trial.settle();
    tally.payments += payments;
    return [...broken, ...found];
  } catch (error) {
    return [...broken, `it does not start any more: ${error instanceof Error ? error.message : String(error)}`];
  } finally {
    spawnSync('umount', [place]);
  }
}

/** Writes a file until no more than so many kilobytes are left. */
function takeAllBut(path: string, left: number): void {
  const { stdout } = spawnSync('df', ['--output=avail', '-k', join(path, '..')], { encoding: 'utf8' });
  const free = Number(stdout.trim().split('\n').at(-1));
  if (free > left) writeFileSync(path, Buffer.alloc((free - left) * 1024));
}
