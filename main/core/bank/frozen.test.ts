import { afterEach, expect, test, vi } from 'vitest';
import type { DayReport } from '../../../contract/day.ts';
import { money } from '../../../contract/money.ts';
import type { Batch } from '../ledger/batch.ts';
import type { Payment } from '../payment/payment.ts';
import { verifyBook } from '../reports/verify.ts';
import { RESPONSE_MS } from '../test/bank.ts';
import { around, now, pass, restart, till } from '../test/counter.ts';
import { cardOutcome, newKey, sellByCard } from '../test/till.ts';
import { asNext, asResumed, CloseError, frozenOf } from './frozen.ts';

/** What is wrong in the books that the close reads, and whether it asks them at all. */
const wrong = vi.hoisted(() => ({ by: 0, asks: true }));

vi.mock('../reports/books.ts', async (real) => {
  const module = await real<typeof import('../reports/books.ts')>();
  const readBooks: typeof module.readBooks = (...given) => {
    const books = module.readBooks(...given);
    const less = (totals: typeof books.ledger): typeof books.ledger => ({
      ...totals,
      debit: money(totals.debit.minor + wrong.by, 'CNY'),
    });
    return { terminal: less(books.terminal), ledger: less(books.ledger), journal: less(books.journal) };
  };
  return {
    ...module,
    readBooks,
    agreed: (books: Parameters<typeof module.agreed>[0]) => !wrong.asks || module.agreed(books),
  };
});

afterEach(() => {
  wrong.by = 0;
  wrong.asks = true;
});

async function sell(minor: number): Promise<Payment> {
  const sold = await sellByCard(till, minor, cardOutcome(String(minor).padStart(32, '0')));
  await pass(100);
  return now(sold);
}

async function close(): Promise<DayReport> {
  const steps = till.core.settlement.close(newKey());
  for (;;) {
    const next = steps.next();
    next.catch(() => undefined);
    await pass(RESPONSE_MS + 10);
    const { value, done } = await next;
    if (done) throw new Error('the close ended without a report');
    if (value.step === 'done') return value.report;
  }
}

const asked = () => around.bank.heard.filter(({ type }) => type === 'reconciliation');

/** The close was begun and the bank has not answered. */
async function begun(): Promise<Payment> {
  const sold = await sell(1_280);
  around.bank.plant('reconciliation', 'drop-answer');
  await expect(close()).rejects.toMatchObject({ code: 'bank-offline' });
  return sold;
}

/** The core stopped before it did anything; the next start closes the day as it was. */
async function stopped(sold: Payment, times: number): Promise<void> {
  expect(till.fatal[0]).toBeInstanceOf(CloseError);
  expect(till.core.stopped).toBe('store-failed');
  expect(asked()).toHaveLength(times);
  expect(now(sold).state).toBe('approved');
  wrong.by = 0;
  wrong.asks = true;
  around.bank.heal();
  await restart();
  expect(await close()).toMatchObject({ agreed: true, number: 1, batch: 1 });
  expect(now(sold).state).toBe('settled');
  expect(verifyBook(till.core.book).ok).toBe(true);
}

test('a close that would be repeated with other totals is not sent: the core stops (B5)', async () => {
  const sold = await begun();
  wrong.by = 1;
  await expect(close()).rejects.toThrow('batch 1 has 1 1281 0 0 CNY, not 1 1280 0 0 CNY');
  await stopped(sold, 1);
});

test('a close that would be repeated with another number is not sent: the core stops (B5)', async () => {
  const sold = await begun();
  const { db } = till.core.book;
  const { stan } = frozenOf(db, 1);
  db.prepare('UPDATE batch SET stan = stan + 1 WHERE no = 1').run();
  await expect(close()).rejects.toThrow(CloseError);
  db.prepare('UPDATE batch SET stan = ? WHERE no = 1').run(stan);
  await stopped(sold, 1);
});

test('a close that would be repeated with other movements is not sent: the core stops (B5)', async () => {
  const sold = await begun();
  const { db } = till.core.book;
  db.exec('DROP TRIGGER transfer_update');
  db.exec("UPDATE transfer SET debit = 'receivable:unionpay' WHERE batch = 1");
  await expect(close()).rejects.toThrow('other movements');
  db.exec("UPDATE transfer SET debit = 'receivable:visa' WHERE batch = 1");
  await stopped(sold, 1);
});

test('a batch to which the bank did not agree is not settled, whatever the close makes of it (B4)', async () => {
  const sold = await sell(1_280);
  const book = around.bank.book as Map<string, unknown>;
  const kept = book.get(sold.rrn);
  book.delete(sold.rrn);
  const { exchange } = till.link;
  till.link.exchange = async (request) => {
    const answer = await exchange.call(till.link, request);
    return answer.kind === 'declined' ? { ...answer, kind: 'approved', code: '00' } : answer;
  };
  wrong.asks = false;
  await expect(close()).rejects.toThrow('the bank has 0 0 0 0 CNY for batch 1');
  book.set(sold.rrn, kept);
  await stopped(sold, 1);
});

test('a close goes on from the step that is stored, and never after its end (B7)', async () => {
  await sell(1_280);
  await close();
  const closing = { no: 2, state: 'closing', attempt: 1 } as Batch;
  const closed = { state: 'closed', z: 1, report: '{}' };
  for (const values of [{ attempt: 2 }, { state: 'differs' }, closed])
    expect(() => asResumed(closing, values)).not.toThrow();
  for (const values of [{ attempt: 1 }, { attempt: 3 }, { state: 'open' }, { state: 'closed' }])
    expect(() => asResumed(closing, values), JSON.stringify(values)).toThrow(CloseError);
  expect(() => asResumed({ ...closing, attempt: 0 }, closed)).toThrow(CloseError);
  for (const values of [{ attempt: 2 }, closed])
    expect(() => asResumed({ ...closing, state: 'closed' }, values)).toThrow(CloseError);
  expect(() => asResumed({ ...closing, state: 'open' }, { attempt: 2 })).toThrow(CloseError);
});

test('an upload goes on with the line after the last that was acknowledged (B7)', () => {
  expect(() => asNext(1, 3, 2, 5)).not.toThrow();
  for (const line of [0, 3, 4, 6]) expect(() => asNext(1, 3, 2, line)).toThrow(CloseError);
});

test('a batch that was never frozen has nothing to be held to', () => {
  expect(() => frozenOf(till.core.book.db, 1)).toThrow('batch 1 was not frozen');
});
