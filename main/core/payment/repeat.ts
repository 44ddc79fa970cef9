import { hash } from 'node:crypto';
import type { BankRequest } from '../bank/link.ts';
import type { Exchange } from './event.ts';

/** A message was about to be repeated with other numbers or another body than it left with: the core stops. */
export class OtherRepeat extends Error {
  override name = 'OtherRepeat';
}

/**
 * Holds every repeat of a payment's message to what left first, in production too: the same numbers, amount, batch and body
 * (R3, R5). Only the count of attempts differs. It knows what left in this life of the core, of payments that go on.
 */
export class Repeats {
  readonly #left = new Map<string, Map<Exchange, { readonly digest: string; readonly attempt: number }>>();

  /** @throws OtherRepeat */
  asBefore(payment: string, exchange: Exchange, request: BankRequest): void {
    // A question is a message of its own each time.
    if (exchange === 'query') return;
    const { attempt } = request.trace;
    const digest = hash('sha256', JSON.stringify({ ...request, trace: { ...request.trace, attempt: 0 } }));
    const left = this.#left.get(payment) ?? new Map();
    const before = left.get(exchange);
    if (before && before.digest !== digest)
      throw new OtherRepeat(`${exchange} of ${payment}: attempt ${attempt} is not what left before`);
    if (before) return;
    left.set(exchange, { digest, attempt });
    this.#left.set(payment, left);
  }

  /** Nothing left at that attempt: where it was the first, the next one is the first. */
  unsent(payment: string, exchange: Exchange, { trace }: BankRequest): void {
    const left = this.#left.get(payment);
    if (left?.get(exchange)?.attempt === trace.attempt) left.delete(exchange);
  }

  forget(payment: string): void {
    this.#left.delete(payment);
  }
}
