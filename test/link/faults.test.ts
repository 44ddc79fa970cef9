import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { money } from '../../contract/money.ts';
import type { BankAnswer, Trace } from '../../main/core/bank/link.ts';
import { about, openPlace, type Place } from './place.ts';

/**
 * Every fault that the bank can be told, against the real links: what the terminal believes of it, what the bank has in its
 * book, and that a reversal afterwards makes both agree.
 */

/** Longest time for an answer in these tests. */
const RESPONSE_MS = 500;
const timers = { responseMs: RESPONSE_MS, reconnectMs: [20] };
const cny = (minor: number) => money(minor, 'CNY');
const counted = (debitCount: number, debit: number) => ({
  debitCount,
  debit: cny(debit),
  creditCount: 0,
  credit: cny(0),
});

describe.each([
  { name: 'iso8583', terms: { timers } },
  { name: 'https', terms: { timers, link: 'https' } },
])('over $name', ({ name, terms }) => {
  let place: Place;

  beforeEach(async () => {
    place = await openPlace(terms);
  });

  afterEach(() => place.close());

  const online = () => expect.poll(() => place.link.state.status, { timeout: 10_000 }).toBe('online');
  const states = async () => (await place.book()).payments.map(({ state }) => state);

  /** Takes a payment back until the bank has answered. */
  async function takeBack(own: Trace, minor: number): Promise<BankAnswer> {
    for (let attempt = 0; ; attempt++) {
      await online();
      const answer = await place.send({
        type: 'reversal',
        trace: { ...own, attempt },
        amount: cny(minor),
        original: about(own),
        reason: 'no-answer',
      });
      if ((answer.kind !== 'no-answer' && answer.kind !== 'not-sent') || attempt > 20) return answer;
    }
  }

  /** What is not an answer, whether the bank carried it out, and what is left after the reversal. */
  test.each([
    ['drop-request', {}, false],
    ['drop-answer', {}, true],
    ['delay', { ms: 1200 }, true],
    ['delay-request', { ms: 1200 }, false],
    ['wrong-mac', {}, true],
    ['wrong-amount', {}, true],
    ['foreign-stan', {}, true],
    ['late-success', { ms: 1200 }, true],
    ['half-open', {}, false],
    ['reset', {}, true],
    ['garbage', {}, true],
  ] as const)('%s: unknown, never declined, and taken back', async (fault, more, executed) => {
    await place.rule({ on: '0200', do: fault, ...more });
    const [own, answer] = await place.buy(1280);
    expect(answer.kind).toBe('no-answer');
    expect(await states()).toEqual(executed ? ['approved'] : []);
    const back = await takeBack(own, 1280);
    expect(back).toMatchObject(executed ? { kind: 'approved' } : { kind: 'not-found' });
    if (fault === 'delay-request') {
      // The bank carries it out after all, as R6 expects of a message that was long on its way.
      await expect.poll(states, { timeout: 10_000 }).toEqual(['approved']);
      expect((await takeBack(own, 1280)).kind).toBe('approved');
    }
    expect((await states()).filter((state) => state === 'approved')).toEqual([]);
    await online();
    expect((await place.buy(500))[1]).toMatchObject({ kind: 'approved' });
  });

  test('duplicate: believed once', async () => {
    await place.rule({ on: '0200', do: 'duplicate' });
    expect((await place.buy(1280))[1]).toMatchObject({ kind: 'approved' });
    await online();
    const [own, next] = await place.buy(500);
    // Over HTTPS the second answer may reach the next request on that connection: it is not its answer, and so is none.
    if (name === 'https' && next.kind === 'no-answer') expect((await takeBack(own, 500)).kind).toBe('approved');
    else expect(next.kind).toBe('approved');
    expect((await states()).filter((state) => state === 'approved')).toHaveLength(next.kind === 'approved' ? 2 : 1);
    if (name === 'iso8583') expect(place.link.counters).toMatchObject({ late: 1, dropped: 0 });
  });

  test('reorder: each answer goes to its own request', async () => {
    await place.rule({ on: '0200', do: 'reorder', ms: 100 });
    const [[first, held], [second, straight]] = await Promise.all([place.buy(1280), place.buy(500)]);
    expect([held.kind, straight.kind]).toEqual(['approved', 'approved']);
    expect(first.stan).not.toBe(second.stan);
    expect(place.link.counters).toMatchObject({ dropped: 0, late: 0 });
  });

  test('late-success: the approval that comes after the reversal changes nothing', async () => {
    await place.rule({ on: '0200', do: 'late-success', ms: 1000 });
    const late: unknown[] = [];
    place.link.onLate((one) => late.push(one));
    const [own] = await place.buy(1280);
    expect((await takeBack(own, 1280)).kind).toBe('approved');
    if (name === 'iso8583') await expect.poll(() => late).toEqual([{ stan: own.stan, rrn: own.rrn, code: '00' }]);
    expect(await states()).toEqual(['reversed']);
  });

  test('wrong-totals: the batch is not closed, and is once they are right', async () => {
    await place.buy(1280);
    await place.rule({ on: '0500', do: 'wrong-totals' });
    const ask = () => place.send({ type: 'reconciliation', trace: place.trace(), totals: counted(1, 1280) });
    expect(await ask()).toMatchObject({ kind: 'declined', code: '95', hostTotals: { debitCount: 2 } });
    expect((await place.book()).closed).toEqual([]);
    expect(await ask()).toMatchObject({ kind: 'approved' });
    expect((await place.book()).closed).toEqual([1]);
  });

  test('decline: declined, with the code', async () => {
    await place.rule({ on: '0200', do: 'decline', code: '51' });
    expect((await place.buy(1280))[1]).toEqual({ kind: 'declined', code: '51' });
  });
});
