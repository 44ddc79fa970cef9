import { money } from '../../contract/money.ts';
import type { Card } from '../../drivers/nfc/reader.ts';
import { noPrinter } from '../../drivers/printer/none.ts';
import type { Sealer } from '../../main/core/bank/keystore.ts';
import type { ParameterAnswer } from '../../main/core/bank/link.ts';
import type { AcquirerProfile } from '../../main/core/bank/profile.ts';
import { Core } from '../../main/core/core.ts';
import type { CardOutcome } from '../../main/core/kernel/outcome.ts';
import { findMigrations } from '../../main/core/open.ts';
import { Refused } from '../../main/core/refused.ts';
import type { Storage } from '../../main/core/store/storage.ts';
import { openRealWorld } from '../../main/core/world/real.ts';
import { SimulatedReaders, SimulatedScanner } from '../simulation/devices.ts';
import { profile as simulated } from '../simulation/profile.ts';
import { Random } from '../simulation/random.ts';
import { PipeLink, type Send } from './pipe.ts';

/** The simulated bank's rules with the patience of a test; `patience` of 10 is ten times that. */
export function rulesOf(patience: number): AcquirerProfile {
  return {
    ...simulated,
    timers: {
      connectMs: 100,
      responseMs: 150 * patience,
      echoMs: 30_000,
      reconnectMs: [10],
      repeatMs: [0, 10, 20],
      messageLifetimeMs: 60,
    },
    walletTimers: { firstQueryMs: 10 * patience, queryMs: 15 * patience, giveUpMs: 100 * patience },
  };
}

const ZONE = 'Asia/Shanghai';
const CASHIER = { staff: 'cashier' } as const;
const SUPERVISOR = { staff: 'cashier', approver: 'owner' } as const;

/** The real core on a real disk, with cards and codes that come when they are called. */
export interface Desk {
  readonly core: Core;
  readonly link: PipeLink;
  readonly scanner: SimulatedScanner;
  /** Puts a card on the reader that comes to this. */
  tap(outcome: CardOutcome): void;
}

/** In what a terminal differs from the usual one. */
export interface Own {
  readonly anchor?: string;
  readonly profile?: AcquirerProfile;
  readonly signer?: string;
  /** Free bytes as the terminal sees them. */
  readonly freeBytes?: Storage['freeBytes'];
  readonly sealer?: Sealer;
  /** What the bank answers to whoever asks for parameters. */
  readonly parameters?: (have: number) => Promise<ParameterAnswer>;
}

/** Opens the terminal of a folder. Throws what the core throws when it does not start. */
export function openDesk(
  folder: string,
  send: Send,
  onFatal: (error: unknown) => void,
  patience = 1,
  own: Own = {},
): Desk {
  const profile = own.profile ?? rulesOf(patience);
  const readers = new SimulatedReaders({ reader: true, printer: undefined, printerBreaks: false });
  const scanner = new SimulatedScanner();
  const pipe = new PipeLink(send, profile.timers.responseMs);
  const link = own.parameters ? Object.assign(pipe, { parameters: own.parameters }) : pipe;
  const world = openRealWorld(folder, { readers, printer: noPrinter(), scanners: [scanner] }, own.anchor);
  const { freeBytes = world.storage.freeBytes, sealer } = own;
  const taps = new WeakMap<Card, CardOutcome>();
  const core = new Core({
    world: { ...world, storage: { ...world.storage, freeBytes } },
    migrations: findMigrations(),
    profile,
    signer: own.signer ?? 'chaos',
    ...(sealer ? { sealer, keySealed: true } : {}),
    zone: ZONE,
    link,
    read: async (card, _amount, _sequence, mayGo) => {
      mayGo();
      return taps.get(card) ?? { kind: 'tap-again', reason: 'torn' };
    },
    onFatal,
  });
  const tap = (outcome: CardOutcome): void => {
    const card: Card = {
      atr: new Uint8Array(2),
      transmit: () => Promise.resolve({ ok: false, fault: 'torn', detail: '' }),
      release: () => undefined,
    };
    taps.set(card, outcome);
    readers.tap(card);
  };
  return { core, link, scanner, tap };
}

/** Resolves as soon as `holds` does, looking at every change of the core, or after `ms`. */
export function settled(core: Core, holds: () => boolean, ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const done = (held: boolean): void => {
      clearTimeout(timer);
      forget();
      resolve(held);
    };
    const forget = core.onChange(() => {
      if (holds()) done(true);
    });
    const timer = setTimeout(() => done(holds()), ms);
    if (holds()) done(true);
  });
}

/** What a cashier hears and asks for. */
export interface Said {
  /** A request was taken: this payment answers it. */
  asked(key: string, id: string): void;
  /** A request was refused. */
  refused(code: string): void;
}

/** How often which kind of thing happens, of a hundred. */
const mix = { code: 30, card: 52, cash: 60, void: 69, refund: 77, hold: 82, taken: 87, split: 92, close: 95 } as const;

/**
 * One thing after another at the counter, the same for the same seed and number. `act` resolves when it is over;
 * it throws what the core throws that is no refusal.
 */
export class Cashier {
  readonly #desk: Desk;
  readonly #said: Said;
  readonly #name: string;
  readonly #seed: number;
  #offline = 0;
  #sold: string[] = [];
  #held: string[] = [];

  constructor(desk: Desk, name: string, seed: number, said: Said) {
    this.#desk = desk;
    this.#name = name;
    this.#seed = seed;
    this.#said = said;
  }

  async act(n: number): Promise<void> {
    const { core, link } = this.#desk;
    const random = new Random(this.#seed, n + 1);
    if (this.#offline > 0) {
      this.#offline -= 1;
      if (this.#offline === 0) link.line(true);
    }
    const kind = random.int(1, 100);
    try {
      // What an earlier start left half paid is given up: nobody stands at the counter for it any more.
      const live = core.sales.live();
      if (live) core.sales.drop(live.id, SUPERVISOR);
      if (kind <= mix.code) await this.#code(random, n);
      else if (kind <= mix.card) await this.#card(random, n);
      else if (kind <= mix.cash) this.#cash(random, n);
      else if (kind <= mix.void) await this.#void(random, n);
      else if (kind <= mix.refund) await this.#refund(random, n);
      else if (kind <= mix.hold) await this.#hold(random, n);
      else if (kind <= mix.taken) await this.#taken(random, n);
      else if (kind <= mix.split) await this.#split(random, n);
      else if (kind <= mix.close) await this.close();
      else this.#goOffline(random);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.#said.refused(error.code);
    }
    core.counter.dismiss();
  }

  /** A sale of the kinds that every version of the program has known. */
  async plain(n: number): Promise<void> {
    const random = new Random(this.#seed, n + 1);
    const kind = random.int(1, 3);
    if (kind === 1) await this.#code(random, n);
    else if (kind === 2) await this.#card(random, n);
    else this.#cash(random, n);
    this.#desk.core.counter.dismiss();
  }

  /** Closes the day; false when it was refused. Throws when the books do not agree. */
  async close(): Promise<boolean> {
    try {
      for await (const step of this.#desk.core.settlement.close()) {
        if (step.step === 'done' && !step.report.agreed)
          throw new Error(`the books differ: ${JSON.stringify(step.report.books)}`);
      }
      return true;
    } catch (error) {
      if (error instanceof Error && error.name === 'CloseRefused') return false;
      throw error;
    }
  }

  #goOffline(random: Random): void {
    this.#offline = random.int(2, 4);
    this.#desk.link.line(false);
  }

  /** In whole hundreds, small enough to be taken offline. */
  #amount(random: Random): ReturnType<typeof money> {
    return money(random.int(1, 20) * 100 + random.int(0, 99), 'CNY');
  }

  /** A part of an earlier payment goes back, or what is left of it. */
  async #refund(random: Random, n: number): Promise<void> {
    const { core } = this.#desk;
    const sold = this.#sold.at(-random.int(1, 5));
    if (sold === undefined) return;
    const { amount } = core.payments.get(sold);
    const minor = random.chance(0.5) ? amount.minor : random.int(1, amount.minor);
    const key = `${this.#name}-${n}`;
    const { id } = core.aftersale.refund(key, sold, money(minor, 'CNY'), 'returned', SUPERVISOR);
    this.#said.asked(key, id);
    await this.#over(id);
  }

  /** An amount is held on a card. */
  async #hold(random: Random, n: number): Promise<void> {
    const { core } = this.#desk;
    const key = `${this.#name}-${n}`;
    const { id } = core.aftersale.hold(key, this.#amount(random), CASHIER);
    this.#said.asked(key, id);
    await this.#tapped(id, n);
    if (core.payments.get(id).state === 'authorized') this.#held.push(id);
  }

  /** A held amount is taken, all or a part, or given up. */
  async #taken(random: Random, n: number): Promise<void> {
    const { core } = this.#desk;
    const held = this.#held.pop();
    if (held === undefined) return;
    const key = `${this.#name}-${n}`;
    if (random.chance(0.3)) {
      core.aftersale.release(key, held, SUPERVISOR);
      await this.#over(held);
      return;
    }
    const amount = money(random.int(1, core.payments.get(held).amount.minor), 'CNY');
    const { id } = core.aftersale.complete(key, held, amount, CASHIER);
    this.#said.asked(key, id);
    await this.#over(id);
  }

  /** One sale, a part of it in cash and the rest by card; now and then it is given up in between. */
  async #split(random: Random, n: number): Promise<void> {
    const { core } = this.#desk;
    const key = `${this.#name}-${n}`;
    const total = this.#amount(random);
    const sale = core.sales.split(key, total, CASHIER);
    const part = money(random.int(1, total.minor - 1), 'CNY');
    const first = core.cash(`${key}-cash`, part, CASHIER, sale.id);
    this.#said.asked(`${key}-cash`, first.id);
    core.counter.dismiss();
    if (random.chance(0.3)) {
      core.sales.drop(sale.id, SUPERVISOR);
      return;
    }
    const { id } = core.charge(`${key}-card`, money(total.minor - part.minor, 'CNY'), CASHIER, sale.id);
    this.#said.asked(`${key}-card`, id);
    await this.#tapped(id, n);
    if (core.sales.live()?.id === sale.id) core.sales.drop(sale.id, SUPERVISOR);
  }

  async #tapped(id: string, n: number): Promise<void> {
    const { core } = this.#desk;
    this.#desk.tap(cardOutcome(`${this.#seed}-${n}`, false));
    await settled(core, () => core.counter.waiting !== id, 1_000);
    if (core.counter.waiting === id) core.cancel(id, CASHIER);
    await this.#over(id);
  }

  #open(random: Random, n: number): string {
    const key = `${this.#name}-${n}`;
    const { id } = this.#desk.core.charge(key, this.#amount(random), CASHIER);
    this.#said.asked(key, id);
    return id;
  }

  async #code(random: Random, n: number): Promise<void> {
    const { core, scanner } = this.#desk;
    const id = this.#open(random, n);
    // The last digit says how the customer behaves (branch.ts).
    scanner.scan(
      `28${String(this.#seed % 1_000_000).padStart(6, '0')}${String(n).padStart(9, '0')}${random.int(0, 9)}`,
    );
    if (core.counter.waiting === id) core.cancel(id, CASHIER);
    await this.#over(id);
  }

  async #card(random: Random, n: number): Promise<void> {
    const { core } = this.#desk;
    const id = this.#open(random, n);
    this.#desk.tap(cardOutcome(`${this.#seed}-${n}`, random.chance(0.15)));
    await settled(core, () => core.counter.waiting !== id, 1_000);
    if (core.counter.waiting === id) core.cancel(id, CASHIER);
    await this.#over(id);
  }

  async #over(id: string): Promise<void> {
    const { core } = this.#desk;
    const open = ['opened', 'sealed', 'sending', 'querying'];
    await settled(core, () => !open.includes(core.payments.get(id).state) || core.stopped !== null, 5_000);
    const payment = core.payments.get(id);
    // Approved in part: mostly it is taken.
    if (payment.state === 'partial' && payment.stan % 3 > 0) core.sales.accept(payment, CASHIER);
    else if (payment.state === 'partial') core.cancel(id, CASHIER);
    if (core.payments.get(id).state === 'approved') this.#sold.push(id);
  }

  #cash(random: Random, n: number): void {
    const key = `${this.#name}-${n}`;
    const { id } = this.#desk.core.cash(key, this.#amount(random), CASHIER);
    this.#said.asked(key, id);
    this.#sold.push(id);
  }

  async #void(random: Random, n: number): Promise<void> {
    const id = this.#sold.at(-random.int(1, 3));
    if (id === undefined) return;
    this.#sold = this.#sold.filter((one) => one !== id);
    const key = `${this.#name}-${n}`;
    const taken = this.#desk.core.void(key, id, SUPERVISOR);
    if (taken.kind === 'void') this.#said.asked(key, taken.id);
    await this.#over(taken.id);
  }
}

function cardOutcome(name: string, offline: boolean): CardOutcome {
  const card = {
    scheme: 'unionpay',
    aid: 'A000000333010101',
    label: 'TEST',
    kernel: 7,
    maskedPan: '621094******0011',
    token: `card-${name}`,
    expiry: '3012',
    oda: { method: 'fdda', result: 'passed' },
    cvm: 'none',
    cryptogram: { type: 'ARQC', value: '', atc: 1 },
    iccData: '9F2608',
    sealed: `sealed-${name}-${'x'.repeat(400)}`,
    tags: [],
    timing: { exchanges: [], cardMs: 1, ownMs: 1 },
  } as const;
  return offline ? { kind: 'approved-offline', card } : { kind: 'online', card, deferrable: true };
}
