import type { Clock } from '../world/world.ts';

/** What is known of the wall clock since a payment was stamped before this start, milliseconds. */
interface Watch {
  /** By how much it was set. */
  readonly setSince: (payment: string, stamp: number) => number;
  /** How long the terminal was off by it, where nobody can say how long that really was. */
  readonly offSince: (payment: string, stamp: number) => number;
}

/**
 * How long ago something happened to a payment. Stamps are wall time, which jumps when somebody sets the clock, so ages
 * are counted on the monotonic clock (I20). Of a stamp made before this start only a bound is known.
 */
export class Ages {
  readonly #clock: Clock;
  readonly #start: { readonly wall: number; readonly monotonic: number };
  readonly #made = new Map<string, Map<number, number>>();
  readonly #watch: Watch;

  constructor(clock: Clock, watch: Watch = { setSince: () => 0, offSince: () => 0 }) {
    this.#clock = clock;
    this.#watch = watch;
    this.#start = { wall: clock.now(), monotonic: clock.monotonic() };
  }

  /** A stamp is made now. */
  mark(payment: string, stamp: number): void {
    const made = this.#made.get(payment) ?? new Map<number, number>();
    made.set(stamp, this.#clock.monotonic());
    this.#made.set(payment, made);
  }

  forget(payment: string): void {
    this.#made.delete(payment);
  }

  /** Milliseconds that have certainly passed: what was stamped before this start is at least as old as the start. */
  atLeast(payment: string, stamp: number): number {
    return this.#clock.monotonic() - (this.#made.get(payment)?.get(stamp) ?? this.#start.monotonic);
  }

  /** Milliseconds that have passed, the time before this start by the wall clock, less what somebody set it by. */
  about(payment: string, stamp: number): number {
    const before = this.#made.get(payment)?.has(stamp)
      ? 0
      : Math.max(0, this.#start.wall - stamp - this.#watch.setSince(payment, stamp));
    return before + this.atLeast(payment, stamp);
  }

  /** Milliseconds of which a clock that nobody can set has seen every one, those before this start included. */
  sure(payment: string, stamp: number): number {
    return Math.max(this.atLeast(payment, stamp), this.about(payment, stamp) - this.#watch.offSince(payment, stamp));
  }
}
