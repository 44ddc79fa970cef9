import type { Random } from './random.ts';

/** How a day is made, drawn before it begins. */
export interface Shape {
  /** Acts of the cashier: somebody pays, wants money back, or wants something else. */
  readonly customers: number;
  /** `empty`: the first day of its terminal. */
  readonly disk: 'empty' | 'used';
  /** The line is down nearly from the beginning, and everybody pays by card. */
  readonly offline: boolean;
  /** When all is over and mended the owner closes the day. The others end with an open batch. */
  readonly closes: boolean;
  /** The terminal is asked at the end what it thinks of its own books. */
  readonly verifies: boolean;
}

/**
 * Most days are short: a fault needs one or two customers to do its harm, and what is searched is how faults meet. The long
 * ones are for what takes many: limits, several refunds of one sale, closes over closes.
 */
export function drawShape(random: Random): Shape {
  const kind = random.int(1, 100);
  const customers = kind <= 70 ? 1 : kind <= 88 ? 2 : kind <= 96 ? random.int(3, 4) : random.int(5, 8);
  const offline = random.chance(0.08);
  return {
    customers: offline ? customers + random.int(1, 3) : customers,
    disk: random.chance(0.1) ? 'empty' : 'used',
    offline,
    closes: random.chance(customers > 2 ? 0.5 : 0.12),
    verifies: random.chance(0.2),
  };
}
