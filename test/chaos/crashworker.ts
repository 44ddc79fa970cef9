import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Book } from '../../main/core/ledger/book.ts';
import { verifyBook } from '../../main/core/reports/verify.ts';
import { Random } from '../simulation/random.ts';
import { readRows, testimonyBroken } from './books.ts';
import { rough } from './branch.ts';
import { serve } from './forked.ts';
import { layOut, openStore, place } from './opened.ts';
import { BALLAST, type Found, type Operation, PowerDisk, readRecording } from './replay.ts';
import { Testimony, type TillLine, Trial } from './trial.ts';

/** What a process is to search: one recording, and so many states in which the power may leave its disk. */
export interface CrashTask {
  readonly seed: number;
  readonly states: number;
  readonly recorder: string;
  /** Takes a sync of the write-ahead log and of the journal for none, to show what that loses. */
  readonly lying: boolean;
}

export interface CrashResult {
  readonly states: number;
  readonly operations: number;
  readonly told: number;
  /** States in which something was uncertain when the power went. */
  readonly uncertain: number;
  readonly replayed: number;
  readonly appended: number;
  readonly cut: number;
  readonly broken: readonly { readonly state: number; readonly what: string }[];
}

const ACTS = 45;
const MOST = 5;

/** Lets a terminal sell under the recorder, twice, the first start killed in its middle. */
async function record(seed: number, recorder: string): Promise<Operation[]> {
  const trial = new Trial(seed, rough);
  try {
    const trace = join(trial.folder, 'recording');
    const orders = { path: recorder, orders: { trace } };
    await trial.run({ seed, name: `${seed}-a`, recorder: orders, kill: { lines: 25, ms: 3 } });
    await trial.run({ seed: seed + 1, name: `${seed}-b`, recorder: orders, acts: ACTS });
    // What lies in folders of the data folder (backups) is no part of the record.
    return readRecording(readFileSync(trace), (name) => name !== BALLAST && !name.includes('/'));
  } finally {
    trial.end();
  }
}

interface Sent {
  readonly type: string;
  readonly stan: number;
  readonly rrn: string;
}

/** What the terminal had said by a point of the recording. */
class Heard {
  readonly testimony = new Testimony();
  readonly sent: Sent[] = [];
  #text = '';

  hear(data: Buffer): void {
    this.#text += data.toString('utf8');
    const lines = this.#text.split('\n');
    this.#text = lines.pop() ?? '';
    for (const line of lines) {
      const said: TillLine = JSON.parse(line);
      this.testimony.hear(said);
      if (said.sent) this.sent.push(said.sent);
    }
  }
}

/** States of a payment of which nothing has left yet. */
const unsent: ReadonlySet<string> = new Set(['lost', 'opened', 'sealed', 'abandoned']);

/** Everything that was told is there, everything that was sent is known to have been sent, and the books are good. */
function examine(book: Book, { testimony, sent }: Heard): string[] {
  const rows = readRows(book);
  const broken = testimonyBroken({ book }, rows, testimony);
  const byRrn = new Map(rows.map((row) => [row.rrn, row]));
  const taken =
    book.db.prepare<[], { value: number }>("SELECT value FROM counter WHERE name = 'trace'").get()?.value ?? 0;
  for (const { type, stan, rrn } of sent) {
    if (stan > taken) broken.push(`I2: STAN ${stan} was used and is free again, ${taken} is the last one taken`);
    if (type === 'query' || type === 'reconciliation') continue;
    const state = byRrn.get(rrn)?.state ?? 'lost';
    if (unsent.has(state)) broken.push(`I3: ${type} ${rrn} has left, and the payment is ${state}`);
  }
  const { ok, firstBreak } = verifyBook(book);
  if (!ok) broken.push(`I14: ${JSON.stringify(firstBreak)}`);
  return broken;
}

async function search({ seed, states, recorder, lying }: CrashTask): Promise<CrashResult> {
  const operations = await record(seed, recorder);
  const random = new Random(seed, 77);
  const cuts = Array.from({ length: states }, () => random.int(1, operations.length)).sort((a, b) => a - b);
  const disk = new PowerDisk((name) => lying && (name.endsWith('-wal') || name.endsWith('.journal')));
  const heard = new Heard();
  const folder = mkdtempSync(join(place, 'countertap-crash-'));
  const tally = { uncertain: 0, replayed: 0, appended: 0, cut: 0 };
  const broken: { state: number; what: string }[] = [];
  let done = 0;
  try {
    for (const [state, at] of cuts.entries()) {
      for (; done < at; done += 1) {
        const operation = operations[done];
        if (!operation) break;
        disk.carryOut(operation);
        if (operation.type === 'mark') heard.hear(operation.data);
      }
      if (disk.uncertain) tally.uncertain += 1;
      const found = disk.cut(random);
      for (const what of tryState(join(folder, 'state'), found, heard, tally, state % 10 === 0)) {
        if (broken.length < MOST)
          broken.push({ state, what: `${what}; ${keepState(`${seed}-${state}`, found, lying)}` });
      }
      if (broken.length >= MOST)
        return { states: state + 1, operations: operations.length, told: heard.testimony.told.size, ...tally, broken };
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return { states, operations: operations.length, told: heard.testimony.told.size, ...tally, broken };
}

/** Lays a state out as files, lets the product recover it, and says what is not as it should be. */
function tryState(
  folder: string,
  found: Found,
  heard: Heard,
  tally: { replayed: number; appended: number; cut: number },
  twice: boolean,
): string[] {
  layOut(folder, found.files, found.folders);
  try {
    const { book, recovered } = openStore(folder);
    try {
      if (recovered.replayed > 0) tally.replayed += 1;
      if (recovered.appended > 0) tally.appended += 1;
      if (recovered.cut) tally.cut += 1;
      const broken = examine(book, heard);
      if (!twice || broken.length > 0) return broken;
    } finally {
      book.close();
    }
    const again = openStore(folder);
    again.book.close();
    const { replayed, appended, cut } = again.recovered;
    return replayed + appended > 0 || cut ? ['I8: the second recovery found something to do'] : [];
  } catch (error) {
    return [`it does not open: ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`];
  }
}

/** Keeps a state that must not be, so that it can be looked at. */
function keepState(name: string, found: Found, lying: boolean): string {
  if (lying) return 'of a disk that lies';
  const folder = join('out', 'chaos', name);
  layOut(folder, found.files, found.folders);
  return `the state is kept in ${folder}`;
}

serve(search);
