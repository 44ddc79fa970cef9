import { hex } from './bytes.ts';
import type { CardApplication, CardConfig } from './config.ts';
import type { CardRequest } from './outcome.ts';

/** Limits that hold for one card, in minor units. */
export interface Limits {
  /** Largest payment that may be approved offline; undefined: the kernel sets none. */
  readonly floor: number | undefined;
  readonly transaction: number;
  /** The same for cards that verify their holder on the device; kernel 2 only. */
  readonly deviceTransaction: number;
  /** From this amount on the cardholder must be verified. */
  readonly cvm: number;
}

/** Limits of an application; those of the card's program come first (kernel 3, dynamic reader limits by tag 9F5A). */
export function limitsOf(config: CardConfig, application: CardApplication, program: Uint8Array | undefined): Limits {
  const id = program ? hex(program) : '';
  const own = (application.programs ?? [])
    .filter((each) => id.startsWith(each.id))
    .sort((a, b) => b.id.length - a.id.length)[0];
  const set = { ...application.limits, ...own };
  const transaction = set.transactionMinor ?? config.limits.contactlessMinor;
  return {
    floor: set.floorMinor ?? (application.kernel === 2 ? 0 : undefined),
    transaction,
    deviceTransaction: (application.kernel === 2 ? set.deviceTransactionMinor : undefined) ?? transaction,
    cvm: set.cvmMinor ?? config.limits.cvmMinor,
  };
}

/** What the terminal's own risk management knows before a card speaks. */
export interface Risk {
  readonly floorExceeded: boolean;
  readonly chosenAtRandom: boolean;
}

/**
 * Floor limit and random selection (EMV Book 3, 10.6.1 and 10.6.2): between the threshold and the floor limit the share
 * grows from `percent` to `maxPercent`. `draw` is a random number from 1 to 99.
 */
export function riskOf(request: CardRequest, config: CardConfig, limits: Limits, draw: number): Risk {
  const { minor } = request.amount;
  const { floor } = limits;
  const floorExceeded = floor !== undefined && minor > floor;
  const share = config.cards.randomOnline;
  if (!share || floorExceeded) return { floorExceeded, chosenAtRandom: false };
  const room = (floor ?? limits.transaction) - share.thresholdMinor;
  const over = Math.min(1, Math.max(0, room > 0 ? (minor - share.thresholdMinor) / room : 0));
  const percent = share.percent + Math.max(0, share.maxPercent - share.percent) * over;
  return { floorExceeded, chosenAtRandom: draw <= percent };
}
