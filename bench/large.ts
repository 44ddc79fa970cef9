import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { money } from '../contract/money.ts';
import type { AcquirerProfile } from '../main/core/bank/profile.ts';
import type { Core } from '../main/core/core.ts';
import { purchased } from '../main/core/ledger/account.ts';
import { findMigrations } from '../main/core/open.ts';
import { takeNumbers } from '../main/core/payment/number.ts';
import { valuesOf } from '../main/core/payment/payment.ts';
import { ledgerTotals, terminalTotals } from '../main/core/reports/books.ts';
import { readToday } from '../main/core/reports/today.ts';
import { newId } from '../main/core/world/id.ts';
import { type Figure, percentile } from './figure.ts';
import { openPlainCore } from './plain.ts';

/** A folder in memory where there is one: a store is built there in a tenth of the time. */
function quickFolder(): string {
  return mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'bench-'));
}

const schemes = ['unionpay', 'visa', 'alipay', 'wechat'];

/** A sale as the core leaves it behind: opened, sent, approved; three entries, one transfer. */
export function store(core: Core, n: number): void {
  const { book, world } = core;
  const at = world.clock.now();
  const id = newId(world);
  const amount = money(100 + (n % 9_000), core.currency);
  const { writes, ...numbers } = takeNumbers(book.db, '01', at);
  const scheme = schemes[n % schemes.length] ?? 'unionpay';
  const row = { id, kind: 'purchase', state: 'opened', amount, at, day: core.today, staff: 'cashier' } as const;
  const common = { kind: 'payment', at, by: 'cashier', payment: id } as const;
  const change = (from: string, to: Parameters<typeof valuesOf>[0]) =>
    ({ op: 'update', table: 'payment', key: { id, state: from }, values: valuesOf(to) }) as const;
  book.commit(
    {
      ...common,
      event: { type: 'purchase-opened' },
      writes: [{ op: 'insert', table: 'payment', values: valuesOf({ ...row, ...numbers }) }, ...writes],
      transfers: [],
    },
    'intent',
  );
  const sent = { state: 'sending', tender: 'contactless', scheme, maskedPan: '621094******0011', batch: 1 } as const;
  book.commit({ ...common, event: { type: 'card' }, writes: [change('opened', sent)], transfers: [] }, 'intent');
  const approved = { state: 'approved', authCode: '123456', print: 'printed', copies: 1 } as const;
  book.commit(
    {
      ...common,
      event: { type: 'answer' },
      writes: [change('sending', approved)],
      transfers: [purchased({ payment: id, amount, day: core.today }, scheme, 1)],
    },
    'outcome',
  );
}

/** How long the terminal takes to open a store of `sales` and compare database and journal; and an X report over it. */
export async function measureStored(dir: string, profile: AcquirerProfile, sales: number): Promise<Figure[]> {
  const quick = quickFolder();
  try {
    const building = openPlainCore(quick, profile);
    for (let n = 0; n < sales; n += 1) store(building, n);
    await building.close();
    cpSync(quick, join(dir, 'stored'), { recursive: true });
  } finally {
    rmSync(quick, { recursive: true });
  }
  const opened: number[] = [];
  const reported: number[] = [];
  for (let n = 0; n < 3; n += 1) {
    const from = performance.now();
    const core = openPlainCore(join(dir, 'stored'), profile);
    opened.push(performance.now() - from);
    const asked = performance.now();
    core.settlement.report();
    reported.push(performance.now() - asked);
    await core.close();
  }
  const figure = (name: string, what: string, values: readonly number[], most?: number): Figure => ({
    name,
    what,
    value: percentile(values, 0.5),
    unit: 'ms',
    samples: values.length,
    ...(most === undefined ? {} : { budget: { most } }),
  });
  const count = sales.toLocaleString('en');
  return [
    figure('stored-start', `start-up check with ${count} stored sales`, opened, 3_000),
    figure('stored-report', `X report with all books, ${count} sales in the batch`, reported),
  ];
}

/** The owner's day over `count` payments: rows written straight into a database without a journal. */
export function measureDayReport(dir: string, count: number): Figure[] {
  const db = new Sqlite(join(dir, 'day.sqlite'));
  db.pragma('journal_mode = OFF');
  db.pragma('synchronous = OFF');
  db.pragma('foreign_keys = OFF');
  for (const { sql } of findMigrations()) db.exec(sql);
  fill(db, count);
  const time = (work: () => unknown): number => {
    const taken = Array.from({ length: 5 }, () => {
      const from = performance.now();
      work();
      return performance.now() - from;
    });
    return percentile(taken, 0.5);
  };
  const today = time(() => readToday(db, '2026-01-02', 'CNY', 'Asia/Shanghai'));
  const totals = time(() => [terminalTotals(db, 1, 'CNY'), ledgerTotals(db, 1, 'CNY')]);
  db.close();
  rmSync(join(dir, 'day.sqlite'));
  const many = count.toLocaleString('en');
  return [
    {
      name: 'day-report',
      what: `day report over ${many} payments`,
      value: today,
      unit: 'ms',
      budget: { most: 100 },
      samples: 5,
    },
    {
      name: 'day-totals',
      what: `batch totals of payments and ledger, ${many} payments`,
      value: totals,
      unit: 'ms',
      samples: 5,
    },
  ];
}

const NOON = Date.UTC(2026, 0, 1, 22);

function fill(db: Sqlite.Database, count: number): void {
  db.exec("INSERT INTO batch (no, state, opened_at, opened_seq, day) VALUES (1, 'open', 0, 1, '2026-01-02')");
  db.exec("INSERT INTO entry (seq, at, kind, body, hash) VALUES (1, 0, 'core', '{}', printf('%064d', 0))");
  const payment = db.prepare(
    `INSERT INTO payment (id, kind, state, amount, currency, at, day, stan, rrn, receipt_no, staff, tender, scheme, batch)
     VALUES (?, 'purchase', 'approved', ?, 'CNY', ?, ?, ?, ?, ?, 'cashier', 'contactless', ?, 1)`,
  );
  const transfer = db.prepare(
    `INSERT INTO transfer (seq, n, payment, debit, credit, amount, currency, at, day, batch)
     VALUES (1, ?, ?, ?, 'sales', ?, 'CNY', ?, ?, 1)`,
  );
  db.exec('BEGIN');
  for (let n = 0; n < count; n += 1) {
    const id = String(n).padStart(36, '0');
    const amount = 100 + (n % 9_000);
    const at = NOON + Math.floor((n * 50_000_000) / count);
    const scheme = schemes[n % schemes.length] ?? '';
    const day = '2026-01-02';
    payment.run(id, amount, at, day, 1 + (n % 999_999), String(n).padStart(12, '0'), `01-${n}`, scheme);
    transfer.run(n, id, `receivable:${scheme}`, amount, at, day);
  }
  db.exec('COMMIT');
}
