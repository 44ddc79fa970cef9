import fc from 'fast-check';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { money } from '../../../contract/money.ts';
import type { BankAnswer, BankRequest } from '../bank/link.ts';
import { verifyBook } from '../reports/verify.ts';
import { type Fault, type ModelLink, openModelBank, RESPONSE_MS } from '../test/bank.ts';
import { openManualClock, settled } from '../test/clock.ts';
import { openMemoryStorage } from '../test/storage.ts';
import { cardOutcome, makeProfile, newKey, openTill, type Surroundings, sellByCard, type Till } from '../test/till.ts';
import type { Payment } from './payment.ts';

let signed: Surroundings['signed'];
let around: Surroundings;
let till: Till;

beforeAll(async () => {
  const { profile, signer } = await makeProfile();
  const offline = { ...profile.offline, count: 500, totalMinor: 5_000_000, oncePerCard: false, window: 4 };
  signed = { profile: { ...profile, offline }, signer };
});

beforeEach(() => open());

function open(): void {
  const bank = openModelBank();
  const watched = { ...bank, link: (clock: Surroundings['clock']) => watch(bank.link(clock)) };
  around = { clock: openManualClock(), storage: openMemoryStorage(), bank: watched, signed };
  start();
}

/** What left for the bank in this life, and how many advices were ever in flight together. */
let flight: { readonly left: BankRequest[]; most: number; together: Set<string>[] };

function start(): void {
  flight = { left: [], most: 0, together: [] };
  till = openTill(around);
}

/** Watches the link from its first moment: a terminal sends as soon as it starts. */
function watch(link: ModelLink): ModelLink {
  const flying = new Map<string, string>();
  const own = flight;
  const exchange = link.exchange.bind(link);
  link.exchange = async (request): Promise<BankAnswer> => {
    if (request.type !== 'advice') return exchange(request);
    own.left.push(request);
    flying.set(request.trace.rrn, request.presented.kind === 'card' ? request.presented.sealed : '');
    own.most = Math.max(own.most, flying.size);
    own.together.push(new Set(flying.values()));
    expect(new Set(flying.values()).size, 'one card twice in flight').toBe(flying.size);
    const answer = await exchange(request);
    flying.delete(request.trace.rrn);
    return answer;
  };
  return link;
}

function token(n: number): string {
  return String(n).padStart(32, '0');
}

/** Sells offline, one card each unless `card` says which. */
async function sellOffline(count: number, card: (n: number) => number = (n) => n): Promise<Payment[]> {
  till.link.setLine(false);
  const sold: Payment[] = [];
  for (let n = 0; n < count; n += 1) {
    sold.push(await sellByCard(till, 100 + n, cardOutcome(token(card(n)))));
    await around.clock.advance(10);
  }
  return sold;
}

function states(sold: readonly Payment[]): string[] {
  return sold.map(({ id }) => till.core.payments.get(id).state);
}

/** The first attempts, in the order in which they left. */
function firstAttempts(): string[] {
  return flight.left.filter(({ trace }) => trace.attempt === 0).map(({ trace }) => trace.rrn);
}

describe('the window', () => {
  test('holds as many as the profile says, sent in the order of acceptance', async () => {
    const sold = await sellOffline(21);
    till.link.setLine(true);
    await around.clock.advance(1_000);
    expect(new Set(states(sold))).toEqual(new Set(['saf-approved']));
    expect(flight.most).toBe(4);
    expect(firstAttempts()).toEqual(sold.map(({ rrn }) => rrn));
    expect(verifyBook(till.core.book).ok).toBe(true);
  });

  test('is written down together: an intent and an answer each, in far fewer commits', async () => {
    await sellOffline(20);
    const before = till.core.book.head.seq;
    let commits = 0;
    around.storage.beforeCommit = () => {
      commits += 1;
    };
    till.link.setLine(true);
    await around.clock.advance(1_000);
    expect(till.core.book.head.seq - before).toBe(40);
    expect(commits).toBeLessThanOrEqual(14);
  });

  test('never holds a card twice; the second waits for the answer to the first', async () => {
    const sold = await sellOffline(12, (n) => n % 2);
    till.link.setLine(true);
    await around.clock.advance(1_000);
    expect(new Set(states(sold))).toEqual(new Set(['saf-approved']));
    for (const parity of [0, 1]) {
      const own = sold.filter((_, n) => n % 2 === parity).map(({ rrn }) => rrn);
      expect(firstAttempts().filter((rrn) => own.includes(rrn))).toEqual(own);
    }
  });

  test('goes on past one that the bank never answers, which is repeated with its numbers', async () => {
    const sold = await sellOffline(10);
    for (let n = 0; n < 3; n += 1) around.bank.plant('advice', 'drop-answer');
    till.link.setLine(true);
    await around.clock.advance(4 * RESPONSE_MS);
    expect(new Set(states(sold))).toEqual(new Set(['saf-approved']));
    expect(firstAttempts()).toEqual(sold.map(({ rrn }) => rrn));
    expect(flight.left.filter(({ trace }) => trace.attempt > 0).length).toBeGreaterThanOrEqual(1);
    expect(around.bank.book.size).toBe(10);
  });

  test('asks one at a time while the bank is silent', async () => {
    await sellOffline(10);
    for (let n = 0; n < 40; n += 1) around.bank.plant('advice', 'drop-request');
    till.link.setLine(true);
    await around.clock.advance(RESPONSE_MS + 10);
    const first = flight.left.length;
    expect(first).toBeLessThanOrEqual(5);
    await around.clock.advance(3 * RESPONSE_MS);
    expect(flight.left.length - first).toBeLessThanOrEqual(4);
  });
});

test('killed with a window in flight, all of it is unknown and repeated; the bank counts each once', async () => {
  const sold = await sellOffline(10);
  till.link.setLine(true);
  await settled();
  expect(states(sold).filter((state) => state === 'saf-sending')).toHaveLength(4);
  // The messages arrive all the same.
  await around.clock.advance(1);
  till.kill();
  start();
  expect(states(sold).filter((state) => state === 'saf-unknown' || state === 'saf-sending').length).toBeGreaterThan(0);
  await around.clock.advance(60_000);
  expect(new Set(states(sold))).toEqual(new Set(['saf-approved']));
  expect(around.bank.heard.filter(({ trace }) => trace.attempt === 1)).toHaveLength(4);
  expect(around.bank.book.size).toBe(10);
});

test('two parts of one sale that are both refused later are written down one after the other', async () => {
  till.link.setLine(false);
  const { core } = till;
  const sale = core.sales.split(newKey(), money(2_000, 'CNY'), { staff: 'cashier' });
  const parts: Payment[] = [];
  for (const card of [1, 2]) {
    const part = core.charge(newKey(), money(1_000, 'CNY'), { staff: 'cashier' }, sale.id);
    await settled();
    await till.tap(cardOutcome(token(card)));
    await around.clock.advance(10_000);
    parts.push(part);
  }
  expect(states(parts)).toEqual(['saf-accepted', 'saf-accepted']);
  around.bank.plant('advice', 'decline');
  around.bank.plant('advice', 'decline');
  till.link.setLine(true);
  await around.clock.advance(1_000);
  expect(states(parts)).toEqual(['saf-declined', 'saf-declined']);
  const bodies = core.book.db.prepare<[], { body: string }>(
    "SELECT body FROM entry WHERE kind = 'payment' ORDER BY seq",
  );
  const entries = bodies.all().map(({ body }): { event: { type: string }; upTo?: number } => JSON.parse(body));
  expect(entries.filter(({ event }) => event.type === 'due').map(({ upTo }) => upTo)).toEqual([undefined, undefined]);
  expect(till.fatal).toEqual([]);
});

test('a start does not write anything about what only waits', async () => {
  await sellOffline(5);
  till.kill();
  const lines = (): number =>
    Buffer.from(around.storage.read('countertap.journal') ?? [])
      .toString()
      .split('\n').length;
  const before = lines();
  const { clock, storage, bank } = around;
  bank.up = false;
  around = { clock, storage, bank, signed };
  till = openTill(around);
  till.link.setLine(false);
  expect(lines() - before).toBeLessThanOrEqual(1 + 4);
});

test('what is too old ends before anything is sent, however many', async () => {
  const sold = await sellOffline(70);
  await around.clock.advance(23 * 3_600_000);
  await around.clock.advance(2 * 3_600_000);
  expect(new Set(states(sold))).toEqual(new Set(['saf-expired']));
  till.link.setLine(true);
  await around.clock.advance(1_000);
  expect(flight.left).toEqual([]);
  expect(till.core.book.db.prepare('SELECT 1 FROM sealed').get()).toBeUndefined();
});

const act = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 9_000 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('fault' as const),
      fault: fc.constantFrom<Fault>('drop-request', 'drop-answer', 'late-answer', 'delay-request', 'decline'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('line' as const), up: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('kill' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('pause' as const) }) },
);

test('whatever answers come, do not come, or come to a new start: each ends, and has its effect once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 25 }), async (acts) => {
      open();
      const sold = await sellOffline(15, (n) => n % 11);
      const left: BankRequest[] = [];
      till.link.setLine(true);
      for (const one of acts) {
        if (one.do === 'pass') await around.clock.advance(one.ms);
        else if (one.do === 'fault') around.bank.plant('advice', one.fault);
        else if (one.do === 'line') till.link.setLine(one.up);
        else if (one.do === 'pause') till.core.pending.forwarding.pause('owner');
        else {
          till.kill();
          left.push(...flight.left);
          start();
          await settled();
        }
      }
      around.bank.heal();
      till.core.pending.forwarding.resume('owner');
      till.link.setLine(true);
      await around.clock.advance(400_000);
      left.push(...flight.left);
      for (const payment of sold) {
        const { state, rrn } = till.core.payments.get(payment.id);
        const booked = around.bank.book.get(rrn)?.state;
        expect([state, booked]).toEqual(
          booked === 'approved' ? ['saf-approved', booked] : ['saf-declined', 'declined'],
        );
        const attempts = left.filter(({ trace }) => trace.rrn === rrn).map(({ trace }) => trace.attempt);
        expect(attempts).toEqual([...attempts].sort((a, b) => a - b));
      }
      const firsts = [...new Set(left.map(({ trace }) => trace.rrn))];
      for (let card = 0; card < 11; card += 1) {
        const own = sold.filter((_, n) => n % 11 === card).map(({ rrn }) => rrn);
        expect(firsts.filter((rrn) => own.includes(rrn))).toEqual(own);
      }
      expect(around.bank.book.size).toBe(sold.length);
      expect(verifyBook(till.core.book)).toMatchObject({ ok: true });
      till.kill();
    }),
    { numRuns: Number(process.env['QUEUES'] ?? 15), endOnFailure: true },
  );
}, 60_000);
