import type { AcquirerLink } from '../bank/link.ts';
import type { Book } from '../ledger/book.ts';
import type { Clock } from '../world/world.ts';
import { Forwarding } from './forwarding.ts';
import type { Payment } from './payment.ts';
import { patience } from './purchase.ts';
import { Queue } from './queue.ts';
import type { Runner } from './runner.ts';
import type { PaymentTable } from './table.ts';
import type { Rules } from './transition.ts';
import { unfinished } from './unfinished.ts';

export interface PendingParts {
  readonly clock: Clock;
  readonly link: AcquirerLink;
  readonly payments: PaymentTable;
  readonly runner: Runner;
  readonly rules: Rules;
  readonly book: Book;
  /** Screens may have to show something else. */
  readonly changed: () => void;
  readonly fatal: (error: unknown) => void;
}

/**
 * What the terminal has to do by itself: reversals and cancellations first, then queries and voids, then the payments
 * accepted offline, in their order. Goes on across outages; nothing is ever given up.
 */
export class Pending {
  readonly #parts: PendingParts;
  readonly #stop = new AbortController();
  /** When each payment is next due, on the monotonic clock; absent means now. */
  readonly #due = new Map<string, { readonly at: number; readonly wall: number }>();
  #pumping = false;
  readonly #waiting = new Set<AbortController>();
  /** What was accepted offline. */
  readonly queue: Queue;
  readonly forwarding: Forwarding;

  constructor(parts: PendingParts) {
    this.#parts = parts;
    this.queue = new Queue(parts);
    this.forwarding = new Forwarding({ ...parts, queue: this.queue, ages: parts.runner.ages });
    parts.link.onChange(() => this.#pump());
  }

  /** Takes up what an earlier start left. */
  go(): void {
    this.forwarding.start();
    this.#pump();
  }

  /** Looks at a payment again after `ms`. */
  later(payment: Payment, ms: number): void {
    const { clock, fatal } = this.#parts;
    if (payment.state.startsWith('saf-')) {
      this.queue.later(payment, ms);
      return;
    }
    const at = clock.monotonic() + ms;
    const due = { at, wall: clock.now() + ms };
    this.#due.set(payment.id, due);
    clock
      .sleep(ms, this.#stop.signal)
      .then(() => {
        // A timer may end a little before its time by the other clock; nobody would look again.
        if (this.#due.get(payment.id) === due) this.#due.delete(payment.id);
        this.#pump();
      })
      .catch(fatal);
  }

  /** When the next automatic step of a payment is planned, UTC milliseconds. */
  dueAt(payment: Payment): number {
    return this.#due.get(payment.id)?.wall ?? this.queue.dueAt(payment.id) ?? this.#parts.clock.now();
  }

  /** Tries everything now, without waiting for back-off. */
  hurry(): void {
    this.#due.clear();
    this.#pump();
    this.queue.hurry();
  }

  /** A step has been taken: the next one may follow. */
  changed(payment: Payment): void {
    this.#wake();
    if (payment.state.startsWith('saf-')) this.forwarding.look();
  }

  /** How many payments have not come to their end yet. */
  left(): number {
    return this.#parts.payments.countIn(unfinished);
  }

  /**
   * Tries everything now and waits until nothing is left or `ms` have passed. Answers how many are left. Ends a pause of
   * forwarding, in the name of `by`.
   */
  async settle(ms: number, by = 'terminal'): Promise<number> {
    this.forwarding.resume(by);
    const deadline = this.#parts.clock.monotonic() + ms;
    this.hurry();
    await this.#until(() => !this.#parts.payments.anyIn(unfinished), deadline);
    return this.left();
  }

  /** Resolves when every reversal has been tried at least once, or after `ms`. */
  async reversalsTried(ms: number): Promise<void> {
    const { clock, payments } = this.#parts;
    const deadline = clock.monotonic() + ms;
    for (const payment of payments.inStates(['reversal-due'])) this.#due.delete(payment.id);
    this.#pump();
    await this.#until(() => !this.#reversalsOpen(), deadline);
  }

  /** Waits for `done`, looking after every step that a payment takes, until the deadline on the monotonic clock. */
  async #until(done: () => boolean, deadline: number): Promise<void> {
    const { clock } = this.#parts;
    while (!this.#stop.signal.aborted && !done()) {
      const left = deadline - clock.monotonic();
      if (left <= 0) return;
      const woken = new AbortController();
      this.#waiting.add(woken);
      await clock.sleep(left, woken.signal);
      this.#waiting.delete(woken);
    }
  }

  #wake(): void {
    for (const waiting of this.#waiting) waiting.abort('woken');
  }

  #reversalsOpen(): boolean {
    const { payments, runner } = this.#parts;
    return payments.inStates(['reversal-due']).some((payment) => payment.attempt === 0 || runner.asking(payment.id));
  }

  stop(): void {
    this.#stop.abort();
    this.queue.stop();
    this.forwarding.stop();
    this.#wake();
  }

  #pump(): void {
    if (this.#pumping || this.#stop.signal.aborted) return;
    this.#pumping = true;
    try {
      this.#work();
      this.queue.pump();
    } catch (error) {
      this.#parts.fatal(error);
    } finally {
      this.#pumping = false;
    }
  }

  #work(): void {
    const { clock, payments, runner, link } = this.#parts;
    const now = clock.monotonic();
    for (const payment of payments.workable()) {
      const due = this.#due.get(payment.id);
      if (runner.asking(payment.id) || (due && due.at > now)) continue;
      if (link.state.status !== 'online' && this.#needsLine(payment)) continue;
      // Its refund is under way.
      if (payment.state === 'refund-due' && payments.givenBack(payment.id) > 0) continue;
      this.#due.delete(payment.id);
      runner.dispatch(payment.id, { type: 'due' });
    }
  }

  /** Going from unknown to its remedy, and giving up a wallet payment, are decisions of the terminal alone. */
  #needsLine(payment: Payment): boolean {
    const { runner, rules } = this.#parts;
    if (payment.state === 'unknown') return payment.kind !== 'purchase' && payment.kind !== 'pre-authorization';
    if (payment.state === 'partial') return false;
    const late = payment.sentAt !== null && runner.ages.atLeast(payment.id, payment.sentAt) >= patience(payment, rules);
    return !(payment.state === 'querying' && late);
  }
}
