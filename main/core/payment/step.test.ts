import { describe, expect, test } from 'vitest';
import { PaymentState, Tender } from '../../../contract/payment.ts';
import type { Facts, PaymentEvent } from './event.ts';
import type { Payment } from './payment.ts';
import { step } from './step.ts';
import { answered, card, events, facts, NOW, payment, rules } from './test/given.ts';
import { type Next, type Step, UndrawnTransition } from './transition.ts';

/** The step, or the undrawn transition; anything else that is thrown fails the test. */
function take(from: Payment, event: PaymentEvent, world: Facts = facts): Step | 'undrawn' {
  try {
    return step(from, event, world, rules);
  } catch (error) {
    if (error instanceof UndrawnTransition) return 'undrawn';
    throw error;
  }
}

function next(from: Payment, event: PaymentEvent, world: Facts = facts): Next {
  const taken = take(from, event, world);
  if (taken === 'undrawn' || taken.kind !== 'next') throw new Error(`${from.state} does not take ${event.type}`);
  return taken;
}

/** A payment as it stands when it has come to this state. */
function inState(state: PaymentState, tender: Tender | null = 'contactless', change: Partial<Payment> = {}): Payment {
  const sent = !['opened', 'abandoned', 'sealed', 'saf-accepted', 'saf-voided'].includes(state);
  return payment({
    state,
    ...(state === 'opened'
      ? {}
      : { tender, scheme: tender === 'code' ? 'alipay' : tender === 'cash' ? 'cash' : 'visa' }),
    ...(sent && tender !== 'cash' ? { batch: 3, attempt: 1, sentAt: NOW - 1_000 } : {}),
    ...(state.startsWith('saf-') ? { acceptedAt: NOW - 2_000 } : {}),
    ...change,
  });
}

const worlds: readonly Facts[] = [facts, { ...facts, online: false }, { ...facts, reversalsDue: true }];
const tenders: readonly (Tender | null)[] = [null, ...Tender.options];
const kinds = ['purchase', 'void'] as const;

/** Every state of every kind and tender, with every event in every world. */
function everything(check: (from: Payment, event: PaymentEvent, taken: Step | 'undrawn') => void): number {
  let count = 0;
  for (const kind of kinds) {
    for (const state of PaymentState.options) {
      for (const tender of tenders) {
        for (const event of events) {
          for (const world of worlds) {
            const from = inState(state, tender, { kind });
            check(from, event, take(from, event, world));
            count += 1;
          }
        }
      }
    }
  }
  return count;
}

const final: readonly PaymentState[] = [
  'abandoned',
  'declined',
  'reversed',
  'cancelled',
  'refunded',
  'saf-declined',
  'saf-expired',
  'saf-voided',
  'voided',
  'settled',
];
const sold: readonly PaymentState[] = ['approved', 'saf-approved', 'settled'];
const takenBack: readonly PaymentState[] = [
  'reversal-due',
  'cancel-due',
  'reversed',
  'cancelled',
  'refund-due',
  'refunded',
];

describe('every state with every event', () => {
  test('is drawn, ignored, or an undrawn transition: nothing else is thrown', () => {
    expect(everything(() => undefined)).toBeGreaterThan(20_000);
  });

  test('a final state never changes', () => {
    everything((from, event, taken) => {
      if (!final.includes(from.state) || from.kind === 'void') return;
      expect(taken === 'undrawn' || taken.kind === 'ignored', `${from.state} + ${JSON.stringify(event)}`).toBe(true);
    });
  });

  test('an answer is never an undrawn transition once something has been sent: late ones are ignored (I6)', () => {
    everything((from, event, taken) => {
      if (event.type !== 'answer' || from.state === 'opened' || from.state === 'sealed') return;
      expect(taken, `${from.kind} ${from.state} + ${JSON.stringify(event)}`).not.toBe('undrawn');
    });
  });

  test('approved comes from the bank’s word, in part when a person takes it, from cash or the owner’s decision (I5, I9)', () => {
    everything((from, event, taken) => {
      if (taken === 'undrawn' || taken.kind !== 'next') return;
      const { state } = taken.change;
      if (state === undefined || !sold.includes(state)) return;
      const asked = event.type === 'answer' && event.answer.kind === 'approved';
      const stands = event.type === 'void-end' && !event.approved && from.state === 'void-due';
      const named = event.type === 'cash' || (event.type === 'decide' && event.done);
      const inPart = event.type === 'accept' && from.state === 'partial';
      expect(asked || stands || named || inPart, `${from.state} + ${JSON.stringify(event)} → ${state}`).toBe(true);
    });
  });

  test('what is being taken back, or was refused, is never sold afterwards (I6, R4)', () => {
    everything((from, event, taken) => {
      if (from.kind === 'void' || !(takenBack.includes(from.state) || from.state === 'declined')) return;
      if (taken === 'undrawn' || taken.kind !== 'next') return;
      expect(taken.change.state === undefined || takenBack.includes(taken.change.state), JSON.stringify(event)).toBe(
        true,
      );
      if (taken.change.state !== 'refund-due' && from.state !== 'refund-due') expect(taken.transfers).toEqual([]);
    });
  });

  test('whatever leaves for the bank is an intent, made durable before (I3)', () => {
    everything((_, __, taken) => {
      if (taken === 'undrawn' || taken.kind !== 'next') return;
      const sends = taken.effects.some((effect) => effect.type === 'exchange');
      expect(taken.order).toBe(sends ? 'intent' : 'outcome');
    });
  });

  test('money moves exactly when a payment comes to be sold, lost, or taken back', () => {
    everything((from, event, taken) => {
      if (taken === 'undrawn' || taken.kind !== 'next') return;
      const { state } = taken.change;
      const stands = event.type === 'void-end' || state === from.state;
      const moves =
        (state !== undefined &&
          !stands &&
          [...sold, 'saf-accepted', 'saf-declined', 'saf-expired', 'saf-voided', 'refund-due'].includes(state)) ||
        (state === 'refunded' && event.type === 'decide') ||
        (state === 'voided' && event.type === 'void');
      const back = state === 'saf-accepted' && from.state.startsWith('saf-');
      expect(taken.transfers.length, `${from.state} + ${JSON.stringify(event)} → ${state}`).toBe(
        moves && !back ? 1 : 0,
      );
      for (const { amount } of taken.transfers) expect(amount).toEqual(from.amount);
    });
  });

  test('after a restart only taking back, asking, forwarding or repeating a void is possible (I8)', () => {
    everything((from, event, taken) => {
      if (event.type !== 'restart' || taken === 'undrawn') return;
      const state = taken.kind === 'next' ? (taken.change.state ?? from.state) : from.state;
      expect(['opened', 'sealed', 'sending', 'saf-sending']).not.toContain(state === from.state ? '' : state);
      if (taken.kind === 'next') {
        expect(taken.effects.filter((effect) => effect.type !== 'later')).toEqual([]);
        expect(taken.transfers).toEqual([]);
      }
    });
    for (const state of ['opened', 'sealed', 'sending', 'saf-sending'] as const) {
      expect(next(inState(state), { type: 'restart' }).change.state).not.toBe(state);
    }
  });

  test('card data goes as soon as it is of no more use (I18)', () => {
    everything((from, event, taken) => {
      if (taken === 'undrawn' || taken.kind !== 'next' || from.tender !== 'contactless' || from.kind === 'void') return;
      const { state } = taken.change;
      if (state === undefined || from.state === 'opened') return;
      const needed = ['sealed', 'sending', 'unknown', 'saf-accepted', 'saf-sending', 'saf-unknown'];
      if (needed.includes(from.state) && !needed.includes(state)) {
        expect(taken.shred, `${from.state} + ${JSON.stringify(event)} → ${state}`).toBe(true);
      }
    });
  });

  test('a wallet code is never accepted offline', () => {
    everything((from, _, taken) => {
      if (from.tender !== 'code' || taken === 'undrawn' || taken.kind !== 'next') return;
      if (from.state.startsWith('saf-') || from.state === 'opened') return;
      expect(taken.change.state ?? '').not.toMatch(/^saf-/);
    });
  });

  test('the number of sendings only grows, except where the message becomes another one', () => {
    everything((from, event, taken) => {
      if (taken === 'undrawn' || taken.kind !== 'next' || taken.change.attempt === undefined) return;
      const another = taken.change.state !== undefined && taken.change.state !== from.state;
      expect(another || taken.change.attempt >= from.attempt, JSON.stringify(event)).toBe(true);
      if (!another && (from.state === 'reversal-due' || from.state === 'cancel-due')) {
        expect(taken.change.attempt).toBe(from.attempt + (event.type === 'due' ? 1 : 0));
      }
    });
  });
});

describe('a card', () => {
  const tapped: PaymentEvent = { type: 'card', decision: 'online', deferrable: true, reason: null, card };

  test('is sent when the line is up', () => {
    const { change, effects } = next(payment(), tapped);
    expect(change).toMatchObject({ state: 'sending', attempt: 1, batch: 3, sentAt: NOW, tender: 'contactless' });
    expect(effects).toEqual([{ type: 'exchange', exchange: 'purchase' }]);
  });

  test('waits for reversals that were never delivered (I10), then goes or is refused; nothing was sent until then', () => {
    const waits = next(payment(), tapped, { ...facts, reversalsDue: true });
    expect(waits.change.state).toBe('sealed');
    expect(waits.effects).toEqual([{ type: 'reversals-first' }]);
    expect(next(inState('sealed'), { type: 'clear' }).change.state).toBe('sending');
    const offline = next(inState('sealed'), { type: 'clear' }, { ...facts, online: false });
    expect(offline.change).toMatchObject({ state: 'declined', reason: 'not-sent' });
    expect(offline.shred).toBe(true);
  });

  test('without an answer is taken back, and the customer is not told that it was declined', () => {
    const silent = next(inState('sending'), answered('purchase', 'no-answer'));
    expect(silent.change).toMatchObject({ state: 'reversal-due', attempt: 0 });
    const due = next(inState('reversal-due', 'contactless', { attempt: 0 }), { type: 'due' });
    expect(due.effects).toEqual([{ type: 'exchange', exchange: 'reversal', reason: 'no-answer' }]);
  });

  test('that never left is declined without a reversal (I7)', () => {
    expect(next(inState('sending'), answered('purchase', 'not-sent')).change).toMatchObject({
      state: 'declined',
      reason: 'not-sent',
    });
  });

  test('an approval after the reversal was decided changes nothing (R4)', () => {
    for (const state of ['reversal-due', 'reversed', 'declined'] as const) {
      expect(take(inState(state), answered('purchase', 'approved'))).toEqual({ kind: 'ignored' });
    }
  });

  test('offline is accepted within the bounds, or refused and its data gone', () => {
    const offline = { ...facts, online: false };
    const accepted = next(payment(), tapped, offline);
    expect(accepted.change).toMatchObject({ state: 'saf-accepted', acceptedAt: NOW, print: 'queued' });
    expect(accepted.change.batch).toBeUndefined();
    const use = { ...facts.offline, count: 50 };
    const refused = next(payment(), tapped, { ...offline, offline: use });
    expect(refused.change).toMatchObject({ state: 'declined', reason: 'offline-over-count' });
    expect(refused.shred).toBe(true);
    const undeferrable = { ...tapped, deferrable: false };
    expect(next(payment(), undeferrable, offline).change).toMatchObject({ reason: 'offline-not-deferrable' });
  });

  test('online is never silently accepted offline when the answer stays away', () => {
    for (const answer of ['no-answer', 'not-sent'] as const) {
      expect(next(inState('sending'), answered('purchase', answer)).change.state).not.toMatch(/^saf-/);
    }
  });
});

describe('“original not found” (R6)', () => {
  const due = inState('reversal-due', 'contactless', { attempt: 2 });

  test('is not final until the longest life of a message has passed', () => {
    const first = next(due, answered('reversal', 'not-found'));
    expect(first.change).toEqual({ notFoundAt: NOW });
    expect(first.effects).toEqual([{ type: 'later', ms: 5_000 }]);
    const young = next({ ...due, notFoundAt: NOW - 119_999 }, answered('reversal', 'not-found'));
    expect(young.change.state).toBeUndefined();
    const old = next({ ...due, notFoundAt: NOW - 120_000 }, answered('reversal', 'not-found'));
    expect(old.change.state).toBe('reversed');
  });

  test.each(['declined', 'pending', 'no-answer', 'not-sent'] as const)('a reversal answered %s is repeated', (kind) => {
    const again = next(due, answered('reversal', kind));
    expect(again.change.state).toBeUndefined();
    expect(again.effects).toEqual([{ type: 'later', ms: 5_000 }]);
  });
});

describe('a wallet code', () => {
  const shown: PaymentEvent = { type: 'code', scheme: 'alipay', codeHash: 'b'.repeat(64) };
  const querying = inState('querying', 'code', { attempt: 0 });

  test('needs the line', () => {
    expect(next(payment(), shown, { ...facts, online: false }).change).toMatchObject({
      state: 'declined',
      reason: 'code-needs-line',
    });
  });

  test('is asked after, then cancelled, and the cancel is repeated until answered (R8)', () => {
    expect(next(inState('sending', 'code'), answered('purchase', 'pending')).change).toMatchObject({
      state: 'querying',
      reason: 'pending',
    });
    expect(next(inState('sending', 'code'), answered('purchase', 'no-answer')).change.state).toBe('querying');
    expect(next(querying, { type: 'due' }).effects).toEqual([{ type: 'exchange', exchange: 'query' }]);
    const late = { ...querying, sentAt: NOW - 30_000 };
    expect(next(late, { type: 'due' }).change.state).toBe('cancel-due');
    expect(next(querying, { type: 'cancel' }).change).toMatchObject({ state: 'cancel-due', reason: 'customer-cancel' });
    const cancelling = inState('cancel-due', 'code');
    expect(next(cancelling, answered('reversal', 'no-answer')).effects).toEqual([{ type: 'later', ms: 1_000 }]);
    expect(next(cancelling, answered('reversal', 'approved')).change.state).toBe('cancelled');
  });

  test('paid after all is sold; refused is declined', () => {
    expect(next(querying, answered('query', 'approved')).change.state).toBe('approved');
    expect(next(querying, answered('query', 'declined')).change.state).toBe('declined');
    expect(take(querying, answered('purchase', 'approved'))).toEqual({ kind: 'ignored' });
  });
});

describe('accepted offline', () => {
  const waiting = inState('saf-accepted');
  const sent = inState('saf-sending');

  test('is told to the bank by an advice, never reversed (R7)', () => {
    expect(next(waiting, { type: 'due' }).effects).toEqual([{ type: 'exchange', exchange: 'advice' }]);
    expect(next(sent, answered('advice', 'no-answer')).change.state).toBe('saf-unknown');
    const repeated = next(inState('saf-unknown', 'contactless', { batch: 2, attempt: 3 }), { type: 'due' });
    expect(repeated.change).toMatchObject({ state: 'saf-sending', attempt: 4, batch: 2 });
  });

  test('never left: it is as untouched as before, and may be voided', () => {
    const back = next(sent, answered('advice', 'not-sent'));
    expect(back.change).toMatchObject({ state: 'saf-accepted', attempt: 0, batch: null });
    expect(next(waiting, { type: 'void' }).change.state).toBe('saf-voided');
    expect(take(inState('saf-accepted', 'contactless', { attempt: 1 }), { type: 'void' })).toBe('undrawn');
  });

  test('refused late is the merchant’s loss, kept and shown', () => {
    const late = next(sent, answered('advice', 'declined'));
    expect(late.change).toMatchObject({ state: 'saf-declined', reason: 'bank-05' });
    expect(late.transfers).toMatchObject([{ debit: 'loss:late-decline', credit: 'offline:visa' }]);
  });

  test('expires only when nothing was ever sent: what may have arrived may have been approved', () => {
    expect(next(waiting, { type: 'expire' }).change.state).toBe('saf-expired');
    for (const state of ['saf-sending', 'saf-unknown'] as const) {
      expect(take(inState(state), { type: 'expire' })).toEqual({ kind: 'ignored' });
    }
  });
});

describe('a void', () => {
  const sending = inState('sending', 'contactless', { kind: 'void' });

  test('makes the purchase void-due, and tells it its end in the same commit', () => {
    expect(next(inState('approved'), { type: 'void' }).change.state).toBe('void-due');
    const done = next(sending, answered('void', 'approved'));
    expect(done.original).toEqual({ type: 'void-end', approved: true });
    expect(done.transfers).toMatchObject([{ debit: 'sales', credit: 'receivable:visa', batch: 3 }]);
    expect(next(inState('void-due'), { type: 'void-end', approved: true }).change.state).toBe('voided');
  });

  test('refused leaves the purchase as it was, however it came to be approved', () => {
    expect(next(sending, answered('void', 'declined')).original).toEqual({ type: 'void-end', approved: false });
    expect(next(inState('void-due'), { type: 'void-end', approved: false }).change.state).toBe('approved');
    const forwarded = inState('void-due', 'contactless', { acceptedAt: NOW });
    expect(next(forwarded, { type: 'void-end', approved: false }).change.state).toBe('saf-approved');
  });

  test('without an answer is repeated with the same numbers', () => {
    expect(next(sending, answered('void', 'no-answer')).change.state).toBe('unknown');
    const again = next(inState('unknown', 'contactless', { kind: 'void' }), { type: 'due' });
    expect(again.change).toMatchObject({ state: 'sending', attempt: 2 });
    const repeated = inState('sending', 'contactless', { kind: 'void', attempt: 2 });
    expect(next(repeated, answered('void', 'not-sent')).change.state).toBe('unknown');
  });

  test('of cash gives it back from the drawer, once', () => {
    const back = next(inState('approved', 'cash'), { type: 'void' });
    expect(back.change.state).toBe('voided');
    expect(back.effects.map((effect) => effect.type)).toEqual(['print', 'drawer']);
    expect(take(inState('voided', 'cash'), { type: 'void' })).toBe('undrawn');
  });

  test('is never voided itself', () => {
    expect(take(inState('approved', 'contactless', { kind: 'void' }), { type: 'void' })).toEqual({ kind: 'ignored' });
  });
});
