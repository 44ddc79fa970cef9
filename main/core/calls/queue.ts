import { outcomeOf } from '../../../contract/payment.ts';
import type { LateItem } from '../../../contract/queue.ts';
import type { Core } from '../core.ts';
import { closedLate, lateSteps, openLate, recordLate, refuseClosed } from '../payment/late.ts';
import type { Payment } from '../payment/payment.ts';
import type { Actor } from '../payment/runner.ts';
import { actorOf, contract, type Port, refusal } from './access.ts';

/** How long "send now" waits before it says how many are left; the rest goes on by itself. */
const FORWARD_MS = 10_000;
/** What the owner's queue lists. */
const waiting = [
  ...(['saf-accepted', 'saf-sending', 'saf-unknown', 'unknown', 'querying'] as const),
  ...(['reversal-due', 'cancel-due', 'refund-due'] as const),
];
const MOST_OPEN = 200;
const MOST_CLOSED = 20;

export const queue = {
  list: contract.queue.list.handler(({ context: { core } }) =>
    [...core.payments.inStates(waiting), ...core.sales.stuck()]
      .map((payment) => core.view(payment))
      .filter((payment) => outcomeOf(payment.state, payment.kind) !== 'open'),
  ),
  forward: contract.queue.forward.handler(async ({ context: { core, port } }) => {
    if (core.link.state.status !== 'online') throw refusal('bank-offline');
    return { left: await core.pending.settle(FORWARD_MS, actorOf(port).staff) };
  }),
  pause: contract.queue.pause.handler(({ context: { core, port } }) => {
    core.pending.forwarding.pause(actorOf(port).staff);
    return {};
  }),
  resume: contract.queue.resume.handler(({ context: { core, port } }) => {
    core.pending.forwarding.resume(actorOf(port).staff);
    return {};
  }),
  late: contract.queue.late.handler(({ context: { core } }) => {
    const { db } = core.book;
    const open = openLate(db, MOST_OPEN).map((payment) => itemOf(core, payment, true));
    return [...open, ...closedLate(db, MOST_CLOSED).map((payment) => itemOf(core, payment, false))];
  }),
  note: contract.queue.note.handler(({ input, context: { core, port } }) => {
    const payment = found(core, input.payment);
    recordLate(partsOf(core), payment, { what: 'noted', note: input.note }, actorOf(port));
    core.changed();
    return itemOf(core, payment, true);
  }),
  takeAgain: contract.queue.takeAgain.handler(({ input, context: { core, port } }) => {
    const payment = found(core, input.payment);
    refuseClosed(core.book.db, payment);
    const actor = actorOf(port);
    const again = core.charge(input.key, payment.amount, actor);
    if (lateSteps(core.book.db, payment.id).again !== again.id)
      recordLate(partsOf(core), payment, { what: 'taken-again', again: again.id }, actor);
    return core.view(again);
  }),
  closeLate: contract.queue.closeLate.handler(async ({ input, context: { core, port } }) => {
    const { what, note } = input;
    const payment = found(core, input.payment);
    const actor = what === 'written-off' ? await ownersWord(core, port, input.ownerPin) : actorOf(port);
    recordLate(partsOf(core), payment, { what, note }, actor);
    core.changed();
    return itemOf(core, payment, false);
  }),
};

/** A loss is written off with the owner's PIN, whoever is signed in. */
async function ownersWord(core: Core, port: Port, ownerPin: string | undefined): Promise<Actor> {
  if (ownerPin === undefined) throw refusal('not-allowed', 'the owner must say so');
  const owner = await core.staff.signIn('owner', ownerPin);
  if (!owner.ok) throw refusal(owner.code, undefined, owner.code === 'locked-out' ? owner.waitMs : undefined);
  return { ...actorOf(port), approver: 'owner' };
}

function partsOf({ book, world, today }: Core): Parameters<typeof recordLate>[0] {
  return { book, clock: world.clock, day: today };
}

function found(core: Core, id: string): Payment {
  const payment = core.payments.find(id);
  if (!payment) throw refusal('payment-not-found');
  return payment;
}

function itemOf(core: Core, payment: Payment, open: boolean): LateItem {
  const { steps, again } = lateSteps(core.book.db, payment.id);
  return {
    payment: core.view(payment),
    again: again === undefined ? null : core.view(core.payments.get(again)),
    steps,
    open,
  };
}
