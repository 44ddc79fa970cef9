import type { DayReport } from '../../contract/day.ts';
import type { Machine } from './machine.ts';
import type { Oracle, Row } from './oracle.ts';

/** How often a payment has been sent before somebody may say what became of it. */
const ATTEMPTS = 6;
/** Of these only that they went back: the customer was told so. */
export const goingBack: ReadonlySet<string> = new Set(['reversal-due', 'cancel-due', 'refund-due']);
/** What is repeated until it is answered, and never taken back. */
const repeated: ReadonlySet<string> = new Set(['void', 'refund', 'completion']);

/** Whether the owner may say of a payment what became of it (I9). */
export function mayBeDecided({ kind, state, attempt }: Row, done: boolean): boolean {
  if (goingBack.has(state)) return done && attempt >= ATTEMPTS;
  return state === 'unknown' && repeated.has(kind) && attempt >= ATTEMPTS;
}

interface Said {
  readonly payment: string;
  readonly done: boolean;
  readonly cause: string;
  /** The bank was asked first; otherwise it may be as was said, or not. */
  readonly asked: boolean;
}

/** A decision as the journal has it. */
export interface Decided {
  readonly seq: number;
  readonly payment: string;
  readonly by: string;
  readonly from: string;
  readonly done: boolean;
  readonly cause: string;
}

/** What the owner said of payments by name, and what may be true after it. */
export class Decisions {
  /** Payments of which something was said without asking the bank. */
  readonly wrong = new Set<string>();
  /** As the journal has them. */
  readonly decided: Decided[] = [];
  readonly #oracle: Oracle;
  readonly #machine: Machine;
  readonly #said: Said[] = [];
  readonly #heard: Said[] = [];

  #left: ((row: Row) => void) | undefined;

  constructor(machine: Machine, oracle: Oracle) {
    this.#machine = machine;
    this.#oracle = oracle;
  }

  /** Before the terminal is told: the power may go in the middle of it. */
  says(row: Row, said: Omit<Said, 'payment'>): void {
    this.#said.push({ payment: row.id, ...said });
    if (!said.asked) this.wrong.add(row.id);
  }

  /** The terminal took it or refused it. */
  heard(row: Row, done: boolean, taken: boolean): void {
    const said = this.#said.at(-1);
    if (said && taken) this.#heard.push(said);
    if (this.#stuck(row)) return;
    const may = mayBeDecided(row, done) && !this.#refundUnderWay(row);
    if (taken !== may) {
      const what = `${row.kind} ${row.state} after ${row.attempt} attempts is ${done ? '' : 'not '}done`;
      this.#oracle.fail('I9', taken ? `taken that ${what}` : `refused that ${what}`);
    }
  }

  /** `listener` hears of each payment of which the bank is being asked once more. */
  onLeave(listener: (row: Row) => void): void {
    this.#left = listener;
  }

  leaves(row: Row): void {
    this.#left?.(row);
  }

  /** An answer has come: of a payment that was decided it changes nothing, and is kept all the same. */
  hears(rrn: string, message: string): void {
    if (this.#heard.length === 0) return;
    const [row] = this.#oracle.rows('rrn = ?', rrn);
    if (!row || !this.#heard.some(({ payment }) => payment === row.id)) return;
    const { timeline, life } = this.#machine;
    const before = this.#late(row, message);
    timeline.after(1, () => {
      if (this.#machine.life !== life || !life?.alive || this.#machine.core?.stopped !== null) return;
      if (this.#late(row, message) <= before) this.#oracle.fail('I9', `nothing is kept of a late answer to ${row.id}`);
    });
  }

  #late({ id }: Row, rrn: string): number {
    const late = `SELECT count(*) AS n FROM entry WHERE body LIKE '%"type":"late"%' AND (payment = ? OR body LIKE ?)`;
    const [found] = this.#machine.disk.rows(late, id, `%"rrn":"${rrn}"%`) as { n: number }[];
    return found?.n ?? 0;
  }

  /** A part of a sale that is given up and that the bank neither voids nor refunds. */
  #stuck({ id }: Row): boolean {
    const dropping =
      "SELECT 1 FROM sale JOIN payment ON payment.sale = sale.id WHERE payment.id = ? AND sale.state LIKE 'drop%'";
    return this.#machine.disk.rows(dropping, id).length > 0;
  }

  /** Then it is the refund of which something may be said. */
  #refundUnderWay({ id, state }: Row): boolean {
    if (state !== 'refund-due') return false;
    return this.#oracle.rows("original = ? AND state IN ('sending', 'unknown')", id).length > 0;
  }

  /** Whether the bank may say something else of this payment, because something was said of it or about it without asking. */
  doubts({ id, original }: Row): boolean {
    if (this.wrong.size === 0) return false;
    if (this.wrong.has(id) || (original !== null && this.wrong.has(original))) return true;
    const about = this.#oracle.rows('original = ? OR id = ?', id, original);
    return about.some(
      (row) =>
        this.wrong.has(row.id) || this.#oracle.rows('original = ?', row.id).some((one) => this.wrong.has(one.id)),
    );
  }

  /** Whether the bank may have any of what it charged by mistake under this number, because that went back was said without asking. */
  doubtsCharge(rrn: string): boolean {
    if (this.wrong.size === 0) return false;
    const back = 'SELECT payment.id FROM payment JOIN charge ON charge.id = payment.charge WHERE charge.rrn = ?';
    return (this.#machine.disk.rows(back, rrn) as { id: string }[]).some(({ id }) => this.wrong.has(id));
  }

  /** Said to have gone back in another way, outside every batch. */
  backOutside(id: string): boolean {
    return this.decided.some(({ payment, from }) => payment === id && from === 'refund-due');
  }

  /** Said to be kept although its sale was given up. */
  kept(id: string): boolean {
    return this.decided.some(({ payment, from, done }) => payment === id && from === '' && !done);
  }

  /** Every decision that was taken stands in the journal with its name, none besides, and all of them on the report. */
  compare(): void {
    const { decided } = this;
    if (this.#said.length === 0 && decided.length === 0) return;
    for (const one of decided) {
      const said = this.#said.some((other) => same(one, other));
      if (!said) this.#oracle.fail('I9', `${one.payment} was decided, and nobody said so`);
      if (one.by !== 'owner') this.#oracle.fail('I9', `${one.payment} was decided by ${one.by}`);
    }
    for (const one of this.#heard) {
      const times = this.#heard.filter((other) => same(one, other)).length;
      const kept = decided.filter((other) => same(one, other)).length;
      if (kept < times) this.#oracle.fail('I9', `what was said of ${one.payment} is not in the journal as a decision`);
    }
    this.#reported();
  }

  #reported(): void {
    const batches = this.#machine.disk.rows('SELECT no, state, opened_seq, report FROM batch ORDER BY no') as {
      no: number;
      state: string;
      opened_seq: number;
      report: string | null;
    }[];
    for (const [n, { no, opened_seq: from, report }] of batches.entries()) {
      const until = batches[n + 1]?.opened_seq ?? Number.MAX_SAFE_INTEGER;
      const due = this.decided.filter(({ seq }) => seq >= from && seq < until);
      const open = until === Number.MAX_SAFE_INTEGER ? this.#machine.core?.settlement.report() : undefined;
      const told: DayReport | undefined = report === null ? open : JSON.parse(report);
      if (!told) continue;
      const as = (one: { payment: string; by: string; done: boolean; cause: string }): string =>
        `${one.payment} ${one.by} ${one.done} ${one.cause}`;
      if (told.decisions.map(as).join() !== due.map(as).join())
        this.#oracle.fail('I9', `the report of batch ${no} has ${told.decisions.length} of ${due.length} decisions`);
    }
  }
}

function same(one: { payment: string; done: boolean; cause: string }, other: typeof one): boolean {
  return one.payment === other.payment && one.done === other.done && one.cause === other.cause;
}
