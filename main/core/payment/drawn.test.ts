import { describe, expect, test } from 'vitest';
import type { PaymentKind, PaymentState } from '../../../contract/payment.ts';
import type { Exchange, PaymentEvent } from './event.ts';
import type { Payment } from './payment.ts';
import { step } from './step.ts';
import { events, facts, NOW, payment, rules } from './test/given.ts';
import { UndrawnTransition } from './transition.ts';

/**
 * The tables of docs/payments.md for all that is no purchase. Per state: event → what becomes of it. `=` stays and something
 * is done again; an event that is not named is ignored, one under `undrawn` stops the core.
 */
interface Drawn {
  readonly [event: string]: string;
}

const notMine = 'card code show accept cash expire void void-end refund-end complete complete-end release decide';
const repeated = (exchange: Exchange): Readonly<Record<string, Drawn>> => ({
  sending: {
    [`${exchange} approved`]: 'approved',
    [`${exchange} declined`]: 'declined',
    [`${exchange} not-found`]: 'declined',
    [`${exchange} pending`]: 'unknown',
    [`${exchange} no-answer`]: 'unknown',
    [`${exchange} not-sent`]: 'declined',
    restart: 'unknown',
    undrawn: notMine,
  },
  unknown: {
    due: 'sending',
    restart: '=',
    'decide done': 'approved',
    'decide not done': 'declined',
    undrawn: notMine.replace(' decide', ''),
  },
});

const tables: Readonly<Partial<Record<PaymentKind, Readonly<Partial<Record<PaymentState, Drawn>>>>>> = {
  void: { ...repeated('void'), approved: {}, declined: {}, settled: {} },
  refund: {
    ...repeated('refund'),
    opened: {
      cash: 'approved',
      cancel: 'abandoned',
      restart: 'abandoned',
      undrawn: `answer give-up ${notMine.replace(' cash', '')}`,
    },
    approved: { undrawn: 'void refund-end decide' },
    settled: { undrawn: 'void refund-end decide' },
    declined: { undrawn: 'void refund-end decide' },
    abandoned: { undrawn: 'void refund-end decide' },
  },
  purchase: {
    'cancel-due': {
      due: '=',
      restart: '=',
      'reversal approved': 'cancelled',
      'reversal declined': '=',
      'reversal not-found': '=',
      'reversal pending': '=',
      'reversal no-answer': '=',
      'reversal not-sent': '=',
      'query approved': 'refund-due',
      'query declined': 'cancelled',
      'query not-found': '=',
      'query pending': '=',
      'query no-answer': '=',
      'query not-sent': '=',
      'decide done': 'cancelled',
      undrawn: `decide-not-done ${notMine.replace(' decide', '')}`,
    },
    'refund-due': {
      due: '=',
      restart: '=',
      'refund-end approved': 'refunded',
      'refund-end refused': '=',
      'refund-end not-sent': '=',
      'decide done': 'refunded',
      undrawn: `decide-not-done ${notMine.replace(' refund-end', '').replace(' decide', '')}`,
    },
    refunded: { undrawn: notMine },
    cancelled: { undrawn: notMine },
  },
  completion: {
    ...repeated('completion'),
    approved: { void: 'void-due', undrawn: notMine.replace(' void ', ' ') },
    'void-due': {
      'void-end done': 'voided',
      'void-end not done': 'approved',
      undrawn: notMine.replace(' void-end', ''),
    },
    voided: { undrawn: notMine },
    declined: { undrawn: notMine },
    settled: { undrawn: notMine },
  },
  'pre-authorization': {
    opened: {
      'card online': 'sending',
      'card approved-offline': 'declined',
      'card declined': 'declined',
      cancel: 'abandoned',
      restart: 'abandoned',
      undrawn: `answer give-up ${notMine.replace('card ', '')}`,
    },
    sealed: {
      clear: 'sending',
      cancel: 'abandoned',
      restart: 'abandoned',
      undrawn: `answer give-up ${notMine}`,
    },
    sending: {
      'purchase approved': 'authorized',
      'purchase declined': 'declined',
      'purchase not-found': 'declined',
      'purchase pending': 'reversal-due',
      'purchase no-answer': 'reversal-due',
      'purchase not-sent': 'declined',
      restart: 'unknown',
      undrawn: notMine,
    },
    unknown: { due: 'reversal-due', restart: 'reversal-due', undrawn: `clear give-up ${notMine}` },
    'reversal-due': {
      due: '=',
      restart: '=',
      'reversal approved': 'reversed',
      'reversal declined': '=',
      'reversal not-found': '=',
      'reversal pending': '=',
      'reversal no-answer': '=',
      'reversal not-sent': '=',
      'decide done': 'reversed',
      undrawn: `decide-not-done ${notMine.replace(' decide', '')}`,
    },
    authorized: {
      complete: 'completing',
      release: 'reversal-due',
      undrawn: notMine.replace(' complete ', ' ').replace(' release', ''),
    },
    completing: {
      'complete-end done': 'completed',
      'complete-end not done': 'authorized',
      undrawn: notMine.replace(' complete-end', ''),
    },
    completed: { undrawn: notMine },
    declined: { undrawn: notMine },
    reversed: { undrawn: notMine },
    abandoned: { undrawn: notMine },
  },
};

function nameOf(event: PaymentEvent): string {
  switch (event.type) {
    case 'answer':
      return `${event.to} ${event.answer.kind}`;
    case 'card':
      return `card ${event.decision}`;
    case 'void-end':
    case 'complete-end':
      return `${event.type} ${event.approved ? 'done' : 'not done'}`;
    case 'refund-end':
      return `${event.type} ${event.end}`;
    case 'decide':
      return `decide ${event.done ? 'done' : 'not done'}`;
    default:
      return event.type;
  }
}

function stand(kind: PaymentKind, state: PaymentState): Payment {
  const opened = state === 'opened' || state === 'sealed';
  const sent = opened ? {} : { batch: 3, attempt: 1, sentAt: NOW - 1_000 };
  const held = kind === 'purchase' ? 'code' : 'contactless';
  const tender = state === 'opened' && kind === 'pre-authorization' ? null : held;
  return payment({ kind, state, tender, scheme: 'visa', original: 'other', ...sent });
}

function becomes(from: Payment, event: PaymentEvent): string {
  try {
    const taken = step(from, event, facts, rules);
    if (taken.kind === 'ignored') return 'ignored';
    return taken.change.state === undefined || taken.change.state === from.state ? '=' : taken.change.state;
  } catch (error) {
    if (error instanceof UndrawnTransition) return 'undrawn';
    throw error;
  }
}

/** What the table says of an event. */
function said(drawn: Drawn, event: PaymentEvent): string {
  const name = nameOf(event);
  if (drawn[name] !== undefined) return drawn[name];
  const undrawn = drawn['undrawn']?.split(' ') ?? [];
  return undrawn.includes(event.type) || undrawn.includes(name.replaceAll(' ', '-')) ? 'undrawn' : 'ignored';
}

describe.each(Object.entries(tables))('%s', (kind, states) => {
  test.each(Object.entries(states))('%s takes every event as it is drawn', (state, drawn) => {
    const from = stand(kind as PaymentKind, state as PaymentState);
    const found = Object.fromEntries(events.map((event) => [nameOf(event), becomes(from, event)]));
    const wanted = Object.fromEntries(events.map((event) => [nameOf(event), said(drawn, event)]));
    expect(found).toEqual(wanted);
  });
});
