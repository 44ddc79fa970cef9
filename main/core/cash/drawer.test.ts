import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DayReport } from '../../../contract/day.ts';
import { money } from '../../../contract/money.ts';
import { preview } from '../../../drivers/printer/layout.ts';
import { balance, trialBalance } from '../ledger/turnover.ts';
import { dayReceipt } from '../reports/receipt.ts';
import { verifyBook } from '../reports/verify.ts';
import { settled } from '../test/clock.ts';
import { around, codeOf, open, till } from '../test/counter.ts';
import { newKey, sellForCash, takeBack } from '../test/till.ts';
import { blind } from './drawer.ts';

const cny = (minor: number) => money(minor, 'CNY');
const cashier = { staff: 'cashier' };
const approved = { staff: 'cashier', approver: 'owner' };

test('float, sales, cash in and out, count: what should be there is what the ledger says', () => {
  const { drawer, book } = till.core;
  expect(drawer.shift).toBeUndefined();
  drawer.open(newKey(), cny(50_000), 'cashier');
  sellForCash(till, 6_150);
  takeBack(till, sellForCash(till, 1_000));
  drawer.move(newKey(), { kind: 'in', reason: 'change', amount: cny(10_000) }, cashier);
  drawer.move(newKey(), { kind: 'out', reason: 'expense', amount: cny(2_500) }, approved);
  expect(drawer.shift).toMatchObject({
    state: 'open',
    float: cny(50_000),
    sales: cny(6_150),
    in: cny(10_000),
    out: cny(2_500),
    expected: cny(63_650),
    difference: null,
  });
  expect(drawer.expected).toEqual(cny(63_650));
  const counted = drawer.count(newKey(), cny(63_600), 'owner');
  expect(counted).toMatchObject({ state: 'counted', difference: cny(-50), countedBy: 'owner' });
  expect(balance(book.db, 'over-short', 'CNY')).toBe(50);
  expect(balance(book.db, 'petty-cash', 'CNY')).toBe(2_500);
  expect(balance(book.db, 'cash', 'CNY')).toBe(63_600);
  expect(trialBalance(book.db).reduce((sum, one) => sum + one.balance, 0)).toBe(0);
  expect(verifyBook(book)).toMatchObject({ ok: true });
});

test('the next float is posted as what was brought or taken since the last count', () => {
  const { drawer, book } = till.core;
  drawer.open(newKey(), cny(50_000), 'cashier');
  sellForCash(till, 20_000);
  drawer.count(newKey(), cny(70_000), 'cashier');
  drawer.open(newKey(), cny(30_000), 'cashier');
  expect(drawer.shift).toMatchObject({ no: 2, float: cny(30_000), sales: cny(0), expected: cny(30_000) });
  expect(balance(book.db, 'float', 'CNY')).toBe(-10_000);
  sellForCash(till, 500);
  expect(drawer.shift?.expected).toEqual(cny(30_500));
});

test('the same key is the same movement; with another body it is refused', () => {
  const { drawer, book } = till.core;
  drawer.open(newKey(), cny(10_000), 'cashier');
  const key = newKey();
  const change = { kind: 'in', reason: 'change', amount: cny(500) } as const;
  drawer.move(key, change, cashier);
  const head = book.head.seq;
  expect(drawer.move(key, change, cashier).in).toEqual(cny(500));
  expect(book.head.seq).toBe(head);
  expect(codeOf(() => drawer.move(key, { ...change, amount: cny(600) }, cashier))).toBe('key-reused');
});

test('what cannot be is refused and changes nothing', () => {
  const { drawer, book } = till.core;
  const move = { kind: 'in', reason: 'change', amount: cny(500) } as const;
  const before = book.head.seq;
  expect(codeOf(() => drawer.move(newKey(), move, cashier))).toBe('drawer-not-open');
  expect(codeOf(() => drawer.count(newKey(), cny(0), 'cashier'))).toBe('drawer-not-open');
  expect(codeOf(() => drawer.open(newKey(), money(5, 'EUR'), 'cashier'))).toBe('amount-invalid');
  expect(codeOf(() => drawer.open(newKey(), cny(-1), 'cashier'))).toBe('amount-invalid');
  expect(book.head.seq).toBe(before);
  drawer.open(newKey(), cny(1_000), 'cashier');
  expect(codeOf(() => drawer.open(newKey(), cny(1_000), 'cashier'))).toBe('drawer-open');
  const out = { kind: 'out', reason: 'safe', amount: cny(1_001) } as const;
  expect(codeOf(() => drawer.move(newKey(), out, approved))).toBe('drawer-holds-less');
  expect(codeOf(() => drawer.move(newKey(), { ...out, amount: cny(1) }, cashier))).toBe('not-allowed');
  expect(codeOf(() => drawer.move(newKey(), { ...move, amount: cny(0) }, cashier))).toBe('amount-invalid');
});

test('a counted shift and a cash movement cannot be changed in the database', () => {
  const { drawer, book } = till.core;
  drawer.open(newKey(), cny(1_000), 'cashier');
  drawer.move(newKey(), { kind: 'in', reason: 'other', amount: cny(5) }, cashier);
  drawer.count(newKey(), cny(1_005), 'cashier');
  for (const sql of [
    'UPDATE drawer SET counted = 1',
    'DELETE FROM drawer',
    'UPDATE cash_move SET amount = 1',
    'DELETE FROM cash_move',
  ]) {
    expect(() => book.db.exec(sql), sql).toThrow(/kept|does not change/);
  }
});

test('whoever counts is not told before what should be there', () => {
  const { drawer } = till.core;
  const shift = drawer.open(newKey(), cny(1_000), 'cashier');
  expect(blind(shift)).toMatchObject({ expected: null, sales: null, float: cny(1_000) });
  expect(blind(drawer.count(newKey(), cny(1_000), 'cashier'))).toMatchObject({ expected: cny(1_000) });
});

test('a lost database comes back from the journal with float, movements and count', async () => {
  const { drawer } = till.core;
  drawer.open(newKey(), cny(10_000), 'cashier');
  drawer.move(newKey(), { kind: 'out', reason: 'bank', amount: cny(4_000) }, approved);
  const before = drawer.count(newKey(), cny(6_100), 'cashier');
  till.kill();
  around.storage.dropDatabase();
  open();
  await settled();
  expect(till.core.drawer.shift).toEqual(before);
  expect(till.core.drawer.expected).toEqual(cny(6_100));
});

test.each(['zh-CN', 'en'] as const)('X and Z reports in %s show the drawer', (language) => {
  const { core } = till;
  core.configure({ ...core.settings, language }, 'owner');
  core.drawer.open(newKey(), cny(10_000), 'cashier');
  sellForCash(till, 2_345);
  const report = core.settlement.report();
  expect(DayReport.parse(report).drawers).toHaveLength(1);
  expect(report.today.difference).toEqual(cny(0));
  const open = preview(dayReceipt(report, core.receiptContext(false)), 48);
  expect(open).toContain('￥123.45');
  expect(open).toMatch(/not counted|尚未点钞/);
  core.drawer.count(newKey(), cny(12_000), 'owner');
  const text = preview(dayReceipt(core.settlement.report(), core.receiptContext(false)), 48);
  expect(text).toContain('-￥3.45');
  expect(text, 'a key instead of a word').not.toMatch(/drawer\.[a-z]/i);
});

test('whatever is done in whatever order, what should be there is float, sales, in, less out', () => {
  const act = fc.oneof(
    fc.record({ do: fc.constant('sell' as const), minor: fc.integer({ min: 1, max: 50_000 }) }),
    fc.record({ do: fc.constant('in' as const), minor: fc.integer({ min: 1, max: 50_000 }) }),
    fc.record({ do: fc.constant('out' as const), minor: fc.integer({ min: 1, max: 50_000 }) }),
    fc.record({ do: fc.constant('count' as const), minor: fc.integer({ min: 0, max: 90_000 }) }),
    fc.record({ do: fc.constant('open' as const), minor: fc.integer({ min: 0, max: 90_000 }) }),
  );
  const { core } = till;
  let inside = 0;
  fc.assert(
    fc.property(fc.array(act, { maxLength: 12 }), (acts) => {
      for (const { do: what, minor } of acts) {
        if (what === 'sell') {
          sellForCash(till, minor);
          core.counter.dismiss();
          inside += minor;
        } else if (what === 'open') {
          if (codeOf(() => core.drawer.open(newKey(), cny(minor), 'cashier')) === undefined) inside = minor;
        } else if (what === 'count') {
          if (codeOf(() => core.drawer.count(newKey(), cny(minor), 'cashier')) === undefined) inside = minor;
        } else {
          const asked = { kind: what, reason: 'safe', amount: cny(minor) } as const;
          const signed = what === 'in' ? minor : -minor;
          if (codeOf(() => core.drawer.move(newKey(), asked, approved)) === undefined) inside += signed;
        }
        expect(core.drawer.expected).toEqual(cny(inside));
        const { shift } = core.drawer;
        if (shift?.state === 'open') expect(shift.expected).toEqual(cny(inside));
      }
    }),
    { numRuns: 25 },
  );
  expect(verifyBook(core.book)).toMatchObject({ ok: true });
}, 30_000);
