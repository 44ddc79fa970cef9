import { describe, expect, test } from 'vitest';
import { PaymentKind, PaymentState } from '../../../contract/payment.ts';
import { edges } from './drawn.ts';
import type { Exchange, Facts, PaymentEvent } from './event.ts';
import type { Payment } from './payment.ts';
import { step } from './step.ts';
import { events, facts, NOW, payment, rules } from './test/given.ts';
import { UndrawnTransition } from './transition.ts';

/**
 * The tables of docs/payments.md. Per state: event → what becomes of it. `=` stays and something
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
    [`${exchange} partial`]: 'unknown',
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
    opened: {
      'card online': 'sending',
      'card approved-offline': 'saf-accepted',
      'card declined': 'declined',
      code: 'sending',
      show: 'sending',
      cash: 'approved',
      cancel: 'abandoned',
      restart: 'abandoned',
      undrawn: `answer give-up ${notMine.replace('card code show ', '').replace('cash ', '')}`,
    },
    sealed: {
      clear: 'sending',
      cancel: 'abandoned',
      restart: 'abandoned',
      undrawn: `answer give-up ${notMine}`,
    },
    sending: {
      'purchase approved': 'approved',
      'purchase partial': 'partial',
      'purchase declined': 'declined',
      'purchase not-found': 'declined',
      'purchase pending': 'reversal-due',
      'purchase no-answer': 'reversal-due',
      'purchase not-sent': 'declined',
      restart: 'unknown',
      undrawn: notMine,
    },
    partial: {
      accept: 'approved',
      due: '=',
      cancel: 'reversal-due',
      restart: 'reversal-due',
      'give-up': 'reversal-due',
      undrawn: notMine.replace(' accept', ''),
    },
    unknown: { due: 'reversal-due', restart: 'reversal-due', undrawn: `clear give-up ${notMine}` },
    querying: {
      due: '=',
      restart: '=',
      cancel: 'cancel-due',
      'give-up': 'cancel-due',
      'query approved': 'approved',
      'query declined': 'declined',
      'query partial': '=',
      'query not-found': '=',
      'query pending': '=',
      'query no-answer': '=',
      'query not-sent': '=',
      undrawn: `clear ${notMine}`,
    },
    'reversal-due': {
      due: '=',
      restart: '=',
      'reversal approved': 'reversed',
      'reversal partial': '=',
      'reversal declined': '=',
      'reversal not-found': '=',
      'reversal pending': '=',
      'reversal no-answer': '=',
      'reversal not-sent': '=',
      'decide done': 'reversed',
      undrawn: `decide-not-done ${notMine.replace(' decide', '')}`,
    },
    'saf-accepted': {
      due: 'saf-sending',
      expire: 'saf-expired',
      void: 'saf-voided',
      undrawn: notMine.replace(' expire void ', ' '),
    },
    'saf-sending': {
      'advice approved': 'saf-approved',
      'advice declined': 'saf-declined',
      'advice not-found': 'saf-declined',
      'advice partial': 'saf-unknown',
      'advice pending': 'saf-unknown',
      'advice no-answer': 'saf-unknown',
      'advice not-sent': 'saf-accepted',
      restart: 'saf-unknown',
      undrawn: notMine.replace(' expire', ''),
    },
    'saf-unknown': {
      due: 'saf-sending',
      'decide done': 'saf-approved',
      'decide not done': 'saf-declined',
      undrawn: notMine.replace(' expire', '').replace(' decide', ''),
    },
    approved: { void: 'void-due', undrawn: notMine.replace(' void ', ' ') },
    'saf-approved': { void: 'void-due', undrawn: notMine.replace(' void ', ' ') },
    'void-due': {
      'void-end done': 'voided',
      'void-end not done': 'approved',
      undrawn: notMine.replace(' void-end', ''),
    },
    ...Object.fromEntries(
      (
        ['declined', 'reversed', 'voided', 'settled', 'abandoned', 'saf-declined', 'saf-expired', 'saf-voided'] as const
      ).map((state) => [state, { undrawn: notMine }]),
    ),
    'cancel-due': {
      due: '=',
      restart: '=',
      'reversal approved': 'cancelled',
      'reversal declined': '=',
      'reversal not-found': '=',
      'reversal pending': '=',
      'reversal partial': '=',
      'reversal no-answer': '=',
      'reversal not-sent': '=',
      'query approved': 'refund-due',
      'query declined': 'cancelled',
      'query not-found': '=',
      'query pending': '=',
      'query partial': '=',
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
      'purchase partial': 'reversal-due',
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
      'reversal partial': '=',
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
  const opened = state === 'opened' || state === 'sealed' || state === 'saf-accepted';
  const sent = opened ? {} : { batch: 3, attempt: 1, sentAt: NOW - 1_000 };
  const byCode =
    kind === 'purchase' && ['querying', 'cancel-due', 'cancelled', 'refund-due', 'refunded'].includes(state);
  const read = kind === 'purchase' || kind === 'pre-authorization';
  const tender = state === 'opened' && read ? null : byCode ? 'code' : 'contactless';
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

/** Payments as they may stand in a state: paid in any way, sent or not, lately or long ago. */
function standing(kind: PaymentKind, state: PaymentState): Payment[] {
  const tenders = [null, 'contactless', 'code', 'cash'] as const;
  const ages = [
    { attempt: 0, acceptedAt: null },
    { attempt: 1, acceptedAt: null, batch: 3, sentAt: NOW - 1_000 },
    { attempt: 2, acceptedAt: NOW - 2_000, batch: 3, sentAt: NOW - 1_000 },
    { attempt: 1, acceptedAt: null, batch: 3, sentAt: NOW - 86_400_000, notFoundAt: NOW - 86_400_000 },
  ];
  return tenders.flatMap((tender) =>
    ages.map((age) => payment({ kind, state, tender, scheme: 'visa', original: 'other', ...age })),
  );
}

const worlds: readonly Facts[] = [facts, { ...facts, online: false }, { ...facts, reversalsDue: true }];

/** The change of state that a step makes, as text. */
function changeBy(from: Payment, event: PaymentEvent, world: Facts): string[] {
  try {
    const next = step(from, event, world, rules);
    const to = next.kind === 'next' ? (next.change.state ?? from.state) : from.state;
    return to === from.state ? [] : [`${from.kind}: ${from.state} to ${to}`];
  } catch (error) {
    if (error instanceof UndrawnTransition) return [];
    throw error;
  }
}

test('every change of state that is drawn is taken by a step', () => {
  const states = PaymentKind.options.flatMap((kind) =>
    PaymentState.options.flatMap((from) => Object.keys(edges[kind][from] ?? {}).map((to) => ({ kind, from, to }))),
  );
  expect(states.length).toBeGreaterThan(70);
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  const missing = states.filter(({ kind, from, to }) => {
    const wanted = `${kind}: ${from} to ${to}`;
    return !standing(kind, from).some((one) =>
      worlds.some((world) => events.some((event) => changeBy(one, event, world).includes(wanted))),
    );
  });
  Error.stackTraceLimit = stackTraceLimit;
  expect(missing).toEqual([]);
});
