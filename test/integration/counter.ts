import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { money } from '../../contract/money.ts';
import { outcomeOf } from '../../contract/payment.ts';
import { openTerminal, type Terminal } from '../../main/core/open.ts';
import type { Payment } from '../../main/core/payment/payment.ts';
import { type Simulators, startSimulators } from '../e2e/support/simulators.ts';

const PATIENCE_MS = 15_000;
const cashier = { staff: 'cashier' };

/** Waits until `done` says so; throws when it takes too long. */
export async function until(what: string, done: () => boolean): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!done()) {
    if (performance.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await pause(5);
  }
}

/** A terminal with the real core, driver and bank link, at the simulators: bank, cards and virtual reader. */
export class TestCounter {
  readonly simulators: Simulators;
  readonly #dir: string;
  #terminal: Terminal | undefined;

  private constructor(dir: string, simulators: Simulators) {
    this.#dir = dir;
    this.simulators = simulators;
  }

  static async open(): Promise<TestCounter> {
    const dir = mkdtempSync(join(tmpdir(), 'counter-'));
    const terms = {
      timers: {
        connectMs: 1000,
        responseMs: 2000,
        reconnectMs: [50, 100],
        repeatMs: [0, 200],
        messageLifetimeMs: 1500,
      },
    };
    writeFileSync(join(dir, 'terms.json'), JSON.stringify(terms));
    const counter = new TestCounter(dir, await startSimulators(join(dir, 'counter'), join(dir, 'terms.json')));
    await counter.start();
    return counter;
  }

  get terminal(): Terminal {
    if (!this.#terminal) throw new Error('the terminal is not running');
    return this.#terminal;
  }

  get core(): Terminal['core'] {
    return this.terminal.core;
  }

  get reader(): string {
    return `127.0.0.1:${this.terminal.devices.virtual?.port ?? 0}`;
  }

  async start(): Promise<void> {
    const { profile, virtual } = this.simulators;
    const options = { data: join(this.#dir, 'terminal'), profile, virtual, reader: 'Virtual counter' };
    this.#terminal = await openTerminal({ ...options, zone: 'Asia/Shanghai' }, (error) => {
      throw error;
    });
    this.core.start();
    await until('the terminal is signed on', () => this.core.link.state.status === 'online');
  }

  async restart(): Promise<void> {
    await this.core.close();
    await this.start();
  }

  async line(up: boolean): Promise<void> {
    await this.simulators.control.ask('line', { up });
    await until('the line is seen', () => (this.core.link.state.status === 'online') === up);
  }

  /** Charges and taps once. The payment as it stands when it has an end, or when the counter waits for something else. */
  async sell(minor: number, card: string): Promise<Payment> {
    const { id } = this.core.charge(randomUUID(), money(minor, this.core.currency), cashier);
    await this.tap(id, card);
    return this.core.payments.get(id);
  }

  async tap(id: string, card: string): Promise<void> {
    const { core } = this;
    await until('the reader is armed', () => core.counter.waiting === id);
    await this.simulators.control.ask('tap', { card, reader: this.reader });
    await until(`${card} was dealt with`, () => {
      const { now } = core.counter;
      const { state, kind } = core.payments.get(id);
      const asked = now.phase === 'choosing' || (now.phase === 'waiting' && now.prompt !== 'present');
      return now.phase !== 'reading' && (asked || outcomeOf(state, kind) !== 'open');
    });
  }

  /** Gives up what still waits for a card. */
  cancel(): void {
    const { waiting } = this.core.counter;
    if (waiting !== undefined) this.core.cancel(waiting, cashier);
  }

  async close(): Promise<void> {
    await this.#terminal?.core.close();
    await this.simulators.stop();
    rmSync(this.#dir, { recursive: true, force: true });
  }
}
