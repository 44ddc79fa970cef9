import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from 'better-sqlite3';
import { Random } from '../simulation/random.ts';
import { rough } from './branch.ts';
import { serve } from './forked.ts';
import { layOut, openStore, place } from './opened.ts';
import { BALLAST } from './replay.ts';
import { Trial } from './trial.ts';

/** What a process is to spoil: copies of one store, each in one place. */
export interface RotTask {
  readonly seed: number;
  readonly count: number;
}

export interface RotResult {
  readonly spoilt: number;
  readonly flips: number;
  /** The start refused and named the damage. */
  readonly refused: number;
  /** The start brought back from one file what the other had lost. */
  readonly rebuilt: number;
  /** Nothing of what is stored was changed by it. */
  readonly harmless: number;
  readonly broken: readonly string[];
}

const ACTS = 25;
/** Not in the journal by design: sealed card data, PINs and the health of devices are gone when the database is. */
const APART: ReadonlySet<string> = new Set(['sealed', 'staff', 'health']);

/** The files of a store at some moment. */
type Files = ReadonlyMap<string, Buffer>;

function filesOf(folder: string): Files {
  const found = readdirSync(folder, { withFileTypes: true }).filter((one) => one.isFile() && one.name !== BALLAST);
  return new Map(found.map(({ name }) => [name, readFileSync(join(folder, name))]));
}

/** A store in use (with a write-ahead log), the same one after its close, and an older copy of it. */
async function makeStores(seed: number): Promise<{ readonly stores: readonly Files[]; readonly older: Files }> {
  const trial = new Trial(seed, rough);
  try {
    await trial.run({ seed, name: `${seed}-a`, acts: ACTS });
    const older = filesOf(trial.data);
    let used = older;
    // Of a terminal that was killed between its two files one start may still have something to do: then once more.
    for (let kill = 0; kill < 10; kill += 1) {
      await trial.run({ seed: seed + 1 + kill, name: `${seed}-${kill}`, kill: { lines: 20 + kill, ms: 5 } });
      used = filesOf(trial.data);
      if (atRest(join(trial.folder, 'copy'), used)) break;
    }
    await trial.settle();
    return { stores: [used, filesOf(trial.data)], older };
  } finally {
    trial.end();
  }
}

/** Whether database and journal of these files hold the same already. */
function atRest(folder: string, files: Files): boolean {
  layOut(folder, files);
  const found = start(folder);
  return 'rebuilt' in found && !found.rebuilt;
}

interface Damage {
  readonly what: string;
  readonly flip: boolean;
  readonly files: Files;
}

/** One thing done to one file. */
function spoil(files: Files, older: Files, random: Random): Damage {
  const names = [...files.keys()].filter((name) => name !== 'device.key' && (files.get(name)?.length ?? 0) > 0);
  const name = names[random.int(0, names.length - 1)] ?? '';
  const bytes = Buffer.from(files.get(name) ?? []);
  const spoilt = new Map(files);
  const kind = random.int(1, 20);
  if (kind <= 16) {
    const at = random.int(0, bytes.length - 1);
    const bit = random.int(0, 7);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
    return { what: `bit ${bit} of byte ${at} of ${name} flipped`, flip: true, files: spoilt.set(name, bytes) };
  }
  if (kind <= 18) {
    const length = random.int(0, bytes.length - 1);
    return { what: `${name} cut to ${length} bytes`, flip: false, files: spoilt.set(name, bytes.subarray(0, length)) };
  }
  const old = older.get(name);
  if (kind === 19 && old)
    return { what: `${name} swapped for an older copy`, flip: false, files: spoilt.set(name, old) };
  spoilt.delete(name);
  return { what: `${name} deleted`, flip: false, files: spoilt };
}

/** Every value of every table that the journal can bring back, and whether the indexes lead to all of them. */
function valuesOf(db: Database): string {
  const tables = db
    .prepare<[], { name: string }>("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    .all();
  const values = tables
    .filter(({ name }) => !APART.has(name) && !name.startsWith('sqlite_'))
    .map(({ name }) => [name, db.prepare(`SELECT * FROM ${name} ORDER BY 1, 2`).all()]);
  return JSON.stringify([values, db.pragma('integrity_check', { simple: true })]);
}

/** The start of the product on these files: what it finds, or what it holds then. */
function start(folder: string): { readonly refused: string } | { readonly rebuilt: boolean; readonly values: string } {
  try {
    const { book, recovered } = openStore(folder);
    try {
      return {
        rebuilt: recovered.replayed + recovered.appended > 0 || recovered.cut !== undefined,
        values: valuesOf(book.db),
      };
    } finally {
      book.close();
    }
  } catch (error) {
    const name = error instanceof Error ? error.name : '';
    if (name === 'TamperError' || name === 'StoreError') return { refused: String(error) };
    throw error;
  }
}

async function search({ seed, count }: RotTask): Promise<RotResult> {
  const { stores, older } = await makeStores(seed);
  const random = new Random(seed, 55);
  const folder = mkdtempSync(join(place, 'countertap-rot-'));
  const data = join(folder, 'till');
  const tally = { spoilt: 0, flips: 0, refused: 0, rebuilt: 0, harmless: 0 };
  const broken: string[] = [];
  try {
    for (const files of stores) {
      layOut(data, files);
      const good = start(data);
      if ('refused' in good) throw new Error(`a good store is refused: ${good.refused}`);
      for (let n = 0; n < count / stores.length; n += 1) {
        const damage = spoil(files, older, random);
        layOut(data, damage.files);
        tally.spoilt += 1;
        if (damage.flip) tally.flips += 1;
        try {
          const found = start(data);
          if ('refused' in found) tally.refused += 1;
          else if (found.values !== good.values) broken.push(`${damage.what}: not found`);
          else if (found.rebuilt) tally.rebuilt += 1;
          else tally.harmless += 1;
        } catch (error) {
          broken.push(`${damage.what}: ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`);
        }
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return { ...tally, broken };
}

serve(search);
