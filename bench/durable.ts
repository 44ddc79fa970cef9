import { randomUUID } from 'node:crypto';
import { closeSync, fdatasyncSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { money } from '../contract/money.ts';
import type { AcquirerProfile } from '../main/core/bank/profile.ts';
import type { Core } from '../main/core/core.ts';
import { type Figure, percentile } from './figure.ts';
import { openPlainCore } from './plain.ts';

const staff = { staff: 'cashier' };

interface Entry {
  readonly hash: string;
  readonly body: string;
}

/** What a sale writes: the entries of one sale, in order. */
function entriesSince(core: Core, seq: number): Entry[] {
  return core.book.db.prepare<[number], Entry>('SELECT hash, body FROM entry WHERE seq > ? ORDER BY seq').all(seq);
}

let code = 0;

/** One wallet sale whose bank answers at once: opened, sent, approved, receipt held since there is no printer. */
async function sellOne(core: Core): Promise<void> {
  const { id } = core.charge(randomUUID(), money(1_280, core.currency), staff);
  code += 1;
  const refusal = core.scanned(`28${String(code).padStart(16, '0')}`);
  if (refusal !== undefined) throw new Error(`The code was refused: ${refusal}.`);
  await new Promise<void>((resolve) => {
    const undo = core.onChange(() => {
      if (core.payments.get(id).print !== 'held') return;
      undo();
      resolve();
    });
  });
}

/** Sells so many times; sales a second. */
export async function coreRate(core: Core, sales: number): Promise<number> {
  const from = performance.now();
  for (let n = 0; n < sales; n += 1) await sellOne(core);
  return (sales * 1000) / (performance.now() - from);
}

/** The floor: as many commits of as many bytes, each followed by an append that is synced, and nothing else. */
function bareRate(dir: string, entries: readonly Entry[], sales: number): number {
  const db = new Sqlite(join(dir, 'bare.sqlite'));
  db.pragma('locking_mode = EXCLUSIVE');
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.exec('CREATE TABLE entry (seq INTEGER PRIMARY KEY, body TEXT NOT NULL, hash TEXT NOT NULL) STRICT');
  const insert = db.prepare('INSERT INTO entry (body, hash) VALUES (?, ?)');
  const file = openSync(join(dir, 'bare.journal'), 'a');
  const from = performance.now();
  for (let n = 0; n < sales; n += 1) {
    for (const { hash, body } of entries) {
      db.exec('BEGIN IMMEDIATE');
      insert.run(body, hash);
      db.exec('COMMIT');
      writeSync(file, Buffer.from(`${hash} ${body}\n`, 'utf8'));
      fdatasyncSync(file);
    }
  }
  const rate = (sales * 1000) / (performance.now() - from);
  closeSync(file);
  db.close();
  return rate;
}

const ROUNDS = 7;
/** A terminal sells all day: its first sales, while the engine still learns the code, are not the rule. */
const WARM_UP = 200;

/** Sales a second that are on the disk, against a bare loop of the same synced commits, in turns. */
export async function measureDurable(dir: string, profile: AcquirerProfile, sales: number): Promise<Figure[]> {
  const rates: { core: number; bare: number }[] = [];
  const core = openPlainCore(join(dir, 'durable'), profile);
  core.start();
  await coreRate(core, WARM_UP);
  const before = core.book.head.seq;
  await sellOne(core);
  const entries = entriesSince(core, before);
  for (let round = 0; round < ROUNDS; round += 1) {
    const folder = join(dir, `bare-${round}`);
    mkdirSync(folder, { recursive: true });
    const bare = bareRate(folder, entries, sales);
    rates.push({ bare, core: await coreRate(core, sales) });
    rmSync(folder, { recursive: true });
  }
  await core.close();
  const middle = (of: (rate: { core: number; bare: number }) => number): number => percentile(rates.map(of), 0.5);
  const samples = sales * ROUNDS;
  return [
    { name: 'durable', what: 'durable sales a second', value: middle((one) => one.core), unit: '/s', samples },
    {
      name: 'durable-bare',
      what: `bare loop of the same ${entries.length} synced commits a sale`,
      value: middle((one) => one.bare),
      unit: '/s',
      samples,
    },
    {
      name: 'durable-ratio',
      what: 'durable sales against the bare loop',
      value: middle((one) => one.core / one.bare),
      unit: '×',
      budget: { least: 0.8 },
      samples,
    },
  ];
}
