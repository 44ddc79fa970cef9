import type { Machine } from './machine.ts';
import type { Oracle } from './oracle.ts';

/** From here on a clock is wrong. */
const WRONG_MS = 5 * 60_000;
/** Shanghai is eight hours ahead of UTC, and its day begins at four: the same four hours less. */
const DAY_BEGINS_MS = 4 * 3_600_000;

interface Opened {
  readonly id: string;
  readonly seq: number;
  readonly at: number;
  readonly day: string;
  readonly clock_suspect: number;
}

/** A start of the terminal: from which entry on, and after which entry it heard the bank's time. */
interface Start {
  readonly after: number;
  told?: number;
}

/**
 * What must be said of each payment's time, by what is really so: payments of before the clock was set are not marked, those
 * that a terminal opened which saw it or knows the bank's time are, and from the first mark on all are. Their business day is
 * that of the true time.
 */
export class Clocks {
  readonly #machine: Machine;
  readonly #oracle: Oracle;
  readonly #epoch: number;
  readonly #starts: Start[] = [];
  /** By how much the clock was set, after which entry, and in which start. */
  #set: { readonly ms: number; readonly after: number; readonly start: Start | undefined } | undefined;

  constructor(machine: Machine, oracle: Oracle) {
    this.#machine = machine;
    this.#oracle = oracle;
    this.#epoch = machine.wall;
  }

  started(): void {
    this.#starts.push({ after: this.#last() });
  }

  /** The bank's time has come to the terminal. */
  told(): void {
    const start = this.#starts.at(-1);
    if (start) start.told ??= this.#last();
  }

  set(ms: number): void {
    const alive = this.#machine.core !== undefined;
    this.#set = { ms, after: this.#last(), start: alive ? this.#starts.at(-1) : undefined };
  }

  #last(): number {
    const [head] = this.#machine.disk.rows('SELECT max(seq) AS seq FROM entry') as { seq: number | null }[];
    return Math.max(head?.seq ?? 0, this.#machine.disk.lines);
  }

  /** Looks at every payment, when the day is over. */
  compare(): void {
    const opened = this.#machine.disk.rows(
      'SELECT id, seq, at, day, clock_suspect FROM payment ORDER BY seq',
    ) as Opened[];
    let marked = false;
    for (const one of opened) {
      this.#compare(one, marked);
      marked ||= one.clock_suspect === 1;
    }
  }

  #compare({ id, seq, at, day, clock_suspect }: Opened, marked: boolean): void {
    const set = this.#set && seq > this.#set.after ? this.#set : undefined;
    const start = this.#starts.findLast(({ after }) => seq > after);
    const told = start?.told !== undefined && seq > start.told;
    const wrong = set !== undefined && Math.abs(set.ms) > WRONG_MS;
    if (!wrong && clock_suspect === 1) this.#oracle.fail('I20', `${id} is marked, and its clock was right`);
    const known = told || start === set?.start || marked;
    if (wrong && known && clock_suspect === 0) this.#oracle.fail('I20', `${id} is not marked, and its clock was wrong`);
    const is = dayOf(at - (set?.ms ?? 0));
    const right = told ? [is, ...(wrong ? [] : [dayOf(at)])] : [is, dayOf(at), dayOf(this.#epoch)];
    if (!right.includes(day)) this.#oracle.fail('I20', `${id} is of ${day}, which was ${is}`);
  }
}

function dayOf(at: number): string {
  return new Date(at + DAY_BEGINS_MS).toISOString().slice(0, 10);
}
