import type { Order } from '../ledger/book.ts';
import type { Transfer } from '../ledger/entry.ts';
import type { Effect, PaymentEvent } from './event.ts';
import type { OfflinePolicy } from './offline.ts';
import type { Payment, PaymentChange } from './payment.ts';

/** The rules of the acquirer profile that payments follow. */
export interface Rules {
  readonly offline: OfflinePolicy;
  /** Waiting times before repeat n, milliseconds; the last one for all further repeats. */
  readonly repeatMs: readonly number[];
  /** How many payments accepted offline may be on their way to the bank at once. */
  readonly window: number;
  /** How long a message and its answer, together, may be anywhere in the path: an answer does not say which repeat it answers (R6). */
  readonly messageLifetimeMs: number;
  /** What the bank approved in part may be taken when a person says so in this time after it was asked; never when absent. */
  readonly partialMs?: number | undefined;
  /** How long a code is shown; never when absent. */
  readonly shownMs?: number | undefined;
  /** Completions up to so many hundredths of the amount held, and for how many days; absent: nothing is held. */
  readonly hold?: { readonly percent: number; readonly days: number } | undefined;
  readonly wallet: { readonly firstQueryMs: number; readonly queryMs: number; readonly giveUpMs: number };
}

/** A payment goes on: what changes, which money moves, what must then be done. */
export interface Next {
  readonly kind: 'next';
  readonly change: PaymentChange;
  readonly transfers: readonly Transfer[];
  readonly effects: readonly Effect[];
  readonly order: Order;
  /** Delete the sealed card data in the same commit (I18). */
  readonly shred?: true;
  /** What the original of a void or completion learns in the same commit. */
  readonly original?: PaymentEvent;
}

/** The event changes nothing: too late, or said before. It is journalled as LATE. */
export interface Ignored {
  readonly kind: 'ignored';
}

/** After so many attempts a person is told, and may decide by name; the repeating goes on (R2, I9). */
export const ALERT_ATTEMPTS = 6;

export type Step = Next | Ignored;

export const ignored: Ignored = { kind: 'ignored' };

/** A transition that is not drawn: the core stops rather than guess. */
export class UndrawnTransition extends Error {
  override name = 'UndrawnTransition';
  /** `why` says what is wrong with a step that was taken; without it there is no step for the event. */
  constructor(payment: Payment, event: PaymentEvent, why?: string) {
    const what = event.type === 'answer' ? `answer ${event.answer.kind} to ${event.to}` : event.type;
    super(`${payment.kind} in state ${payment.state} cannot take ${what}${why === undefined ? '' : `: ${why}`}`);
  }
}

/** What still comes in for a payment that has its outcome changes nothing (I6). */
export function stepFinal(payment: Payment, event: PaymentEvent): Step {
  switch (event.type) {
    case 'answer':
    case 'restart':
    case 'due':
    case 'give-up':
    case 'cancel':
    case 'clear':
      return ignored;
    default:
      throw new UndrawnTransition(payment, event);
  }
}

/** The pause before sending for the `attempt`th time again. */
export function pause(rules: Rules, attempt: number): number {
  return rules.repeatMs[Math.min(attempt, rules.repeatMs.length - 1)] ?? 0;
}

export function outcome(
  change: PaymentChange,
  effects: readonly Effect[] = [],
  transfers: readonly Transfer[] = [],
): Next {
  return { kind: 'next', change, transfers, effects, order: 'outcome' };
}

export function intent(change: PaymentChange, effects: readonly Effect[]): Next {
  return { kind: 'next', change, transfers: [], effects, order: 'intent' };
}
