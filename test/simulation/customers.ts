import type { Card } from '../../drivers/nfc/reader.ts';
import type { CardOutcome, CardScheme } from '../../main/core/kernel/outcome.ts';
import type { WalletBehaviour } from './bank.ts';
import { SEALED } from './books.ts';
import type { Machine } from './machine.ts';
import type { Random } from './random.ts';

/** What a customer needs of the cashier. */
export interface Cashier {
  cancel(): void;
  /** Asks the core for something; a refusal is its good right. */
  ask<T>(ask: () => T): T | undefined;
}

/** What customers hold out: cards that are read well or badly, wallet codes that are paid or not. */
export class Customers {
  readonly #machine: Machine;
  readonly #random: Random;
  readonly #people: Cashier;
  #presented = 0;
  readonly #cards: string[] = [];

  constructor(machine: Machine, random: Random, cashier: Cashier) {
    this.#machine = machine;
    this.#random = random;
    this.#people = cashier;
  }

  #between(least: number, most: number, run: () => void): void {
    this.#machine.timeline.after(this.#random.int(least, most), run);
  }

  tap(): void {
    const { readers, taps, core } = this.#machine;
    if (!core) return;
    const tap = this.#random.int(1, 100);
    const ms = this.#random.int(150, 900);
    const card: Card = {
      atr: new Uint8Array(2),
      transmit: () => Promise.resolve({ ok: false, fault: 'torn', detail: '' }),
      release: () => undefined,
    };
    taps.set(card, { outcome: this.#outcome(tap), ms });
    const taken = readers.tap(card);
    this.#machine.trace(() => `the customer taps${taken ? '' : ' in vain'}`);
    if (tap <= 12 || !taken) this.#between(1_200, 4_000, () => this.#again());
  }

  /** The customer tries once more when the counter asks for it. */
  #again(): void {
    const { core } = this.#machine;
    if (core?.counter.waiting === undefined) return;
    if (this.#random.chance(0.7)) this.tap();
    else if (this.#random.chance(0.5)) this.scan();
    else this.#people.cancel();
  }

  #outcome(tap: number): CardOutcome {
    if (tap <= 6) return { kind: 'tap-again', reason: 'torn' };
    if (tap <= 9) return { kind: 'refused', reason: 'not-a-payment-card', detail: '' };
    if (tap <= 12) return { kind: 'tap-again', reason: 'see-phone' };
    this.#presented += 1;
    const token = this.#card();
    const scheme = this.#random.pick<CardScheme>(['unionpay', 'visa', 'unionpay', 'visa', 'mastercard']);
    const card = {
      scheme,
      aid: 'A000000333010101',
      label: 'TEST',
      kernel: 7,
      maskedPan: '621094******0011',
      token,
      expiry: '3012',
      oda: { method: 'fdda', result: 'passed' },
      cvm: 'none',
      cryptogram: { type: 'ARQC', value: '', atc: 1 },
      iccData: '9F2608',
      sealed: `${SEALED}${this.#presented}`,
      tags: [],
      timing: { exchanges: [], cardMs: 1, ownMs: 1 },
    } as const;
    if (tap <= 16) return { kind: 'declined', reason: 'card-declined', card };
    if (tap <= 22) return { kind: 'approved-offline', card };
    return { kind: 'online', card, deferrable: tap > 32 };
  }

  /** A card: mostly one that was not here before. */
  #card(): string {
    const fresh = `card-${this.#cards.length + 1}`;
    const known = this.#cards[this.#random.int(0, this.#cards.length)];
    if (known !== undefined && this.#random.chance(0.4)) return known;
    this.#cards.push(fresh);
    return fresh;
  }

  scan(): void {
    const { scanner, bank, core } = this.#machine;
    if (!core) return;
    this.#presented += 1;
    const code = `28${String(this.#presented).padStart(16, '0')}`;
    const behaviour = this.#random.pick<WalletBehaviour>([
      { kind: 'pays' },
      { kind: 'pays' },
      { kind: 'declines' },
      { kind: 'never' },
      { kind: 'slow', ms: this.#random.int(1_000, 60_000) },
    ]);
    bank.issue(code, behaviour);
    this.#machine.trace(() => `the customer shows a code that ${behaviour.kind}`);
    this.#people.ask(() => scanner.scan(code));
    if (this.#random.chance(0.1))
      this.#between(1, 2_000, () => this.#people.ask(() => this.#machine.scanner.scan(code)));
    this.#between(1_200, 6_000, () => this.#again());
  }
}
