import type { ExpiryStage, ForwardingView } from '../../../contract/queue.ts';
import { z } from '../../../contract/schema.ts';
import type { Book } from '../ledger/book.ts';
import { Refused } from '../refused.ts';
import { readSetting } from '../store/settings.ts';
import type { Clock } from '../world/world.ts';
import type { Ages } from './age.ts';
import type { Payment } from './payment.ts';
import type { Queue } from './queue.ts';
import type { PaymentTable } from './table.ts';
import type { Rules } from './transition.ts';

export interface ForwardingParts {
  readonly clock: Clock;
  readonly book: Book;
  readonly payments: PaymentTable;
  readonly queue: Queue;
  readonly ages: Ages;
  readonly rules: Rules;
  readonly changed: () => void;
  readonly fatal: (error: unknown) => void;
}

/** Nobody forgets a pause for longer than this. */
export const PAUSE_MS = 2 * 3_600_000;
const SETTING = 'forward-pause';
const Paused = z.object({ by: z.string(), at: z.int() });

interface Pause {
  readonly by: string;
  /** UTC milliseconds: labels. */
  readonly since: number;
  readonly until: number;
  /** On the monotonic clock. */
  readonly endsAt: number;
}

/** When it is said that a payment nears its limit: at three quarters of it, and an hour before it or at nine tenths. */
export function expiryStage(ageMs: number, limitMs: number): ExpiryStage | undefined {
  if (ageMs >= lastMs(limitMs)) return 'last';
  return ageMs >= limitMs * 0.75 ? 'soon' : undefined;
}

function lastMs(limitMs: number): number {
  return Math.max(limitMs - 3_600_000, limitMs * 0.9);
}

/**
 * What people see of forwarding and may do about it: its pause, journalled, which ends by itself, and the announcement
 * that payments near their time limit, made once for each stage and before anything is lost.
 */
export class Forwarding {
  readonly #parts: ForwardingParts;
  readonly #stop = new AbortController();
  #pause: Pause | undefined;
  #watching: AbortController | undefined;
  #announced: { readonly payment: string; readonly stage: ExpiryStage } | undefined;

  constructor(parts: ForwardingParts) {
    this.#parts = parts;
    parts.queue.paused = () => this.#pause !== undefined;
  }

  /** Takes up a pause that an earlier start left, and looks at what waits. */
  start(): void {
    const { book, clock } = this.#parts;
    const stored = readSetting(book.db, SETTING) ?? '';
    const left = stored === '' ? undefined : Paused.parse(JSON.parse(stored));
    if (left) {
      // Of the time before this start only the wall clock knows; set back, it makes no pause longer than a pause is.
      const rest = Math.min(PAUSE_MS, Math.max(0, PAUSE_MS - (clock.now() - left.at)));
      this.#hold({ by: left.by, since: left.at, until: clock.now() + rest, endsAt: clock.monotonic() + rest });
    }
    this.look();
  }

  stop(): void {
    this.#stop.abort();
    this.#watching?.abort('stopped');
  }

  /** Nothing of the queue leaves until a person says so, the day is closed, two hours are over or a limit is near. @throws Refused */
  pause(by: string): void {
    const { clock, changed } = this.#parts;
    if (this.#pause) return;
    if (this.#stage()) throw new Refused('queue-expiring');
    const at = clock.now();
    this.#record('forward-paused', by, JSON.stringify({ by, at }));
    this.#hold({ by, since: at, until: at + PAUSE_MS, endsAt: clock.monotonic() + PAUSE_MS });
    changed();
  }

  /** Ends a pause; nothing when there is none. */
  resume(by: string): void {
    const { queue, changed } = this.#parts;
    if (!this.#pause) return;
    this.#record('forward-resumed', by, '');
    this.#pause = undefined;
    changed();
    queue.pump();
  }

  view(): ForwardingView {
    const { clock, payments, queue, rules } = this.#parts;
    const oldest = payments.oldestWaiting();
    const stage = this.#stage();
    const expiresIn = stage && rules.offline.hours * 3_600_000 - stage.ageMs;
    return {
      oldestMs: oldest ? Math.round(this.#age(oldest)) : null,
      sending: queue.sending,
      nextAt: oldest ? (queue.dueAt(oldest.id) ?? null) : null,
      paused: this.#pause ? { by: this.#pause.by, since: this.#pause.since, until: this.#pause.until } : null,
      unsure: oldest !== undefined && this.#unsure(oldest),
      expiring: stage ? { stage: stage.stage, at: Math.round(clock.now() + (expiresIn ?? 0)) } : null,
    };
  }

  /** Something may have changed in the queue: says what nears its limit, and looks again when that may be so. */
  look(): void {
    if (this.#stop.signal.aborted || this.#watching) return;
    const next = this.#next();
    if (next === undefined) return;
    const { clock, fatal } = this.#parts;
    const watching = new AbortController();
    this.#watching = watching;
    clock
      .sleep(next, watching.signal)
      .then(() => {
        this.#watching = undefined;
        if (!this.#stop.signal.aborted) this.#watch();
      })
      .catch(fatal);
  }

  #watch(): void {
    const { clock, queue, fatal } = this.#parts;
    try {
      this.#announce();
      const over = this.#pause && this.#pause.endsAt <= clock.monotonic();
      if (over || this.#stage()) this.resume('terminal');
      queue.pump();
      this.look();
    } catch (error) {
      fatal(error);
    }
  }

  #hold(pause: Pause): void {
    this.#pause = pause;
    this.#watching?.abort('looks anew');
    this.#watching = undefined;
    this.look();
  }

  /** Milliseconds until something is to be said or ended; undefined when nothing is. */
  #next(): number | undefined {
    const { clock, payments, rules } = this.#parts;
    const [oldest] = payments.toForward(1);
    const limit = rules.offline.hours * 3_600_000;
    const age = oldest ? this.#age(oldest) : 0;
    const at = oldest ? [limit * 0.75, lastMs(limit), limit].filter((one) => one > age).map((one) => one - age) : [];
    const ends = this.#pause ? [this.#pause.endsAt - clock.monotonic()] : [];
    const said = oldest !== undefined && expiryStage(age, limit) !== this.#saidOf(oldest.id);
    const waits = said ? [0] : [...at, ...ends];
    return waits.length === 0 ? undefined : Math.max(0, Math.ceil(Math.min(...waits)));
  }

  #saidOf(payment: string): ExpiryStage | undefined {
    return this.#announced?.payment === payment ? this.#announced.stage : undefined;
  }

  #announce(): void {
    const { payments, rules, book, clock, changed } = this.#parts;
    const stage = this.#stage();
    if (!stage || this.#saidOf(stage.payment) === stage.stage) return;
    const { count, sum } = payments.offlineUse(rules.offline.total.currency, null);
    const event = { type: 'offline-expiring', stage: stage.stage, count, sum: sum.minor };
    book.commit({ kind: 'core', at: clock.now(), by: 'terminal', event, writes: [], transfers: [] }, 'outcome');
    this.#announced = stage;
    changed();
  }

  #stage(): { readonly payment: string; readonly stage: ExpiryStage; readonly ageMs: number } | undefined {
    const { payments, rules } = this.#parts;
    const [oldest] = payments.toForward(1);
    if (!oldest) return undefined;
    const ageMs = this.#age(oldest);
    const stage = expiryStage(ageMs, rules.offline.hours * 3_600_000);
    return stage && { payment: oldest.id, stage, ageMs };
  }

  /** By the wall clock it is too old, but the terminal was off for a part of that: the bank decides. */
  #unsure({ id, acceptedAt, at, attempt }: Payment): boolean {
    const { ages, rules } = this.#parts;
    const limit = rules.offline.hours * 3_600_000;
    return attempt === 0 && ages.sure(id, acceptedAt ?? at) < limit && ages.about(id, acceptedAt ?? at) >= limit;
  }

  /** Of which every millisecond is certain: only so does anything expire (I20). */
  #age({
    id,
    acceptedAt,
    at,
  }: {
    readonly id: string;
    readonly acceptedAt: number | null;
    readonly at: number;
  }): number {
    return this.#parts.ages.sure(id, acceptedAt ?? at);
  }

  #record(type: string, by: string, value: string): void {
    const { book, clock } = this.#parts;
    const writes = [{ op: 'put', table: 'setting', key: SETTING, value }] as const;
    book.commit({ kind: 'setting', at: clock.now(), by, event: { type }, writes, transfers: [] }, 'outcome');
  }
}
