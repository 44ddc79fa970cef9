import type { Money } from '../../../contract/money.ts';
import type { AcquirerLink, BankRequest, Presented, ReversalReason } from '../bank/link.ts';
import type { ClockWatch } from '../clockwatch.ts';
import { openBatch } from '../ledger/batch.ts';
import { type Book, GROUP, type Order } from '../ledger/book.ts';
import type { Draft, Write } from '../ledger/entry.ts';
import type { Sale } from '../sale/sale.ts';
import { begun, type SaleTable } from '../sale/table.ts';
import type { StoreSettings } from '../store/settings.ts';
import type { Time } from '../time.ts';
import { newId } from '../world/id.ts';
import type { World } from '../world/world.ts';
import { Ages } from './age.ts';
import { answerOf, eventDetail } from './answer.ts';
import { chargeNamed, type FoundCharge, refundOf } from './charge.ts';
import type { Effect, Exchange, Facts, PaymentEvent } from './event.ts';
import { LookedUp } from './facts.ts';
import { takeNumbers, takeTrace } from './number.ts';
import { bareOriginal, originalOf, traceOf } from './original.ts';
import { type Payment, valuesOf } from './payment.ts';
import { Repeats } from './repeat.ts';
import { sealedWrites, seenCode } from './secret.ts';
import { step } from './step.ts';
import { asStored } from './stored.ts';
import type { PaymentTable } from './table.ts';
import type { Next, Rules } from './transition.ts';
import { unfinished } from './unfinished.ts';

/** Who asks, and with whose approval. */
export interface Actor {
  readonly staff: string;
  readonly approver?: string;
}

/** What comes with an event and must not be in it: secrets that the journal never sees. */
export interface Beside {
  /** Card data sealed to the acquirer. */
  readonly sealed?: string;
  /** The wallet code itself, kept in memory until the purchase has been answered. */
  readonly code?: string;
  readonly by?: string;
  /** The command that caused the event: the same key never carries it out twice. */
  readonly request?: { readonly key: string; readonly body: string };
}

export interface RunnerParts {
  readonly world: Pick<World, 'clock' | 'random'>;
  readonly book: Book;
  readonly payments: PaymentTable;
  readonly sales: SaleTable;
  readonly link: AcquirerLink;
  readonly rules: Rules;
  readonly settings: () => StoreSettings;
  /** Effects that are not the bank's. Called after the commit. */
  readonly perform: (payment: Payment, effect: Exclude<Effect, { type: 'exchange' }>) => void;
  /** Called after every commit, with the payment as it is now. */
  readonly changed: (payment: Payment) => void;
  /** What is known of the wall clock. */
  readonly clockWatch: Pick<ClockWatch, 'setSince' | 'offSince' | 'look'>;
  /** What is made of it. */
  readonly time: Pick<Time, 'today' | 'suspect'>;
  /** Called when something happened that must never: the core stops. */
  readonly fatal: (error: unknown) => void;
}

/** A step on its way to the disk. Without `next` it changes nothing, and is recorded only where there is a draft. */
interface Taken {
  readonly payment: Payment;
  readonly order: Order;
  readonly next?: Next;
  readonly draft?: Draft;
  /** The earlier payment that learns of its end in the same commit. */
  readonly original?: { readonly payment: Payment; readonly next: Next } | undefined;
}

/** What a payment is about: an earlier one, and why a person asked. */
export interface About {
  readonly original: Payment;
  readonly cause?: string;
  /** Given from the drawer, however it was paid. */
  readonly inCash?: true;
}

/** What the earlier payment learns when one about it is opened. */
const teaches: Record<'void' | 'refund' | 'completion', PaymentEvent | undefined> = {
  void: { type: 'void' },
  refund: undefined,
  completion: { type: 'complete' },
};

/** States whose age decides what comes next. */
const ageing: ReadonlySet<Payment['state']> = new Set(unfinished);

/** Makes steps durable, and only then lets their effects out. The one place where a payment's state changes. */
export class Runner {
  readonly #parts: RunnerParts;
  readonly #codes = new Map<string, string>();
  readonly #inFlight = new Set<string>();
  readonly #repeats = new Repeats();
  #onAdvised: ((id: string, event: PaymentEvent & { type: 'answer' }) => void) | undefined;
  /** How long payments have waited. */
  readonly ages: Ages;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
    const { clockWatch } = parts;
    this.ages = new Ages(parts.world.clock, {
      setSince: (payment, stamp) => clockWatch.setSince(payment, stamp),
      offSince: (payment, stamp) => clockWatch.offSince(payment, stamp),
    });
  }

  /** The answers to advices go to this one listener, which dispatches them, together with others. */
  onAdvised(listener: (id: string, event: PaymentEvent & { type: 'answer' }) => void): void {
    this.#onAdvised = listener;
  }

  /** Whether the bank is being asked about this payment right now. */
  asking(id: string): boolean {
    return this.#inFlight.has(id);
  }

  /** Opens a purchase: numbers taken and durable before a reader is armed. */
  open(
    key: string,
    amount: Money,
    actor: Actor,
    what: 'purchase' | 'cash' | 'shown' | 'pre-authorization' = 'purchase',
    sale?: string,
  ): Payment {
    const request = { key, body: requestBody(what, amount, sale ?? null) };
    if (what === 'pre-authorization')
      return this.#insert(request, what, 'opened', amount, actor, null, {}, [], `${what}-opened`);
    const whole = sale === undefined ? this.#newSale(amount, actor, false) : undefined;
    const change = { sale: whole?.sale.id ?? sale ?? null };
    return this.#insert(
      request,
      'purchase',
      'opened',
      amount,
      actor,
      null,
      change,
      [],
      'purchase-opened',
      whole?.writes,
    );
  }

  /** Opens a sale that is to be paid in parts. */
  openSale(key: string, total: Money, actor: Actor): Sale {
    const { sale, writes } = this.#newSale(total, actor, true);
    const request: Write = {
      op: 'insert',
      table: 'request',
      values: { key, body: requestBody('split', total, null), payment: sale.id, at: sale.at },
    };
    const event = { type: 'sale-opened', sale: sale.id };
    this.#commit({ kind: 'sale', at: sale.at, by: actor.staff, event, writes: [...writes, request], transfers: [] });
    return sale;
  }

  #newSale(total: Money, actor: Actor, split: boolean): { readonly sale: Sale; readonly writes: readonly Write[] } {
    const { world, sales, time } = this.#parts;
    const at = world.clock.now();
    const day = time.today;
    const { staff } = actor;
    const sale: Sale = { id: newId(world), total, state: 'open', split, staff, approver: null, at, day };
    return { sale, writes: [...sales.forgotten(), begun(sale)] };
  }

  /**
   * Opens a payment about an earlier one: a refund, void or completion. It is sent at once, or given from the drawer; what
   * the earlier payment learns of it is in the same commit.
   */
  openAbout(kind: 'void' | 'refund' | 'completion', key: string, amount: Money, about: About, actor: Actor): Payment {
    const { original, cause = null } = about;
    const learns = teaches[kind];
    const learned = learns && step(original, learns, this.#facts(original), this.#parts.rules);
    if (learned?.kind === 'ignored') throw new Error(`payment ${original.id} takes no ${kind} in ${original.state}`);
    const inCash = about.inCash ?? original.tender === 'cash';
    const { maskedPan } = original;
    const { tender, scheme } = inCash ? ({ tender: 'cash', scheme: 'cash' } as const) : original;
    const batch = kind === 'void' ? original.batch : openBatch(this.#parts.book.db).no;
    const sent = inCash ? {} : { batch, attempt: 1, sentAt: this.#parts.world.clock.now() };
    const payment = this.#insert(
      { key, body: requestBody(kind, amount, original.id) },
      kind,
      inCash ? 'opened' : 'sending',
      amount,
      actor,
      original.id,
      { tender, scheme, maskedPan, cause, ...sent },
      learned ? [this.#update(original, learned)] : [],
      `${kind}-opened`,
    );
    this.#parts.changed(this.#parts.payments.get(original.id));
    if (inCash) return this.dispatch(payment.id, { type: 'cash' }, { by: actor.approver ?? actor.staff });
    this.#exchange(payment, kind);
    return payment;
  }

  /** Opens the refund of a charge that only the bank's statement knows, and asks the bank for it. */
  openCharge(key: string, charge: FoundCharge, actor: Actor): Payment {
    const { book, world } = this.#parts;
    const { amount, line } = charge;
    const request = { key, body: requestBody('refund', amount, line) };
    const { change, before } = refundOf(newId(world), charge, openBatch(book.db).no, world.clock.now());
    const type = 'refund-opened';
    const payment = this.#insert(request, 'refund', 'sending', amount, actor, null, change, [], type, before);
    this.#exchange(payment, 'refund');
    return payment;
  }

  #insert(
    request: { readonly key: string; readonly body: string },
    kind: Payment['kind'],
    state: Payment['state'],
    amount: Money,
    actor: Actor,
    original: string | null,
    change: Partial<Payment>,
    writes: readonly Write[],
    type: string,
    before: readonly Write[] = [],
  ): Payment {
    const { world, book, payments, settings, clockWatch, time } = this.#parts;
    // What was done to the clock is known before anything is said of the time.
    clockWatch.look();
    const at = world.clock.now();
    const clockSuspect = time.suspect;
    const numbers = takeNumbers(book.db, settings().terminal, at);
    const id = newId(world);
    const { stan, rrn, receiptNo } = numbers;
    const staff = actor.staff;
    const approver = actor.approver ?? null;
    const day = time.today;
    const row = {
      id,
      kind,
      state,
      amount,
      at,
      day,
      clockSuspect,
      stan,
      rrn,
      receiptNo,
      staff,
      approver,
      original,
      ...change,
    };
    this.#commit({
      kind: 'payment',
      at,
      by: staff,
      payment: id,
      event: { type },
      writes: [
        ...before,
        { op: 'insert', table: 'payment', values: valuesOf(row) },
        carriedOut(id, request, at),
        ...numbers.writes,
        ...writes,
      ],
      transfers: [],
    });
    const payment = payments.get(id);
    this.#parts.changed(payment);
    return payment;
  }

  #commit(draft: Draft): void {
    try {
      this.#parts.book.commit(draft, 'intent');
    } catch (error) {
      this.#parts.fatal(error);
      throw error;
    }
  }

  /** Takes one step. The new state is durable when this returns, and its effects have been let out. */
  dispatch(id: string, event: PaymentEvent, beside: Beside = {}): Payment {
    try {
      const taken = this.#take(id, event, beside);
      if (taken.draft) this.#parts.book.commit(taken.draft, taken.order);
      return this.#taken(taken);
    } catch (error) {
      this.#parts.fatal(error);
      throw error;
    }
  }

  /**
   * Takes steps of several payments, each payment once. Those that have nothing to do with each other are durable in one
   * transaction before the first effect of any of them is let out; two parts of one sale are never in the same.
   */
  dispatchAll(events: readonly (readonly [id: string, event: PaymentEvent])[]): void {
    const { book, fatal, payments } = this.#parts;
    const together: Taken[] = [];
    const sales = new Set<string>();
    const record = (): void => {
      const all = together.splice(0);
      sales.clear();
      const order = all.some((taken) => taken.order === 'outcome') ? 'outcome' : 'intent';
      book.commitAll(
        all.flatMap(({ draft }) => draft ?? []),
        order,
      );
      for (const taken of all) this.#taken(taken);
    };
    try {
      for (const [id, event] of events) {
        const { sale } = payments.get(id);
        if (together.length === GROUP || (sale !== null && sales.has(sale))) record();
        if (sale !== null) sales.add(sale);
        together.push(this.#take(id, event, {}));
      }
      record();
    } catch (error) {
      fatal(error);
      throw error;
    }
  }

  /** What a step comes to, with nothing written yet. */
  #take(id: string, event: PaymentEvent, beside: Beside): Taken {
    const { payments, sales, clockWatch } = this.#parts;
    const payment = payments.get(id);
    const facts = this.#facts(payment, event);
    const next = step(payment, event, facts, this.#parts.rules);
    // That the clock was set stands in the journal before what it stamps from now on.
    if (next.kind === 'next' && next.change.acceptedAt !== undefined) clockWatch.look();
    const kind = event.type === 'decide' ? 'decision' : 'payment';
    const draft = { kind, at: facts.now, by: beside.by ?? 'terminal', payment: id } as const;
    if (next.kind === 'ignored') {
      if (event.type !== 'answer') return { payment, order: 'outcome' };
      const late = { ...draft, event: { type: 'late', ...eventDetail(event) }, writes: [], transfers: [] };
      return { payment, order: 'outcome', draft: late };
    }
    if (beside.code !== undefined) this.#codes.set(id, beside.code);
    const original = next.original ? this.#original(payment, next.original) : undefined;
    const recorded: Draft = {
      ...draft,
      event: { type: event.type, from: payment.state, ...eventDetail(event) },
      writes: [
        this.#update(payment, next),
        ...(event.type === 'code' ? [seenCode(id, event.codeHash, draft.at)] : []),
        ...(beside.request ? [carriedOut(id, beside.request, draft.at)] : []),
        ...(original ? [this.#update(original.payment, original.next)] : []),
        ...sales.after(payment, next.change),
        ...(original ? sales.after(original.payment, original.next.change) : []),
      ],
      sealed: sealedWrites(id, next, beside.sealed),
      transfers: [...next.transfers, ...(original?.next.transfers ?? [])],
    };
    return { payment, next, order: next.order, draft: recorded, original };
  }

  /** The step is durable: what follows from it. */
  #taken({ payment, next, draft, original }: Taken): Payment {
    if (!next) {
      // What is to be done next may have waited for this exchange to be over.
      if (draft) this.#parts.perform(payment, { type: 'later', ms: 0 });
      return payment;
    }
    for (const stamp of [next.change.sentAt, next.change.acceptedAt, next.change.notFoundAt]) {
      if (typeof stamp === 'number') this.ages.mark(payment.id, stamp);
    }
    return this.#after(payment.id, next, original);
  }

  #after(id: string, next: Next, original: Taken['original']): Payment {
    const { payments, changed, perform } = this.#parts;
    const payment = payments.get(id);
    if (payment.state !== 'sending') this.#codes.delete(id);
    if (!ageing.has(payment.state)) {
      this.ages.forget(id);
      this.#repeats.forget(id);
    }
    changed(payment);
    const earlier = original && payments.get(original.payment.id);
    if (earlier) changed(earlier);
    for (const effect of next.effects) {
      if (effect.type === 'exchange') this.#exchange(payment, effect.exchange, effect.reason);
      else perform(payment, effect);
    }
    for (const effect of original?.next.effects ?? []) {
      if (earlier && effect.type !== 'exchange') perform(earlier, effect);
    }
    return payment;
  }

  #original(payment: Payment, event: PaymentEvent): { payment: Payment; next: Next } {
    const original = this.#parts.payments.get(payment.original ?? '');
    const next = step(original, event, this.#facts(original), this.#parts.rules);
    if (next.kind !== 'next') throw new Error(`payment ${original.id} ignored ${event.type}`);
    return { payment: original, next };
  }

  /** Compare-and-set on the state that the step was taken from (I6). */
  #update(payment: Payment, next: Next): Write {
    const values = valuesOf({ state: payment.state, ...next.change });
    return { op: 'update', table: 'payment', key: { id: payment.id, state: payment.state }, values };
  }

  #facts(payment: Payment, event?: PaymentEvent): Facts {
    const token = event?.type === 'card' ? (event.card?.token ?? null) : payment.token;
    return new LookedUp(this.#parts, this.ages, payment, token);
  }

  #exchange(payment: Payment, exchange: Exchange, reason?: ReversalReason): void {
    const { link, fatal, payments } = this.#parts;
    asStored(payments, payment);
    this.#inFlight.add(payment.id);
    const request = this.#request(payment, exchange, reason ?? 'no-answer');
    this.#repeats.asBefore(payment.id, exchange, request);
    link
      .exchange(request)
      .then((answer) => {
        this.#inFlight.delete(payment.id);
        if (answer.kind === 'not-sent') this.#repeats.unsent(payment.id, exchange, request);
        const event = { type: 'answer', to: exchange, answer: answerOf(answer, exchange) } as const;
        if (exchange === 'advice' && this.#onAdvised) this.#onAdvised(payment.id, event);
        else this.dispatch(payment.id, event);
      })
      .catch(fatal);
  }

  #request(payment: Payment, exchange: Exchange, reason: ReversalReason): BankRequest {
    const { amount } = payment;
    const trace = traceOf(payment);
    switch (exchange) {
      case 'purchase': {
        const type = payment.kind === 'pre-authorization' ? payment.kind : exchange;
        return { type, trace, amount, presented: this.#presented(payment) };
      }
      case 'advice':
        return { type: exchange, trace, amount, presented: this.#presented(payment) };
      case 'reversal':
        return { type: 'reversal', trace, amount, reason, original: bareOriginal(payment) };
      case 'query': {
        const own = this.#ownTrace();
        const asked = { ...own, batch: trace.batch, attempt: 0 };
        return { type: 'query', trace: asked, amount, original: bareOriginal(payment) };
      }
      case 'void':
      case 'refund':
      case 'completion': {
        if (payment.charge !== null) {
          return { type: 'charge-refund', trace, amount, charge: chargeNamed(this.#parts.book.db, payment.charge) };
        }
        const original = this.#parts.payments.get(payment.original ?? '');
        return { type: exchange, trace, amount, original: originalOf(original) };
      }
    }
  }

  /** A query is a message of its own: its numbers are taken, and taken for good, before it is sent. */
  #ownTrace(): { stan: number; rrn: string; at: number } {
    const { book, world } = this.#parts;
    const at = world.clock.now();
    const { stan, rrn, writes } = takeTrace(book.db, at);
    book.commit(
      { kind: 'core', at, by: 'terminal', event: { type: 'trace-taken', stan }, writes, transfers: [] },
      'intent',
    );
    return { stan, rrn, at };
  }

  #presented(payment: Payment): Presented {
    if (payment.tender === 'shown') return { kind: 'code', scheme: 'shown', code: payment.rrn };
    if (payment.tender === 'code') {
      return { kind: 'code', scheme: payment.scheme ?? '', code: this.#codes.get(payment.id) ?? '' };
    }
    const sealed = this.#parts.payments.sealed(payment.id);
    if (sealed === undefined) throw new Error(`payment ${payment.id} has no sealed card data`);
    return {
      kind: 'card',
      sealed,
      iccData: payment.iccData ?? '',
      expiry: payment.expiry ?? '',
      ...(payment.panSequence === null ? {} : { panSequence: payment.panSequence }),
    };
  }
}

/** What the same key must mean when it comes again. */
export function requestBody(
  kind: Payment['kind'] | 'cash' | 'shown' | 'split' | 'release',
  amount: Money,
  original: string | null,
): string {
  return `${kind} ${amount.minor} ${amount.currency} ${original ?? ''}`.trim();
}

function carriedOut(payment: string, request: { readonly key: string; readonly body: string }, at: number): Write {
  return { op: 'insert', table: 'request', values: { ...request, payment, at } };
}
