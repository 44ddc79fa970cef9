import { setTimeout as pause } from 'node:timers/promises';
import { type Money, money } from '../contract/money.ts';
import type { Presented } from '../main/core/bank/link.ts';
import type { Core } from '../main/core/core.ts';
import type { CardData } from '../main/core/kernel/outcome.ts';
import { acceptedOffline } from '../main/core/ledger/account.ts';
import { takeNumbers, takeTrace } from '../main/core/payment/number.ts';
import { valuesOf } from '../main/core/payment/payment.ts';
import { newId } from '../main/core/world/id.ts';
import { type Stand, until } from '../test/demo/cashier.ts';
import type { Figure } from './figure.ts';
import { heapMiB } from './heap.ts';

/** How many advices are on their way at once, in forwarding and in the bare link beside it. */
const WINDOW = 16;

/** Bounds wide enough for a queue of any length; laid over the bank's terms. */
export const wideTerms = {
  offline: { count: 100_000, totalMinor: 100_000_000, oncePerCard: false, window: WINDOW },
  timers: { repeatMs: [0, 1_000] },
};

/** One card, read for real: its sealed data serve for every payment of the queue. */
async function readCard({ core, devices, control }: Stand, amount: Money): Promise<CardData> {
  const reader = `127.0.0.1:${devices.virtual?.port ?? 0}`;
  const tapping = control.ask('tap', { card: 'unionpay-ok', reader });
  const card = await devices.readers.nextCard(AbortSignal.timeout(5_000), 'Virtual counter');
  if (!card) throw new Error('No card came into the field.');
  const outcome = await core.readCard(card, amount, 1, () => card.release());
  await tapping;
  if (outcome.kind !== 'online') throw new Error(`The card was not read: ${outcome.kind}.`);
  return outcome.card;
}

/** A payment accepted offline, written as the core writes it. */
export function accept(core: Core, card: CardData, amount: Money): void {
  const at = core.world.clock.now();
  const id = newId(core.world);
  const { writes, ...numbers } = takeNumbers(core.book.db, '01', at);
  const { scheme, maskedPan, label, aid, cvm, expiry, iccData } = card;
  const presented = { scheme, maskedPan, label, aid, cvm, expiry, iccData, panSequence: card.panSequence ?? null };
  const row = {
    ...({ id, kind: 'purchase', state: 'saf-accepted', amount, at, day: core.today, staff: 'cashier' } as const),
    ...numbers,
    ...({ tender: 'contactless', acceptedAt: at } as const),
    ...presented,
  };
  core.book.commit(
    {
      kind: 'payment',
      at,
      by: 'cashier',
      payment: id,
      event: { type: 'card' },
      writes: [{ op: 'insert', table: 'payment', values: valuesOf(row) }, ...writes],
      sealed: [{ op: 'keep', payment: id, blob: card.sealed }],
      transfers: [acceptedOffline({ payment: id, amount, day: core.today }, scheme)],
    },
    'outcome',
  );
}

/**
 * Advices a second straight through the link with nothing written down here: as many in flight as forwarding may have, the
 * next one sent as soon as one is answered. Numbers are taken before.
 */
async function linkRate(core: Core, card: CardData, amount: Money, count: number): Promise<number> {
  const { sealed, iccData, expiry, panSequence } = card;
  const presented: Presented = {
    kind: 'card',
    sealed,
    iccData,
    expiry,
    ...(panSequence === undefined ? {} : { panSequence }),
  };
  const traces = Array.from({ length: count }, () => {
    const at = core.world.clock.now();
    const { writes, ...own } = takeTrace(core.book.db, at);
    core.book.commit(
      { kind: 'core', at, by: 'bench', event: { type: 'trace-taken' }, writes, transfers: [] },
      'intent',
    );
    return { ...own, at, batch: 9, attempt: 0 };
  });
  const lane = async (): Promise<void> => {
    for (let trace = traces.shift(); trace; trace = traces.shift()) {
      const answer = await core.link.exchange({ type: 'advice', trace, amount, presented });
      if (answer.kind !== 'approved') throw new Error(`The bank answers ${answer.kind}.`);
    }
  };
  const from = performance.now();
  await Promise.all(Array.from({ length: WINDOW }, lane));
  return (count * 1000) / (performance.now() - from);
}

const BARE = 1_000;
const MOST_MS = 20 * 60_000;

/** A queue of `count` payments accepted offline, forwarded; against the bare link. */
export async function measureForwarding(stand: Stand, count: number): Promise<Figure[]> {
  const { core, control } = stand;
  const amount = money(1_280, core.currency);
  const card = await readCard(stand, amount);
  await linkRate(core, card, amount, 50);
  const before = await linkRate(core, card, amount, BARE);
  await control.ask('line', { up: false });
  await until('the terminal sees the line down', () => core.link.state.status === 'offline');
  for (let n = 0; n < count; n += 1) accept(core, card, amount);
  const heap = heapMiB();
  await control.ask('line', { up: true });
  await until('the line is back', () => core.link.state.status === 'online');
  const from = performance.now();
  const first = await untilForwarded(core, count);
  const rate = (count * 1000) / (performance.now() - from);
  const last = heapMiB();
  const bare = (before + (await linkRate(core, card, amount, BARE))) / 2;
  return [
    {
      name: 'forward',
      what: `offline sales forwarded a second, ${count} queued`,
      value: rate,
      unit: '/s',
      samples: count,
    },
    { name: 'forward-bare', what: 'advices a second by the bare link', value: bare, unit: '/s', samples: 2 * BARE },
    {
      name: 'forward-ratio',
      what: 'forwarding against the bare link',
      value: rate / bare,
      unit: '×',
      budget: { least: 0.9 },
      samples: count,
    },
    {
      name: 'forward-heap-first',
      what: `heap when the first tenth of ${count} was forwarded`,
      value: first,
      unit: 'MiB',
      samples: 1,
    },
    { name: 'forward-heap-last', what: 'heap when all were forwarded', value: last, unit: 'MiB', samples: 1 },
    {
      name: 'forward-memory',
      what: `heap grown while ${count} were forwarded`,
      value: last - heap,
      unit: 'MiB',
      budget: { most: 5 },
      samples: 1,
    },
  ];
}

/** Looks seldom, so that looking costs nothing. Answers the heap when a tenth of the queue was gone, in MiB. */
async function untilForwarded(core: Core, count: number): Promise<number> {
  const deadline = performance.now() + MOST_MS;
  let first: number | undefined;
  for (;;) {
    const left = core.payments.offlineUse(core.currency, null).count;
    if (left <= count * 0.9) first ??= heapMiB();
    if (left === 0) return first ?? heapMiB();
    if (performance.now() > deadline) throw new Error('The queue is not forwarded in time.');
    await pause(50);
  }
}
