import { type Money, money } from '../../../contract/money.ts';
import type { PaymentView, RefundCause } from '../../../contract/payment.ts';
import type { AcquirerLink } from '../bank/link.ts';
import type { Book } from '../ledger/book.ts';
import { Refused } from '../refused.ts';
import type { Sales } from '../sale/sales.ts';
import { newId } from '../world/id.ts';
import type { World } from '../world/world.ts';
import { type FoundCharge, maybeOpen } from './charge.ts';
import type { Counter } from './counter.ts';
import { decidable, mayDecide } from './decision.ts';
import { NOT_CANCELLED } from './moneyback.ts';
import { captured, type Payment } from './payment.ts';
import { type Actor, type Runner, requestBody } from './runner.ts';
import type { PaymentTable } from './table.ts';
import { ALERT_ATTEMPTS, type Rules } from './transition.ts';
import { refundable, voidable } from './view.ts';

export interface AftersaleParts {
  readonly world: Pick<World, 'clock' | 'random'>;
  readonly book: Book;
  readonly payments: PaymentTable;
  readonly runner: Runner;
  readonly link: AcquirerLink;
  readonly rules: Rules;
  readonly counter: Counter;
  readonly sales: Pick<Sales, 'isStuck' | 'decide'>;
  /** Throws Refused while nothing may be done. */
  readonly refuseStopped: () => void;
  /** The same for a new amount. */
  readonly refuseSale: (amount: Money) => void;
}

/** What a person may ask for after a payment: a void, money back, a held amount taken or given up, a decision. All throw Refused. */
export interface Aftersale {
  /** Takes back an approved payment of the open batch. */
  void(key: string, id: string, actor: Actor): Payment;
  /** Gives money of a purchase back, in part or whole, never more in all than was paid (I16). */
  refund(key: string, id: string, amount: Money, cause: RefundCause, actor: Actor): Payment;
  /** Gives a charge back that only the bank's statement knows: there is no payment here that stands for it. */
  refundCharge(key: string, charge: FoundCharge, actor: Actor): Payment;
  /** Opens the holding of an amount and arms the reader. */
  hold(key: string, amount: Money, actor: Actor): Payment;
  /** Takes a held amount, or a part of it. */
  complete(key: string, id: string, amount: Money, actor: Actor): Payment;
  /** Gives a held amount up. */
  release(key: string, id: string, actor: Actor): Payment;
  /** The owner says by name what became of a payment that cannot come to its end by itself (I9). */
  decide(id: string, done: boolean, cause: string, actor: Actor): Payment;
  /** Opens the refund by which a payment goes back that the bank did not cancel, unless one is under way. */
  giveBack(payment: Payment): void;
  /** What a held amount can be completed with, and until when; null for everything else. */
  held(payment: Payment): PaymentView['held'];
  decidable(payment: Payment): boolean;
  /** Journals that a payment does not come to its end. */
  alert(payment: Payment): void;
}

const DAY_MS = 86_400_000;

export function openAftersale(parts: AftersaleParts): Aftersale {
  const { book, payments, runner, link, rules, counter } = parts;
  const { clock } = parts.world;

  const find = (id: string): Payment => {
    const payment = payments.find(id);
    if (!payment) throw new Refused('payment-not-found', id);
    return payment;
  };
  const known = (key: string, body: string): Payment | undefined => {
    const request = payments.request(key);
    if (request && request.body !== body) throw new Refused('key-reused');
    return request && payments.get(request.payment);
  };
  const refuseBusy = (): void => {
    parts.refuseStopped();
    if (counter.busy) throw new Refused('payment-under-way');
  };
  const refuseOffline = (): void => {
    if (link.state.status !== 'online') throw new Refused('bank-offline');
  };
  const held = (payment: Payment): PaymentView['held'] => {
    if (payment.state !== 'authorized' || rules.hold === undefined) return null;
    const { percent, days } = rules.hold;
    const most = money(Math.floor((payment.amount.minor * percent) / 100), payment.amount.currency);
    return { most, until: payment.at + days * DAY_MS };
  };
  const isDecidable = (payment: Payment): boolean =>
    decidable(payment, {
      sealed: () => payments.sealed(payment.id) !== undefined,
      refunding: () => payments.givenBack(payment.id) > 0,
    }) || parts.sales.isStuck(payment);

  return {
    void(key, id, actor) {
      const original = find(id);
      const amount = captured(original);
      const body = requestBody('void', amount, id);
      const before = known(key, body);
      if (before) return before;
      refuseBusy();
      if (!voidable(original, payments.current(original), payments.givenBack(id))) {
        throw new Refused('payment-not-voidable', original.state);
      }
      if (original.tender === 'cash' || original.state === 'saf-accepted') {
        const by = actor.approver ?? actor.staff;
        const voided = runner.dispatch(id, { type: 'void' }, { by, request: { key, body } });
        counter.follow(voided);
        return voided;
      }
      refuseOffline();
      const payment = runner.openAbout('void', key, amount, { original }, actor);
      counter.follow(payment);
      return payment;
    },
    refund(key, id, amount, cause, actor) {
      const original = find(id);
      const before = known(key, requestBody('refund', amount, id));
      if (before) return before;
      refuseBusy();
      if (amount.minor <= 0 || amount.currency !== original.amount.currency) throw new Refused('amount-invalid');
      const left = refundable(original, payments.givenBack(id));
      if (left === 0) throw new Refused('payment-not-refundable', original.state);
      if (amount.minor > left) throw new Refused('refund-above-paid', `${left} left`);
      if (original.tender !== 'cash') refuseOffline();
      const payment = runner.openAbout('refund', key, amount, { original, cause }, actor);
      counter.follow(payment);
      return payment;
    },
    refundCharge(key, charge, actor) {
      const before = known(key, requestBody('refund', charge.amount, charge.line));
      if (before) return before;
      refuseBusy();
      if (maybeOpen(book.db, charge)) throw new Refused('charge-open-here', charge.line);
      refuseOffline();
      const payment = runner.openCharge(key, charge, actor);
      counter.follow(payment);
      return payment;
    },
    hold(key, amount, actor) {
      const before = known(key, requestBody('pre-authorization', amount, null));
      if (before) return before;
      parts.refuseSale(amount);
      if (rules.hold === undefined) throw new Refused('hold-not-offered');
      refuseOffline();
      const payment = runner.open(key, amount, actor, 'pre-authorization');
      counter.arm(payment);
      return payment;
    },
    complete(key, id, amount, actor) {
      const original = find(id);
      const before = known(key, requestBody('completion', amount, id));
      if (before) return before;
      refuseBusy();
      const { most, until } = held(original) ?? {};
      if (most === undefined || until === undefined) throw new Refused('payment-not-held', original.state);
      if (amount.minor <= 0 || amount.currency !== most.currency) throw new Refused('amount-invalid');
      if (amount.minor > most.minor) throw new Refused('amount-above-held', `${most.minor} at most`);
      if (clock.now() > until) throw new Refused('hold-expired');
      refuseOffline();
      const payment = runner.openAbout('completion', key, amount, { original }, actor);
      counter.follow(payment);
      return payment;
    },
    release(key, id, actor) {
      const original = find(id);
      const body = requestBody('release', original.amount, id);
      const before = known(key, body);
      if (before) return before;
      refuseBusy();
      if (original.state !== 'authorized') throw new Refused('payment-not-held', original.state);
      const by = actor.approver ?? actor.staff;
      const payment = runner.dispatch(id, { type: 'release' }, { by, request: { key, body } });
      counter.follow(payment);
      return payment;
    },
    decide(id, done, cause, actor) {
      const payment = find(id);
      parts.refuseStopped();
      if (!isDecidable(payment) || !mayDecide(payment, done)) throw new Refused('payment-not-decidable', payment.state);
      if (parts.sales.isStuck(payment)) return parts.sales.decide(payment, done, cause, actor);
      return runner.dispatch(id, { type: 'decide', done, cause }, { by: actor.staff });
    },
    giveBack(original) {
      if (payments.givenBack(original.id) > 0) return;
      const actor = { staff: 'terminal' };
      runner.openAbout('refund', newId(parts.world), captured(original), { original, cause: NOT_CANCELLED }, actor);
    },
    held,
    decidable: isDecidable,
    alert({ id, state }) {
      const event = { type: 'alert', state, attempts: ALERT_ATTEMPTS };
      const at = clock.now();
      book.commit({ kind: 'core', at, by: 'terminal', payment: id, event, writes: [], transfers: [] }, 'outcome');
    },
  };
}
