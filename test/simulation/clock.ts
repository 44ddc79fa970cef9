import type { Machine } from './machine.ts';
import type { Oracle } from './oracle.ts';

/** From here on a clock is wrong. */
const WRONG_MS = 5 * 60_000;
/** What the bank tells of its time is a full second, and so long on its way. */
const TOLD_LATE_MS = 61_000;
/** Shanghai is eight hours ahead of UTC, and its day begins at four: the same four hours less. */
const DAY_BEGINS_MS = 4 * 3_600_000;

interface Opened {
  readonly id: string;
  readonly seq: number;
  readonly at: number;
  readonly day: string;
  readonly clock_suspect: number;
}

/** What happened to the clock after which entry: the terminal was started, it heard the bank's time, or the clock was set. */
type Event =
  | { readonly kind: 'start' | 'told'; readonly after: number }
  | { readonly kind: 'set'; readonly after: number; readonly ms: number; readonly running: boolean };

/** What is known at a point of the day. */
interface Known {
  /** By how much the clock shows more than the true time. */
  readonly ahead: number;
  /** By how much it was set while the terminal ran, in this start. */
  readonly seen: number;
  /** Whether the terminal has heard the bank's time in this start. */
  readonly told: boolean;
  /** Whether the terminal must hold the clock for wrong; undefined where it may. */
  readonly doubt: boolean | undefined;
  /** Days that the clock may have shown when the first batch was opened. */
  readonly days: readonly string[];
}

/**
 * What must be said of each payment's time, by what is really so. A terminal that knows the bank's time marks those whose clock
 * is wrong, and gives them the true day. One that does not marks them from the moment in which it saw the clock being set, and
 * goes on with it until it hears the bank.
 */
export class Clocks {
  readonly #machine: Machine;
  readonly #oracle: Oracle;
  readonly #epoch: number;
  readonly #events: Event[] = [];

  constructor(machine: Machine, oracle: Oracle) {
    this.#machine = machine;
    this.#oracle = oracle;
    this.#epoch = machine.wall;
  }

  started(): void {
    this.#events.push({ kind: 'start', after: this.#last() });
  }

  /** The bank's time has come to the terminal, if there is one to hear it. */
  told(): void {
    if (this.#machine.core) this.#events.push({ kind: 'told', after: this.#last() });
  }

  set(ms: number): void {
    this.#events.push({ kind: 'set', after: this.#last(), ms, running: this.#machine.core !== undefined });
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
    let known: Known = { ahead: 0, seen: 0, told: false, doubt: false, days: [dayOf(this.#epoch)] };
    const events = this.#events.values();
    let next = events.next();
    for (const one of opened) {
      for (; !next.done && next.value.after < one.seq; next = events.next()) known = this.#after(known, next.value);
      this.#compare(one, known);
      known = { ...known, doubt: one.clock_suspect === 1 };
    }
  }

  #after(known: Known, event: Event): Known {
    switch (event.kind) {
      case 'start':
        return { ...known, seen: 0, told: false };
      case 'told':
        // The power may go before it is written down.
        return { ...known, told: true, doubt: known.doubt === isWrong(known.ahead) ? known.doubt : undefined };
      case 'set': {
        const ahead = known.ahead + event.ms;
        const days = [...known.days, dayOf(this.#epoch + ahead)];
        const doubt = !isWrong(event.ms) || (known.doubt && !known.told) ? known.doubt : undefined;
        return { ...known, ahead, days, doubt, seen: known.seen + (event.running ? event.ms : 0) };
      }
    }
  }

  #compare({ id, at, day, clock_suspect }: Opened, { ahead, seen, told, doubt, days }: Known): void {
    const marked = clock_suspect === 1;
    const must = told ? isWrong(ahead) : isWrong(seen) || doubt;
    if (must !== undefined && marked !== must)
      this.#oracle.fail('I20', `${id} is ${marked ? '' : 'not '}marked, and its clock is ${ahead / 1_000} s ahead`);
    const is = dayOf(at - ahead);
    const right = [
      is,
      ...(told ? [dayOf(at - ahead - TOLD_LATE_MS)] : days),
      ...(told && isWrong(ahead) ? [] : [dayOf(at)]),
    ];
    if (!right.includes(day)) this.#oracle.fail('I20', `${id} is of ${day}, which was ${is}`);
  }
}

function isWrong(ms: number): boolean {
  return Math.abs(ms) > WRONG_MS;
}

function dayOf(at: number): string {
  return new Date(at + DAY_BEGINS_MS).toISOString().slice(0, 10);
}
