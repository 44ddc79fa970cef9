import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { money } from '../../contract/money.ts';
import { config as cardConfig, VISA_PAN, visa } from './kernel/test/setting.ts';
import { testCard } from './kernel/test/testcard.ts';
import type { Payment } from './payment/payment.ts';
import { Refused } from './refused.ts';
import { verifyBook } from './reports/verify.ts';
import { openModelBank, RESPONSE_MS } from './test/bank.ts';
import { openManualClock, settled } from './test/clock.ts';
import { openMemoryStorage } from './test/storage.ts';
import {
  cardOutcome,
  makeProfile,
  newKey,
  openTill,
  type Surroundings,
  sellByCard,
  sellByCode,
  sellForCash,
  type Till,
  takeBack,
} from './test/till.ts';

let signed: Surroundings['signed'];
let around: Surroundings;
let till: Till;
const actor = { staff: 'cashier' };
const CODE = '281234567890123456';

beforeAll(async () => {
  signed = await makeProfile();
});

beforeEach(() => {
  around = { clock: openManualClock(), storage: openMemoryStorage(), bank: openModelBank(), signed };
  till = openTill(around);
});

function now(payment: Payment): Payment {
  return till.core.payments.get(payment.id);
}

async function pass(ms: number): Promise<void> {
  await around.clock.advance(ms);
}

/** Killed and started again, on the same folder. */
async function restart(): Promise<void> {
  till.kill();
  till = openTill(around);
  await settled();
}

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof Refused) return error.code;
    throw error;
  }
}

/** The journal's entry of the bank's answer to a payment. */
function answerEvent({ id }: Payment): Record<string, unknown> | undefined {
  const bodies = till.core.book.db
    .prepare<[string], { body: string }>('SELECT body FROM entry WHERE payment = ? ORDER BY seq DESC')
    .all(id);
  const entries = bodies.map(({ body }): { event: Record<string, unknown> } => JSON.parse(body));
  return entries.map(({ event }) => event).find((event) => event['type'] === 'answer');
}

function bankSays(payment: Payment): string | undefined {
  return around.bank.book.get(payment.rrn)?.state;
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

describe('with the line down', () => {
  beforeEach(() => till.link.setLine(false));

  test('a card is accepted offline, and forwarded when the line is back', async () => {
    const sold = await sellByCard(till, 1_280);
    await pass(10);
    expect(now(sold)).toMatchObject({ state: 'saf-accepted', print: 'printed', batch: null });
    expect(till.printer.printed[0]?.text).not.toContain('批准');
    till.link.setLine(true);
    await pass(10);
    expect(now(sold)).toMatchObject({ state: 'saf-approved', batch: 1 });
    expect(till.core.payments.sealed(sold.id)).toBeUndefined();
  });

  test('what the bank refuses afterwards is a loss that is shown', async () => {
    around.bank.plant('advice', 'decline');
    const sold = await sellByCard(till, 1_280);
    till.link.setLine(true);
    await pass(10);
    expect(now(sold).state).toBe('saf-declined');
    const { today } = till.core.settlement.report();
    expect(today.lateDeclined).toEqual({ amount: money(1_280, 'CNY'), count: 1 });
    expect(today.difference).toEqual(money(0, 'CNY'));
    expect(today.attention).toMatchObject([{ code: 'late-decline', payment: sold.id }]);
  });

  test('an advice without an answer is repeated with the same numbers, across restarts (R7)', async () => {
    const sold = await sellByCard(till, 1_280);
    around.bank.plant('advice', 'drop-answer');
    around.bank.plant('advice', 'drop-answer');
    till.link.setLine(true);
    await pass(RESPONSE_MS + 2);
    expect(now(sold).state).toMatch(/^saf-(unknown|sending)$/);
    await restart();
    await pass(60_000);
    expect(now(sold).state).toBe('saf-approved');
    const advices = around.bank.heard.filter(({ type }) => type === 'advice');
    expect(new Set(advices.map(({ trace }) => trace.rrn))).toEqual(new Set([sold.rrn]));
    expect(advices.map(({ trace }) => trace.attempt)).toEqual([0, 1, 2]);
  });

  test('the same card a second time, too much, and a card that may not be deferred are refused', async () => {
    await sellByCard(till, 1_000);
    expect(await sellByCard(till, 1_000)).toMatchObject({ state: 'declined', reason: 'offline-card-seen' });
    const other = cardOutcome('b'.repeat(32));
    expect(await sellByCard(till, 5_001, other)).toMatchObject({ reason: 'offline-over-single' });
    expect(await sellByCard(till, 100, cardOutcome('c'.repeat(32), false))).toMatchObject({
      reason: 'offline-not-deferrable',
    });
  });

  test('after 24 hours what never left is a loss, what may have arrived is not', async () => {
    const kept = await sellByCard(till, 1_000);
    await pass(25 * 3_600_000);
    till.link.setLine(true);
    await pass(10);
    expect(now(kept).state).toBe('saf-expired');
    expect(bankSays(kept)).toBeUndefined();
  });

  test('a wallet code is refused with the reason, and the sale goes on waiting', async () => {
    const opened = await sellByCode(till, 100, CODE);
    expect(opened.state).toBe('opened');
    expect(till.core.counter.now).toMatchObject({ prompt: 'code-refused', reason: 'code-needs-line' });
  });

  test('of one card too often in a row is not deferrable, until the bank has approved it online', async () => {
    const cards = { ...cardConfig.cards, consecutiveOffline: { lower: 2, upper: 2 } };
    const profile = { ...signed.profile, cards };
    till.kill();
    till = openTill({ ...around, storage: openMemoryStorage(), signed: { ...signed, profile } });
    const card = () => ({ ...testCard(visa), kind: 'virtual' as const });
    const read = () => till.core.readCard(card(), money(1_000, 'CNY'), 1, () => undefined);
    const outcome = cardOutcome(till.core.vault.token(VISA_PAN));
    const offlineSale = async () => {
      till.link.setLine(false);
      const sold = await sellByCard(till, 1_000, outcome);
      expect(sold.state).toBe('saf-accepted');
      till.link.setLine(true);
      await pass(10_000);
      expect(now(sold).state).toBe('saf-approved');
    };
    expect(await read()).toMatchObject({ kind: 'online', deferrable: true });
    await offlineSale();
    await sellByCard(till, 1_000, cardOutcome());
    await pass(10_000);
    expect(await read()).toMatchObject({ kind: 'online', deferrable: true });
    await offlineSale();
    expect(await read()).toMatchObject({ kind: 'online', deferrable: false });
    around.bank.plant('purchase', 'decline');
    await sellByCard(till, 1_000, outcome);
    await pass(10_000);
    expect(await read()).toMatchObject({ kind: 'online', deferrable: false });
    await sellByCard(till, 1_000, outcome);
    await pass(10_000);
    expect(await read()).toMatchObject({ kind: 'online', deferrable: true });
  });

  test('an offline sale can be voided while it waits, and never reaches the bank', async () => {
    const sold = await sellByCard(till, 1_000);
    await pass(10);
    takeBack(till, sold);
    till.link.setLine(true);
    await pass(1_000);
    expect(now(sold).state).toBe('saf-voided');
    expect(around.bank.heard).toEqual([]);
    expect(till.core.settlement.report().today.difference).toEqual(money(0, 'CNY'));
  });

  test('a void of what the bank has approved is refused until the line is back', async () => {
    till.link.setLine(true);
    const sold = await sellByCard(till, 1_000);
    await pass(10);
    till.link.setLine(false);
    expect(codeOf(() => takeBack(till, sold))).toBe('bank-offline');
    expect(now(sold).state).toBe('approved');
  });
});

describe('a wallet code', () => {
  test('pays', async () => {
    const sold = await sellByCode(till, 500, CODE);
    await pass(10);
    expect(now(sold)).toMatchObject({ state: 'approved', scheme: 'alipay', tender: 'code' });
  });

  test('is good once', async () => {
    await sellByCode(till, 500, CODE);
    await pass(10_000);
    const again = await sellByCode(till, 500, CODE);
    expect(again.state).toBe('opened');
    expect(till.core.counter.now).toMatchObject({ prompt: 'code-refused', reason: 'code-seen-before' });
    expect(around.bank.heard).toHaveLength(1);
    expect(till.core.scanned('nonsense')).toBe('code-not-recognised');
  });

  test('confirmed after a while on the phone is sold', async () => {
    around.bank.plant('purchase', 'pending');
    const sold = await sellByCode(till, 500, CODE);
    await pass(100);
    expect(now(sold)).toMatchObject({ state: 'querying', reason: 'pending' });
    expect(till.core.counter.now).toMatchObject({ phase: 'asking', confirming: true });
    around.bank.confirm(sold.rrn);
    await pass(6_000);
    expect(now(sold).state).toBe('approved');
  });

  test('never confirmed is cancelled at the bank before anybody is told that it is', async () => {
    around.bank.plant('purchase', 'pending');
    const sold = await sellByCode(till, 500, CODE);
    await pass(60_000);
    expect(now(sold).state).toBe('cancelled');
    expect(bankSays(sold)).toBe('reversed');
    expect(around.bank.heard.filter(({ type }) => type === 'query').length).toBeGreaterThan(2);
  });

  test('killed while it was sent is asked after, not sent again', async () => {
    const sold = await sellByCode(till, 500, CODE);
    await restart();
    await pass(100_000);
    expect(['approved', 'cancelled', 'reversal-due', 'cancel-due']).toContain(now(sold).state);
    await pass(200_000);
    expect(['approved', 'cancelled']).toContain(now(sold).state);
    expect(now(sold).state === 'approved').toBe(bankSays(sold) === 'approved');
  });

  test('without a waiting sale is not taken', () => {
    expect(till.core.scanned(CODE)).toBe('no-code-expected');
  });
});

describe('a void', () => {
  test('takes an approved sale back at the bank and in the books', async () => {
    const sold = await sellByCard(till, 1_280);
    await pass(10);
    const back = takeBack(till, sold);
    expect(now(sold).state).toBe('void-due');
    await pass(10);
    expect(now(back)).toMatchObject({ kind: 'void', state: 'approved', approver: 'owner', original: sold.id });
    expect(now(sold).state).toBe('voided');
    expect(bankSays(sold)).toBe('voided');
    expect(till.core.settlement.report()).toMatchObject({ agreed: true, books: { ledger: { creditCount: 1 } } });
    expect(codeOf(() => takeBack(till, sold))).toBe('payment-not-voidable');
  });

  test('refused by the bank leaves the sale approved', async () => {
    const sold = await sellByCard(till, 1_280);
    await pass(10);
    around.bank.plant('void', 'decline');
    const back = takeBack(till, sold);
    await pass(10);
    expect(now(back).state).toBe('declined');
    expect(now(sold).state).toBe('approved');
  });

  test('without an answer is repeated until there is one, across a restart', async () => {
    const sold = await sellByCard(till, 1_280);
    await pass(10);
    around.bank.plant('void', 'drop-answer');
    const back = takeBack(till, sold);
    await pass(RESPONSE_MS + 10);
    await restart();
    await pass(60_000);
    expect(now(back).state).toBe('approved');
    expect(now(sold).state).toBe('voided');
    expect(till.core.settlement.report().agreed).toBe(true);
  });

  test('of cash opens the drawer twice in all and leaves nothing in the till', async () => {
    const sold = sellForCash(till, 500);
    await pass(10);
    takeBack(till, sold);
    await pass(10);
    expect(now(sold).state).toBe('voided');
    expect(till.printer.kicks).toBe(2);
    expect(till.core.settlement.report().today).toMatchObject({
      cash: { amount: money(0, 'CNY') },
      difference: money(0, 'CNY'),
    });
  });

  test('of cash at once, while the first receipt is still being printed', async () => {
    const print = till.printer.print.bind(till.printer);
    till.printer.print = async (receipt) => {
      await around.clock.sleep(1_000);
      return print(receipt);
    };
    const sold = sellForCash(till, 500);
    await pass(500);
    takeBack(till, sold);
    await pass(5_000);
    expect(till.fatal).toEqual([]);
    expect(now(sold)).toMatchObject({ state: 'voided', print: 'printed' });
    expect(till.printer.printed).toHaveLength(2);
    expect(till.printer.printed[1]?.text, 'the first paper of the void is no duplicate').not.toContain('DUPLICATE');
  });
});

describe('what is refused', () => {
  test.each([
    [money(0, 'CNY'), 'amount-invalid'],
    [money(-1, 'CNY'), 'amount-invalid'],
    [money(100, 'USD'), 'amount-invalid'],
    [{ minor: 0.5, currency: 'CNY' as const }, 'amount-invalid'],
    [{ minor: Number.NaN, currency: 'CNY' as const }, 'amount-invalid'],
    [money(5_000_001, 'CNY'), 'amount-above-limit'],
  ])('%o is %s, and nothing is recorded', (amount, code) => {
    const { seq } = till.core.book.head;
    expect(codeOf(() => till.core.charge(newKey(), amount, actor))).toBe(code);
    expect(codeOf(() => till.core.cash(newKey(), amount, actor))).toBe(code);
    expect(till.core.book.head.seq).toBe(seq);
    expect(till.core.stopped).toBeNull();
  });

  test('the same key with the same body is the same payment, with another one it is refused', async () => {
    const key = newKey();
    const sold = till.core.cash(key, money(500, 'CNY'), actor);
    expect(till.core.cash(key, money(500, 'CNY'), actor).id).toBe(sold.id);
    expect(codeOf(() => till.core.cash(key, money(501, 'CNY'), actor))).toBe('key-reused');
    expect(codeOf(() => till.core.charge(key, money(500, 'CNY'), actor))).toBe('key-reused');
    await restart();
    expect(till.core.cash(key, money(500, 'CNY'), actor).id).toBe(sold.id);
    expect(till.core.payments.recent(10)).toHaveLength(1);
  });

  test('the same void twice with the same key is one void, of a card and of cash', async () => {
    const card = await sellByCard(till, 1_280);
    await pass(10_000);
    const cash = sellForCash(till, 500);
    for (const sold of [card, cash]) {
      await pass(10_000);
      const key = newKey();
      const first = till.core.void(key, sold.id, actor);
      await pass(100);
      expect(till.core.void(key, sold.id, actor).id).toBe(first.id);
    }
  });

  test('a second sale while one is under way', () => {
    till.core.charge(newKey(), money(100, 'CNY'), actor);
    expect(codeOf(() => till.core.charge(newKey(), money(100, 'CNY'), actor))).toBe('payment-under-way');
    expect(codeOf(() => sellForCash(till, 100))).toBe('payment-under-way');
  });

  test('a payment that is not there, or not open', async () => {
    expect(codeOf(() => till.core.cancel(newKey(), actor))).toBe('payment-not-found');
    const sold = sellForCash(till, 100);
    expect(codeOf(() => till.core.cancel(sold.id, actor))).toBe('payment-not-open');
    expect(codeOf(() => till.core.printed(sold.id, true))).toBe('payment-not-printable');
  });

  test('everything, once the store has failed', async () => {
    around.storage.beforeAppend = () => {
      throw new Error('disk full');
    };
    expect(() => sellForCash(till, 100)).toThrow('disk full');
    around.storage.beforeAppend = () => undefined;
    expect(till.core.stopped).toBe('store-failed');
    expect(till.fatal).toHaveLength(1);
    expect(codeOf(() => sellForCash(till, 100))).toBe('store-failed');
    await restart();
    expect(till.core.stopped).toBeNull();
    expect(sellForCash(till, 100).state).toBe('approved');
    expect(verifyBook(till.core.book).ok).toBe(true);
  });
});

describe('paper', () => {
  test('held while there is none, printed when there is', async () => {
    till.printer.setState({ status: 'trouble', trouble: 'paper-end', detail: 'out of paper' });
    const sold = sellForCash(till, 500);
    await pass(10);
    expect(now(sold)).toMatchObject({ state: 'approved', print: 'held' });
    till.printer.setState({ status: 'ready', paper: 'ok', drawerOpen: false });
    await pass(3_000);
    expect(now(sold)).toMatchObject({ print: 'printed', copies: 1 });
    expect(till.printer.printed[0]?.text).not.toContain('DUPLICATE');
  });

  test('that nobody knows of is asked about, and printed again only as a duplicate', async () => {
    const sold = await sellByCard(till, 500);
    till.printer.breakNextJob('no-answer');
    await pass(10);
    expect(now(sold).print).toBe('asked');
    till.printer.setState({ status: 'ready', paper: 'ok', drawerOpen: false });
    till.core.printed(sold.id, false);
    await pass(3_000);
    expect(now(sold).print).toBe('printed');
    expect(till.printer.printed.at(-1)?.text).toContain('DUPLICATE');
  });

  test('under way when the terminal was killed is asked about', async () => {
    till.printer.print = () => new Promise(() => undefined);
    const sold = sellForCash(till, 500);
    await pass(10);
    expect(now(sold).print).toBe('printing');
    await restart();
    expect(now(sold).print).toBe('asked');
  });

  test('a second time says DUPLICATE, whatever the language', async () => {
    const sold = sellForCash(till, 500);
    await pass(10);
    till.core.reprint(sold.id);
    await pass(10);
    expect(till.printer.printed.map(({ text }) => /重印 DUPLICATE/.test(text))).toEqual([false, true]);
    expect(now(sold).copies).toBe(2);
  });

  test('of a declined payment there is none', async () => {
    around.bank.plant('purchase', 'decline');
    const sold = await sellByCard(till, 100);
    await pass(10);
    expect(codeOf(() => till.core.reprint(sold.id))).toBe('payment-not-printable');
  });
});

describe('the database deleted', () => {
  test('comes back from the journal; what waited offline cannot be sent any more and is shown as a loss', async () => {
    const paid = await sellByCard(till, 700);
    await pass(10);
    till.link.setLine(false);
    const waiting = await sellByCard(till, 1_280, cardOutcome('e'.repeat(32)));
    await pass(10);
    till.kill();
    around.storage.dropDatabase();
    till = openTill(around);
    await pass(60_000);
    expect(till.fatal).toEqual([]);
    expect(now(paid)).toMatchObject({ state: 'approved', amount: money(700, 'CNY') });
    expect(now(waiting).state).toBe('saf-expired');
    expect(bankSays(waiting)).toBeUndefined();
    expect(till.core.settlement.report().today.difference).toEqual(money(0, 'CNY'));
    expect(verifyBook(till.core.book).ok).toBe(true);
  });

  test('what was sent once and not answered stays unknown: nobody can say how it ended', async () => {
    till.link.setLine(false);
    const sent = await sellByCard(till, 1_280);
    around.bank.plant('advice', 'drop-answer');
    till.link.setLine(true);
    await pass(100);
    expect(now(sent).state).toBe('saf-sending');
    till.kill();
    around.storage.dropDatabase();
    till = openTill(around);
    await pass(90_000_000);
    expect(till.fatal).toEqual([]);
    expect(now(sent).state).toBe('saf-unknown');
  });
});

describe('the close of a day', () => {
  async function close(key = newKey()): Promise<{ agreed: boolean; number: number | null; batch: number }> {
    const steps = till.core.settlement.close(key);
    for (;;) {
      const next = steps.next();
      await pass(RESPONSE_MS + 10);
      const { value, done } = await next;
      if (done) throw new Error('the close ended without a report');
      if (value.step === 'done') return value.report;
    }
  }

  test('agrees with the bank, settles what was sold and opens the next batch', async () => {
    const sold = await sellByCard(till, 1_280);
    await pass(10);
    takeBack(till, await sellAndWait(500));
    await pass(10);
    expect(await close()).toMatchObject({ kind: 'Z', number: 1, batch: 1, agreed: true });
    expect(now(sold).state).toBe('settled');
    expect(codeOf(() => takeBack(till, sold))).toBe('payment-not-voidable');
    const next = await sellAndWait(700);
    expect(next.batch).toBe(2);
    expect(await close()).toMatchObject({ number: 2, batch: 2, agreed: true });
    expect(till.core.settlement.reports(10).map(({ number }) => number)).toEqual([2, 1]);
    expect(verifyBook(till.core.book).ok).toBe(true);
  });

  async function sellAndWait(minor: number): Promise<Payment> {
    const sold = await sellByCard(till, minor, cardOutcome(String(minor).padStart(32, '0')));
    await pass(100);
    return now(sold);
  }

  test('is refused while a payment is open', async () => {
    await sellAndWait(100);
    around.bank.plant('purchase', 'pending');
    for (let n = 0; n < 40; n += 1) around.bank.plant('query', 'drop-answer');
    await sellByCode(till, 500, CODE);
    around.bank.up = false;
    const steps = till.core.settlement.close();
    await steps.next();
    const counting = steps.next();
    const refused = expect(counting).rejects.toMatchObject({
      code: expect.stringMatching(/day-has-open-payments|bank/),
    });
    await pass(20_000);
    await pass(60_000);
    await refused.catch(() => undefined);
    expect(till.core.settlement.report().batch).toBe(1);
  });

  test('is refused without the line', async () => {
    till.link.setLine(false);
    await expect(till.core.settlement.close().next()).rejects.toMatchObject({ code: 'bank-offline' });
  });

  test('does not freeze a payment that began after it had looked', async () => {
    await sellAndWait(100);
    const steps = till.core.settlement.close();
    expect((await steps.next()).value).toMatchObject({ step: 'deliver' });
    expect((await steps.next()).value).toMatchObject({ step: 'count' });
    await sellByCard(till, 200, cardOutcome('d'.repeat(32)));
    await expect(steps.next()).rejects.toMatchObject({ code: 'day-has-open-payments' });
    await pass(100);
    expect(await close()).toMatchObject({ agreed: true, batch: 1 });
  });

  test('whose answer was lost goes on with the same numbers (B5)', async () => {
    await sellAndWait(100);
    around.bank.plant('reconciliation', 'drop-answer');
    await expect(close()).rejects.toMatchObject({ code: 'bank-offline' });
    await restart();
    expect(await close()).toMatchObject({ batch: 1, agreed: true, number: 1 });
    const asked = around.bank.heard.filter(({ type }) => type === 'reconciliation');
    expect(new Set(asked.map(({ trace }) => trace.rrn)).size).toBe(1);
    expect(asked.map(({ trace }) => trace.attempt)).toEqual([0, 1]);
  });

  test('asked for twice with the same key, at once and afterwards, closes one batch', async () => {
    await sellAndWait(100);
    const key = newKey();
    const ends = await Promise.all([close(key), close(key)]);
    ends.push(await close(key));
    expect(ends.map(({ number, batch }) => [number, batch])).toEqual([1, 2, 3].map(() => [1, 1]));
    expect(till.core.settlement.reports(10)).toHaveLength(1);
  });
});
