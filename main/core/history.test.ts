import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { type Money, money } from '../../contract/money.ts';
import type { PaymentState } from '../../contract/payment.ts';
import { unfinishedBatch } from './ledger/batch.ts';
import { balance } from './ledger/turnover.ts';
import type { Payment } from './payment/payment.ts';
import { Refused } from './refused.ts';
import { sameTotals } from './reports/books.ts';
import { readToday } from './reports/today.ts';
import { verifyBook } from './reports/verify.ts';
import { type Fault, openModelBank } from './test/bank.ts';
import { openManualClock, settled } from './test/clock.ts';
import { openMemoryStorage } from './test/storage.ts';
import {
  cardOutcome,
  makeProfile,
  openTill,
  type Surroundings,
  sellByCard,
  sellByCode,
  sellForCash,
  type Till,
  takeBack,
} from './test/till.ts';

let signed: Surroundings['signed'];

beforeAll(async () => {
  signed = await makeProfile();
});

type Act =
  | { readonly do: 'card' | 'code'; readonly minor: number; readonly fault: Fault | undefined }
  | { readonly do: 'cash'; readonly minor: number }
  | { readonly do: 'void'; readonly which: number; readonly fault: Fault | undefined }
  | { readonly do: 'line' | 'bank' | 'paper'; readonly up: boolean }
  | { readonly do: 'plant'; readonly on: 'advice' | 'reversal' | 'query' | 'reconciliation'; readonly fault: Fault }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'kill' | 'close' }
  | { readonly do: 'crash'; readonly at: 'append' | 'commit'; readonly after: number };

const minor = fc.integer({ min: 1, max: 4_000 });
const lost = fc.constantFrom<Fault>('drop-request', 'drop-answer', 'delay-request', 'late-answer');
const sometimes = fc.option(fc.oneof(lost, fc.constantFrom<Fault>('decline', 'pending')), { nil: undefined });
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constantFrom('card', 'code'), minor, fault: sometimes }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cash'), minor }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('void'), which: fc.nat(20), fault: sometimes }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('line', 'bank', 'paper'), up: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('plant'),
      on: fc.constantFrom('advice', 'reversal', 'query', 'reconciliation'),
      fault: fc.oneof(lost, fc.constant<Fault>('decline')),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('pass'), ms: fc.constantFrom(2, 500, 9_000, 70_000, 3_600_000) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('kill', 'close') }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('crash'), at: fc.constantFrom('append', 'commit'), after: fc.nat(12) }),
  },
);

/** What the people at the counter were told of each payment. */
type Told = Map<string, Set<string>>;

class Counter {
  readonly around: Surroundings = {
    clock: openManualClock(),
    storage: openMemoryStorage(),
    bank: openModelBank(),
    signed,
  };
  till: Till = openTill(this.around);
  readonly told: Told = new Map();
  #seen = 0;
  #code = 0;
  #down = false;
  readonly attempts = new Map<string, number>();

  async run(step: Act): Promise<void> {
    try {
      await this.#perform(step);
    } catch (error) {
      const expected =
        error instanceof Refused || (error instanceof Error && /killed|close refused/.test(error.message));
      if (!expected && this.till.core.stopped === null) throw error;
    }
    await settled();
    this.#listen();
    if (this.till.core.stopped !== null) this.restart();
    this.#watch();
  }

  async #perform(step: Act): Promise<void> {
    const { till, around } = this;
    switch (step.do) {
      case 'card':
        if (step.fault) around.bank.plant('purchase', step.fault);
        await sellByCard(till, step.minor, cardOutcome(String(this.#code++).padStart(32, '0')));
        return;
      case 'code':
        if (step.fault) around.bank.plant('purchase', step.fault);
        await sellByCode(till, step.minor, `28${String(this.#code++).padStart(16, '0')}`);
        this.#cancelWaiting();
        return;
      case 'cash':
        sellForCash(till, step.minor);
        return;
      case 'void': {
        const payments = till.core.payments.recent(50);
        const payment = payments[step.which % Math.max(1, payments.length)];
        if (step.fault) around.bank.plant('void', step.fault);
        if (payment) takeBack(till, payment);
        return;
      }
      case 'line':
        this.#down = !step.up;
        till.link.setLine(step.up);
        return;
      case 'bank':
        around.bank.up = step.up;
        return;
      case 'paper':
        till.printer.setState(
          step.up
            ? { status: 'ready', paper: 'ok', drawerOpen: false }
            : { status: 'trouble', trouble: 'paper-end', detail: '' },
        );
        return;
      case 'plant':
        around.bank.plant(step.on, step.fault);
        return;
      case 'pass':
        await around.clock.advance(step.ms);
        return;
      case 'kill':
        this.restart();
        return;
      case 'close':
        await this.close();
        return;
      case 'crash': {
        let left = step.after;
        const die = (): void => {
          left -= 1;
          if (left < 0) throw new Error('killed');
        };
        if (step.at === 'append') around.storage.beforeAppend = die;
        else around.storage.beforeCommit = die;
      }
    }
  }

  /** A code that was not taken leaves the sale waiting; the cashier gives it up. */
  #cancelWaiting(): void {
    const { waiting } = this.till.core.counter;
    if (waiting !== undefined) this.till.core.cancel(waiting, { staff: 'cashier' });
  }

  async close(): Promise<boolean> {
    const close = this.till.core.settlement.close();
    for (;;) {
      const step = close
        .next()
        .catch((error: unknown) => (this.till.core.stopped === null ? String(error) : 'stopped'));
      await this.around.clock.advance(70_000);
      const ended = await step;
      if (typeof ended === 'string') return false;
      if (ended.value.step === 'done') return ended.value.report.agreed;
    }
  }

  restart(): void {
    this.#listen();
    this.till.kill();
    this.around.storage.beforeAppend = () => undefined;
    this.around.storage.beforeCommit = () => undefined;
    this.till = openTill(this.around);
    this.#seen = 0;
    if (this.#down) this.till.link.setLine(false);
  }

  #listen(): void {
    for (const now of this.till.shown.slice(this.#seen)) {
      if (now.phase !== 'result') continue;
      const known = this.told.get(now.payment.id) ?? new Set();
      this.told.set(now.payment.id, known.add(now.outcome));
    }
    this.#seen = this.till.shown.length;
  }

  /** What must hold at every moment. */
  #watch(): void {
    const { core } = this.till;
    const { profile } = core;
    const { offline } = profile;
    const use = core.payments.offlineUse('CNY', null);
    expect(use.count).toBeLessThanOrEqual(offline.count);
    expect(use.sum.minor).toBeLessThanOrEqual(offline.totalMinor);
    expect(difference(core.today, this.till)).toEqual(money(0, 'CNY'));
    const { books } = core.settlement.report();
    expect(sameTotals(books.terminal, books.ledger) && sameTotals(books.ledger, books.journal)).toBe(true);
    for (const payment of core.payments.inStates(['reversal-due', 'cancel-due'])) {
      expect(payment.attempt).toBeGreaterThanOrEqual(this.attempts.get(payment.id) ?? 0);
      this.attempts.set(payment.id, payment.attempt);
    }
    for (const payment of core.payments.inStates(everyState)) {
      if (payment.tender === 'code') expect(payment.state).not.toMatch(/^saf-/);
    }
  }

  /** Everything mended and hours gone by: whatever was open has come to its end. */
  async heal(): Promise<void> {
    this.around.storage.beforeAppend = () => undefined;
    this.around.storage.beforeCommit = () => undefined;
    this.around.bank.heal();
    this.around.bank.up = true;
    this.#down = false;
    this.till.link.setLine(true);
    this.till.printer.setState({ status: 'ready', paper: 'ok', drawerOpen: false });
    this.#cancelWaiting();
    await this.around.clock.advance(600_000);
    this.#listen();
  }
}

const everyState: readonly PaymentState[] = ['sending', 'querying', 'cancel-due', 'approved', 'declined', 'cancelled'];

function difference(day: string, { core }: Till): Money {
  return readToday(core.book.db, day, 'CNY', 'Asia/Shanghai').difference;
}

/** What the bank's book must say of a payment that ended so. Undefined: the bank does not know it. */
const atBank: Partial<Record<PaymentState, readonly (string | undefined)[]>> = {
  approved: ['approved'],
  settled: ['approved'],
  'saf-approved': ['approved'],
  voided: ['voided'],
  declined: ['declined', undefined],
  'saf-declined': ['declined'],
  reversed: ['reversed', 'declined', undefined],
  cancelled: ['reversed', 'declined', undefined],
  abandoned: [undefined],
  'saf-voided': [undefined],
  'saf-expired': [undefined],
};

/** How a payment may end of which people were told so. */
const ends: Record<string, readonly PaymentState[]> = {
  approved: ['approved', 'settled', 'saf-approved', 'voided'],
  offline: ['approved', 'settled', 'saf-approved', 'saf-declined', 'saf-expired', 'saf-voided', 'voided'],
  declined: ['declined', 'saf-declined', 'saf-expired'],
  cancelling: ['reversed', 'cancelled'],
  voiding: ['voided', 'approved', 'saf-approved', 'settled'],
  cancelled: ['reversed', 'cancelled', 'abandoned'],
};

function checkEnd(payment: Payment, counter: Counter): void {
  const { bank } = counter.around;
  expect(Object.keys(atBank), `${payment.id} is still ${payment.state}`).toContain(payment.state);
  if (payment.kind === 'void') return;
  if (payment.tender !== 'cash') expect(atBank[payment.state]).toContain(bank.book.get(payment.rrn)?.state);
  for (const outcome of counter.told.get(payment.id) ?? []) {
    const allowed = ends[outcome];
    if (allowed) expect(allowed, `told “${outcome}” of a payment that ended ${payment.state}`).toContain(payment.state);
  }
  if (counter.told.get(payment.id)?.has('voiding') && payment.original === null && payment.state === 'approved') {
    // Only a void that was refused leads from “being voided” back to sold.
    expect(counter.around.bank.heard.some(({ type }) => type === 'void')).toBe(true);
  }
}

function allPayments({ core }: Till): Payment[] {
  const ids = core.book.db.prepare<[], { id: string }>('SELECT id FROM payment').all();
  return ids.map(({ id }) => core.payments.get(id));
}

test('whatever happens, in whatever order: no sale lost, none charged twice, nobody told what is not so', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 30 }), async (acts) => {
      const counter = new Counter();
      for (const step of acts) await counter.run(step);
      await counter.heal();
      for (const payment of allPayments(counter.till)) checkEnd(payment, counter);
      const { core } = counter.till;
      expect(core.stopped).toBeNull();
      expect(core.book.db.prepare("SELECT 1 FROM payment WHERE print IN ('queued', 'held')").get()).toBeUndefined();
      expect(
        core.book.db.prepare('SELECT 1 FROM sealed').get(),
        'card data of a payment that is final',
      ).toBeUndefined();
      if (unfinishedBatch(core.book.db)) expect(await counter.close()).toBe(true);
      expect(await counter.close(), 'the bank agrees').toBe(true);
      expect(balance(core.book.db, 'offline:', 'CNY')).toBe(0);
      expect(balance(core.book.db, 'receivable:', 'CNY')).toBe(0);
      expect(verifyBook(core.book)).toMatchObject({ ok: true, firstBreak: null });
      counter.till.kill();
    }),
    { numRuns: Number(process.env['HISTORIES'] ?? 40), endOnFailure: true },
  );
}, 60_000);
