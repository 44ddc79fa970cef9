import { rmSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { openBook } from '../main/core/ledger/recovery.ts';
import { findMigrations } from '../main/core/open.ts';
import { Reconciliation } from '../main/core/reconciliation/reconciliation.ts';
import { openDatabase } from '../main/core/store/database.ts';
import { openDiskStorage } from '../main/core/store/disk.ts';
import { type Figure, percentile } from './figure.ts';

const NOON = Date.UTC(2026, 7, 1, 4);
const HEADER = 'settlement_date,date,time,terminal,type,stan,rrn,card,scheme,amount,fee,net,currency';

function minorOf(n: number): number {
  return 100 + (n % 9_000);
}

function feeOf(minor: number): number {
  return Math.max(1, Math.floor((minor * 38 + 5_000) / 10_000));
}

function major(minor: number): string {
  return `${Math.floor(minor / 100)}.${String(minor % 100).padStart(2, '0')}`;
}

function rrnOf(n: number): string {
  return `2608${String(n).padStart(8, '0')}`;
}

/** A day's statement: all agree but one line in a thousand, which the bank has by one minor unit more. */
function statementOf(count: number, name: string): Buffer {
  const lines = Array.from({ length: count }, (_, n) => {
    const minor = minorOf(n) + (n % 1_000 === 999 ? 1 : 0);
    const amounts = [minor, feeOf(minor), minor - feeOf(minor)].map(major).join(',');
    return `2026-08-01,2026-08-01,12:00:00,T0000001,sale,${1 + (n % 999_999)},${rrnOf(n)},621094******0011,unionpay,${amounts},CNY`;
  });
  return Buffer.from(`# ${name}\n${HEADER}\n${lines.join('\n')}\n`);
}

/** A store with `count` payments of one day, written straight into its tables. */
function openStore(dir: string, count: number) {
  const storage = openDiskStorage(dir);
  const db = openDatabase(storage, findMigrations());
  const { book } = openBook(storage, db);
  const insert = db.prepare(
    `INSERT INTO payment (id, kind, state, amount, currency, at, day, stan, rrn, receipt_no, staff, tender, scheme, sent_at, batch)
     VALUES (?, 'purchase', 'settled', ?, 'CNY', ?, '2026-08-01', ?, ?, ?, 'cashier', 'contactless', 'unionpay', ?, 1)`,
  );
  db.transaction(() => {
    for (let n = 0; n < count; n += 1) {
      const id = `0198f0a0-0000-4000-8000-${String(n).padStart(12, '0')}`;
      const at = NOON + Math.floor((n * 20_000_000) / count);
      insert.run(id, minorOf(n), at, 1 + (n % 999_999), rrnOf(n), `01-${n}`, at);
    }
  })();
  return book;
}

function reconciliationOf(book: ReturnType<typeof openStore>): Reconciliation {
  const settings = {
    name: 'Bench',
    terminal: '01',
    dayCut: '04:00',
    zone: 'Asia/Shanghai',
    currency: 'CNY',
    language: 'en',
  } as const;
  return new Reconciliation({
    clock: {
      now: () => NOON + 86_400_000,
      monotonic: () => performance.now(),
      sleep: () => new Promise((resolve) => setImmediate(resolve)),
    },
    book,
    profile: {
      terminalId: 'T0000001',
      merchantId: 'M1',
      fees: [{ scheme: 'unionpay', basisPoints: 38, minMinor: 1 }],
    },
    settings: () => settings,
    today: () => '2026-08-02',
    changed: () => undefined,
    aftersale: { refund: nothing, refundCharge: nothing },
  });
}

/** The floor: the same lines cut at their commas and inserted into a table without an index, in one synced commit. */
function bare(dir: string, text: Buffer): number {
  const path = join(dir, 'bare.sqlite');
  const db = new Sqlite(path);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.exec(
    `CREATE TABLE line (${HEADER.split(',')
      .map((name) => `${name} TEXT`)
      .join(', ')}) STRICT`,
  );
  const from = performance.now();
  const insert = db.prepare(
    `INSERT INTO line VALUES (${HEADER.split(',')
      .map(() => '?')
      .join(', ')})`,
  );
  db.transaction(() => {
    for (const line of text.toString('utf8').split('\n')) if (line.startsWith('2')) insert.run(...line.split(','));
  })();
  const taken = performance.now() - from;
  db.close();
  for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true });
  return taken;
}

const ROUNDS = 3;

/** Import and match of a statement of `count` lines against as many payments, its floor, and how the memory grows. */
export async function measureReconciliation(dir: string, count: number): Promise<Figure[]> {
  const book = openStore(join(dir, 'reconciliation'), count);
  const reconciliation = reconciliationOf(book);
  const taken: number[] = [];
  const ratios: number[] = [];
  let heap = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const text = statementOf(count, `round ${round}`);
    const floor = bare(dir, text);
    const before = memory();
    const from = performance.now();
    const imported = await reconciliation.import('day.csv', text, 'bench');
    const ms = performance.now() - from;
    const differs = imported.ok ? imported.result.differs.count : -1;
    if (differs !== Math.floor(count / 1_000)) throw new Error(`${differs} lines differ in the bench's statement.`);
    heap = Math.max(heap, memory() - before);
    taken.push(ms);
    ratios.push(ms / floor);
  }
  book.close();
  rmSync(join(dir, 'reconciliation'), { recursive: true });
  const many = count.toLocaleString('en');
  const figure = (name: string, what: string, value: number, unit: string, most?: number): Figure => ({
    name,
    what,
    value,
    unit,
    samples: ROUNDS,
    ...(most === undefined ? {} : { budget: { most } }),
  });
  return [
    figure('reconciliation', `statement of ${many} lines imported and matched`, percentile(taken, 0.5), 'ms', 5_000),
    figure(
      'reconciliation-ratio',
      'against bare cutting and inserting of the same lines',
      percentile(ratios, 0.5),
      '×',
    ),
    figure('reconciliation-memory', 'heap grown by it', Math.max(0, heap) / 1_048_576, 'MiB', 20),
  ];
}

/** Heap in use; after a collection where the program may ask for one. */
function memory(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

function nothing(): never {
  throw new Error('nothing is refunded here');
}
