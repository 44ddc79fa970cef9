import type { Core } from '../../main/core/core.ts';
import type { Customers } from './customers.ts';
import type { Kept } from './disk.ts';
import { isPowerCut, type Machine } from './machine.ts';
import type { Oracle } from './oracle.ts';
import { Random } from './random.ts';

const CASHIER = { staff: 'cashier' } as const;
const AMOUNT = { minor: 1_234, currency: 'CNY' } as const;

/** All that was ever used. */
interface Numbers {
  readonly stan: number;
  readonly receipt: string;
  readonly rrns: ReadonlySet<string>;
}

/**
 * On a few days, when all is over, somebody puts an older copy of both files in their place. The anchor outside knows better:
 * nothing is sold until the owner has acknowledged it, over every restart; then the terminal sells, and no number comes again (I15).
 */
export class OlderCopy {
  readonly #machine: Machine;
  readonly #oracle: Oracle;
  readonly #random: Random;
  readonly #shoppers: Customers;
  readonly #pass: (ms: number) => Promise<void>;
  readonly #does: boolean;
  #kept: Kept | undefined;

  constructor(
    machine: Machine,
    oracle: Oracle,
    seed: number,
    shoppers: Customers,
    pass: (ms: number) => Promise<void>,
  ) {
    this.#machine = machine;
    this.#oracle = oracle;
    this.#shoppers = shoppers;
    this.#pass = pass;
    this.#random = new Random(seed, 13);
    this.#does = this.#random.chance(machine.chances.olderCopy);
    machine.disk.anchored = this.#does;
  }

  /** Somebody makes the copy during the day. */
  plan(): void {
    if (this.#does) this.#machine.timeline.after(this.#random.int(0, 60_000), () => this.#copy());
  }

  #copy(): void {
    const { disk, timeline } = this.#machine;
    if (disk.calm) this.#kept = disk.copy();
    else timeline.after(100, () => this.#copy());
  }

  async run(): Promise<void> {
    const { disk, cuts } = this.#machine;
    if (!this.#does || !this.#machine.core) return;
    // The anchor follows a moment later; where the power goes meanwhile, after the next start.
    await this.#pass(3_000);
    const core = await this.#running();
    if (this.#machine.cuts > cuts) await this.#pass(3_000);
    if (core?.custody.held === 'record-rolled-back')
      this.#oracle.fail('I15', 'an alarm, and nobody touched the record');
    const kept = this.#kept;
    if (!kept || kept.journal.length >= disk.journal.length) return;
    const used = this.#numbers();
    this.#oracle.retire();
    this.#again(() => disk.putBack(kept));
    for (let starts = this.#random.int(1, 3); starts > 0; starts -= 1) {
      await this.#pass(this.#random.int(2_000, 8_000));
      this.#sellsNothing();
      if (starts > 1) this.#again(() => undefined);
    }
    for (let restarts = this.#random.chance(0.5) ? 1 : 0; ; restarts = 0) {
      const { cuts } = this.#machine;
      this.#acknowledge(await this.#running());
      // Now it is this record that the anchor knows.
      await this.#pass(5_000);
      if (restarts > 0) this.#again(() => undefined);
      await this.#pass(5_000);
      const core = await this.#running();
      if (core?.custody.held === null) return this.#sells(core, used);
      // Where the power went before the anchor knew, it is asked for once more.
      if (this.#machine.cuts > cuts && core) continue;
      this.#oracle.fail('I15', `acknowledged, and the terminal is ${core?.custody.held ?? 'off'}`);
      return;
    }
  }

  #acknowledge(core: Core | undefined): void {
    try {
      core?.custody.acknowledge('owner');
    } catch (error) {
      if (!isPowerCut(error)) throw error;
    }
  }

  /** The core, as soon as there is one again. */
  async #running(): Promise<Core | undefined> {
    for (let seconds = 0; seconds < 60 && !this.#machine.core; seconds += 1) await this.#pass(1_000);
    return this.#machine.core;
  }

  /** The power goes; before it comes back somebody may do something to the disk. */
  #again(run: () => void): void {
    const { life } = this.#machine;
    if (life) this.#machine.stop(life, 500);
    run();
  }

  #numbers(): Numbers {
    const rows = this.#oracle.every();
    return {
      stan: Math.max(this.#oracle.lastStan, ...rows.map(({ stan }) => stan)),
      receipt:
        rows
          .map((row) => row.receipt_no)
          .sort()
          .at(-1) ?? '',
      rrns: new Set(rows.map(({ rrn }) => rrn)),
    };
  }

  #sellsNothing(): void {
    const { core } = this.#machine;
    if (!core) return;
    if (core.custody.held !== 'record-rolled-back') {
      this.#oracle.fail('I15', 'an older record is taken for the one that was there');
      return;
    }
    const before = this.#oracle.rows().length;
    const key = `older-${this.#random.word()}`;
    for (const sell of [
      (one: Core) => one.charge(key, AMOUNT, CASHIER),
      (one: Core) => one.cash(key, AMOUNT, CASHIER),
    ]) {
      try {
        sell(core);
        this.#oracle.fail('I15', 'something is sold on an older record that nobody has acknowledged');
      } catch (error) {
        if (!(error instanceof Error) || error.name !== 'Refused') throw error;
      }
    }
    if (this.#oracle.rows().length !== before) this.#oracle.fail('I15', 'what was refused is on the disk');
  }

  async #sells(core: Core, used: Numbers): Promise<void> {
    const { bank } = this.#machine;
    // Then only its next part is sold.
    if (core.sales.live() !== null) return;
    const before = new Set(this.#oracle.rows().map(({ id }) => id));
    core.cash('older-cash', AMOUNT, CASHIER);
    await this.#pass(10_000);
    (await this.#running())?.charge('older-card', AMOUNT, CASHIER);
    await this.#pass(1_000);
    this.#shoppers.tap();
    await this.#pass(120_000);
    const sold = this.#oracle.rows().filter(({ id }) => !before.has(id));
    if (!sold.some(({ tender }) => tender === 'cash')) this.#oracle.fail('I15', 'acknowledged, and nothing is sold');
    for (const { stan, rrn, receipt_no: receipt } of sold) {
      if (stan <= used.stan || receipt <= used.receipt || used.rrns.has(rrn))
        this.#oracle.fail('I2', `${stan}, ${rrn} and ${receipt} come again after an older record`);
    }
    for (const { id, state, amount } of sold) {
      const presented = this.#oracle.presented.get(id);
      const charged = presented === undefined ? 0 : bank.charged(presented);
      const due = ['approved', 'saf-approved'].includes(state) ? amount : 0;
      if (presented !== undefined && charged !== due)
        this.#oracle.fail('P3', `${id} is ${state} over ${amount}, the bank took ${charged}`);
    }
  }
}
