import type { Core } from '../core.ts';
import type { Actor } from '../payment/runner.ts';
import { actorOf, contract, type Port, refusal } from './access.ts';
import { watch } from './stream.ts';
import { counterView, customerView } from './view.ts';

export const counter = {
  watch: contract.counter.watch.handler(({ context: { core, port }, signal }) =>
    watch(core, [signal, port.closed], () => counterView(core, port)),
  ),
  customer: contract.counter.customer.handler(({ context: { core, port }, signal }) =>
    watch(core, [signal, port.closed], () => customerView(core)),
  ),
  choose: contract.counter.choose.handler(({ input, context: { core } }) => {
    if (!core.counter.choose(input.payment, input.aid)) throw refusal('payment-not-open');
    return {};
  }),
};

export const sale = {
  charge: contract.sale.charge.handler(({ input, context: { core, port } }) =>
    core.view(core.charge(input.key, input.amount, actorOf(port))),
  ),
  cancel: contract.sale.cancel.handler(({ input, context: { core, port } }) =>
    core.view(core.cancel(input.payment, actorOf(port))),
  ),
  cash: contract.sale.cash.handler(({ input, context: { core, port } }) =>
    core.view(core.cash(input.key, input.amount, actorOf(port))),
  ),
  scanned: contract.sale.scanned.handler(({ input, context: { core, keyboard } }) => {
    if (core.counter.waiting === undefined) throw refusal('no-code-expected');
    keyboard.typed(input.text);
    return {};
  }),
  dismiss: contract.sale.dismiss.handler(({ context: { core } }) => {
    core.counter.dismiss();
    return {};
  }),
  void: contract.sale.void.handler(async ({ input, context: { core, port } }) => {
    const actor = await approved(core, port, input.ownerPin);
    return core.view(core.void(input.key, input.payment, actor));
  }),
  refund: contract.sale.refund.handler(async ({ input, context: { core, port } }) => {
    const { key, payment, amount, cause, ownerPin } = input;
    const actor = await approved(core, port, ownerPin);
    return core.view(core.aftersale.refund(key, payment, amount, cause, actor));
  }),
  hold: contract.sale.hold.handler(({ input, context: { core, port } }) =>
    core.view(core.aftersale.hold(input.key, input.amount, actorOf(port))),
  ),
  complete: contract.sale.complete.handler(({ input, context: { core, port } }) =>
    core.view(core.aftersale.complete(input.key, input.payment, input.amount, actorOf(port))),
  ),
  release: contract.sale.release.handler(async ({ input, context: { core, port } }) => {
    const actor = await approved(core, port, input.ownerPin);
    return core.view(core.aftersale.release(input.key, input.payment, actor));
  }),
};

/** Giving money back needs the owner: signed in, or beside the cashier with the PIN. */
export async function approved(core: Core, port: Port, ownerPin: string | undefined): Promise<Actor> {
  const actor = actorOf(port);
  if (actor.staff === 'owner') return actor;
  if (ownerPin === undefined) throw refusal('not-allowed', 'the owner must approve');
  const owner = await core.staff.signIn('owner', ownerPin);
  if (!owner.ok) throw refusal(owner.code, undefined, owner.code === 'locked-out' ? owner.waitMs : undefined);
  return { ...actor, approver: 'owner' };
}
