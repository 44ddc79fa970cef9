import { afterEach, describe, expect, test, vi } from 'vitest';
import { money } from '../../../contract/money.ts';
import { verifyBook } from '../reports/verify.ts';
import { RESPONSE_MS } from '../test/bank.ts';
import { around, bankSays, codeOf, now, pass, restart, till } from '../test/counter.ts';
import { newKey, sellByCard, sellForCash } from '../test/till.ts';
import { asDrawn } from './drawn.ts';
import type { Facts, PaymentEvent } from './event.ts';
import type { Payment } from './payment.ts';
import { asPlaced, asStored, NotStored, OutOfOrder } from './stored.ts';
import { facts, NOW, payment, rules } from './test/given.ts';
import { intent, type Next, outcome, type Step, UndrawnTransition } from './transition.ts';

/** What stands in the place of a purchase's or a taking back's step while a test has written one by hand. */
const byHand = vi.hoisted((): { step: ((payment: unknown, event: unknown) => unknown) | undefined } => ({
  step: undefined,
}));

vi.mock('./purchase.ts', async (real) => {
  const module = await real<typeof import('./purchase.ts')>();
  const stepPurchase: typeof module.stepPurchase = (one, event, ...rest) =>
    (byHand.step?.(one, event) as Step | undefined) ?? module.stepPurchase(one, event, ...rest);
  return { ...module, stepPurchase };
});

afterEach(() => {
  byHand.step = undefined;
});

const sending = payment({ state: 'sending', tender: 'contactless', batch: 3, attempt: 1, sentAt: NOW });
const silence: PaymentEvent = { type: 'answer', to: 'purchase', answer: { kind: 'no-answer' } };
const sale = (minor: number, of = sending.id): Next['transfers'] => [
  { payment: of, debit: 'receivable:visa', credit: 'sales', amount: money(minor, 'CNY'), day: '2026-10-01', batch: 3 },
];
const approved = { state: 'approved', print: 'queued' } as const;
const print = [{ type: 'print' }] as const;

describe('a step that is not drawn is never taken', () => {
  const whole = sending.amount.minor;
  const wrong: readonly (readonly [what: string, from: Payment, taken: Next])[] = [
    ['a state that does not follow', sending, { ...outcome({ state: 'settled' }), shred: true }],
    ['an end that is left again', { ...sending, state: 'reversed' }, outcome(approved, print, sale(whole))],
    ['a late approval', { ...sending, state: 'reversal-due' }, outcome(approved, print, sale(whole))],
    ['an approval that is not posted', sending, { ...outcome(approved, print), shred: true }],
    ['one posted twice', sending, { ...outcome(approved, print, [...sale(whole), ...sale(whole)]), shred: true }],
    ['one of another amount', sending, { ...outcome(approved, print, sale(whole + 1)), shred: true }],
    ['one of another payment', sending, { ...outcome(approved, print, sale(whole, 'other')), shred: true }],
    ['a decline that moves money', sending, { ...outcome({ state: 'declined' }, [], sale(whole)), shred: true }],
    ['money without a change', { ...sending, state: 'reversal-due' }, outcome({}, [], sale(whole))],
    ['a message before its intent', sending, outcome({}, [{ type: 'exchange', exchange: 'reversal' }])],
    ['paper that was not queued', sending, { ...outcome({ state: 'approved' }, print, sale(whole)), shred: true }],
    ['card data that stays', sending, outcome(approved, print, sale(whole))],
  ];

  test.each(wrong)('%s', (_what, from, taken) => {
    expect(() => asDrawn(from, silence, taken, facts, rules)).toThrow(UndrawnTransition);
  });

  const card: PaymentEvent = { type: 'card', decision: 'online', deferrable: false, reason: null, card: null };
  const notFound: PaymentEvent = { type: 'answer', to: 'reversal', answer: { kind: 'not-found', code: '25' } };
  const due = { ...sending, state: 'reversal-due' } as const;
  const early = { ...due, notFoundAt: NOW - rules.messageLifetimeMs + 1 } as const;
  const taken = outcome({ state: 'reversed' });
  const unsent: PaymentEvent = { type: 'answer', to: 'purchase', answer: { kind: 'not-sent' } };
  const waiting = { ...sending, state: 'saf-sending', acceptedAt: NOW } as const;
  const untouched = outcome({ state: 'saf-accepted', batch: null, attempt: 0 });
  const purchase = intent({ state: 'sending' }, [{ type: 'exchange', exchange: 'purchase' }]);
  const again = intent({ attempt: 2 }, [{ type: 'exchange', exchange: 'purchase' }]);
  const events: readonly (readonly [what: string, from: Payment, event: PaymentEvent, taken: Next, given: Facts])[] = [
    ['an end that nobody said', due, { type: 'due' }, taken, facts],
    ['“not found” that is new', due, notFound, taken, facts],
    ['“not found” that is too young', early, notFound, taken, facts],
    ['what is sent at a start', sending, { type: 'restart' }, again, facts],
    [
      'what was being sent, forgotten at a start',
      sending,
      { type: 'restart' },
      outcome({ state: 'reversal-due' }),
      facts,
    ],
    ['a card before an older reversal', payment(), card, purchase, { ...facts, reversalsDue: true }],
    [
      'what may have left, taken for not sent',
      { ...sending, attempt: 2 },
      unsent,
      outcome({ state: 'declined' }),
      facts,
    ],
    ['what was forwarded before, as if never', { ...waiting, attempt: 2 }, unsent, untouched, facts],
  ];

  test.each(events)('%s', (_what, from, event, next, given) => {
    expect(() => asDrawn(from, event, { ...next, shred: true }, given, rules)).toThrow(UndrawnTransition);
  });

  test('“not found” is believed when it was said long enough', () => {
    const old = { ...early, notFoundAt: NOW - rules.messageLifetimeMs };
    expect(asDrawn(old, notFound, taken, facts, rules)).toBe(taken);
  });

  test('what left never before may be not sent', () => {
    const declined = { ...outcome({ state: 'declined' }), shred: true } as const;
    expect(asDrawn(sending, unsent, declined, facts, rules)).toBe(declined);
    expect(asDrawn(waiting, unsent, untouched, facts, rules)).toBe(untouched);
  });

  test('and what is drawn is', () => {
    const good = { ...outcome(approved, print, sale(whole)), shred: true } as const;
    expect(asDrawn(sending, silence, good, facts, rules)).toBe(good);
    const asked = intent({ attempt: 2 }, [{ type: 'exchange', exchange: 'reversal' }]);
    expect(asDrawn({ ...sending, state: 'reversal-due' }, silence, asked, facts, rules)).toBe(asked);
  });
});

test('nothing is sent or told that is not what is stored', () => {
  const stored = { get: () => sending };
  expect(() => asStored(stored, { ...sending })).not.toThrow();
  for (const other of [
    { state: 'approved' },
    { attempt: 2 },
    { print: 'queued' },
    { amount: money(1_281, 'CNY') },
  ] as const) {
    expect(() => asStored(stored, { ...sending, ...other }), JSON.stringify(other)).toThrow(NotStored);
  }
});

test('what waits goes in the order of its entries, whatever the clock says (I20)', () => {
  const at = (seq: number): Payment => ({ ...sending, id: String(seq), seq });
  expect(() => asPlaced([])).not.toThrow();
  expect(() => asPlaced([at(3), at(5), at(9)])).not.toThrow();
  for (const wrong of [
    [at(3), at(9), at(5)],
    [at(3), at(3)],
  ])
    expect(() => asPlaced(wrong)).toThrow(OutOfOrder);
});

describe('a wrong transition written by hand', () => {
  const wrongs: readonly (readonly [what: string, step: (one: Payment, event: PaymentEvent) => Step | undefined])[] = [
    [
      'silence taken for an approval',
      (_, event) => (event.type === 'answer' ? { ...outcome(approved, print), shred: true } : undefined),
    ],
    [
      'an event that nobody drew',
      (one, event) => {
        if (event.type === 'answer') throw new UndrawnTransition(one, event);
        return undefined;
      },
    ],
    [
      'sent again before that is written down',
      (_, event) =>
        event.type === 'answer' ? outcome({ attempt: 2 }, [{ type: 'exchange', exchange: 'purchase' }]) : undefined,
    ],
  ];

  test.each(wrongs)('%s: the core stops, tells nobody, and the next start loses nothing', async (_what, step) => {
    const before = sellForCash(till, 500);
    await pass(10);
    around.bank.plant('purchase', 'drop-answer');
    const sold = await sellByCard(till, 1_280);
    byHand.step = (one, event) => step(one as Payment, event as PaymentEvent);
    const entries = till.core.book.head.seq;
    await pass(RESPONSE_MS + 10);

    expect(till.fatal).toHaveLength(1);
    expect(till.fatal[0]).toBeInstanceOf(UndrawnTransition);
    expect(till.core.stopped).toBe('store-failed');
    expect(till.core.book.head.seq).toBe(entries);
    expect(now(sold).state).toBe('sending');
    expect(till.shown.some((one) => one.phase === 'result' && one.payment.id === sold.id)).toBe(false);
    expect(codeOf(() => till.core.charge(newKey(), money(100, 'CNY'), { staff: 'cashier' }))).toBe('store-failed');
    expect(around.bank.heard.filter(({ type }) => type === 'purchase')).toHaveLength(1);

    byHand.step = undefined;
    await restart();
    await pass(1_000);
    expect(now(sold).state).toBe('reversed');
    expect(bankSays(sold)).toBe('reversed');
    expect(now(before).state).toBe('approved');
    expect(verifyBook(till.core.book).ok).toBe(true);
    expect(codeOf(() => till.core.cash(newKey(), money(100, 'CNY'), { staff: 'cashier' }))).toBeUndefined();
  });
});
