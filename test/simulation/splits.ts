import type { Core } from '../../main/core/core.ts';
import type { Cashier, Customers } from './customers.ts';
import type { Machine } from './machine.ts';
import type { Oracle } from './oracle.ts';
import type { Random } from './random.ts';

const CASHIER = { staff: 'cashier' } as const;
const OWNER = { staff: 'cashier', approver: 'owner' } as const;
const cny = (minor: number) => ({ minor, currency: 'CNY' }) as const;

/** Sales paid in parts, codes shown for customers to scan, and amounts that the bank approves in part. */
export class Splits {
  readonly #machine: Machine;
  readonly #oracle: Oracle;
  readonly #random: Random;
  readonly #people: Cashier;
  readonly #customers: Customers;
  readonly #key: () => string;

  constructor(
    machine: Machine,
    oracle: Oracle,
    random: Random,
    people: { readonly cashier: Cashier; readonly customers: Customers },
    key: () => string,
  ) {
    this.#machine = machine;
    this.#oracle = oracle;
    this.#random = random;
    this.#people = people.cashier;
    this.#customers = people.customers;
    this.#key = key;
  }

  #between(least: number, most: number, run: () => void): void {
    this.#machine.timeline.after(this.#random.int(least, most), run);
  }

  /** Somebody wants to pay in parts. The parts follow one by one. */
  begin(minor: number): void {
    const { core } = this.#machine;
    if (!core) return;
    const key = this.#key();
    const sale = this.#people.ask(() => core.sales.split(key, cny(minor), CASHIER));
    if (sale) this.#between(100, 2_000, () => this.goOn());
  }

  /** A sale of which a part was paid is given up. */
  giveUp(minor: number): void {
    const { core } = this.#machine;
    if (!core) return;
    const live = core.sales.live();
    if (!live) this.begin(minor);
    else if (live.unknown === null) this.#people.ask(() => core.sales.drop(live.id, OWNER));
  }

  /** The next part of the sale at the counter, more than is left now and then; or it is given up. */
  goOn(): void {
    const { core } = this.#machine;
    const live = core && core.stopped === null && !core.counter.busy ? core.sales.live() : null;
    if (!core || !live) return;
    if (live.unknown !== null && this.#random.chance(0.5)) {
      const { unknown } = live;
      this.#people.ask(() => core.cancel(unknown, CASHIER));
      return;
    }
    if (this.#random.chance(0.25)) {
      this.#machine.trace(() => `the owner gives sale ${live.id} up`);
      this.#people.ask(() => core.sales.drop(live.id, OWNER));
      return;
    }
    const over = this.#random.chance(0.1) ? 1 : 0;
    const whole = this.#random.chance(0.5) || live.owed.minor < 2;
    this.#part(core, live.id, whole ? live.owed.minor + over : this.#random.int(1, live.owed.minor));
    if (this.#random.chance(0.8)) this.#between(2_000, 40_000, () => this.goOn());
  }

  #part(core: Core, sale: string, minor: number): void {
    const key = this.#key();
    const how = this.#random.pick(['card', 'cash', 'code', 'shown'] as const);
    this.#machine.trace(() => `a part of ${minor} of ${sale} by ${how}, ${key}`);
    const payment = this.#people.ask(() => {
      if (how === 'cash') return core.cash(key, cny(minor), CASHIER, sale, cny(minor + 50));
      if (how === 'shown') return core.sales.show(key, cny(minor), CASHIER, sale);
      return core.charge(key, cny(minor), CASHIER, sale);
    });
    if (payment) this.#oracle.asked(key, payment.id);
    if (payment && how === 'card') this.#between(500, 3_000, () => this.#customers.tap());
    if (payment && how === 'code') this.#between(500, 3_000, () => this.#customers.scan());
  }

  /** A code of the shop's own; its customer scans it or not. */
  show(minor: number): void {
    const { core } = this.#machine;
    const key = this.#key();
    const payment = core && this.#people.ask(() => core.sales.show(key, cny(minor), CASHIER));
    if (!payment) return;
    this.#machine.trace(() => `a code over ${minor} is shown, ${key}`);
    this.#oracle.asked(key, payment.id);
    if (this.#random.chance(0.15)) this.#between(100, 50_000, () => this.#people.cancel());
  }

  /** What the bank approved in part is taken, given back, or nobody looks. */
  look(): void {
    const { core } = this.#machine;
    if (core?.counter.now.phase !== 'partial' || core.stopped !== null) return;
    const { payment } = core.counter.now;
    const kind = this.#random.int(1, 10);
    if (kind <= 6) this.#people.ask(() => core.sales.accept(core.payments.get(payment), CASHIER));
    else if (kind <= 8) this.#people.ask(() => core.cancel(payment, CASHIER));
  }
}

interface SaleRow {
  readonly id: string;
  readonly total: number;
  readonly state: string;
}

interface PartRow {
  readonly id: string;
  readonly state: string;
  readonly amount: number;
  readonly back: number;
}

const pays = /^(approved|settled|void-due|saf-(accepted|sending|unknown|approved|declined|expired))$/;

/** Sold offline and never paid: there is nothing of it to give back. */
const lost = /^saf-(declined|expired)$/;

/** Every sale against its parts: never paid more than its total, paid when it is, and nothing kept of one given up. */
export function compareSales(machine: Machine, oracle: Oracle): void {
  for (const { id, total, state } of machine.disk.rows('SELECT id, total, state FROM sale') as SaleRow[]) {
    const parts = machine.disk.rows(
      `SELECT id, state, coalesce(approved, amount) AS amount, (SELECT coalesce(sum(amount), 0) FROM payment AS refund
         WHERE refund.original = payment.id AND refund.kind = 'refund' AND refund.state IN ('approved', 'settled')) AS back
       FROM payment WHERE sale = ? AND kind = 'purchase'`,
      id,
    ) as PartRow[];
    const paying = parts.filter((part) => pays.test(part.state));
    const paid = paying.reduce((sum, { amount }) => sum + amount, 0);
    const kept = paying
      .filter((part) => !lost.test(part.state) && !oracle.decisions.kept(part.id))
      .reduce((sum, { amount, back }) => sum + amount - back, 0);
    if (paid > total) oracle.fail('I16', `sale ${id} over ${total} was paid ${paid}`);
    if (state === 'open' && paid === total) oracle.fail('P5', `sale ${id} is paid and still open`);
    if (state === 'dropped' && kept !== 0) oracle.fail('P5', `sale ${id} was given up, ${kept} of it was kept`);
    if (state === 'dropping') oracle.fail('P6', `sale ${id} is given up and never comes to its end`);
  }
}
