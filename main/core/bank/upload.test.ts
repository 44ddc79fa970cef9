import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { DayReport } from '../../../contract/day.ts';
import type { Payment } from '../payment/payment.ts';
import { verifyBook } from '../reports/verify.ts';
import { openModelBank, RESPONSE_MS } from '../test/bank.ts';
import { openManualClock, settled } from '../test/clock.ts';
import { openMemoryStorage } from '../test/storage.ts';
import {
  cardOutcome,
  makeProfile,
  newKey,
  openTill,
  type Surroundings,
  sellByCard,
  sellForCash,
  type Till,
  takeBack,
} from '../test/till.ts';
import type { BankAnswer, FurtherRequest } from './link.ts';

let signed: Surroundings['signed'];
let around: Surroundings;
let till: Till;
/** What the bank heard at the end of a batch, over several lives of the terminal. */
let heard: FurtherRequest[];
let answer: (request: FurtherRequest) => BankAnswer;

const yes: BankAnswer = { kind: 'approved', code: '00' };
const silence: BankAnswer = { kind: 'no-answer', detail: 'no answer in time' };

beforeAll(async () => {
  signed = await makeProfile();
});

beforeEach(() => {
  around = { clock: openManualClock(), storage: openMemoryStorage(), bank: openModelBank(), signed };
  heard = [];
  answer = () => yes;
  till = opened();
});

function opened(): Till {
  const made = openTill(around);
  return Object.assign(made, {
    link: Object.assign(made.link, {
      further: async (request: FurtherRequest) => {
        heard.push(request);
        return answer(request);
      },
    }),
  });
}

async function sell(minor: number): Promise<Payment> {
  const sold = await sellByCard(till, minor, cardOutcome(String(minor).padStart(32, '0')));
  await around.clock.advance(100);
  return till.core.payments.get(sold.id);
}

/** The bank loses a payment from its own book, so that its totals differ. */
function forget(payment: Payment): void {
  (around.bank.book as Map<string, unknown>).delete(payment.rrn);
}

async function close(): Promise<DayReport> {
  const steps = till.core.settlement.close(newKey());
  for (;;) {
    const next = steps.next();
    await around.clock.advance(RESPONSE_MS + 10);
    const { value, done } = await next;
    if (done) throw new Error('the close ended without a report');
    if (value.step === 'done') return value.report;
  }
}

const told = () => heard.map((one) => (one.type === 'upload' ? `${one.record} ${one.amount.minor}` : one.type));

describe('a batch whose totals differ', () => {
  test('is told with its refunds as credits of their own, and nothing of what was paid in cash', async () => {
    const first = await sell(100);
    forget(await sell(200));
    sellForCash(till, 50);
    till.core.aftersale.refund(newKey(), first.id, { minor: 40, currency: 'CNY' }, 'returned', {
      staff: 'cashier',
      approver: 'owner',
    });
    await around.clock.advance(100);
    await close();
    expect(told()).toEqual(['purchase 100', 'purchase 200', 'refund 40', 'upload-end']);
  });

  test('is told line by line and then agrees', async () => {
    const first = await sell(100);
    await sell(200);
    takeBack(till, await sell(300));
    await around.clock.advance(100);
    forget(first);
    expect(await close()).toMatchObject({ kind: 'Z', agreed: true, batch: 1 });
    expect(told()).toEqual(['purchase 100', 'purchase 200', 'purchase 300', 'void 300', 'upload-end']);
    expect(heard[0]).toMatchObject({ original: { mti: '0200', stan: first.stan, rrn: first.rrn, at: first.at } });
    expect(heard.at(-1)).toMatchObject({ count: 4, totals: { debitCount: 3, creditCount: 1 } });
    expect(new Set(heard.map(({ trace }) => trace.stan)).size).toBe(5);
    expect(verifyBook(till.core.book).ok).toBe(true);
  });

  test('that still differs afterwards stays open, with both books in the report', async () => {
    forget(await sell(100));
    const hostTotals = around.bank.totals(1);
    answer = (request) => (request.type === 'upload-end' ? { kind: 'declined', code: '95', hostTotals } : yes);
    const report = await close();
    expect(report).toMatchObject({ agreed: false, books: { bank: { debitCount: 0 }, ledger: { debitCount: 1 } } });
    answer = () => yes;
    expect(await close()).toMatchObject({ agreed: true, batch: 1 });
    expect(told()).toEqual(['purchase 100', 'upload-end', 'upload-end']);
  });

  test('goes on after a crash with the first line that was not acknowledged', async () => {
    forget(await sell(100));
    await sell(200);
    await sell(300);
    answer = (request) => (request.type === 'upload' && request.amount.minor === 200 ? silence : yes);
    await expect(close()).rejects.toMatchObject({ code: 'bank-offline' });
    expect(told()).toEqual(['purchase 100', 'purchase 200', 'purchase 200', 'purchase 200']);
    expect(heard.slice(1).map(({ trace }) => trace.attempt)).toEqual([0, 1, 2]);
    till.kill();
    till = opened();
    await settled();
    heard = [];
    answer = () => yes;
    expect(await close()).toMatchObject({ agreed: true, batch: 1, number: 1 });
    expect(told()).toEqual(['purchase 200', 'purchase 300', 'upload-end']);
    expect(verifyBook(till.core.book).ok).toBe(true);
  });

  test('of a bank that will not be told is reported as it is', async () => {
    forget(await sell(100));
    answer = () => ({ kind: 'declined', code: '12' });
    expect(await close()).toMatchObject({ agreed: false, books: { bank: { debitCount: 0 } } });
  });
});

test('a batch that agrees is not told', async () => {
  await sell(100);
  expect(await close()).toMatchObject({ agreed: true });
  expect(heard).toEqual([]);
});
