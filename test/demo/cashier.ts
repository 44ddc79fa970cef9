import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { money } from '../../contract/money.ts';
import { outcomeOf } from '../../contract/payment.ts';
import type { Core } from '../../main/core/core.ts';
import type { Payment } from '../../main/core/payment/payment.ts';
import type { OpenDevices } from '../../main/core/world/devices.ts';
import type { Control } from '../e2e/support/control.ts';
import type { Present, Sale } from './plan.ts';

/** The counter at which the demo sells: the terminal, its devices, and the world around it. */
export interface Stand {
  readonly core: Core;
  readonly devices: OpenDevices;
  readonly control: Control;
}

const cashier = { staff: 'cashier' };
const withApproval = { staff: 'cashier', approver: 'owner' };

/** Nothing at this counter may take longer than this. */
const PATIENCE_MS = 20_000;
/** How long a customer thinks before giving up a wallet payment. */
const THINKS_MS = 400;

/** Waits until `done` says so. @throws Error naming `what` when it takes longer than `ms` */
export async function until(what: string | (() => string), done: () => boolean, ms = PATIENCE_MS): Promise<void> {
  const deadline = performance.now() + ms;
  while (!done()) {
    if (performance.now() > deadline) {
      throw new Error(`Waited ${ms / 1000} s in vain: ${typeof what === 'string' ? what : what()}.`);
    }
    await pause(2);
  }
}

/** A cashier with customers: presents what they hold out, reads what the terminal shows, and goes on. */
export class Cashier {
  readonly #stand: Stand;
  #lastCode = '';

  constructor(stand: Stand) {
    this.#stand = stand;
  }

  /** One sale until the customer has been told its result. Answers the payment as it was told. */
  async sell(sale: Sale): Promise<Payment> {
    const { core, control } = this.#stand;
    if (sale.fault) await control.ask('rule', { rule: { on: '0200', do: sale.fault } });
    const amount = money(sale.minor, core.currency);
    const [first] = sale.presents;
    if (first && 'cash' in first) return core.cash(randomUUID(), amount, cashier);
    const { id } = core.charge(randomUUID(), amount, cashier);
    for (const present of sale.presents) {
      const { phase } = core.counter.now;
      if (phase === 'result' || phase === 'idle') break;
      await this.#present(id, present);
    }
    if (core.counter.waiting === id) core.cancel(id, cashier);
    await until(
      () => `the result of ${id}, which is ${core.payments.get(id).state}; the counter shows ${core.counter.now.phase}`,
      () => core.counter.now.phase === 'partial' || (this.#told(id) && !core.counter.busy),
    );
    if (core.counter.now.phase === 'partial') this.#takePart(id);
    return core.payments.get(id);
  }

  /** The card had less than was asked: it is taken, and the customer pays the rest in notes. */
  #takePart(id: string): void {
    const { core } = this.#stand;
    core.sales.accept(core.payments.get(id), cashier);
    const rest = core.sales.live();
    if (rest) core.cash(randomUUID(), rest.owed, cashier, rest.id);
  }

  #told(id: string): boolean {
    const { state, kind } = this.#stand.core.payments.get(id);
    return outcomeOf(state, kind) !== 'open';
  }

  async #present(id: string, present: Present): Promise<void> {
    if ('cancel' in present) await this.#giveUp(id);
    else if ('card' in present) await this.#tap(id, present.card);
    else if ('code' in present) await this.#scan(id, present);
  }

  /** A payment that a customer confirms on the phone is only asked for some time later. */
  async #giveUp(id: string): Promise<void> {
    const { core } = this.#stand;
    if (core.payments.get(id).state === 'querying') await pause(THINKS_MS);
    const { state } = core.payments.get(id);
    if (['opened', 'sealed', 'querying'].includes(state)) core.cancel(id, cashier);
  }

  async #tap(id: string, card: string): Promise<void> {
    const { core, control, devices } = this.#stand;
    await until('the reader is armed', () => core.counter.waiting === id);
    await control.ask('tap', { card, reader: `127.0.0.1:${devices.virtual?.port ?? 0}` });
    await until(`${card} was read`, () => core.counter.now.phase !== 'reading');
  }

  async #scan(id: string, present: Extract<Present, { code: string }>): Promise<void> {
    const { core, control, devices } = this.#stand;
    await until('the scanner is armed', () => core.counter.waiting === id);
    if (present.code !== 'again') {
      const { code: scheme, behaviour } = present;
      const issued = await control.ask('code', { scheme, behaviour, ms: THINKS_MS });
      this.#lastCode = String(issued['code']);
    }
    devices.keyboard.typed(this.#lastCode);
    await until('the code was looked at', () => {
      const { now } = core.counter;
      return now.phase !== 'waiting' || now.prompt === 'code-refused';
    });
    const asked = (): boolean => core.payments.get(id).state !== 'sending';
    await until('the bank was asked', asked);
  }

  /** Takes a sale back and waits for the bank's word. */
  async takeBack(payment: Payment): Promise<void> {
    const { core } = this.#stand;
    const { id } = core.void(randomUUID(), payment.id, withApproval);
    await until(`the void of ${payment.receiptNo}`, () => this.#told(id) && !core.counter.busy);
  }

  /** Tells the terminal of each receipt that it cannot be sure of whether it lies in the printer. */
  async lookAtPaper(): Promise<void> {
    const { core, control } = this.#stand;
    const asked = core.payments.inPrintState(['asked']);
    if (asked.length === 0) return;
    const { receipts } = await control.ask('paper');
    const paper = JSON.stringify(receipts);
    for (const payment of asked) core.printed(payment.id, paper.includes(payment.receiptNo));
  }

  /** Waits until every receipt has come out. */
  async untilPrinted(): Promise<void> {
    const { core } = this.#stand;
    const waiting = (): number => core.payments.inPrintState(['queued', 'printing', 'held', 'asked']).length;
    const deadline = performance.now() + 2 * PATIENCE_MS;
    while (waiting() > 0) {
      if (performance.now() > deadline) throw new Error(`${waiting()} receipts do not come out.`);
      await this.lookAtPaper();
      await pause(20);
    }
  }
}
