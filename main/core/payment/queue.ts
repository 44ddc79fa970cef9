import type { AcquirerLink } from '../bank/link.ts';
import type { Clock } from '../world/world.ts';
import type { PaymentEvent } from './event.ts';
import type { Payment } from './payment.ts';
import type { Runner } from './runner.ts';
import { asPlaced } from './stored.ts';
import type { PaymentTable } from './table.ts';
import type { Rules } from './transition.ts';

export interface QueueParts {
  readonly clock: Clock;
  readonly link: AcquirerLink;
  readonly payments: PaymentTable;
  readonly runner: Runner;
  readonly rules: Rules;
  readonly fatal: (error: unknown) => void;
}

/** Answers that come within this time are written down together. */
const TOGETHER_MS = 25;
/** After so many times of "nothing left" a payment steps aside: the fault is its own and not the line's. */
const STEPS_ASIDE = 3;
/** How many more than there is room for are looked at, because some may have to wait for another of their card. */
const SPARE = 4;
/** How many payments are ended at once because their time is over. */
const EXPIRE_AT_ONCE = 32;

type Answered = readonly [id: string, event: PaymentEvent & { type: 'answer' }];

/**
 * The payments accepted offline on their way to the bank: several in flight, first sent in the order in which they were
 * accepted. Silence narrows the window to one until the bank answers again, and only the silent payment waits longer.
 * Two of the same card are never in flight together. What one window needs on the disk is written in one commit.
 */
export class Queue {
  readonly #parts: QueueParts;
  readonly #stop = new AbortController();
  /** In flight, each with its card. */
  readonly #flying = new Map<string, string | null>();
  /** When a payment that was silent or stepped aside may go again: by the monotonic clock, and as a label. */
  readonly #due = new Map<string, { readonly at: number; readonly wall: number }>();
  readonly #unsent = new Map<string, number>();
  #answered: Answered[] = [];
  #window: number;
  #heldUntil = 0;
  #repeats = true;
  #working = false;
  /** Something has changed since it last looked. */
  #asked = false;
  #collecting = false;
  /** Whether somebody has told it to wait. */
  paused: () => boolean = () => false;

  constructor(parts: QueueParts) {
    this.#parts = parts;
    this.#window = parts.rules.window;
    parts.runner.onAdvised((id, event) => this.#hear([id, event]));
  }

  /** A payment is to be looked at again after `ms`. */
  later(payment: Payment, ms: number): void {
    const { clock, fatal } = this.#parts;
    const at = clock.monotonic() + ms;
    const unsent = this.#unsent.get(payment.id) ?? 0;
    if (payment.state === 'saf-unknown' || unsent >= STEPS_ASIDE) {
      this.#due.set(payment.id, { at, wall: clock.now() + ms });
    } else if (unsent > 0) this.#heldUntil = Math.max(this.#heldUntil, at);
    clock
      .sleep(ms, this.#stop.signal)
      .then(() => {
        // A timer may end a little before its time by the other clock; nobody would look again.
        if (this.#due.get(payment.id)?.at === at) this.#due.delete(payment.id);
        if (this.#heldUntil === at) this.#heldUntil = 0;
        this.pump();
      })
      .catch(fatal);
  }

  /** How many are on their way. */
  get sending(): number {
    return this.#flying.size;
  }

  /** When a payment is next due, UTC milliseconds; undefined for as soon as it can be. */
  dueAt(id: string): number | undefined {
    return this.#due.get(id)?.wall;
  }

  /** Nothing waits for its time any more. */
  hurry(): void {
    this.#due.clear();
    this.#heldUntil = 0;
    this.#window = this.#parts.rules.window;
    this.pump();
  }

  stop(): void {
    this.#stop.abort();
  }

  /** Ends what is too old, then sends what may go. Asked for while it is at work it looks once more. */
  pump(): void {
    this.#asked = true;
    if (this.#working || this.#stop.signal.aborted) return;
    this.#working = true;
    try {
      while (this.#asked && !this.#stop.signal.aborted) {
        this.#asked = false;
        this.#expire();
        const dues = this.#dues();
        if (dues.length > 0) this.#send(dues, []);
      }
    } catch (error) {
      this.#parts.fatal(error);
    } finally {
      this.#working = false;
    }
  }

  #hear(answered: Answered): void {
    this.#answered.push(answered);
    // The one half is written down while the other is on its way.
    if (this.#answered.length * 2 >= this.#flying.size) {
      this.#take();
      return;
    }
    if (this.#collecting) return;
    this.#collecting = true;
    const { clock, fatal } = this.#parts;
    clock
      .sleep(TOGETHER_MS, this.#stop.signal)
      .then(() => {
        this.#collecting = false;
        this.#take();
      })
      .catch(fatal);
  }

  /** Writes down what the bank has answered, and with it what goes next. */
  #take(): void {
    if (this.#answered.length === 0 || this.#stop.signal.aborted) return;
    const answers = this.#answered;
    this.#answered = [];
    const final = answers.every(([, { answer }]) => isFinal(answer.kind));
    this.#asked = !final;
    this.#working = true;
    try {
      for (const [id, event] of answers) this.#learn(id, event.answer.kind);
      this.#send(final ? this.#dues() : [], answers);
    } catch (error) {
      this.#parts.fatal(error);
    } finally {
      this.#working = false;
    }
    if (this.#asked) this.pump();
  }

  #learn(id: string, kind: string): void {
    this.#flying.delete(id);
    if (kind === 'not-sent') this.#unsent.set(id, (this.#unsent.get(id) ?? 0) + 1);
    else this.#unsent.delete(id);
    if (isFinal(kind)) this.#window = Math.min(this.#parts.rules.window, this.#window * 2);
    else {
      this.#repeats = true;
      if (kind !== 'not-sent') this.#window = 1;
    }
  }

  #send(dues: readonly Payment[], answers: readonly Answered[]): void {
    asPlaced(dues);
    for (const { id, token } of dues) this.#flying.set(id, token);
    this.#parts.runner.dispatchAll([...answers, ...dues.map(({ id }) => [id, { type: 'due' }] as const)]);
  }

  /** What may go now, in the order of acceptance. */
  #dues(): Payment[] {
    const { clock, link, payments } = this.#parts;
    const room = this.#window - this.#flying.size;
    const now = clock.monotonic();
    if (room <= 0 || link.state.status !== 'online' || this.paused()) return [];
    const silent = this.#repeats ? payments.unanswered() : [];
    this.#repeats = silent.length > 0;
    const held = this.#heldUntil > now;
    const none = held || payments.toForward(1).length === 0;
    const first = none ? [] : payments.toForward(room + SPARE);
    asPlaced(first);
    const cards = new Set([...this.#flying.values()].filter((token) => token !== null));
    const dues: Payment[] = [];
    for (const payment of [...silent, ...first].sort((a, b) => a.seq - b.seq)) {
      if (dues.length >= room) break;
      const waits = (this.#due.get(payment.id)?.at ?? 0) > now || this.#flying.has(payment.id);
      const sameCard = payment.token !== null && cards.has(payment.token);
      if (payment.token !== null) cards.add(payment.token);
      if (waits || sameCard || this.#expired(payment)) continue;
      this.#due.delete(payment.id);
      dues.push(payment);
    }
    return dues;
  }

  #expire(): void {
    const { clock, fatal, payments, runner } = this.#parts;
    const [oldest] = payments.toForward(1);
    if (!oldest || !this.#expired(oldest)) return;
    const over = payments.toForward(EXPIRE_AT_ONCE).filter((payment) => this.#expired(payment));
    runner.dispatchAll(over.map(({ id }) => [id, { type: 'expire' }]));
    if (over.length < EXPIRE_AT_ONCE) return;
    clock
      .sleep(0, this.#stop.signal)
      .then(() => this.pump())
      .catch(fatal);
  }

  /** Never sent, and never to be: too old, or its card data was lost with the database. */
  #expired(payment: Payment): boolean {
    const { runner, payments, rules } = this.#parts;
    if (payment.state !== 'saf-accepted' || payment.attempt > 0) return false;
    const age = runner.ages.sure(payment.id, payment.acceptedAt ?? payment.at);
    return age >= rules.offline.hours * 3_600_000 || payments.sealed(payment.id) === undefined;
  }
}

function isFinal(kind: string): boolean {
  return kind === 'approved' || kind === 'declined' || kind === 'not-found';
}
