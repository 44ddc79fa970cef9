import type { RefundCause } from '../../contract/payment.ts';
import type { Core } from '../../main/core/core.ts';
import { recordLate } from '../../main/core/payment/late.ts';
import type { Payment } from '../../main/core/payment/payment.ts';
import type { Cashier } from './customers.ts';
import type { Machine } from './machine.ts';
import type { Oracle, Row } from './oracle.ts';
import type { Random } from './random.ts';

const CASHIER = { staff: 'cashier' } as const;
const OWNER = { staff: 'cashier', approver: 'owner' } as const;

/** What customers come back for: money of an earlier payment, and amounts that were held. */
export class Aftersales {
  readonly #machine: Machine;
  readonly #oracle: Oracle;
  readonly #random: Random;
  readonly #people: Cashier;
  readonly #key: () => string;

  constructor(machine: Machine, oracle: Oracle, random: Random, cashier: Cashier, key: () => string) {
    this.#machine = machine;
    this.#oracle = oracle;
    this.#random = random;
    this.#people = cashier;
    this.#key = key;
  }

  #between(least: number, most: number, run: () => void): void {
    this.#machine.timeline.after(this.#random.int(least, most), run);
  }

  /** Any payment of the day, the latest most often. */
  #any(): string | undefined {
    const ids = [...this.#oracle.answered.values()];
    const from = this.#random.chance(0.5) ? Math.max(0, ids.length - 3) : 0;
    return ids.length === 0 ? undefined : ids[this.#random.int(from, ids.length - 1)];
  }

  /** Money back: all, a part, or more than there is; sometimes asked again by a page that heard nothing, or twice. */
  refund(): void {
    const id = this.#any();
    const row = id === undefined ? undefined : this.#oracle.row(id);
    if (!row) return;
    const kind = this.#random.int(1, 10);
    const minor = kind <= 3 ? row.amount : kind <= 9 ? this.#random.int(1, row.amount) : row.amount + 1;
    const key = this.#key();
    this.#refund(row, key, minor);
    if (this.#random.chance(0.25)) this.#between(10, 40_000, () => this.#refund(row, key, minor));
    // Somebody else asks too, while nobody knows yet what became of the first.
    if (this.#random.chance(0.5)) {
      const other = this.#key();
      this.#between(1, this.#random.pick([9_000, 60_000]), () => this.#refund(row, other, row.amount));
    }
  }

  #refund(row: Row, key: string, minor: number): void {
    const { core } = this.#machine;
    if (!core) return;
    this.#machine.trace(() => `the owner gives ${minor} of ${row.id} back, ${key}`);
    const cause: RefundCause = this.#random.pick(['returned', 'faulty', 'goodwill']);
    const before = this.#oracle.answered.has(key);
    const payment = this.#people.ask(() =>
      core.aftersale.refund(key, row.id, { minor, currency: 'CNY' }, cause, OWNER),
    );
    if (!payment) return;
    this.#oracle.asked(key, payment.id);
    this.#online(core, payment, before);
  }

  /** Nothing goes back while nobody can tell the bank (I17). */
  #online(core: Core, payment: Payment, before: boolean): void {
    if (before || payment.tender === 'cash' || core.link.state.status === 'online') return;
    if (payment.state !== 'unknown') this.#oracle.fail('I17', `refunded without the line: ${payment.id}`);
  }

  /** An amount is held on a card. */
  hold(minor: number): void {
    const { core } = this.#machine;
    const key = this.#key();
    if (!core) return;
    this.#machine.trace(() => `the cashier holds ${minor}, ${key}`);
    const payment = this.#people.ask(() => core.aftersale.hold(key, { minor, currency: 'CNY' }, CASHIER));
    if (payment) this.#oracle.asked(key, payment.id);
  }

  /** A held amount is taken, in part or more than it allows, or given up. */
  complete(): void {
    const held = this.#oracle.rows("kind = 'pre-authorization' AND state IN ('authorized', 'completing')");
    const row = held[this.#random.int(0, Math.max(0, held.length - 1))];
    const { core } = this.#machine;
    if (!row) this.#again();
    if (!row || !core) return;
    const key = this.#key();
    if (this.#random.chance(0.25)) {
      this.#machine.trace(() => `the hold ${row.id} is given up`);
      this.#people.ask(() => core.aftersale.release(key, row.id, OWNER));
      return;
    }
    const minor = this.#random.chance(0.1) ? row.amount + 1 : this.#random.int(1, row.amount);
    const take = (): void => {
      const now = this.#machine.core;
      if (!now) return;
      this.#machine.trace(() => `the hold ${row.id} is taken with ${minor}, ${key}`);
      const payment = this.#people.ask(() => now.aftersale.complete(key, row.id, { minor, currency: 'CNY' }, CASHIER));
      if (!payment) return;
      this.#oracle.asked(key, payment.id);
      if (minor > row.amount) this.#oracle.fail('I16', `${minor} of ${row.amount} held is taken`);
    };
    take();
    if (this.#random.chance(0.3)) this.#between(1, 20_000, take);
  }

  /** A customer whose offline payment brought no money pays in cash, and the owner says so. */
  #again(): void {
    const { core } = this.#machine;
    const [late] = this.#oracle.rows(
      "state IN ('saf-declined', 'saf-expired') AND id NOT IN (SELECT payment FROM late WHERE what = 'paid-again')",
    );
    if (!core || !late) return;
    const key = this.#key();
    this.#machine.trace(() => `${late.id} is paid again in cash, ${key}`);
    const paid = this.#people.ask(() => core.cash(key, { minor: late.amount, currency: 'CNY' }, CASHIER));
    if (!paid) return;
    this.#oracle.asked(key, paid.id);
    const parts = { book: core.book, clock: core.world.clock, day: core.today };
    const payment = core.payments.get(late.id);
    this.#people.ask(() => recordLate(parts, payment, { what: 'taken-again', again: paid.id }, CASHIER));
    this.#people.ask(() => recordLate(parts, payment, { what: 'paid-again' }, CASHIER));
  }
}
