import { describe, expect, test } from 'vitest';
import { money } from '../../../contract/money.ts';
import { RESPONSE_MS } from '../test/bank.ts';
import { settled } from '../test/clock.ts';
import { around, bankSays, now, pass, restart, till } from '../test/counter.ts';
import { cardOutcome, newKey, sellByCard } from '../test/till.ts';
import type { Payment } from './payment.ts';

const actor = { staff: 'cashier' };

/** The journal's entry of the bank's answer to a payment. */
function answerEvent({ id }: Payment): Record<string, unknown> | undefined {
  const bodies = till.core.book.db
    .prepare<[string], { body: string }>('SELECT body FROM entry WHERE payment = ? ORDER BY seq DESC')
    .all(id);
  const entries = bodies.map(({ body }): { event: Record<string, unknown> } => JSON.parse(body));
  return entries.map(({ event }) => event).find((event) => event['type'] === 'answer');
}

describe('a sale by card', () => {
  test('is approved, posted once, shown and printed', async () => {
    const sold = await sellByCard(till, 1_280);
    expect(sold.state).toBe('sending');
    expect(till.core.counter.now.phase).toBe('asking');
    await pass(10);
    expect(now(sold)).toMatchObject({ state: 'approved', batch: 1, print: 'printed', copies: 1 });
    expect(till.core.counter.now).toMatchObject({ phase: 'result', outcome: 'approved' });
    expect(till.core.settlement.report().today).toMatchObject({ sold: { amount: money(1_280, 'CNY'), count: 1 } });
    expect(till.printer.printed).toHaveLength(1);
    expect(till.core.payments.sealed(sold.id)).toBeUndefined();
    await pass(6_000);
    expect(till.core.counter.now.phase).toBe('idle');
  });

  test('refused by the bank moves no money and prints nothing', async () => {
    around.bank.plant('purchase', 'decline');
    const sold = await sellByCard(till, 1_280);
    await pass(10);
    expect(now(sold)).toMatchObject({ state: 'declined', reason: 'bank-05', print: 'none' });
    expect(till.core.settlement.report().today.sold.count).toBe(0);
  });

  test.each(['drop-request', 'drop-answer', 'late-answer'] as const)(
    'without an answer (%s) is taken back, and nobody was charged',
    async (fault) => {
      around.bank.plant('purchase', fault);
      const sold = await sellByCard(till, 1_280);
      await pass(RESPONSE_MS + 1);
      expect(now(sold).state).toBe('reversal-due');
      expect(till.core.counter.now).toMatchObject({ outcome: 'cancelling' });
      await pass(200_000);
      expect(now(sold).state).toBe('reversed');
      expect(bankSays(sold)).toBe(fault === 'drop-request' ? undefined : 'reversed');
      expect(till.core.settlement.report().today.sold.count).toBe(0);
    },
  );

  test('delayed longer than its first reversal is still taken back (R6)', async () => {
    around.bank.plant('purchase', 'delay-request');
    const sold = await sellByCard(till, 1_280);
    await pass(30_000);
    expect(now(sold)).toMatchObject({ state: 'reversal-due' });
    expect(now(sold).notFoundAt).not.toBeNull();
    await pass(40_000);
    expect(bankSays(sold)).toBe('reversed');
    expect(now(sold).state).toBe('reversed');
  });

  test('killed while it was sent becomes unknown, is never sent again, and is taken back (I8)', async () => {
    const sold = await sellByCard(till, 1_280);
    await restart();
    expect(now(sold).state).toMatch(/^(unknown|reversal-due)$/);
    await pass(200_000);
    expect(now(sold).state).toBe('reversed');
    expect(around.bank.heard.filter(({ type }) => type === 'purchase').length).toBeLessThanOrEqual(1);
    expect(bankSays(sold) ?? 'reversed').toBe('reversed');
  });

  test('a second one waits until the first has been tried to be taken back (I10)', async () => {
    around.bank.plant('purchase', 'drop-answer');
    await sellByCard(till, 1_000);
    till.link.setLine(true);
    await pass(RESPONSE_MS + 1);
    await sellByCard(till, 2_000, cardOutcome('b'.repeat(32)));
    await pass(5_000);
    const types = around.bank.heard.map(({ type }) => type);
    expect(types).toEqual(['purchase', 'reversal', 'purchase']);
  });

  test('waits for one card only while two lie on the reader, and takes a card that comes alone', async () => {
    const card = { atr: Uint8Array.of(0x3b, 0x80, 0x80, 0x01, 0x01), answer: () => undefined };
    const lying = [till.readers.put(card), till.readers.put(card)];
    const opened = till.core.charge(newKey(), money(100, 'CNY'), actor);
    expect(till.core.counter.now).toMatchObject({ phase: 'waiting', prompt: 'one-card-only', reason: null });
    for (const one of lying) one.remove();
    await settled();
    expect(till.core.counter.now).toMatchObject({ phase: 'waiting', prompt: 'tap-again-torn' });

    const first = till.readers.put(card);
    const second = till.readers.put(card);
    await settled();
    expect(till.core.counter.now).toMatchObject({ phase: 'waiting', prompt: 'one-card-only' });
    second.remove();
    expect(till.core.counter.now).toMatchObject({ phase: 'waiting', prompt: 'present' });
    first.remove();
    till.core.scanned('no code of ours');
    expect(till.core.counter.now).toMatchObject({ prompt: 'code-refused', reason: 'code-not-recognised' });

    await till.tap(cardOutcome());
    await pass(10);
    expect(now(opened).state).toBe('approved');
    expect(till.shown.some((shown) => shown.phase === 'asking')).toBe(true);
    expect(around.bank.heard.filter(({ type }) => type === 'purchase')).toHaveLength(1);
  });

  describe('that leaves it to its holder which application pays', () => {
    const choices = [
      { aid: 'A000000333010101', label: 'DEBIT' },
      { aid: 'A000000333010102', label: 'CREDIT' },
    ];
    const asked = async (): Promise<Payment> => {
      const opened = till.core.charge(newKey(), money(1_280, 'CNY'), actor);
      await till.tap({ kind: 'choose', choices });
      expect(till.core.counter.now).toMatchObject({ phase: 'choosing', payment: opened.id, choices });
      return opened;
    };

    test('is asked for, and the next tap is read for the one chosen', async () => {
      const opened = await asked();
      const { counter } = till.core;
      expect(counter.busy).toBe(true);
      expect(counter.choose(opened.id, 'A0000000031010')).toBe(false);
      expect(counter.choose(newKey(), choices[1]?.aid ?? '')).toBe(false);
      expect(counter.choose(opened.id, choices[1]?.aid ?? '')).toBe(true);
      await settled();
      expect(counter.now).toMatchObject({ phase: 'waiting', prompt: 'tap-again-chosen' });
      await till.tap({ kind: 'tap-again', reason: 'torn' });
      expect(counter.now).toMatchObject({ phase: 'waiting', prompt: 'tap-again-torn' });
      await till.tap(cardOutcome());
      await pass(10);
      expect(now(opened).state).toBe('approved');
      expect(till.chosen).toEqual([undefined, choices[1]?.aid, choices[1]?.aid]);
      expect(counter.choose(opened.id, choices[1]?.aid ?? '')).toBe(false);
    });

    test('and holds none of them, or lets the time go by, may hold out something else', async () => {
      for (const answer of ['none', 'silence'] as const) {
        const opened = await asked();
        if (answer === 'none') till.core.counter.choose(opened.id, null);
        else await pass(30_000);
        await settled();
        expect(till.core.counter.now).toMatchObject({ prompt: 'card-refused', reason: 'nothing-chosen' });
        await till.tap(cardOutcome(answer.padEnd(32)));
        await pass(10_000);
        expect(now(opened).state).toBe('approved');
        expect(till.chosen.at(-1)).toBeUndefined();
      }
    });

    test('and is not the card that comes then, is forgotten with it', async () => {
      const opened = await asked();
      till.core.counter.choose(opened.id, choices[0]?.aid ?? '');
      await settled();
      await till.tap({ kind: 'refused', reason: 'no-supported-application', detail: '' });
      await till.tap(cardOutcome());
      expect(till.chosen).toEqual([undefined, choices[0]?.aid, undefined]);
    });

    test('is cancelled like any payment for which nothing was sent', async () => {
      const opened = await asked();
      till.core.cancel(opened.id, actor);
      await settled();
      expect(now(opened).state).toBe('abandoned');
      expect(till.core.counter.now.phase).toBe('idle');
      await till.tap(cardOutcome());
      expect(around.bank.heard).toEqual([]);
    });
  });

  test('shows a member’s or coupon’s tag and goes on waiting; another tag is no card', async () => {
    const opened = till.core.charge(newKey(), money(1_280, 'CNY'), actor);
    const { counter } = till.core;
    for (const kind of ['member', 'coupon'] as const) {
      await till.tap({
        kind: 'tag',
        type: 'type-2',
        records: [
          { kind: 'uri', uri: 'x:' },
          { kind, id: 'M-0012' },
        ],
      });
      expect(counter.now).toMatchObject({ phase: 'waiting', prompt: `${kind}-read`, tag: { kind, id: 'M-0012' } });
    }
    await till.tap({ kind: 'tag', type: 'type-4', records: [{ kind: 'uri', uri: 'x:' }] });
    expect(counter.now).toMatchObject({ phase: 'waiting', prompt: 'card-refused', reason: 'not-a-payment-card' });
    await till.tap(cardOutcome());
    await pass(10);
    expect(now(opened).state).toBe('approved');
  });

  test.each([
    ['910A112233445566778830308A02303072098607842400000203AA71109F1804000000018607842400000203AA', 2],
    ['8A023030', 0],
    ['7205', 'unreadable'],
    [undefined, undefined],
  ])(
    'with issuer data %s has its scripts counted in the journal, and nothing else comes of them',
    async (data, scripts) => {
      around.bank.issuerData = data;
      const sold = await sellByCard(till, 1_280);
      await pass(10);
      expect(now(sold).state).toBe('approved');
      expect(answerEvent(sold)).toMatchObject({ type: 'answer', answer: 'approved', code: '00' });
      expect(answerEvent(sold)?.['scripts']).toBe(scripts);
      around.bank.plant('purchase', 'decline');
      const refused = await sellByCard(till, 1_290);
      await pass(10);
      expect(now(refused).state).toBe('declined');
      expect(answerEvent(refused)?.['scripts']).toBe(scripts);
    },
  );

  test('cancelled before a card came is abandoned, and a card comes too late', async () => {
    const opened = till.core.charge(newKey(), money(100, 'CNY'), actor);
    till.core.cancel(opened.id, actor);
    await till.tap(cardOutcome());
    await pass(10);
    expect(now(opened).state).toBe('abandoned');
    expect(around.bank.heard).toEqual([]);
  });

  test.each([
    [
      { kind: 'tap-again', reason: 'torn' },
      { prompt: 'tap-again-torn', reason: null },
    ],
    [
      { kind: 'tap-again', reason: 'see-phone' },
      { prompt: 'see-phone', reason: null },
    ],
    [
      { kind: 'refused', reason: 'not-a-payment-card', detail: '' },
      { prompt: 'card-refused', reason: 'not-a-payment-card' },
    ],
  ] as const)('goes on waiting after %o', async (outcome, prompt) => {
    const opened = await sellByCard(till, 100, outcome);
    expect(now(opened).state).toBe('opened');
    expect(till.core.counter.now).toMatchObject({ phase: 'waiting', ...prompt });
    await till.tap(cardOutcome());
    await pass(10);
    expect(now(opened).state).toBe('approved');
  });
});
