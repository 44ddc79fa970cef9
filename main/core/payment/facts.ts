import { batchOf, openBatch } from '../ledger/batch.ts';
import type { Ages } from './age.ts';
import type { Facts } from './event.ts';
import type { OfflineUse } from './offline.ts';
import type { Payment } from './payment.ts';
import type { RunnerParts } from './runner.ts';

type FactsParts = Pick<RunnerParts, 'payments' | 'book' | 'link' | 'world' | 'time'>;

/** What a step may ask about the world around its payment. Looked up only by the steps that ask: the queue can be long. */
export class LookedUp implements Facts {
  readonly #parts: FactsParts;
  readonly #ages: Ages;
  readonly #payment: Payment;
  readonly #token: string | null;
  readonly online: boolean;
  readonly now: number;

  constructor(parts: FactsParts, ages: Ages, payment: Payment, token: string | null) {
    this.#parts = parts;
    this.#ages = ages;
    this.#payment = payment;
    this.#token = token;
    this.online = parts.link.state.status === 'online';
    this.now = parts.world.clock.now();
  }

  get batch(): number {
    return openBatch(this.#parts.book.db).no;
  }

  get counted(): boolean {
    const { batch } = this.#payment;
    return batch !== null && batchOf(this.#parts.book.db, batch)?.state === 'closed';
  }

  get day(): string {
    return this.#parts.time.today;
  }

  get reversalsDue(): boolean {
    return this.#parts.payments.reversalUndelivered();
  }

  get offline(): OfflineUse {
    const { payments } = this.#parts;
    const oldest = payments.oldestWaiting();
    const oldestMs = oldest ? this.#ages.about(oldest.id, oldest.acceptedAt ?? oldest.at) : null;
    return { ...payments.offlineUse(this.#payment.amount.currency, this.#token), oldestMs };
  }

  waited(stamp: number): number {
    return this.#ages.atLeast(this.#payment.id, stamp);
  }
}
