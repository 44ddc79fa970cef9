const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** How often a day has what it may have; of a hundred days where it is no share. */
export interface Chances {
  /** Days with one act of the cashier, with up to two, with up to four; the others have up to eight. */
  readonly acts: readonly [one: number, two: number, four: number];
  /** Days that are sold offline, that end with a close, that are about aftersales, about holds; each counted with those before it. */
  readonly themes: readonly [offline: number, close: number, aftersale: number, hold: number];
  readonly wire: number;
  /** Days that begin shortly before the business day ends. */
  readonly cutOff: number;
  readonly clock: number;
  /** By how much it is set, milliseconds. */
  readonly clockSet: readonly [number, ...number[]];
  /** How often at most somebody sets it once more on such a day. */
  readonly clockAgain: number;
  readonly decisions: number;
  readonly statements: number;
  readonly olderCopy: number;
  /** Days on which the power fails, and how often at most. */
  readonly cuts: readonly [days: number, most: number];
  /** Days on which the disk fails, and how often at most. */
  readonly faults: readonly [days: number, most: number];
  readonly fullDisk: number;
  /** Days on which the line is down for hours, and nobody buys anything for as long. */
  readonly outage: number;
}

/** Most days are short, and what is rare is rare on them: many can be lived. */
export const usual: Chances = {
  acts: [70, 88, 96],
  themes: [8, 13, 27, 30],
  wire: 1 / 8,
  cutOff: 0,
  clock: 0.25,
  clockSet: [-DAY_MS, -HOUR_MS, -60_000, 60_000, 600_000, HOUR_MS, DAY_MS, 12 * 365 * DAY_MS],
  clockAgain: 0,
  decisions: 0.04,
  statements: 0.03,
  olderCopy: 0.025,
  cuts: [0.6, 3],
  faults: [0.15, 2],
  fullDisk: 0.08,
  outage: 0,
};

/** Days on which it meets: one of these is worth thousands of the others to whoever looks for two rare things at once. */
export const crowded: Chances = {
  acts: [20, 50, 80],
  themes: [20, 40, 60, 75],
  wire: 0.5,
  cutOff: 0.4,
  clock: 0.6,
  // So far back that the program was not written yet.
  clockSet: [...usual.clockSet, -300 * DAY_MS],
  clockAgain: 2,
  decisions: 0.5,
  statements: 0.4,
  olderCopy: 0.4,
  cuts: [0.9, 8],
  faults: [0.5, 4],
  fullDisk: 0.3,
  outage: 0.1,
};
