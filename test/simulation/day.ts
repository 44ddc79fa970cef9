import type { Currency } from '../../contract/money.ts';
import { Aftersales } from './aftersales.ts';
import { atRest, compareBooks } from './books.ts';
import { crowded, usual } from './chances.ts';
import { type Cashier, Customers } from './customers.ts';
import { isPowerCut, Machine } from './machine.ts';
import { fair } from './network.ts';
import { OlderCopy } from './oldercopy.ts';
import { Oracle, type Violation } from './oracle.ts';
import { Owner, type Wanted } from './owner.ts';
import { Random } from './random.ts';
import { drawDialect, drawShape, type Shape } from './shape.ts';
import { compareSales, Splits } from './splits.ts';
import { Statements } from './statements.ts';
import { Troubles } from './troubles.ts';

/** What came of one simulated day. */
export interface DayResult {
  readonly seed: number;
  readonly violation: Violation | undefined;
  readonly payments: number;
  readonly cuts: number;
  /** Payments whose outcome was unknown for a while, and those of them that came to an end. */
  readonly unknown: { readonly began: number; readonly ended: number };
  readonly virtualMs: number;
  readonly events: number;
  /** How many places it passed where the power may go. */
  readonly points: number;
  /** What became of each payment, in order, and what the bank holds of it: the same whatever is done to the clock. */
  readonly outcomes: readonly string[];
}

export interface DayOptions {
  readonly log?: ((line: string) => void) | undefined;
  /** Whether somebody sets the clock; by chance when not said. */
  readonly clock?: boolean | undefined;
  /** The power fails for certain at this point, counted from 1. */
  readonly cutAt?: number | undefined;
  /** What is rare happens often. */
  readonly crowded?: boolean | undefined;
}

const CURRENCY: Currency = 'CNY';
const CASHIER = { staff: 'cashier' } as const;
const SUPERVISOR = { staff: 'cashier', approver: 'owner' } as const;
/** How long after everything is mended a day may take to come to rest. */
const HEALING_MS = 30 * 60_000;
/** The longest that a message can be on its way, with a margin. */
const STRAGGLERS_MS = 180_000;
/** How often somebody looks whether it has. */
const LOOK_MS = 5_000;
const EVENTS = 30_000;

/** One day at a simulated counter: customers, a cashier, and what goes wrong. */
export class Day {
  readonly #machine: Machine;
  readonly #oracle: Oracle;
  readonly #random: Random;
  readonly #seed: number;
  #customers: number;
  #keys = 0;
  #events = 0;
  #over = false;
  /** How often what one event set going is handed from promise to promise at most. */
  readonly #turns: number;
  #closing = false;
  readonly #shape: Shape;
  readonly #troubles: Troubles;
  readonly #shoppers: Customers;
  readonly #aftersales: Aftersales;
  readonly #splits: Splits;
  readonly #owner: Owner;
  readonly #statements: Statements;
  readonly #olderCopy: OlderCopy;

  constructor(seed: number, { log, clock, cutAt, crowded: full = false }: DayOptions = {}) {
    this.#seed = seed;
    this.#random = new Random(seed, 0);
    let oracle: Oracle | undefined;
    const watch = (machine: Machine): Oracle => {
      oracle = new Oracle(machine);
      return oracle;
    };
    const declines = this.#random.chance(0.3) ? 0.3 : 0.05;
    // A bank that draws lots would draw others for a queue that leaves in another order.
    const chances = full ? crowded : usual;
    this.#shape = drawShape(this.#random, chances);
    const { disk } = this.#shape;
    const dialect = drawDialect(seed, chances);
    const made = { declines: clock === undefined ? declines : 0, disk, log, cutAt, dialect, chances };
    this.#machine = new Machine(seed, made, watch);
    this.#turns = this.#machine.wire ? 30 : 12;
    if (!oracle) throw new Error('nobody watches');
    this.#oracle = oracle;
    this.#customers = this.#shape.customers;
    this.#troubles = new Troubles(this.#machine, this.#oracle, this.#random, seed, clock);
    const cashier: Cashier = { cancel: () => this.#cancel(), ask: (ask) => this.#ask(ask) };
    this.#shoppers = new Customers(this.#machine, this.#random, cashier);
    this.#aftersales = new Aftersales(this.#machine, this.#oracle, this.#random, cashier, () => this.#key());
    this.#owner = new Owner(this.#machine, this.#oracle, seed, cashier, (what) => this.#wants(what));
    this.#statements = new Statements(this.#machine, this.#oracle, seed, cashier, (error) => this.#bug(error));
    this.#olderCopy = new OlderCopy(this.#machine, this.#oracle, seed, this.#shoppers, (ms) => this.#pass(ms));
    const people = { cashier, customers: this.#shoppers };
    this.#splits = new Splits(this.#machine, this.#oracle, this.#random, people, () => this.#key());
  }

  async run(): Promise<DayResult> {
    const machine = this.#machine;
    let outcomes: readonly string[] = [];
    try {
      machine.start();
      this.#troubles.plan(this.#shape, () => this.#over);
      this.#owner.plan();
      this.#statements.plan();
      this.#olderCopy.plan();
      this.#soon(1_000, () => this.#serve());
      while (!this.#over && (await this.#step(Number.MAX_SAFE_INTEGER)));
      if (!this.#oracle.violation) await this.#heal();
      if (!this.#oracle.violation) compareBooks(machine, this.#oracle, this.#shape.verifies);
      if (!this.#oracle.violation) compareSales(machine, this.#oracle);
      outcomes = this.#outcomes();
      if (!this.#oracle.violation) await this.#olderCopy.run();
    } catch (error) {
      this.#bug(error);
    } finally {
      machine.life = undefined;
      machine.disk.end();
    }
    return {
      seed: this.#seed,
      violation: this.#oracle.violation,
      payments: this.#keys,
      cuts: machine.cuts,
      unknown: this.#oracle.unknown,
      virtualMs: machine.timeline.now,
      events: this.#events,
      points: machine.points,
      outcomes,
    };
  }

  #outcomes(): readonly string[] {
    return this.#oracle
      .rows('1 ORDER BY stan')
      .map(({ id, stan, kind, state, amount, batch, accepted_at: offline }) => {
        const presented = this.#oracle.presented.get(id);
        const charged = presented === undefined ? 0 : this.#machine.bank.charged(presented);
        return `${stan} ${kind} of ${amount} is ${state} in batch ${batch}${offline === null ? '' : ', taken offline'}; the bank has ${charged}`;
      });
  }

  /** Lets one event happen, and everything that follows from it at once. */
  async #step(until: number): Promise<boolean> {
    const run = this.#machine.timeline.next(until);
    if (!run || this.#oracle.violation) return false;
    this.#events += 1;
    if (this.#events > EVENTS) this.#oracle.fail('P6', `no rest after ${EVENTS} events`);
    try {
      run();
    } catch (error) {
      this.#bug(error);
    }
    // Whatever the event set going hands over from promise to promise; nothing in the core waits for anything else.
    for (let turn = 0; turn < this.#turns; turn += 1) await undefined;
    return true;
  }

  #bug(error: unknown): void {
    if (isPowerCut(error)) return;
    this.#oracle.fail('crash', error instanceof Error ? (error.stack ?? error.message) : String(error));
  }

  #soon(ms: number, run: () => void): void {
    this.#machine.timeline.after(ms, run);
  }

  #between(least: number, most: number, run: () => void): void {
    this.#soon(this.#random.int(least, most), run);
  }

  /** The cashier's next act, when the counter is free. */
  #serve(): void {
    const { core } = this.#machine;
    if (this.#customers <= 0) {
      this.#over = !this.#owner.busy && !this.#statements.busy;
      if (!this.#over) this.#soon(15_000, () => this.#serve());
      if (this.#owner.waits && core?.stopped === null && !core.counter.busy) this.#act();
      return;
    }
    if (!core || core.stopped !== null || core.counter.busy) {
      // First of all, since the power may fail in the middle of what is done then.
      this.#soon(2_000, () => this.#serve());
      if (core?.counter.waiting !== undefined && this.#random.chance(0.2)) this.#cancel();
      this.#splits.look();
      return;
    }
    this.#customers -= 1;
    this.#soon(this.#random.int(1_500, 30_000) + this.#troubles.lull, () => this.#serve());
    if (core.sales.live() !== null && this.#random.chance(0.8)) {
      this.#splits.goOn();
      return;
    }
    this.#act();
  }

  #act(): void {
    const { theme } = this.#shape;
    // Before anything was sold there is nothing to take back, to print again or to count.
    const sold = this.#oracle.answered.size > 0;
    // What goes back is sent where the sale has come through, and then nobody may know.
    if (theme === 'aftersale' && sold) this.#machine.network.weather.dropAnswer = this.#random.pick([0, 0.5, 0.9]);
    const kind = this.#kind(sold);
    if (sold && this.#customers === 0 && theme === 'close') this.#close();
    else if (kind <= 36) this.#sell('card');
    else if (kind <= 52) this.#sell('code');
    else if (kind <= 60) this.#cash();
    else if (kind <= 64) this.#hold();
    else if (kind <= 66) this.#splits.show(this.#amount());
    else if (kind <= 69) this.#splits.begin(this.#amount() + 1);
    else if (!sold) this.#sell('card');
    else if (kind <= 79) this.#void();
    else if (kind <= 89) this.#aftersales.refund();
    else if (kind <= 93) this.#aftersales.complete();
    else if (kind <= 95) this.#reprint();
    else this.#close();
  }

  #wants(what: Wanted): void {
    const { core } = this.#machine;
    if (!core || core.stopped !== null || core.counter.busy) return;
    if (what === 'refund') this.#aftersales.refund();
    else if (what === 'void') this.#void();
    else if (what === 'complete') this.#aftersales.complete();
    else if (what === 'card') this.#sell('card');
    else if (what === 'code') this.#changesMind();
    else this.#splits.giveUp(this.#amount() + 1);
  }

  /** Somebody pays by a code and no longer wants to. */
  #changesMind(): void {
    this.#sell('code');
    this.#between(3_500, 9_000, () => this.#cancel());
  }

  /** Of a hundred: which act the day's subject asks for. */
  #kind(sold: boolean): number {
    const random = this.#random;
    switch (this.#shape.theme) {
      case 'offline':
        return random.pick([1, 1, 1, 50, 85]);
      case 'aftersale':
        return sold ? random.int(70, 93) : random.int(1, 69);
      case 'hold':
        return sold ? random.int(80, 95) : 64;
      default:
        return random.int(1, 100);
    }
  }

  /** Asks the core for something; refusals are its good right. */
  #ask<T>(ask: () => T): T | undefined {
    try {
      return ask();
    } catch (error) {
      if (error instanceof Error && error.name === 'Refused') {
        this.#machine.trace(() => `refused: ${error.message}`);
        return undefined;
      }
      if (error instanceof Error && (error.name === 'DiskFault' || error.name === 'BookError')) return undefined;
      throw error;
    }
  }

  #amount(): number {
    const kind = this.#random.int(1, 4);
    if (kind === 1 || (this.#shape.theme === 'offline' && kind === 2)) return this.#random.int(1, 900);
    return kind <= 3 ? this.#random.int(901, 5_100) : this.#random.int(5_001, 90_000);
  }

  #key(): string {
    this.#keys += 1;
    return `key-${this.#keys}`;
  }

  #sell(by: 'card' | 'code'): void {
    const key = this.#key();
    const amount = { minor: this.#random.chance(0.1) ? 5_000 : this.#amount(), currency: CURRENCY };
    const charge = (): void => {
      const { core } = this.#machine;
      if (!core) return;
      const payment = this.#ask(() => core.charge(key, amount, CASHIER));
      if (payment) this.#oracle.asked(key, payment.id);
    };
    this.#machine.trace(() => `the cashier asks for ${amount.minor}, ${key}`);
    charge();
    // The page did not hear the answer and asks again.
    if (this.#random.chance(0.2)) this.#between(10, 60_000, charge);
    this.#between(500, 3_000, () => (by === 'card' ? this.#shoppers.tap() : this.#shoppers.scan()));
    if (this.#random.chance(0.12)) this.#between(100, 20_000, () => this.#cancel());
  }

  #hold(): void {
    this.#aftersales.hold(this.#amount());
    this.#between(500, 3_000, () => this.#shoppers.tap());
    if (this.#random.chance(0.12)) this.#between(100, 20_000, () => this.#cancel());
  }

  #cash(): void {
    const { core } = this.#machine;
    const key = this.#key();
    if (!core) return;
    const payment = this.#ask(() => core.cash(key, { minor: this.#amount(), currency: CURRENCY }, CASHIER));
    if (payment) this.#oracle.asked(key, payment.id);
  }

  #recent(): string | undefined {
    const ids = [...this.#oracle.answered.values()];
    return ids.length === 0 ? undefined : ids[this.#random.int(Math.max(0, ids.length - 3), ids.length - 1)];
  }

  #void(): void {
    const { core } = this.#machine;
    const id = this.#recent();
    const key = this.#key();
    if (!core || id === undefined) return;
    this.#machine.trace(() => `the cashier voids ${id}`);
    const payment = this.#ask(() => core.void(key, id, SUPERVISOR));
    if (!payment) return;
    if (payment.kind === 'void') this.#oracle.asked(key, payment.id);
    if (this.#random.chance(0.3)) {
      this.#between(1, 20_000, () => {
        const again = this.#machine.core && this.#ask(() => this.#machine.core?.void(key, id, SUPERVISOR));
        if (again && payment.kind === 'void') this.#oracle.asked(key, again.id);
      });
    }
  }

  #cancel(): void {
    const { core } = this.#machine;
    const id = this.#recent();
    if (!core || id === undefined) return;
    this.#machine.trace(() => `the cashier cancels ${id}`);
    this.#ask(() => core.cancel(id, CASHIER));
  }

  #reprint(): void {
    const { core } = this.#machine;
    const id = this.#recent();
    if (core && id !== undefined) this.#ask(() => core.reprint(id));
  }

  #close(): void {
    const { core } = this.#machine;
    if (!core || this.#closing) return;
    this.#machine.trace(() => 'the owner closes the day');
    this.#closing = true;
    this.#closes(core)
      .catch((error: unknown) => this.#bug(error))
      .finally(() => {
        this.#closing = false;
      });
    // A close that its core did not live to see is none.
    this.#soon(200_000, () => {
      this.#closing = false;
    });
  }

  async #closes(core: NonNullable<Machine['core']>): Promise<void> {
    try {
      for await (const step of core.settlement.close()) {
        this.#machine.trace(() => `close: ${step.step}${step.step === 'done' ? ` agreed ${step.report.agreed}` : ''}`);
        if (step.step === 'done') this.#agreed = step.report.agreed;
      }
    } catch (error) {
      const name = error instanceof Error ? error.name : '';
      if (name === 'CloseRefused' || name === 'DiskFault' || name === 'BookError') {
        this.#machine.trace(() => `close refused: ${String(error)}`);
        return;
      }
      throw error;
    }
  }

  #agreed = false;

  /** Everything is mended; the terminal is given time and must bring all to an end by itself. */
  async #heal(): Promise<void> {
    const machine = this.#machine;
    const { network, frailty, hardware, bank, timeline } = machine;
    machine.trace(() => 'everything is mended');
    Object.assign(network.weather, fair);
    machine.wire?.mend();
    frailty.cuts = 0;
    frailty.faults = 0;
    hardware.printer = undefined;
    hardware.printerBreaks = false;
    hardware.reader = true;
    bank.trouble.refusing = false;
    // Where each payment can be told the close comes to its end all the same (B4).
    if (!network.uploads) bank.trouble.wrongTotals = false;
    bank.trouble.keeps = false;
    bank.trouble.disputes = false;
    machine.disk.full = false;
    machine.printerChanged();
    machine.readerChanged();
    const limit = timeline.now + HEALING_MS;
    await this.#rest(limit, () => this.#statements.settled && atRest(machine, this.#oracle));
    await this.#pass(STRAGGLERS_MS);
    await this.#rest(limit, () => this.#statements.settled && atRest(machine, this.#oracle));
    // A close that was begun comes to its end.
    if (this.#shape.closes || !this.#allClosed()) await this.#endDay(limit);
  }

  async #endDay(limit: number): Promise<void> {
    const machine = this.#machine;
    const { timeline } = machine;
    this.#agreed = false;
    let next = timeline.now;
    await this.#rest(limit, () => {
      if (!this.#agreed && !this.#closing && timeline.now >= next) {
        next = timeline.now + 60_000;
        this.#close();
      }
      return this.#agreed && !this.#closing && atRest(machine, this.#oracle) && this.#allClosed();
    });
  }

  #allClosed(): boolean {
    const open = this.#machine.disk.rows("SELECT 1 FROM batch WHERE state IN ('closing', 'differs')").length === 0;
    if (!open) this.#agreed = false;
    return open;
  }

  async #rest(limit: number, done: () => boolean): Promise<void> {
    const { timeline } = this.#machine;
    let looked = -1;
    while (!this.#oracle.violation) {
      // Where nothing has happened since there is nothing to see.
      if (this.#events !== looked) {
        looked = this.#events;
        this.#people();
        if (done()) return;
      }
      if (timeline.now > limit) {
        const open = this.#oracle.every().map((row) => `${row.kind} ${row.state} ${row.print}`);
        // What keeps it from resting is said first.
        compareBooks(this.#machine, this.#oracle, true);
        this.#oracle.fail('P6', `no rest after everything was mended: ${open.join(', ')}, agreed ${this.#agreed}`);
        return;
      }
      await this.#pass(LOOK_MS);
    }
  }

  async #pass(ms: number): Promise<void> {
    const until = this.#machine.timeline.now + ms;
    while (await this.#step(until));
    this.#machine.timeline.advance(until);
  }

  /** People do their part: nobody leaves a payment waiting, and somebody looks whether paper came. */
  #people(): void {
    const { core, bank } = this.#machine;
    // Where the owner was wrong the totals never agree, and the bank takes the terminal's in the end.
    bank.trouble.givesIn = this.#oracle.decisions.wrong.size > 0;
    if (!core || core.stopped !== null) return;
    if (core.counter.waiting !== undefined) this.#ask(() => core.cancel(core.counter.waiting ?? '', CASHIER));
    this.#owner.mend();
    this.#statements.mend();
    for (const row of this.#oracle.every().filter(({ print }) => print === 'asked')) {
      this.#ask(() => core.printed(row.id, this.#oracle.papers.has(row.receipt_no)));
    }
  }
}
