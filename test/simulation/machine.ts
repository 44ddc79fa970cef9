import type { Money } from '../../contract/money.ts';
import type { Card } from '../../drivers/nfc/reader.ts';
import type { Receipt } from '../../drivers/printer/printer.ts';
import type { DialectName } from '../../main/core/bank/dialects/named.ts';
import type { AcquirerLink, LinkRequest } from '../../main/core/bank/link.ts';
import { Core } from '../../main/core/core.ts';
import type { CardOutcome } from '../../main/core/kernel/outcome.ts';
import type { Clock, World } from '../../main/core/world/world.ts';
import { Bank } from './bank.ts';
import { type Chances, usual } from './chances.ts';
import { type DeviceWorld, type Hardware, SimulatedPrinter, SimulatedReaders, SimulatedScanner } from './devices.ts';
import { Disk, DiskFault, migrations } from './disk.ts';
import { Network, SimulatedLink } from './network.ts';
import { profile } from './profile.ts';
import { Random } from './random.ts';
import { Timeline } from './timeline.ts';
import { Wire } from './wire.ts';
import { WireLink } from './wirelink.ts';

/** The power went. Everything of the start of the core that it hits ends where it stands. */
class PowerCut extends Error {
  override name = 'PowerCut';
}

const CUT = new PowerCut('the power went');

export function isPowerCut(error: unknown): boolean {
  return error === CUT;
}

/** Where and how often the machine fails by itself. */
export interface Frailty {
  /** Probability of a power cut at each point where one matters. */
  cutRate: number;
  /** How many cuts are left. */
  cuts: number;
  /** Probability that a write, a sync or a commit fails. */
  faultRate: number;
  faults: number;
}

/** One start of the core, until the power goes or it stops itself. */
export interface Life {
  readonly number: number;
  alive: boolean;
  readonly startedAt: number;
  /** A write, sync or commit has failed. */
  failed?: true;
}

/** Who watches the machine. */
export interface Watcher {
  /** The core runs; what it shows may have changed. */
  changed(core: Core): void;
  /** A request leaves the terminal at this moment. */
  leaves(request: LinkRequest): void;
  /** An answer to a request has come to the terminal. */
  hears(request: LinkRequest): void;
  /** The bank's time has come to the terminal. */
  tells(): void;
  printing(receipt: Receipt): void;
  paper(receipt: Receipt): void;
  started(core: Core): void;
  fail(invariant: string, what: string): void;
}

/** What lies on the reader for one tap. */
export interface Tap {
  readonly outcome: CardOutcome;
  readonly ms: number;
}

/** How a machine begins. */
export interface MachineOptions {
  /** How often the bank declines. */
  readonly declines: number;
  /** `used`: the terminal was started before. */
  readonly disk: 'empty' | 'used' | Disk;
  readonly log?: ((line: string) => void) | undefined;
  /** The power fails for certain at this point, counted from 1. */
  readonly cutAt?: number | undefined;
  /** The bank is spoken to over virtual lines in this dialect; otherwise its answers need no line. */
  readonly dialect?: DialectName | undefined;
  /** What may happen besides; as usual when not given. */
  readonly chances?: Chances;
}

const ZONE = 'Asia/Shanghai';
/** Nine in the morning there. */
const MORNING = Date.UTC(2026, 8, 1, 1, 0, 0);
/** From then to the end of the business day. */
const UNTIL_CUT_OFF_MS = 19 * 3_600_000;

/** A terminal, its devices, the line and the bank, all in virtual time and all from one seed. */
export class Machine {
  readonly timeline = new Timeline();
  readonly random: Random;
  readonly disk: Disk;
  readonly bank: Bank;
  readonly network: Network;
  readonly hardware: Hardware = { reader: true, printer: undefined, printerBreaks: false };
  readonly frailty: Frailty = { cutRate: 0, cuts: 0, faultRate: 0, faults: 0 };
  /** Wall clock less virtual time. */
  wall: number;
  /** What the bank's clock shows at the beginning. */
  readonly #begin: number;
  cuts = 0;
  /** Places passed by now where the power may go. */
  points = 0;
  readers = new SimulatedReaders(this.hardware);
  scanner = new SimulatedScanner();
  link: (AcquirerLink & { weatherChanged(): void }) | undefined;
  readonly wire: Wire | undefined;
  readonly chances: Chances;
  /** How long a session key is used. */
  keyMs: number | undefined;
  core: Core | undefined;
  life: Life | undefined;
  readonly taps = new WeakMap<Card, Tap>();
  readonly #ids: Random;
  readonly #watcher: Watcher;
  readonly #log: ((line: string) => void) | undefined;
  #printer: SimulatedPrinter | undefined;
  readonly #cutAt: number | undefined;
  #lives = 0;

  constructor(
    seed: number,
    { declines, disk, log, cutAt, dialect, chances = usual }: MachineOptions,
    watcher: (machine: Machine) => Watcher,
  ) {
    this.random = new Random(seed, 1);
    this.chances = chances;
    this.#ids = new Random(seed, 2);
    const night = new Random(seed, 15);
    this.#begin = MORNING + (night.chance(chances.cutOff) ? UNTIL_CUT_OFF_MS - night.int(1_000, 60_000) : 0);
    this.wall = this.#begin;
    const spoils = new Random(seed, 3);
    this.disk = disk === 'used' ? Disk.used(spoils, setUp) : disk === 'empty' ? Disk.empty(spoils) : disk;
    this.#log = log;
    this.#cutAt = cutAt;
    this.bank = new Bank(new Random(seed, 4), declines);
    const trace = (text: () => string): void => this.trace(text);
    this.network = new Network(new Random(seed, 5), this.timeline, this.bank, trace);
    this.wire =
      dialect && new Wire(seed, dialect, this.network, { timeline: this.timeline, now: () => this.#truth(), trace });
    this.#watcher = watcher(this);
  }

  trace(text: () => string): void {
    this.#log?.(`${(this.timeline.now / 1000).toFixed(3).padStart(10)} ${this.#lives} ${text()}`);
  }

  /** Starts the core on the same disk; after a failure once more in a while. */
  start(): void {
    this.#lives += 1;
    const life: Life = { number: this.#lives, alive: true, startedAt: this.timeline.now };
    this.life = life;
    this.core = undefined;
    this.trace(() => 'start');
    try {
      const core = this.#build(life);
      core.onChange(() => {
        if (life.alive) this.#watcher.changed(core);
      });
      core.start();
      // The power may have gone where the core keeps such errors to itself.
      if (!life.alive) return;
      this.core = core;
      this.#watcher.started(core);
    } catch (error) {
      if (!life.alive) return;
      if (!(error instanceof DiskFault)) this.#watcher.fail('start', `the core does not start: ${String(error)}`);
      this.stop(life, 2_000);
    }
  }

  #build(life: Life): Core {
    this.readers = new SimulatedReaders(this.hardware);
    this.scanner = new SimulatedScanner();
    const point = (name: string): void => this.point(life, name);
    const deviceWorld: DeviceWorld = {
      alive: () => life.alive,
      after: (ms, run) => {
        this.timeline.after(ms, run);
      },
      point,
      paper: (receipt) => this.#watcher.paper(receipt),
      printing: (receipt) => this.#watcher.printing(receipt),
    };
    this.#printer = new SimulatedPrinter(this.hardware, deviceWorld);
    const link = this.#openLink(life);
    this.link = link;
    const world: World = {
      clock: this.#clock(life),
      random: (length) => this.#ids.bytes(length),
      network: { connect: () => Promise.reject(new Error('the simulated terminal opens no socket')) },
      storage: this.disk.storage({ point, fails: (name) => this.#fails(life, name) }),
      devices: { readers: this.readers, printer: this.#printer, scanners: [this.scanner] },
    };
    return new Core({
      world,
      migrations: migrations(),
      profile,
      signer: 'simulated',
      zone: ZONE,
      link,
      read: (card, _amount: Money, _sequence, mayGo) => this.#read(life, card, mayGo),
      onFatal: (error) => this.#fatal(life, error),
    });
  }

  #openLink(life: Life): AcquirerLink & { weatherChanged(): void } {
    const world = {
      alive: () => life.alive,
      point: (name: string) => this.point(life, name),
      leaves: (request: LinkRequest) => this.#watcher.leaves(request),
      hears: (request: LinkRequest) => this.#watcher.hears(request),
      tells: () => this.#watcher.tells(),
      trace: (text: () => string) => this.trace(text),
    };
    if (!this.wire) {
      return new SimulatedLink(this.network, this.timeline, this.random, {
        ...world,
        now: () => this.#wallNow(),
        truth: () => this.#truth(),
      });
    }
    const fail = (invariant: string, what: string): void => this.#watcher.fail(invariant, what);
    const random = (length: number): Uint8Array => this.#ids.bytes(length);
    return new WireLink(this.wire, { ...world, clock: this.#clock(life), random, fail }, this.keyMs);
  }

  /** What the bank's clock shows. */
  #truth(): number {
    return this.#begin + this.timeline.now;
  }

  #wallNow(): number {
    return Math.floor(this.wall + this.timeline.now);
  }

  #clock(life: Life): Clock {
    return {
      now: () => this.#wallNow(),
      monotonic: () => this.timeline.now - life.startedAt,
      sleep: (ms, signal) =>
        new Promise((resolve) => {
          if (signal?.aborted) {
            resolve();
            return;
          }
          const forget = this.timeline.after(ms, () => {
            if (!life.alive) return;
            this.point(life, 'sleep');
            signal?.removeEventListener('abort', awake);
            resolve();
          });
          const awake = (): void => {
            forget();
            if (life.alive) resolve();
          };
          signal?.addEventListener('abort', awake, { once: true });
        }),
    };
  }

  #read(life: Life, card: Card, mayGo: () => void): Promise<CardOutcome> {
    const tap = this.taps.get(card);
    if (!tap) throw new Error('a card that nobody tapped');
    return new Promise((resolve) => {
      this.timeline.after(tap.ms, () => {
        if (!life.alive) return;
        this.point(life, 'card read');
        mayGo();
        resolve(tap.outcome);
      });
    });
  }

  #fatal(life: Life, error: unknown): void {
    if (!life.alive || isPowerCut(error)) return;
    this.trace(() => `stopped itself: ${String(error)}`);
    if (!(error instanceof DiskFault)) {
      this.#watcher.fail('fatal', error instanceof Error ? (error.stack ?? String(error)) : String(error));
    }
    this.timeline.after(this.random.int(0, 1_500), () => this.stop(life, 500));
  }

  #fails(life: Life, name: 'append' | 'sync' | 'commit'): string | undefined {
    const { frailty } = this;
    if (frailty.faults <= 0 || !this.random.chance(frailty.faultRate)) return undefined;
    frailty.faults -= 1;
    life.failed = true;
    this.trace(() => `disk fault at ${name}`);
    return name === 'commit' ? this.random.pick(['SQLITE_IOERR', 'SQLITE_FULL']) : this.random.pick(['EIO', 'ENOSPC']);
  }

  /** A place where the power may go. Throws when it does, and for whatever a dead core still tries. */
  point(life: Life, name: string): void {
    if (!life.alive) throw CUT;
    if (name === '') return;
    // Nobody knows what is durable: only another start may write (I23).
    if (life.failed && (name === 'before append' || name === 'before commit'))
      this.#watcher.fail('I23', `${name}, after the disk had failed`);
    const { frailty } = this;
    this.points += 1;
    if (this.points !== this.#cutAt) {
      if (frailty.cuts <= 0 || !this.random.chance(frailty.cutRate)) return;
      frailty.cuts -= 1;
    }
    this.cuts += 1;
    this.trace(() => `power cut at ${name}`);
    this.stop(life, this.random.int(500, 20_000));
    throw CUT;
  }

  /** Ends a start of the core, and plans the next one. */
  stop(life: Life, ms: number): void {
    if (!life.alive) return;
    life.alive = false;
    this.core = undefined;
    this.link = undefined;
    this.disk.cut();
    this.timeline.after(ms, () => this.start());
  }

  weatherChanged(): void {
    this.link?.weatherChanged();
  }

  /** Bank and terminal are given another master key while the terminal runs. */
  newMasterKey(): void {
    const { wire, link } = this;
    if (!wire) return;
    wire.host.master = Buffer.from(wire.random.bytes(16)).toString('hex');
    this.trace(() => 'another master key');
    link?.rekey?.(wire.host.master);
  }

  printerChanged(): void {
    if (this.life?.alive) this.#printer?.changed();
  }

  readerChanged(): void {
    if (this.life?.alive) this.readers.changed();
  }
}

const nobody: Watcher = {
  changed: () => undefined,
  leaves: () => undefined,
  hears: () => undefined,
  tells: () => undefined,
  printing: () => undefined,
  paper: () => undefined,
  started: () => undefined,
  fail: (invariant, what) => {
    throw new Error(`${invariant}: ${what}`);
  },
};

/** The first start of a terminal, an hour before any day begins; then it is switched off. */
function setUp(disk: Disk): void {
  const machine = new Machine(0, { declines: 0, disk }, () => nobody);
  machine.wall -= 3_600_000;
  machine.start();
  if (machine.life) machine.life.alive = false;
}
