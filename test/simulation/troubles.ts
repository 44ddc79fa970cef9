import type { Machine } from './machine.ts';
import type { Oracle } from './oracle.ts';
import { profile } from './profile.ts';
import { Random } from './random.ts';
import type { Shape } from './shape.ts';

const DAY_MS = 86_400_000;
/** By when a running terminal has noticed that its clock was set. */
const NOTICED_MS = 31_000;
/** So long that what was accepted offline before it is too old after it. */
const OUTAGE_MS = 9_000_000;

/** What goes wrong on one simulated day, and is mended again. */
export class Troubles {
  readonly #machine: Machine;
  readonly #oracle: Oracle;
  readonly #random: Random;
  /** What is done to the clock has its own chances, so that the rest of the day is the same without it. */
  readonly #jumps: Random;
  readonly #setsClock: boolean;
  readonly #setAgain: Random;
  readonly #outage: boolean;
  /** The day is lived twice: nothing may depend on how often the disk was written to. */
  readonly #compared: boolean;
  /** The bank will have other totals, and hear of each payment. */
  readonly #toldAgain: boolean;
  #offline = false;

  constructor(machine: Machine, oracle: Oracle, random: Random, seed: number, clock: boolean | undefined) {
    this.#machine = machine;
    this.#oracle = oracle;
    this.#random = random;
    this.#jumps = new Random(seed, 6);
    this.#compared = clock !== undefined;
    this.#setAgain = new Random(seed, 14);
    this.#setsClock = clock ?? this.#jumps.chance(machine.chances.clock);
    this.#outage = new Random(seed, 16).chance(machine.chances.outage);
    const batches = new Random(seed, 9);
    machine.network.uploads = batches.chance(0.5) || machine.wire !== undefined;
    machine.bank.trouble.disputes = batches.chance(0.2);
    this.#toldAgain = batches.chance(0.5);
  }

  /** How long nobody comes, when somebody has just been served. */
  get lull(): number {
    return this.#outage && this.#machine.network.weather.line !== 'up' ? OUTAGE_MS : 0;
  }

  #soon(ms: number, run: () => void): void {
    this.#machine.timeline.after(ms, run);
  }

  #between(least: number, most: number, run: () => void): void {
    this.#soon(this.#random.int(least, most), run);
  }

  /** What goes wrong today: each day has some of the troubles, so that each meets the others. */
  plan({ customers, theme }: Shape, over: () => boolean): void {
    const { frailty, network, chances } = this.#machine;
    const random = this.#random;
    const [cutDays, mostCuts] = chances.cuts;
    const [faultDays, mostFaults] = chances.faults;
    const { weather } = network;
    if (random.chance(cutDays)) {
      frailty.cuts = random.int(1, mostCuts);
      frailty.cutRate = random.pick([0.005, 0.02, 0.05]);
    }
    if (random.chance(faultDays)) {
      frailty.faults = random.int(1, mostFaults);
      frailty.faultRate = random.pick([0.02, 0.1]);
    }
    if (random.chance(0.4)) weather.dropRequest = random.pick([0.1, 0.4]);
    if (theme !== 'aftersale' && random.chance(0.4)) weather.dropAnswer = random.pick([0.1, 0.4]);
    if (random.chance(0.3)) weather.duplicate = 0.3;
    if (random.chance(0.25)) weather.breaks = 0.15;
    if (random.chance(0.4)) {
      weather.slow = random.pick([0.1, 0.5]);
      weather.slowMs = random.pick([9_000, 20_000, 80_000]);
    }
    const length = customers * 20_000;
    const trouble = (chance: number, run: () => void): void => {
      if (!random.chance(chance)) return;
      this.#soon(random.int(0, length), () => {
        if (!over()) run();
      });
    };
    if (theme === 'offline') this.#offlineDay();
    this.#wire(length, over);
    trouble(0.5, () => this.#line(random.pick(['down', 'silent'])));
    trouble(0.2, () => this.#line('down'));
    trouble(0.2, () => this.#host());
    trouble(0.35, () => this.#refusals());
    if (random.chance(theme === 'close' ? 0.4 : 0.03)) this.#machine.bank.trouble.wrongTotals = true;
    if (network.uploads && this.#toldAgain) this.#machine.bank.trouble.wrongTotals = true;
    trouble(0.3, () => this.#printer());
    trouble(0.15, () => this.#reader());
    if (!this.#compared) trouble(chances.fullDisk, () => this.#disk());
    const at = this.#jumps.int(0, length);
    if (this.#compared) this.#onlyPlannedStops(at);
    if (!this.#setsClock) return;
    this.#soon(at, () => this.#clock(this.#jumps));
    const again = this.#setAgain;
    for (let more = again.int(0, chances.clockAgain); more > 0; more -= 1)
      this.#soon(again.int(0, length), () => this.#clock(again));
  }

  /** What is written down about the clock would move cuts that come by chance; this one comes when it was noticed. */
  #onlyPlannedStops(clockSet: number): void {
    const { frailty } = this.#machine;
    frailty.cuts = 0;
    frailty.faults = 0;
    if (!this.#jumps.chance(0.7)) return;
    this.#soon(clockSet + this.#jumps.int(NOTICED_MS, 2 * NOTICED_MS), () => {
      const { life } = this.#machine;
      if (life) this.#machine.stop(life, 5_000);
    });
  }

  /** What goes wrong byte for byte, on a day whose bank is spoken to over lines. */
  #wire(length: number, over: () => boolean): void {
    const { wire } = this.#machine;
    if (!wire) return;
    const { faults, host, random } = wire;
    const { weather } = this.#machine.network;
    // A message and its answer together live no longer than the profile says: over a line an answer fits every repeat (R6).
    weather.slowMs = Math.min(weather.slowMs, profile.timers.messageLifetimeMs / 2 - 1_000);
    if (random.chance(0.5)) faults.pieces = random.pick([0.2, 0.8]);
    if (random.chance(0.3)) faults.closes = random.pick([0.05, 0.3]);
    if (random.chance(0.3)) faults.spoils = random.pick([0.05, 0.3]);
    if (random.chance(0.3)) faults.doubles = 0.3;
    if (random.chance(0.15)) faults.deafens = 0.1;
    if (random.chance(0.15)) faults.flips = 0.1;
    if (random.chance(0.6)) host.faults.alters = random.pick([0.1, 0.4, 0.8]);
    if (random.chance(0.15)) host.faults.forgets = 0.15;
    if (random.chance(0.2)) host.faults.slowSignOn = 0.4;
    if (random.chance(0.4)) host.faults.asksSignOn = 0.4;
    if (random.chance(0.1)) host.faults.refusesSignOn = 0.3;
    if (random.chance(0.3)) this.#machine.keyMs = random.pick([5_000, 20_000, 60_000]);
    if (!random.chance(0.15)) return;
    this.#soon(random.int(0, length), () => {
      if (!over()) this.#machine.newMasterKey();
    });
  }

  /** The line is down nearly from the beginning, and everybody pays by card. */
  #offlineDay(): void {
    this.#offline = true;
    const { weather } = this.#machine.network;
    if (this.#random.chance(0.5)) {
      weather.breaks = 0.4;
      weather.dropAnswer = 0.4;
    }
    this.#soon(500, () => this.#line('down'));
  }

  #line(how: 'down' | 'silent'): void {
    const { network } = this.#machine;
    network.weather.line = how;
    this.#machine.trace(() => `the line is ${how}`);
    this.#machine.weatherChanged();
    const ms = this.#random.pick(this.#offline ? [40_000, 300_000] : [3_000, 30_000, 120_000, 600_000]);
    this.#soon(this.#outage ? OUTAGE_MS : ms, () => {
      network.weather.line = 'up';
      this.#machine.trace(() => 'the line is up');
    });
  }

  #host(): void {
    const { network } = this.#machine;
    network.weather.host = false;
    this.#machine.trace(() => 'the bank is down');
    this.#machine.weatherChanged();
    this.#between(2_000, 90_000, () => {
      network.weather.host = true;
    });
  }

  #refusals(): void {
    const { trouble } = this.#machine.bank;
    trouble.refusing = true;
    this.#machine.trace(() => 'the bank refuses everything');
    this.#between(5_000, 90_000, () => {
      trouble.refusing = false;
    });
  }

  #clock(random: Random): void {
    const drawn = random.pick(this.#machine.chances.clockSet);
    // Some dialects tell no year: by those twelve of them cannot be known.
    const yearless = ['hypercom', 'unionpay'].includes(this.#machine.wire?.host.dialectName ?? '');
    const ms = yearless ? Math.min(drawn, DAY_MS) : drawn;
    this.#oracle.clocks.set(ms);
    this.#machine.wall += ms;
    this.#oracle.clockTrue = false;
    this.#machine.trace(() => `the clock is set by ${ms / 1000} s`);
  }

  #printer(): void {
    const { hardware } = this.#machine;
    if (this.#random.chance(0.4)) {
      hardware.printerBreaks = true;
      return;
    }
    hardware.printer = this.#random.pick(['paper-end', 'offline', 'cover-open']);
    this.#machine.printerChanged();
    this.#between(2_000, 60_000, () => {
      hardware.printer = undefined;
      this.#machine.printerChanged();
    });
  }

  #reader(): void {
    const { hardware } = this.#machine;
    hardware.reader = false;
    this.#machine.readerChanged();
    this.#between(2_000, 30_000, () => {
      hardware.reader = true;
      this.#machine.readerChanged();
    });
  }

  #disk(): void {
    const { disk } = this.#machine;
    disk.full = true;
    this.#machine.trace(() => 'the disk is full');
    this.#between(1_000, 30_000, () => {
      disk.full = false;
    });
  }
}
