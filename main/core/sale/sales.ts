import { type Money, money } from '../../../contract/money.ts';
import type { PaymentView } from '../../../contract/payment.ts';
import type { SaleView } from '../../../contract/sale.ts';
import type { AcquirerLink } from '../bank/link.ts';
import type { AcquirerProfile } from '../bank/profile.ts';
import type { Book } from '../ledger/book.ts';
import type { Counter } from '../payment/counter.ts';
import { captured, type Payment } from '../payment/payment.ts';
import { type Actor, type Runner, requestBody } from '../payment/runner.ts';
import type { PaymentTable } from '../payment/table.ts';
import { Refused } from '../refused.ts';
import { newId } from '../world/id.ts';
import type { World } from '../world/world.ts';
import { type Back, backOf } from './back.ts';
import { partRefusal, pays, type Sale, stateAfter, sumsOf, unknownPart } from './sale.ts';
import { moved, type SaleTable } from './table.ts';

export interface SalesParts {
  readonly world: Pick<World, 'clock' | 'random'>;
  readonly profile: AcquirerProfile;
  readonly book: Book;
  readonly link: AcquirerLink;
  readonly payments: PaymentTable;
  readonly table: SaleTable;
  /** Refuses an amount as every sale does. @throws Refused */
  readonly refuse: (amount: Money, sale: string | undefined) => void;
  readonly runner: Runner;
  readonly counter: Counter;
  readonly viewOf: (payment: Payment) => PaymentView;
  readonly changed: () => void;
  readonly fatal: (error: unknown) => void;
}

/** Sales paid in parts: what is still owed, and the taking back of what was paid when one is given up. */
export class Sales {
  readonly #parts: SalesParts;
  readonly #stop = new AbortController();
  readonly #told = new Set<string>();

  constructor(parts: SalesParts) {
    this.#parts = parts;
  }

  get table(): SaleTable {
    return this.#parts.table;
  }

  /** Goes on with what a stop left open: a code that a customer may be scanning is shown again. */
  start(): void {
    const [showing] = this.#parts.payments.inStates(['querying']).filter(({ tender }) => tender === 'shown');
    if (showing) this.#parts.counter.follow(showing);
    this.#work();
  }

  stop(): void {
    this.#stop.abort();
  }

  /** @throws Refused */
  find(id: string): Sale {
    const sale = this.table.find(id);
    if (!sale) throw new Refused('sale-not-found', id);
    return sale;
  }

  /** Refuses an amount that the named sale cannot take, or a new sale while another is paid in part. @throws Refused */
  refuse(amount: Money, id: string | undefined): void {
    if (id === undefined) {
      const live = this.table.live();
      if (live) throw new Refused('sale-open', live.id);
      return;
    }
    const sale = this.find(id);
    const refusal = partRefusal(sale, this.table.parts(id), amount);
    if (refusal) throw new Refused(refusal, id);
  }

  /** The sale that is at the counter: divided on purpose, or paid in part. */
  live(): SaleView | null {
    const sale = this.table.live();
    return sale ? this.view(sale) : null;
  }

  view(sale: Sale): SaleView {
    const parts = this.table.parts(sale.id);
    const { paid, underWay, owed } = sumsOf(sale, parts);
    const { currency } = sale.total;
    return {
      id: sale.id,
      at: sale.at,
      total: sale.total,
      state: sale.state,
      paid: money(paid, currency),
      underWay: money(underWay, currency),
      owed: money(owed, currency),
      unknown: unknownPart(parts)?.id ?? null,
      parts: parts.filter(({ state }) => state !== 'abandoned').map((part) => this.#parts.viewOf(part)),
    };
  }

  /** What the receipt of a part says of its sale; nothing where it paid the whole by itself. */
  onPaper(payment: Payment): { readonly sale?: SaleView } {
    const sale = payment.sale === null ? undefined : this.table.find(payment.sale);
    if (!sale || captured(payment).minor === sale.total.minor) return {};
    return { sale: this.view(sale) };
  }

  /** Whether giving it up means giving money back. */
  paid(sale: Sale): boolean {
    return sumsOf(sale, this.table.parts(sale.id)).paid > 0;
  }

  /** Takes what the bank approved where that is less than was asked. @throws Refused */
  accept(payment: Payment, actor: Actor): Payment {
    if (payment.state !== 'partial') throw new Refused('payment-not-open', payment.state);
    return this.#parts.runner.dispatch(payment.id, { type: 'accept' }, { by: actor.staff });
  }

  /** Opens a sale that is to be paid in parts. The same key answers the same sale. @throws Refused */
  split(key: string, total: Money, actor: Actor): Sale {
    const { payments, runner, refuse, changed } = this.#parts;
    const known = payments.request(key);
    if (known && known.body !== requestBody('split', total, null)) throw new Refused('key-reused');
    if (known) return this.find(known.payment);
    refuse(total, undefined);
    const sale = runner.openSale(key, total, actor);
    changed();
    return sale;
  }

  /** Shows a code for the customer to scan, as soon as the bank knows of the order. @throws Refused */
  show(key: string, amount: Money, actor: Actor, sale?: string): Payment {
    const { payments, runner, counter, profile, link, refuse } = this.#parts;
    const known = payments.request(key);
    if (known && known.body !== requestBody('shown', amount, sale ?? null)) throw new Refused('key-reused');
    if (known) return payments.get(known.payment);
    refuse(amount, sale);
    if (!profile.shown) throw new Refused('codes-not-shown');
    if (link.state.status !== 'online') throw new Refused('code-needs-line');
    const opened = runner.open(key, amount, actor, 'shown', sale);
    counter.follow(opened);
    return runner.dispatch(opened.id, { type: 'show', scheme: profile.shown.scheme }, { by: actor.staff });
  }

  /** Gives an open sale up. What was paid is taken back, now or as soon as the line is up. @throws Refused */
  drop(id: string, actor: Actor): Sale {
    const { book, world, changed } = this.#parts;
    const sale = this.find(id);
    if (sale.state === 'dropping' || sale.state === 'dropped') return sale;
    if (sale.state !== 'open') throw new Refused('sale-not-open', sale.state);
    const parts = this.table.parts(id);
    const state = stateAfter({ ...sale, state: 'dropping' }, parts, this.table.refunded(parts));
    book.commit(
      {
        kind: 'sale',
        at: world.clock.now(),
        by: actor.approver ?? actor.staff,
        event: { type: 'sale-dropped', sale: id },
        writes: [moved(sale, state, { approver: actor.approver ?? null })],
        transfers: [],
      },
      'outcome',
    );
    this.#work();
    changed();
    return this.find(id);
  }

  /** Parts of sales that are given up which the bank will neither void nor refund: a person must see to them. */
  stuck(): Payment[] {
    return this.table
      .inState('dropping')
      .flatMap(({ id }) => this.table.parts(id).filter((part) => this.isStuck(part)));
  }

  isStuck(part: Payment): boolean {
    if (part.sale === null || !pays(part.state) || this.table.find(part.sale)?.state !== 'dropping') return false;
    const given = this.table.givenBack(part.id);
    const left = captured(part).minor > given.refunded;
    return left && given.refundRefused && backOf(part, this.#parts.payments.current(part), given) === undefined;
  }

  /**
   * The owner says by name what becomes of such a part: it is given back in cash, or its money is kept. Kept, the sale ends
   * only with its last part. @throws Refused
   */
  decide(part: Payment, inCash: boolean, cause: string, actor: Actor): Payment {
    const { runner, world, book, changed, counter } = this.#parts;
    const sale = this.find(part.sale ?? '');
    const others = this.table.parts(sale.id).filter(({ id }) => id !== part.id);
    const open = others.some((one) => pays(one.state) && !this.#done(one) && !this.isStuck(one));
    if (!inCash && open) throw new Refused('payment-not-decidable', sale.id);
    book.commit(
      {
        kind: 'decision',
        at: world.clock.now(),
        by: actor.staff,
        payment: part.id,
        event: { type: 'decide', done: inCash ? 1 : 0, cause },
        writes: inCash ? [] : [moved(sale, 'dropped')],
        transfers: [],
      },
      'outcome',
    );
    if (inCash) {
      const amount = money(captured(part).minor - this.table.givenBack(part.id).refunded, part.amount.currency);
      const about = { original: part, cause: 'given-up', inCash: true } as const;
      const back = runner.openAbout('refund', newId(world), amount, about, actor);
      if (!counter.busy) counter.follow(back);
    }
    changed();
    return part;
  }

  #done(part: Payment): boolean {
    return captured(part).minor <= this.table.givenBack(part.id).refunded;
  }

  /** Journals once in a start that a part does not go back. */
  #tellStuck(): void {
    const { book, world, changed } = this.#parts;
    for (const { id, state } of this.stuck()) {
      if (this.#told.has(id)) continue;
      this.#told.add(id);
      const event = { type: 'sale-stuck', state };
      const at = world.clock.now();
      book.commit({ kind: 'core', at, by: 'terminal', payment: id, event, writes: [], transfers: [] }, 'outcome');
      changed();
    }
  }

  /** A payment has moved, or the line came back: a sale that is being given up may go on. */
  changed(): void {
    const { world, fatal } = this.#parts;
    if (this.table.inState('dropping').length === 0) return;
    // Not within the step that was just taken.
    world.clock
      .sleep(0, this.#stop.signal)
      .then(() => this.#work())
      .catch(fatal);
  }

  #work(): void {
    if (this.#stop.signal.aborted) return;
    for (const { id, staff, approver } of this.table.inState('dropping')) {
      const actor = approver === null ? { staff } : { staff, approver };
      for (const part of this.table.parts(id)) this.#back(part, actor);
    }
    this.#tellStuck();
  }

  #back(part: Payment, actor: Actor): void {
    const { runner, link, payments, world } = this.#parts;
    const back: Back | undefined = backOf(part, payments.current(part), this.table.givenBack(part.id));
    if (back === undefined) return;
    if (back.by === 'event') {
      runner.dispatch(part.id, { type: back.event }, { by: actor.approver ?? actor.staff });
    } else if (link.state.status === 'online' || part.tender === 'cash') {
      const amount = money(captured(part).minor - back.returned, part.amount.currency);
      const about = { original: part };
      runner.openAbout(back.by, newId(world), amount, about, actor);
    }
  }
}
