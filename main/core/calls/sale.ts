import type { Core } from '../core.ts';
import type { Actor } from '../payment/runner.ts';
import { saleReceipt } from '../reports/receipt.ts';
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
    core.view(core.charge(input.key, input.amount, actorOf(port), input.sale)),
  ),
  split: contract.sale.split.handler(({ input, context: { core, port } }) =>
    core.sales.view(core.sales.split(input.key, input.total, actorOf(port))),
  ),
  show: contract.sale.show.handler(({ input, context: { core, port } }) =>
    core.view(core.sales.show(input.key, input.amount, actorOf(port), input.sale)),
  ),
  accept: contract.sale.accept.handler(({ input, context: { core, port } }) =>
    core.view(core.sales.accept(core.find(input.payment), actorOf(port))),
  ),
  drop: contract.sale.drop.handler(async ({ input, context: { core, port } }) => {
    const sale = core.sales.find(input.sale);
    const actor = core.sales.paid(sale) ? await approved(core, port, input.ownerPin) : actorOf(port);
    return core.sales.view(core.sales.drop(sale.id, actor));
  }),
  summary: contract.sale.summary.handler(async ({ input, context: { core } }) => {
    const sale = core.sales.view(core.sales.find(input.sale));
    const printed = await core.world.devices.printer.print(saleReceipt(sale, core.receiptContext(false)));
    if (!printed.ok) throw refusal('no-printer', printed.trouble);
    return sale;
  }),
  cancel: contract.sale.cancel.handler(({ input, context: { core, port } }) =>
    core.view(core.cancel(input.payment, actorOf(port))),
  ),
  cash: contract.sale.cash.handler(({ input, context: { core, port } }) =>
    core.view(core.cash(input.key, input.amount, actorOf(port), input.sale, input.tendered)),
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
