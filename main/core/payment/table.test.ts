import Sqlite from 'better-sqlite3';
import { beforeEach, expect, test } from 'vitest';
import { PaymentState } from '../../../contract/payment.ts';
import { migrations } from '../test/migrations.ts';
import { PaymentTable } from './table.ts';

let db: Sqlite.Database;
let table: PaymentTable;

beforeEach(() => {
  db = new Sqlite(':memory:');
  for (const { sql } of migrations) db.exec(sql);
  // Written without a book: nothing is kept.
  table = new PaymentTable({ db, writes: () => Number.NaN });
});

/** One payment, numbered, in its place; the clock says what it likes. */
function add(
  stan: number,
  seq: number,
  more: { state?: string; print?: string; day?: string; original?: string } = {},
) {
  const { state = 'approved', print = 'none', day = '2026-08-01', original = null } = more;
  db.prepare(
    `INSERT INTO payment (id, kind, state, amount, currency, at, day, stan, rrn, receipt_no, staff, print, original, seq)
     VALUES (?, 'purchase', ?, 700, 'CNY', ?, ?, ?, ?, ?, 'cashier', ?, ?, ?)`,
  ).run(
    `p${stan}`,
    state,
    100_000 - seq,
    day,
    stan,
    String(stan).padStart(12, '0'),
    `01-${stan}`,
    print,
    original,
    seq,
  );
}

const ids = (found: readonly { id: string }[]): string[] => found.map(({ id }) => id);

test('payments of every state are found by it, in the order of their opening', () => {
  PaymentState.options.forEach((state, index) => {
    add(100 - index, 500 + index, { state });
    add(200 + index, 400 + index, { state });
  });
  PaymentState.options.forEach((state, index) => {
    expect(ids(table.inStates([state])), state).toEqual([`p${200 + index}`, `p${100 - index}`]);
    expect(table.countIn([state]), state).toBe(2);
    expect(table.anyIn([state]), state).toBe(true);
  });
  expect(table.countIn(PaymentState.options)).toBe(2 * PaymentState.options.length);
});

test('the oldest receipt is printed first, held or queued', () => {
  add(1, 30, { print: 'queued' });
  add(2, 20, { print: 'held' });
  add(3, 10, { print: 'printed' });
  add(4, 10, { print: 'asked' });
  expect(table.toPrint()?.id).toBe('p2');
  db.exec("UPDATE payment SET print = 'printed' WHERE id = 'p2'");
  expect(table.toPrint()?.id).toBe('p1');
  db.exec("UPDATE payment SET print = 'held' WHERE id IN ('p1', 'p2')");
  expect(ids(table.inPrintState(['held', 'asked']))).toEqual(['p4', 'p2', 'p1']);
  expect(table.countPrint(['held', 'queued'])).toBe(2);
  db.exec("UPDATE payment SET print = 'printed'");
  expect(table.toPrint()).toBeUndefined();
});

test('pages of the list follow each other without a gap, newest first, whatever the clock said', () => {
  for (let n = 1; n <= 23; n += 1) add(n, 1_000 + n, { day: n < 12 ? '2026-08-01' : '2026-08-02' });
  add(24, 2_000, { state: 'abandoned', day: '2026-08-02' });
  const found: string[] = [];
  for (let page = ids(table.list({ limit: 5 })); page.length > 0; ) {
    found.push(...page);
    page = ids(table.list({ limit: 5, before: found.at(-1) }));
  }
  expect(found).toEqual(Array.from({ length: 23 }, (_, n) => `p${23 - n}`));
  expect(ids(table.recent(4))).toEqual(['p23', 'p22', 'p21', 'p20']);
});

test('no question of a sale looks at every payment', () => {
  const asked: string[] = [];
  const prepare = db.prepare.bind(db);
  Object.assign(db, {
    prepare(sql: string) {
      asked.push(sql);
      return prepare(sql);
    },
  });
  add(1, 1);
  asked.length = 0;
  table.recent(8);
  table.list({ limit: 20 });
  table.toPrint();
  table.inPrintState(['queued']);
  table.inStates(['unknown', 'reversal-due']);
  table.anyIn(['sending']);
  table.stuck(6);
  table.reversalUndelivered();
  table.givenBack('p1');
  table.about('p1');
  expect(asked.length).toBeGreaterThanOrEqual(10);
  for (const sql of asked) {
    const bound = Array.from({ length: sql.split('?').length - 1 }, () => 1);
    const plan = prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...bound) as { detail: string }[];
    const said = plan.map(({ detail }) => detail).join('; ');
    expect(said, sql).toMatch(/USING (COVERING )?INDEX/);
    expect(said, sql).not.toMatch(/SCAN payment$|TEMP B-TREE FOR ORDER BY(?! LAST)/);
  }
});
