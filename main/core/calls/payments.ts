import { PaymentState, type StoryStep } from '../../../contract/payment.ts';
import type { Core } from '../core.ts';
import { parseEntry } from '../ledger/entry.ts';
import { actorOf, contract, refusal } from './access.ts';

export const payments = {
  list: contract.payments.list.handler(({ input, context: { core } }) =>
    core.payments.list(input).map((payment) => core.view(payment)),
  ),
  story: contract.payments.story.handler(({ input, context: { core } }) => {
    const payment = core.payments.find(input.payment);
    if (!payment) throw refusal('payment-not-found');
    const about = core.payments.about(payment.id).map((one) => core.view(one));
    return { payment: core.view(payment), about, steps: readStory(core, payment.id) };
  }),
  held: contract.payments.held.handler(({ context: { core } }) =>
    core.payments.inStates(['authorized', 'completing']).map((payment) => core.view(payment)),
  ),
  decide: contract.payments.decide.handler(async ({ input, context: { core, port } }) => {
    const actor = actorOf(port);
    const proved = await core.staff.signIn('owner', input.pin);
    if (!proved.ok) throw refusal(proved.code, undefined, proved.code === 'locked-out' ? proved.waitMs : undefined);
    return core.view(core.aftersale.decide(input.payment, input.done, input.cause, actor));
  }),
  reprint: contract.payments.reprint.handler(({ input, context: { core } }) => core.view(core.reprint(input.payment))),
  printed: contract.payments.printed.handler(({ input, context: { core } }) =>
    core.view(core.printed(input.payment, input.came)),
  ),
};

/** Every journal entry of a payment, oldest first, with the money it moved and its place in the chain. */
export function readStory(core: Core, payment: string): StoryStep[] {
  return core.book.db
    .prepare<[string], { body: string; hash: string }>('SELECT body, hash FROM entry WHERE payment = ? ORDER BY seq')
    .all(payment)
    .map(({ body, hash }) => {
      const entry = parseEntry(body);
      const { type, ...fields } = entry.event;
      const state = PaymentState.safeParse(stateAfter(entry.writes, payment));
      return {
        seq: entry.seq,
        at: entry.at,
        event: type,
        state: state.success ? state.data : null,
        detail: Object.fromEntries(
          Object.entries(fields).filter((field): field is [string, string | number] => field[1] !== null),
        ),
        transfers: entry.transfers.map(({ debit, credit, amount }) => ({ debit, credit, amount })),
        hash,
      };
    });
}

function stateAfter(writes: ReturnType<typeof parseEntry>['writes'], payment: string): unknown {
  for (const write of writes) {
    if (write.op === 'insert' && write.table === 'payment' && write.values['id'] === payment)
      return write.values['state'];
    if (write.op === 'update' && write.table === 'payment' && write.key['id'] === payment) return write.values['state'];
  }
  return undefined;
}
