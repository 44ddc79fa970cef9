import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { money } from '../../contract/money.ts';
import type { Imported, Reconciliation } from '../../contract/reconciliation.ts';
import { localTime } from '../../main/core/ledger/day.ts';
import type { Payment } from '../../main/core/payment/payment.ts';
import { verifyBook } from '../../main/core/reports/verify.ts';
import { Cashier, type Stand } from '../demo/cashier.ts';
import { atTheCounter, shortTerms } from '../demo/day.ts';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'statement-'));
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

const cashier = { staff: 'cashier' };
/** The bank's day may change while the test runs: its clock and the terminal's may be four hours apart. */
const GRACE_MINUTES = 240;
const terms = { ...shortTerms, settlement: { zone: 'Asia/Shanghai', cutOff: '24:00', graceMinutes: GRACE_MINUTES } };

/** Whether the bank may count what was made then on its next day: nothing is missing yet. */
function mayBeTomorrow(at: number): boolean {
  const day = (of: number): string => localTime(of, 'Asia/Shanghai').date;
  return day(at) !== day(at + GRACE_MINUTES * 60_000);
}

/** Sales by wallet code, one of them taken back, one whose answer was lost, one cancelled, and one in cash. */
async function trade(stand: Stand): Promise<Payment[]> {
  const desk = new Cashier(stand);
  const present = { code: 'alipay', behaviour: 'pays' } as const;
  const sold: Payment[] = [];
  for (const minor of [1000, 2550, 100, 4000, 1275, 8000]) {
    sold.push(await desk.sell({ minor, presents: [present], ends: 'approved' }));
  }
  const [, second] = sold;
  if (second) await desk.takeBack(second);
  await desk.sell({ minor: 700, presents: [present], ends: 'approved', fault: 'drop-answer' });
  const never = { code: 'wechat', behaviour: 'never' } as const;
  await desk.sell({ minor: 900, presents: [never, { cancel: true }], ends: 'cancelled' });
  stand.core.cash(randomUUID(), money(500, 'CNY'), cashier);
  await stand.core.pending.settle(20_000);
  return sold;
}

function result(imported: Imported): Reconciliation {
  if (!imported.ok) throw new Error(`${imported.code} at ${imported.line}: ${imported.detail}`);
  return imported.result;
}

function found({ lines }: Reconciliation): string[] {
  return lines.map(({ rrn, kind, verdict, reason }) => `${rrn || kind} ${verdict} ${reason}`).sort();
}

/** Has the bank write a statement and the terminal read it. */
async function exchange({ core, control }: Stand, wanted: Readonly<Record<string, unknown>>): Promise<Reconciliation> {
  const path = String((await control.ask('statement', wanted))['path']);
  return result(await core.reconciliation.import(path, readFileSync(path), 'owner'));
}

/** Debits less credits of an account. */
function balance({ core }: Stand, account: string): number {
  const sum = (side: 'debit' | 'credit'): number =>
    core.book.db
      .prepare<[string], { sum: number }>(`SELECT coalesce(sum(amount), 0) AS sum FROM transfer WHERE ${side} = ?`)
      .get(account)?.sum ?? 0;
  return sum('debit') - sum('credit');
}

test('the bank’s own statement of a real day agrees in every form, and the planted differences are found', {
  timeout: 120_000,
}, async () => {
  await atTheCounter({ dir: join(dir, 'day'), terms, printer: false }, async (stand) => {
    const sold = await trade(stand);
    const rrn = (index: number): string => sold[index]?.rrn ?? '';

    const plain = await exchange(stand, {});
    expect(found(plain)).toEqual([]);
    // Seven sales, a void, and their deposit.
    expect(plain.agreed.count).toBe(9);
    expect(plain.till.amount.minor).toBe(1000 + 100 + 4000 + 1275 + 8000 + 700);
    expect(plain.deposits).toMatchObject([{ verdict: 'agreed', posted: true }]);
    const posted = balance(stand, 'account');
    expect(posted + balance(stand, 'fees')).toBe(plain.till.amount.minor);

    for (const form of [
      { encoding: 'utf-8-bom' },
      { language: 'zh', encoding: 'gbk' },
      { language: 'zh', encoding: 'gbk', zip: true },
    ]) {
      const report = await exchange(stand, form);
      expect(found(report)).toEqual([]);
      expect(report.statement.format).toBe(form.language === 'zh' ? 'chinese' : 'english');
    }
    expect(balance(stand, 'account')).toBe(posted);

    const plants = [
      { plant: 'missing', rrn: rrn(0) },
      { plant: 'amount', rrn: rrn(2) },
      { plant: 'duplicate', rrn: rrn(3) },
      { plant: 'fee', rrn: rrn(4) },
      { plant: 'unknown', rrn: rrn(5) },
      { plant: 'deposit' },
    ];
    const planted = await exchange(stand, { plants });
    expect(found(planted)).toEqual(
      [
        `${rrn(0)} ${mayBeTomorrow(sold[0]?.at ?? 0) ? 'waiting after-cut-off' : 'differs missing-at-bank'}`,
        `${rrn(2)} differs amount`,
        `${rrn(3)} differs duplicate-at-bank`,
        `${rrn(4)} differs fee`,
        `9${rrn(5).slice(1)} differs missing-at-till`,
        'deposit differs deposit-sum',
      ].sort(),
    );
    expect(planted.unexplained.minor).toBe(0);
    expect(balance(stand, 'account')).toBe(0);
    expect(verifyBook(stand.core.book).ok).toBe(true);
  });
});
