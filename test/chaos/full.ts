import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Random } from '../simulation/random.ts';
import { rough } from './branch.ts';
import { type Failure, type PartOptions, type PartResult, partResult, skippedPart, startFailed } from './part.ts';
import { Trial } from './trial.ts';

/** Kilobytes of the disk: one with room for the ballast, and one without. */
const SIZES = { large: 163_840, small: 8_192 } as const;
/** Kilobytes that are left when it becomes full: less than the terminal wants for a sale. */
const LEFT = 3_500;
const ACTS = 150;
const MOST_FAILURES = 5;

/**
 * Fills the disk (a tmpfs of its own) while a terminal sells. It must sell no more, having told nothing that is not on the
 * disk. Where it has kept room back it must still bring to an end what was begun, and close the day, with the disk full
 * as it is. With space again it must be whole, and sell.
 */
export async function runFull({ count, first, progress }: PartOptions): Promise<PartResult> {
  const from = performance.now();
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return skippedPart('full', count, 'mounting a small disk needs root on Linux');
  const place = mkdtempSync(join(tmpdir(), 'countertap-full-'));
  const why = mounted(place, SIZES.small);
  if (why !== undefined) {
    rmSync(place, { recursive: true, force: true });
    return skippedPart('full', count, why);
  }
  spawnSync('umount', [place]);
  const failures: Failure[] = [];
  const tally: Tally = { fills: 0, stopped: 0, refused: 0, closedWhileFull: 0, told: 0, payments: 0 };
  try {
    for (let seed = first; seed < first + count && failures.length < MOST_FAILURES; seed += 1) {
      for (const what of await fill(seed, place, tally))
        failures.push({ what: `seed ${seed}: ${what}`, replay: `npm run chaos -- --full 1 --seed ${seed}` });
      progress?.(tally.fills);
    }
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
  return partResult('full', from, { ...tally }, failures);
}

interface Tally {
  fills: number;
  /** A commit failed, and the terminal stopped itself. */
  stopped: number;
  /** It saw in time that there is no room. */
  refused: number;
  closedWhileFull: number;
  told: number;
  payments: number;
}

/** Mounts a tmpfs; why it cannot be, when it cannot. */
function mounted(place: string, kilobytes: number): string | undefined {
  const args = ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'countertap', place];
  const { status, stderr, error } = spawnSync('mount', args, { encoding: 'utf8' });
  return status === 0 ? undefined : `no tmpfs can be mounted: ${error?.message ?? stderr.trim()}`;
}

async function fill(seed: number, place: string, tally: Tally): Promise<string[]> {
  const size = seed % 2 === 1 ? 'large' : 'small';
  const why = mounted(place, SIZES[size]);
  if (why !== undefined) return [why];
  const broken: string[] = [];
  try {
    const trial = new Trial(seed, rough, place);
    const filler = join(place, 'filler');
    broken.push(...(await sellUntilFull(trial, seed, filler, tally)));
    if (size === 'large') {
      // On the full disk, out of what was kept back: everything comes to its end, and the day is closed.
      const { broken: found } = await trial.settle();
      broken.push(...found.map((what) => `while the disk is full: ${what}`));
      tally.closedWhileFull += 1;
    }
    rmSync(filler, { force: true });
    const again = await trial.run({ seed: seed + 900, name: 'again', acts: 8 });
    if (!again.lines.some(({ asked }) => asked)) broken.push('with room again it does not sell');
    const { broken: found, payments } = await trial.settle();
    tally.payments += payments;
    return [...broken, ...found];
  } catch (error) {
    return [...broken, startFailed(error)];
  } finally {
    spawnSync('umount', [place]);
  }
}

/** Sells, and takes the room away in the middle of it. From then on nothing may be sold. */
async function sellUntilFull(trial: Trial, seed: number, filler: string, tally: Tally): Promise<string[]> {
  const random = new Random(seed, 88);
  const at = random.int(10, 60);
  let heard = 0;
  const { lines, code, errors } = await trial.run({
    seed,
    name: 'full',
    acts: ACTS,
    heard: () => {
      heard += 1;
      if (heard === at) takeAllBut(filler, random.int(0, LEFT));
    },
  });
  tally.fills += 1;
  tally.told += lines.filter(({ told }) => told).length;
  const stop = lines.findIndex(({ stopped }) => stopped !== undefined);
  const refusal = lines.findIndex(({ refused }) => refused === 'disk-full');
  if (stop >= 0) tally.stopped += 1;
  if (refusal >= 0) tally.refused += 1;
  if (stop < 0 && refusal < 0) return [`a full disk did not keep it from selling (${code}): ${errors.slice(0, 300)}`];
  if (stop >= 0 && lines.slice(stop).some(({ told, soldAfterStop }) => told || soldAfterStop))
    return ['it sold after it had stopped'];
  return [];
}

/** Makes a file grow until no more than so many kilobytes are left, however much others take meanwhile. */
function takeAllBut(path: string, left: number): void {
  for (;;) {
    const { bavail, bsize } = statfsSync(dirname(path));
    const free = Math.floor((bavail * bsize) / 1024) - left;
    if (free <= 0) return;
    try {
      appendFileSync(path, Buffer.alloc(Math.min(free, 8_192) * 1024));
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return;
      throw error;
    }
  }
}
