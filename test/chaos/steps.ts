import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { openBackup } from '../../main/core/backup.ts';
import { KEPT } from '../../main/core/daily.ts';
import { verifyBook } from '../../main/core/reports/verify.ts';
import { Random } from '../simulation/random.ts';
import { compareBooks, readRows, testimonyBroken } from './books.ts';
import type { Branch } from './branch.ts';
import { type Desk, openDesk, settled } from './desk.ts';
import { place as memory } from './opened.ts';
import { each, type Failure, type PartOptions, type PartResult, partResult, skippedPart, startFailed } from './part.ts';
import type { Asked } from './pipe.ts';
import { backupsOf, type Facts, type Rare, rares } from './rare.ts';
import { buildRecorder, recorded } from './recorder.ts';
import { PowerDisk, readRecording } from './replay.ts';
import { copied, hear, isHeld, numbersOf, type Place, Shop, type Used } from './shop.ts';
import type { Testimony } from './trial.ts';

const MOST_FAILURES = 8;
/** Of so many kills one is followed by a second one, while it is done again. */
const TWICE = 5;

interface Tally {
  things: number;
  /** Operations on the disk that all of them take together. */
  operations: number;
  points: number;
  torn: number;
  powerCuts: number;
  twice: number;
  /** Nothing was left to be killed: the thing was done. */
  done: number;
}

/** One rare thing, the shop that it is done in, and how many operations on the disk it takes. */
interface Stage {
  readonly rare: Rare;
  readonly shop: Shop;
  readonly facts: Facts;
  readonly operations: number;
}

/** How a terminal ends at an operation: killed instead of it, killed after half of it, or without power. */
const ENDS = ['killed', 'half', 'power'] as const;

interface Point {
  readonly at: number;
  readonly end: (typeof ENDS)[number];
}

/**
 * Ends a terminal at each operation on the disk of what it does once in a while: a migration, a close with its backup, a
 * restore and the like, and now and then once more while that is done again. It is killed (SIGKILL), or the power goes: then
 * of what was not synced any part may be on the disk. Then the terminal is started, and what was begun must be done wholly,
 * not at all, or go on; what was told must be there, all books the same, no number given twice, and nothing left lying about.
 * `of`: what it does. With `lying` the sync of a file that is to take the place of another one counts for nothing.
 */
export async function runSteps(
  { count, first, progress }: PartOptions,
  of = rares,
  lying = false,
): Promise<PartResult> {
  const from = performance.now();
  const recorder = buildRecorder();
  if (!recorder.ok) return skippedPart('steps', count, recorder.why);
  const root = mkdtempSync(join(memory, 'countertap-steps-'));
  const tally: Tally = { things: 0, operations: 0, points: 0, torn: 0, powerCuts: 0, twice: 0, done: 0 };
  const failures: Failure[] = [];
  try {
    const stages: Stage[] = [];
    await each(Array.from(of.keys()), availableParallelism(), async (n) => {
      const rare = of[n];
      if (rare) stages.push(await prepare(rare, join(root, String(n)), recorder.path));
    });
    tally.things = stages.length;
    tally.operations = stages.reduce((sum, { operations }) => sum + operations, 0);
    const jobs = chosen(stages, count, first);
    await each(Array.from(jobs.keys()), availableParallelism(), async (n) => {
      const job = jobs[n];
      if (!job || failures.length >= MOST_FAILURES) return;
      const place = job.stage.shop.place.copyTo(join(root, `point-${n}`));
      try {
        for (const what of await tryPoint({ ...job, n, place, path: recorder.path, lying }, tally)) {
          const { at, end } = job.point;
          failures.push({
            what: `${job.stage.rare.name}, operation ${at} (${end}): ${what}`,
            replay: `npm run chaos -- --steps ${count} --seed ${first}`,
          });
        }
      } finally {
        rmSync(place.folder, { recursive: true, force: true });
      }
      progress?.(tally.points);
    });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
  return partResult('steps', from, { ...tally }, failures);
}

async function prepare(rare: Rare, folder: string, path: string): Promise<Stage> {
  const shop = new Shop(folder);
  const facts = await rare.prepare(shop);
  const place = shop.place.copyTo(`${folder}-once`);
  const counted = place.file('count');
  const branch = shop.bank();
  const { code, errors } = await run(rare, place, facts, branch, copied(shop.lasting), { path, between: counted });
  if (code !== 0) throw new Error(`${rare.name} cannot be done at all (${code}): ${errors}`);
  const operations = Number(readFileSync(counted, 'utf8'));
  rmSync(place.folder, { recursive: true });
  return { rare, shop, facts, operations };
}

interface Job {
  readonly stage: Stage;
  readonly point: Point;
}

/** `count` points: as many of each thing, every end of every operation where it has no more, spread evenly. `first` moves them. */
function chosen(stages: readonly Stage[], count: number, first: number): Job[] {
  let left = count;
  const shortFirst = [...stages].sort((a, b) => a.operations - b.operations);
  return shortFirst.flatMap((stage, index) => {
    const { operations } = stage;
    const share = Math.min(ENDS.length * operations, Math.ceil(left / (stages.length - index)));
    left -= share;
    return Array.from({ length: share }, (_, n): Job => {
      const at = 1 + ((Math.floor((n * operations) / share) + (first - 1) * 7) % operations);
      return { stage, point: { at, end: ENDS[(n + first) % ENDS.length] ?? 'killed' } };
    });
  });
}

interface Trying extends Job {
  readonly n: number;
  readonly place: Place;
  readonly path: string;
  readonly lying: boolean;
}

async function tryPoint({ stage, point, n, place, path, lying }: Trying, tally: Tally): Promise<string[]> {
  const { shop, operations } = stage;
  const branch = shop.bank();
  const testimony = copied(shop.lasting);
  const broken: string[] = [];
  const second: Point = { at: 1 + ((n * 13) % operations), end: ENDS[(n / TWICE) % ENDS.length] ?? 'killed' };
  for (const [again, one] of (n % TWICE === 0 ? [point, second] : [point]).entries()) {
    const random = new Random(n, again);
    const { code, errors } = await endAt(one, { stage, place, path, lying, branch, testimony, random });
    if (again === 0) {
      tally.points += 1;
      if (one.end === 'half') tally.torn += 1;
      if (one.end === 'power') tally.powerCuts += 1;
      if (code === 0) tally.done += 1;
    } else tally.twice += 1;
    // A second one may find nothing to do, or no terminal that starts.
    if (code !== undefined && code !== 0 && again === 0) broken.push(`it ended with ${code}: ${errors.slice(0, 400)}`);
  }
  try {
    return [...broken, ...(await judge(stage, place, branch, testimony))];
  } catch (error) {
    return [...broken, startFailed(error)];
  }
}

interface Ending extends Pick<Trying, 'stage' | 'place' | 'path' | 'lying'> {
  readonly branch: Branch;
  readonly testimony: Testimony;
  readonly random: Random;
}

/** Lets a terminal do the thing, ends it there, and leaves what it would find. */
async function endAt(
  { at, end }: Point,
  { stage, place, path, lying, branch, testimony, random }: Ending,
): Promise<Ended> {
  const { rare, facts } = stage;
  const orders = { path, between: place.file('count'), kill: { at, half: end === 'half' } };
  if (end !== 'power') return run(rare, place, facts, branch, testimony, orders);
  const disk = new PowerDisk((name) => lying && name.endsWith('.new'));
  disk.hold(place.held());
  const trace = `${place.folder}.recording`;
  const ended = await run(rare, place, facts, branch, testimony, { ...orders, trace });
  for (const operation of readRecording(readFileSync(trace), isHeld)) disk.carryOut(operation);
  rmSync(trace);
  place.become(disk.cut(random));
  return ended;
}

interface Ordered {
  readonly path: string;
  readonly between: string;
  readonly trace?: string;
  readonly kill?: { readonly at: number; readonly half: boolean };
}

/** The code is undefined when it was killed. */
interface Ended {
  readonly code: number | undefined;
  readonly errors: string;
}

/** Lets a terminal do the thing in a process of its own. */
async function run(
  rare: Rare,
  place: Place,
  facts: Facts,
  branch: Branch,
  testimony: Testimony,
  { path, ...orders }: Ordered,
): Promise<Ended> {
  const program = fileURLToPath(import.meta.resolve('./stepper.ts'));
  const child = spawn(process.execPath, [program, place.folder, rare.name, JSON.stringify(facts)], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    env: {
      ...process.env,
      NODE_COMPILE_CACHE: join(tmpdir(), 'countertap-compiled'),
      ...recorded(path, { ...orders, folder: place.folder }),
    },
  });
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    errors += chunk.toString('utf8');
  });
  const wire = child.stdio[3] as Duplex;
  lines(child.stdout, (line) => testimony.hear(line as Parameters<Testimony['hear']>[0]));
  lines(wire, (line) =>
    branch.take(line as Asked, (answered) => {
      if (wire.writable) wire.write(`${JSON.stringify(answered)}\n`);
    }),
  );
  const [code]: (number | null)[] = await once(child, 'close');
  return { code: code ?? undefined, errors };
}

function lines(stream: NodeJS.ReadableStream | null, heard: (line: unknown) => void): void {
  let text = '';
  stream?.on('data', (chunk: Buffer) => {
    text += chunk.toString('utf8');
    const whole = text.split('\n');
    text = whole.pop() ?? '';
    for (const line of whole) heard(JSON.parse(line));
  });
  stream?.on('error', () => undefined);
}

/** Starts the terminal on what was left, lets people do again what they would, and looks at everything. */
async function judge(
  { rare, shop, facts }: Stage,
  place: Place,
  branch: Branch,
  testimony: Testimony,
): Promise<string[]> {
  const fatal: unknown[] = [];
  let desk: Desk;
  const open = (): Desk => {
    const send = (asked: Asked): void =>
      branch.take(asked, (answered) => setImmediate(() => desk.link.heard(answered)));
    const own = { anchor: place.anchor, ...rare.own?.(place, facts) };
    desk = openDesk(place.data, send, (error) => fatal.push(error), 10, own);
    hear(desk, testimony);
    desk.core.start();
    return desk;
  };
  const broken = (await rare.mend?.(place, open)) ?? [];
  desk = open();
  try {
    const { core } = desk;
    if (core.custody.held !== null) broken.push(`I15: nothing is sold: ${core.custody.held}`);
    broken.push(...((await rare.judge?.({ desk, place, facts, branch })) ?? []));
    broken.push(...numbersRepeat(desk, shop.used));
    if (rare.givenUp) broken.push(...(await recordBroken(desk, testimony, fatal)));
    else broken.push(...(await compareBooks(core, branch.bank, testimony, fatal)).broken);
  } finally {
    await desk.core.close();
  }
  return [...broken, ...leftovers(place, rare)];
}

/** A sale after everything has numbers that no sale before it had. */
function numbersRepeat({ core }: Desk, { stans, receipts }: Used): string[] {
  const before = new Set(numbersOf(core.book.db).map(({ receipt }) => receipt));
  const { id } = core.cash(`after-${core.book.head.seq}`, { minor: 100, currency: 'CNY' }, { staff: 'cashier' });
  core.counter.dismiss();
  const { stan, receiptNo } = core.payments.get(id);
  return stans.has(stan) || receipts.has(receiptNo) || before.has(receiptNo)
    ? [`I2: STAN ${stan} or receipt ${receiptNo} was given out before`]
    : [];
}

/** What can be said of a record of which the bank knows more. */
async function recordBroken({ core }: Desk, testimony: Testimony, fatal: readonly unknown[]): Promise<string[]> {
  await settled(core, () => core.pending.left() === 0, 5_000);
  const { ok, firstBreak } = verifyBook(core.book);
  return [
    ...testimonyBroken(core, readRows(core.book), testimony),
    ...(ok ? [] : [`I14: ${JSON.stringify(firstBreak)}`]),
    ...fatal.map((error) => `fatal: ${String(error)}`),
  ];
}

/** Nothing half written lies about once the terminal was started again, and every backup that is kept can be restored. */
function leftovers(place: Place, rare: Rare): string[] {
  const files = place.files();
  const left = files.filter((name) => name.endsWith('.new') || /\.sqlite\.v\d+$/.test(name));
  const broken = left.length > 0 && !rare.givenUp ? [`left lying about: ${left.join(', ')}`] : [];
  const backups = backupsOf(place);
  if (backups.length > KEPT) broken.push(`${backups.length} backups are kept`);
  for (const name of backups) {
    const opened = openBackup(
      readFileSync(join(place.data, 'backups', name)),
      process.env['COUNTERTAP_BACKUP_PASSPHRASE'],
    );
    if (!opened.ok) broken.push(`backup ${name} cannot be restored: ${opened.detail}`);
  }
  return broken;
}
