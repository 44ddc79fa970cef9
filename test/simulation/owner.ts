import { messageKey } from './bank.ts';
import type { Cashier } from './customers.ts';
import { goingBack, mayBeDecided } from './decisions.ts';
import type { Machine } from './machine.ts';
import type { Oracle, Row } from './oracle.ts';
import { Random } from './random.ts';

const OWNER = { staff: 'owner' } as const;
const open = "state IN ('reversal-due', 'cancel-due', 'refund-due', 'unknown', 'saf-unknown', 'querying')";

/** What somebody wants while the bank is not heard. */
export type Wanted = 'refund' | 'void' | 'complete' | 'code' | 'card' | 'drop';

/**
 * On a few days the bank is heard no more for minutes, or refuses what is asked of it. The owner rings the bank up and says
 * by name what became of a payment; now and then wrongly, or of one of which nobody may say so yet.
 */
export class Owner {
  readonly #machine: Machine;
  readonly #oracle: Oracle;
  readonly #people: Cashier;
  readonly #random: Random;
  readonly #decides: boolean;
  readonly #wanted: (what: Wanted) => void;
  #busy = false;
  #over: () => void = () => undefined;
  #waits = false;

  constructor(machine: Machine, oracle: Oracle, seed: number, people: Cashier, wanted: (what: Wanted) => void) {
    this.#wanted = wanted;
    this.#machine = machine;
    this.#oracle = oracle;
    this.#people = people;
    this.#random = new Random(seed, 7);
    this.#decides = this.#random.chance(machine.chances.decisions);
  }

  /** Somebody has to pay before anything can be decided. */
  get waits(): boolean {
    return this.#waits;
  }

  /** The day goes on as long as the owner has something to do. */
  get busy(): boolean {
    return this.#busy;
  }

  #between(least: number, most: number, run: () => void): void {
    this.#machine.timeline.after(this.#random.int(least, most), run);
  }

  /** Whether this is such a day; if so it begins as soon as somebody has paid. */
  plan(): void {
    if (!this.#decides) return;
    this.#busy = true;
    this.#waits = true;
    this.#begin(90);
  }

  #begin(looks: number): void {
    this.#between(500, 1_500, () => {
      if (looks === 0) {
        this.#busy = false;
        this.#waits = false;
      } else if (this.#oracle.rows("state IN ('approved', 'authorized')").length === 0) this.#begin(looks - 1);
      else this.#silence();
    });
  }

  /** Nothing comes to its end by itself any more. */
  #silence(): void {
    this.#waits = false;
    const { bank, network, timeline } = this.#machine;
    const { weather } = network;
    const { dropAnswer, dropRequest, slow, slowMs } = weather;
    const how = this.#random.pick(['answers', 'late', 'late', 'requests', 'refuses', 'keeps'] as const);
    this.#machine.trace(() => `the bank is not heard: ${how}`);
    if (how === 'answers') weather.dropAnswer = 1;
    else if (how === 'late') Object.assign(weather, { slow: 1, slowMs: 40_000 });
    else if (how === 'requests') weather.dropRequest = 1;
    else if (how === 'refuses') bank.trouble.refusing = true;
    else {
      bank.trouble.keeps = true;
      weather.dropAnswer = 0.4;
    }
    const wanted =
      how === 'keeps'
        ? this.#random.pick(['drop', 'code', 'void', 'card'] as const)
        : this.#random.pick(['refund', 'refund', 'void', 'complete', 'code', 'drop', 'card'] as const);
    for (const ms of [1_000, 12_000, 25_000, 45_000]) this.#between(ms, ms + 9_000, () => this.#wanted(wanted));
    const until = timeline.now + this.#random.pick([160_000, 280_000, 420_000]);
    this.#between(60_000, 140_000, () => this.#look(until));
    this.#over = () => {
      Object.assign(weather, { dropAnswer, dropRequest, slow, slowMs });
      if (how === 'refuses') bank.trouble.refusing = false;
      bank.trouble.keeps = false;
    };
    timeline.after(until - timeline.now, () => {
      this.#over();
      this.#busy = false;
    });
    this.#oracle.decisions.onLeave((row) => this.#justThen(row));
  }

  /** Something is said just when the bank is being asked once more; and the bank may be heard again. */
  #justThen({ id, attempt, kind }: Row): void {
    if (!this.#busy || attempt < 6 || kind === 'pre-authorization' || this.#random.chance(0.5)) return;
    if (this.#random.chance(0.3)) this.#over();
    this.#between(1, 400, () => {
      const row = this.#oracle.row(id);
      if (row && goingBack.has(row.state)) this.#say(row, false);
    });
  }

  #look(until: number): void {
    const { core } = this.#machine;
    // First of all, since the power may fail in the middle of what is done then.
    if (this.#machine.timeline.now < until + 60_000) this.#between(3_000, 20_000, () => this.#look(until));
    if (!core || core.stopped !== null) return;
    const stuck = core.sales.stuck();
    const rows = stuck.length > 0 ? this.#oracle.rows('id = ?', stuck[0]?.id) : this.#oracle.rows(open);
    const row = rows[this.#random.int(0, Math.max(0, rows.length - 1))];
    if (row) this.#say(row, stuck.length > 0);
  }

  /** Once all is mended: what the bank has refused for good, and payments that only the owner's own error keeps from their end. */
  mend(): void {
    const { core, bank } = this.#machine;
    if (!this.#decides && !bank.kept) return;

    if (!core || core.stopped !== null) return;
    for (const { id } of core.sales.stuck()) {
      for (const row of this.#oracle.rows('id = ?', id)) this.#decide(row, true, true);
    }
    if (this.#oracle.decisions.wrong.size === 0) return;
    for (const row of this.#oracle.rows(open)) {
      if (this.#oracle.decisions.doubts(row) && mayBeDecided(row, true)) this.#ringUp(row);
    }
  }

  #say(row: Row, stuck: boolean): void {
    const random = this.#random;
    if (stuck) this.#decide(row, random.chance(0.6), true);
    else if (!mayBeDecided(row, true)) {
      if (random.chance(0.25)) this.#decide(row, random.chance(0.5), true);
    } else if (random.chance(0.2)) {
      // Said without asking the bank.
      this.#decide(row, goingBack.has(row.state) ? random.chance(0.9) : random.chance(0.5), false);
    } else this.#ringUp(row);
  }

  /** The bank looks, does by hand what was asked for or sees to it that it never will be, and says so. */
  #ringUp(row: Row): void {
    const { bank } = this.#machine;
    const back = goingBack.has(row.state);
    const done = back || bank.carriedOut(messageKey(row.kind, row));
    if (row.state === 'refund-due') bank.givesBack(row);
    else if (back) bank.takesBack(row);
    this.#decide(row, done, true);
  }

  #decide(row: Row, done: boolean, asked: boolean): void {
    const { core } = this.#machine;
    if (!core || this.#oracle.row(row.id)?.state !== row.state) return;
    const cause = this.#random.pick(['bank-told', 'statement', 'customer']);
    const { decisions } = this.#oracle;
    this.#machine.trace(() => `the owner says that ${row.kind} ${row.id} (${row.state}) is ${done ? '' : 'not '}done`);
    decisions.says(row, { done, cause, asked });
    const payment = this.#people.ask(() => core.aftersale.decide(row.id, done, cause, OWNER));
    if (core.stopped === null) decisions.heard(row, done, payment !== undefined);
  }
}
