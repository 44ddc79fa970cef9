import { describe, expect, test } from 'vitest';
import { money } from '../../../contract/money.ts';
import type { PaymentEvent } from './event.ts';
import { captured, type Payment } from './payment.ts';
import { step } from './step.ts';
import { answered, events, facts, NOW, payment, rules } from './test/given.ts';
import { type Next, type Rules, UndrawnTransition } from './transition.ts';

function next(from: Payment, event: PaymentEvent, given = facts, by: Rules = rules): Next {
  const taken = step(from, event, given, by);
  if (taken.kind !== 'next') throw new Error(`${event.type} is ignored in ${from.state}`);
  return taken;
}

const sent = { tender: 'contactless', scheme: 'visa', batch: 3, attempt: 1, sentAt: NOW } as const;
const sending = payment({ state: 'sending', ...sent });
const offered = payment({ state: 'partial', approved: 640, authCode: '000002', reason: 'partial', ...sent });

const inPart: PaymentEvent = {
  type: 'answer',
  to: 'purchase',
  answer: { kind: 'partial', code: '10', authCode: '000002', minor: 640 },
};

describe('a partial approval', () => {
  test('takes every event as it is drawn: it ends by a person, by its time or by a stop, and by nothing else', () => {
    const ends = events.flatMap((event) => {
      try {
        const taken = step(offered, event, facts, rules);
        return taken.kind === 'next' && taken.change.state !== undefined ? [`${event.type} ${taken.change.state}`] : [];
      } catch (error) {
        if (error instanceof UndrawnTransition) return [];
        throw error;
      }
    });
    expect(ends.sort()).toEqual([
      'accept approved',
      'cancel reversal-due',
      'give-up reversal-due',
      'restart reversal-due',
    ]);
  });

  test('comes of nothing but the answer to a purchase', () => {
    for (const state of ['reversal-due', 'declined', 'reversed', 'approved', 'settled'] as const) {
      expect(step({ ...sending, state }, inPart, facts, rules)).toEqual({ kind: 'ignored' });
    }
    for (const to of ['reversal', 'query', 'advice', 'void', 'refund'] as const) {
      expect(step(sending, { ...inPart, to }, facts, rules)).toEqual({ kind: 'ignored' });
    }
  });

  test('is neither approved nor declined: it waits for a person, and moves no money', () => {
    const taken = next(sending, inPart);
    expect(taken.change).toMatchObject({ state: 'partial', approved: 640, authCode: '000002' });
    expect(taken.transfers).toEqual([]);
    expect(taken.effects).toEqual([{ type: 'later', ms: 45_000 }]);
    expect(taken.shred).toBe(true);
  });

  test('taken posts what was approved, not what was asked', () => {
    const taken = next(offered, { type: 'accept' });
    expect(taken.change).toMatchObject({ state: 'approved', authCode: '000002' });
    expect(taken.transfers).toMatchObject([{ debit: 'receivable:visa', credit: 'sales', amount: money(640, 'CNY') }]);
    expect(captured(offered)).toEqual(money(640, 'CNY'));
  });

  test.each(['cancel', 'give-up', 'restart'] as const)('%s gives all of it back', (type) => {
    const taken = next(offered, { type });
    expect(taken.change).toMatchObject({ state: 'reversal-due', approved: null, authCode: null, attempt: 0 });
    expect(taken.transfers).toEqual([]);
  });

  test('goes back when its time is over, and not before', () => {
    const early = next({ ...offered, sentAt: NOW - 44_000 }, { type: 'due' });
    expect(early.change.state).toBeUndefined();
    expect(early.effects).toEqual([{ type: 'later', ms: 1_000 }]);
    const late = next({ ...offered, sentAt: NOW - 45_000 }, { type: 'due' });
    expect(late.change).toMatchObject({ state: 'reversal-due', reason: 'partial-late' });
  });

  test('is not offered where the acquirer has no such thing, nor with an amount that is no part', () => {
    const { partialMs: _, ...without } = rules;
    expect(next(sending, inPart, facts, without).change).toMatchObject({
      state: 'reversal-due',
      reason: 'partial-refused',
    });
    for (const minor of [0, -1, 1_280, 1_281]) {
      const event: PaymentEvent = {
        type: 'answer',
        to: 'purchase',
        answer: { kind: 'partial', code: '10', authCode: null, minor },
      };
      expect(next(sending, event).change).toMatchObject({ state: 'reversal-due', reason: 'invalid-answer' });
    }
  });

  test('of a code is taken back: nobody stands there with a second wallet', () => {
    const code = payment({ state: 'sending', ...sent, tender: 'code', scheme: 'alipay' });
    expect(next(code, inPart).change).toMatchObject({ state: 'cancel-due' });
  });

  test('takes no card, code or cash, and accept is drawn nowhere else', () => {
    for (const event of [{ type: 'cash' }, { type: 'show', scheme: 'x' }, { type: 'expire' }] as const) {
      expect(() => step(offered, event, facts, rules)).toThrow(UndrawnTransition);
    }
    for (const state of ['opened', 'sending', 'querying', 'declined', 'reversal-due', 'saf-accepted'] as const) {
      expect(() => step({ ...sending, state }, { type: 'accept' }, facts, rules)).toThrow(UndrawnTransition);
    }
  });
});

describe('a shown code', () => {
  const shown = payment({ state: 'querying', ...sent, tender: 'shown', scheme: 'unionpay-code', reason: 'pending' });

  test('is an order at the bank before anybody sees it', () => {
    const taken = next(payment(), { type: 'show', scheme: 'unionpay-code' });
    expect(taken.order).toBe('intent');
    expect(taken.change).toMatchObject({ state: 'sending', tender: 'shown', scheme: 'unionpay-code', attempt: 1 });
    expect(taken.effects).toEqual([{ type: 'exchange', exchange: 'purchase' }]);
    const offline = { ...facts, online: false };
    expect(next(payment(), { type: 'show', scheme: 'x' }, offline).change).toMatchObject({
      state: 'declined',
      reason: 'code-needs-line',
    });
  });

  test('is asked after until its own time is over, then taken back at the bank', () => {
    expect(next({ ...shown, sentAt: NOW - 59_999 }, { type: 'due' }).effects).toEqual([
      { type: 'exchange', exchange: 'query' },
    ]);
    const over = next({ ...shown, sentAt: NOW - 60_000 }, { type: 'due' });
    expect(over.change).toMatchObject({ state: 'cancel-due', reason: 'shown-expired' });
    expect(next({ ...shown, sentAt: NOW - 60_000 }, answered('query', 'pending')).change.state).toBe('cancel-due');
  });

  test('paid is sold, however late the bank says so while it is asked', () => {
    const paid = next({ ...shown, sentAt: NOW - 70_000 }, answered('query', 'approved'));
    expect(paid.change.state).toBe('approved');
    expect(paid.transfers).toMatchObject([{ debit: 'receivable:unionpay-code', credit: 'sales' }]);
  });

  test('interrupted before or while it was shown is asked after, never abandoned', () => {
    expect(next({ ...shown, state: 'sending' }, { type: 'restart' }).change.state).toBe('unknown');
    expect(next({ ...shown, state: 'unknown' }, { type: 'restart' }).change.state).toBe('querying');
    expect(next(shown, { type: 'restart' }).change).toEqual({ reason: 'restarted' });
  });
});
