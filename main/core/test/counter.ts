import { beforeAll, beforeEach } from 'vitest';
import type { Payment } from '../payment/payment.ts';
import { Refused } from '../refused.ts';
import { openModelBank } from './bank.ts';
import { openManualClock, settled } from './clock.ts';
import { openMemoryStorage } from './storage.ts';
import { makeProfile, openTill, type Surroundings, type Till } from './till.ts';

// A counter of its own for each test of the file that imports this: a clock, a disk, a bank and one terminal.

let signed: Surroundings['signed'];
export let around: Surroundings;
/** The terminal's life that goes on now. */
export let till: Till;

beforeAll(async () => {
  signed = await makeProfile();
});

beforeEach(() => {
  around = { clock: openManualClock(), storage: openMemoryStorage(), bank: openModelBank(), signed };
  till = openTill(around);
});

export function now({ id }: Payment): Payment {
  return till.core.payments.get(id);
}

export function pass(ms: number): Promise<void> {
  return around.clock.advance(ms);
}

/** Begins another life, here or in other surroundings. The one before has ended. */
export function open(where: Surroundings = around): void {
  till = openTill(where);
}

/** Killed and started again, on the same folder. */
export async function restart(): Promise<void> {
  till.kill();
  open();
  await settled();
}

export function bankSays({ rrn }: Payment): string | undefined {
  return around.bank.book.get(rrn)?.state;
}

/** With which code something is refused; undefined when it is not. */
export function codeOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof Refused) return error.code;
    throw error;
  }
}
