import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { readOnce, runTest } from '../../main/core/devices/test.ts';
import { readTag } from '../../main/core/kernel/ndef/tag.ts';
import { TestCounter, until } from './counter.ts';

let counter: TestCounter;
beforeAll(async () => {
  counter = await TestCounter.open();
}, 60_000);
afterEach(() => counter.cancel());
afterAll(() => counter?.close());

/** What the bank wrote down of the payment. */
async function booked(stan: number) {
  const { payments } = await counter.simulators.control.book();
  return payments.filter((payment) => payment.stan === stan);
}

describe('the bank’s own wallet', () => {
  test.each(['wallet', 'wallet-p256', 'wallet-locked'])('%s pays online', async (card) => {
    const payment = await counter.sell(1280, card);
    expect(payment).toMatchObject({ state: 'approved', scheme: 'wallet', tender: 'contactless', label: 'Bank Wallet' });
    expect(payment.maskedPan).toMatch(/^990000\*{6}\d{4}$/);
    expect(await booked(payment.stan)).toMatchObject([
      { mti: '0200', amount: 1280, state: 'approved', maskedPan: payment.maskedPan },
    ]);
  });

  test('verifies its owner from the limit on', async () => {
    expect(await counter.sell(100_000, 'wallet#5')).toMatchObject({ state: 'approved', cvm: 'cdcvm' });
    expect(await counter.sell(99_900, 'wallet#5')).toMatchObject({ state: 'approved', cvm: 'none' });
  });

  test('is taken offline, forwarded when the line is back, and believed by the bank', async () => {
    await counter.line(false);
    const taken = [await counter.sell(1500, 'wallet#1'), await counter.sell(1600, 'wallet-p256#1')];
    for (const payment of taken) expect(payment).toMatchObject({ state: 'saf-accepted', oda: 'token passed' });
    expect(await counter.sell(1700, 'wallet#1')).toMatchObject({ state: 'declined', reason: 'offline-card-seen' });
    await counter.line(true);
    for (const { id, stan, amount } of taken) {
      await until('forwarded', () => counter.core.payments.get(id).state === 'saf-approved');
      expect(await booked(stan)).toMatchObject([{ mti: '0220', amount: amount.minor, state: 'approved' }]);
    }
  });

  test('with a counter that stands still pays once, also after a restart', async () => {
    expect((await counter.sell(1280, 'wallet-stuck')).state).toBe('approved');
    expect(await counter.sell(1280, 'wallet-stuck')).toMatchObject({ state: 'declined', reason: 'oda-failed' });
    await counter.restart();
    expect(await counter.sell(1280, 'wallet-stuck')).toMatchObject({ state: 'declined', reason: 'oda-failed' });
  });

  test.each([
    ['wallet-foreign', 'oda-failed'],
    ['wallet-unknown', 'oda-failed'],
    ['wallet-bad-signature', 'oda-failed'],
    ['wallet-expired', 'card-expired'],
    ['wallet-dollars', 'terminal-declined'],
  ])('%s is declined, and the bank hears nothing of it', async (card, reason) => {
    const payment = await counter.sell(1280, card);
    expect(payment).toMatchObject({ state: 'declined', reason });
    expect(await booked(payment.stan)).toEqual([]);
  });

  test.each([
    ['wallet-small', 'amount-above-limit'],
    ['wallet-old-token', 'card-data-invalid'],
  ])('%s is not taken, and something else may be held out', async (card, reason) => {
    const payment = await counter.sell(1280, card);
    expect(counter.core.counter.now).toMatchObject({ phase: 'waiting', prompt: 'card-refused', reason });
    await counter.tap(payment.id, 'wallet#9');
    await until('approved', () => counter.core.payments.get(payment.id).state === 'approved');
  });
});

describe('Mastercard', () => {
  test.each(['mastercard-ok', 'mastercard-pdol'])('%s pays, with a cryptogram that its issuer knows', async (card) => {
    const payment = await counter.sell(1280, card);
    expect(payment).toMatchObject({ state: 'approved', scheme: 'mastercard', oda: 'cda passed' });
    expect(await booked(payment.stan)).toMatchObject([{ state: 'approved', cryptogram: 'right' }]);
  });
});

test('a Mastercard torn away at its cryptogram is tapped again, and pays once', async () => {
  const payment = await counter.sell(1280, 'mastercard-torn');
  expect(counter.core.counter.now).toMatchObject({ phase: 'waiting', prompt: 'tap-again-torn' });
  await counter.tap(payment.id, 'mastercard-torn');
  await until('approved', () => counter.core.payments.get(payment.id).state === 'approved');
  expect(await booked(payment.stan)).toMatchObject([{ state: 'approved', cryptogram: 'right' }]);
});

describe('a card with two applications', () => {
  const CREDIT = 'A000000333010102';

  test('pays with the one that its holder chooses, at a second tap', async () => {
    const { id, stan } = await counter.sell(1280, 'two-applications');
    const { now } = counter.core.counter;
    expect(now).toMatchObject({
      phase: 'choosing',
      choices: [
        { aid: 'A000000333010101', label: 'UnionPay Debit' },
        { aid: CREDIT, label: 'UnionPay Credit' },
      ],
    });
    expect(counter.core.counter.choose(id, CREDIT)).toBe(true);
    await until('asked for again', () => counter.core.counter.waiting === id);
    await counter.tap(id, 'two-applications');
    await until('approved', () => counter.core.payments.get(id).state === 'approved');
    expect(counter.core.payments.get(id)).toMatchObject({ aid: CREDIT, label: 'UnionPay Credit' });
    expect(await booked(stan)).toMatchObject([{ state: 'approved', cryptogram: 'right' }]);
  });

  test('pays nothing when none is chosen, and another card pays instead', async () => {
    const { id } = await counter.sell(1290, 'two-applications');
    expect(counter.core.counter.choose(id, null)).toBe(true);
    await until('told', () => counter.core.counter.waiting === id);
    expect(counter.core.counter.now).toMatchObject({ prompt: 'card-refused', reason: 'nothing-chosen' });
    await counter.tap(id, 'unionpay-ok');
    await until('approved', () => counter.core.payments.get(id).state === 'approved');
  });

  test('is read by the technician as its first one, with the others named', async () => {
    const { core, simulators, reader } = counter;
    const read = readOnce(core, 5_000);
    const left = simulators.control.ask('tap', { card: 'two-applications', reader });
    expect(await read).toMatchObject({
      outcome: { kind: 'online', card: { aid: 'A000000333010101' } },
      choices: [{ label: 'UnionPay Debit' }, { label: 'UnionPay Credit' }],
    });
    await left;
  });
});

test('a member’s tag and a coupon are shown beside the sale, and the wallet pays it', async () => {
  const { id, stan } = await counter.sell(1290, 'member');
  const shown = () => counter.core.counter.now;
  expect(shown()).toMatchObject({ prompt: 'member-read', tag: { kind: 'member', id: 'M-0012345' } });
  await counter.tap(id, 'coupon');
  expect(shown()).toMatchObject({ prompt: 'coupon-read', tag: { kind: 'coupon', id: 'TEN-OFF-7' } });
  await counter.tap(id, 'tag-hostile');
  expect(shown()).toMatchObject({ prompt: 'card-refused', reason: 'not-a-payment-card' });
  await counter.tap(id, 'wallet#30');
  await until('approved', () => counter.core.payments.get(id).state === 'approved');
  expect(await booked(stan)).toMatchObject([{ amount: 1290, state: 'approved', scheme: 'wallet' }]);
});

test('a member tag is read on the counter’s reader', async () => {
  const { core, simulators, reader } = counter;
  const found = core.world.devices.readers.nextCard(AbortSignal.timeout(5_000));
  const left = simulators.control.ask('tap', { card: 'member', reader });
  const card = await found;
  if (!card) throw new Error('no tag was found');
  const outcome = await readTag(card, core.world.clock, { exchangeMs: 1_000, dialogueMs: 5_000 });
  card.release();
  expect(outcome).toMatchObject({
    kind: 'tag',
    type: 'type-2',
    records: [
      { kind: 'member', id: 'M-0012345' },
      { kind: 'text', language: 'zh', text: '会员 王小明' },
    ],
  });
  await left;
});

test.each([
  ['member', 'NDEF type-2 · member M-0012345 · 会员 王小明'],
  ['coupon', 'NDEF type-4 · coupon TEN-OFF-7 · https://shop.example/coupon'],
  ['tag-hostile', 'NDEF type-2 · LATOT 0.01[2J · javascript:alert(1)'],
])('the technician’s test tap shows what stands on the tag %s', async (card, text) => {
  const { core, simulators, reader } = counter;
  const tested = runTest(core, 'tap');
  const left = simulators.control.ask('tap', { card, reader });
  expect(await tested).toEqual({ ok: true, code: 'tap-tag', values: { text } });
  await left;
});

test.each([
  ['tag-chunked', { ok: false, code: 'tap-refused' }],
  ['transit', { ok: false, code: 'tap-refused' }],
  [
    'wallet#11',
    { ok: true, code: 'tap-read', card: { scheme: 'wallet', kernel: 0, oda: { method: 'token', result: 'passed' } } },
  ],
])('and of %s what it is', async (card, expected) => {
  const { core, simulators, reader } = counter;
  const tested = runTest(core, 'tap');
  const left = simulators.control.ask('tap', { card, reader });
  expect(await tested).toMatchObject(expected);
  await left;
});
