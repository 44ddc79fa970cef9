import type { DialectName } from '../../main/core/bank/dialects/named.ts';
import { type Chances, usual } from './chances.ts';
import { Random } from './random.ts';
import { readsStatements } from './statements.ts';

/** How a day is made, drawn before it begins. */
export interface Shape {
  /** Acts of the cashier: somebody pays, wants money back, or wants something else. */
  readonly customers: number;
  /** `empty`: the first day of its terminal. */
  readonly disk: 'empty' | 'used';
  /**
   * What the day is about. `offline`: the line is down nearly from the beginning, and everybody pays by card. `aftersale`:
   * once something is sold people want it back. `hold`: amounts are held and taken. `close`: the last act is to close the day, whatever is wrong then.
   */
  readonly theme: 'any' | 'offline' | 'aftersale' | 'hold' | 'close';
  /** When all is over and mended the owner closes the day. The others end with an open batch. */
  readonly closes: boolean;
  /** The terminal is asked at the end what it thinks of its own books. */
  readonly verifies: boolean;
}

/**
 * Most days are short: a fault needs one or two customers to do its harm, and what is searched is how faults meet. The long
 * ones are for what takes many: limits, several refunds of one sale, closes over closes.
 */
export function drawShape(random: Random, { acts: [one, two, four], themes }: Chances): Shape {
  const kind = random.int(1, 100);
  const acts = kind <= one ? 1 : kind <= two ? 2 : kind <= four ? random.int(3, 4) : random.int(5, 8);
  const about = random.int(1, 100);
  const [offline, close, aftersale, hold] = themes.map((most) => about <= most);
  const theme = offline ? 'offline' : close ? 'close' : aftersale ? 'aftersale' : hold ? 'hold' : 'any';
  const customers = theme === 'offline' ? acts + random.int(1, 3) : theme === 'any' ? acts : Math.max(2, acts);
  return {
    customers,
    disk: random.chance(0.1) ? 'empty' : 'used',
    theme,
    closes: random.chance(customers > 2 ? 0.5 : 0.12),
    verifies: random.chance(0.2),
  };
}

/** The dialect of a day on which the core speaks to the bank over lines, byte for byte; undefined for the other days. */
export function drawDialect(seed: number, chances = usual): DialectName | undefined {
  const random = new Random(seed, 12);
  if (!random.chance(chances.wire)) return undefined;
  // What the bank's statement has is looked up by numbers that only there are those of the terminal.
  if (readsStatements(seed, chances)) return 'countertap';
  return random.pick(['countertap', 'countertap', 'hypercom', 'unionpay'] as const);
}
