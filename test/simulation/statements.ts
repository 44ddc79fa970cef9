import type { Core } from '../../main/core/core.ts';
import type { Charge } from './bank.ts';
import type { Chances } from './chances.ts';
import type { Cashier } from './customers.ts';
import { isPowerCut, type Machine } from './machine.ts';
import type { Oracle } from './oracle.ts';
import { profile } from './profile.ts';
import { Random } from './random.ts';

const DAY = '2026-09-01';
/** Numbers that no terminal of the day takes. */
const FOREIGN = 900_000;
/** How the customers of charges by mistake are called in the bank's book. */
const MISTAKE = 'mistake-';

/** Whether a day has charges by mistake. */
export function readsStatements(seed: number, { statements }: Chances): boolean {
  return new Random(seed, 8).chance(statements);
}

export function byMistake({ presented }: Pick<Charge, 'presented'>): boolean {
  return presented.startsWith(MISTAKE);
}

/**
 * On a few days the bank has charged somebody by mistake: under numbers that this terminal does not know, or once more what was
 * refused or taken back here. The owner imports the bank's statement, again and again, and gives the charge back.
 */
export class Statements {
  readonly #machine: Machine;
  readonly #oracle: Oracle;
  readonly #people: Cashier;
  readonly #random: Random;
  readonly #reads: boolean;
  readonly #wrong: (error: unknown) => void;
  #left = 0;
  #reading: unknown;
  #next = 0;

  constructor(machine: Machine, oracle: Oracle, seed: number, people: Cashier, wrong: (error: unknown) => void) {
    this.#machine = machine;
    this.#oracle = oracle;
    this.#people = people;
    this.#wrong = wrong;
    this.#random = new Random(seed, 8);
    this.#reads = this.#random.chance(machine.chances.statements);
  }

  /** The day goes on as long as the owner has a statement to look at. */
  get busy(): boolean {
    return this.#left > 0;
  }

  /** Nothing that the bank charged by mistake is left with it, but what was said to have gone back without asking it. */
  get settled(): boolean {
    const { bank } = this.#machine;
    const back = (charge: Charge): boolean =>
      bank.refunded(charge) > 0 || this.#oracle.decisions.doubtsCharge(charge.rrn);
    return bank.charges.every((charge) => !byMistake(charge) || back(charge));
  }

  #between(least: number, most: number, run: () => void): void {
    this.#machine.timeline.after(this.#random.int(least, most), run);
  }

  plan(): void {
    if (!this.#reads) return;
    const mistakes = this.#random.int(1, 2);
    this.#left = this.#random.int(2, 5);
    for (let n = 1; n <= mistakes; n += 1) this.#between(500, 30_000, () => this.#mistake(n));
    this.#again();
    if (!this.#random.chance(0.4)) return;
    const { trouble } = this.#machine.bank;
    trouble.keeps = true;
    this.#between(20_000, 60_000, () => {
      trouble.keeps = false;
    });
  }

  #again(): void {
    this.#between(3_000, 30_000, () => {
      this.#left -= 1;
      if (this.#left > 0) this.#again();
      this.#read();
    });
  }

  /** Once all is mended the owner goes on until the bank has nothing left of it. */
  mend(): void {
    const { timeline, core } = this.#machine;
    if (!this.#reads || this.settled || timeline.now < this.#next || core?.link.state.status !== 'online') return;
    this.#next = timeline.now + 60_000;
    this.#read();
  }

  #mistake(n: number): void {
    const { bank } = this.#machine;
    const undone = this.#oracle
      .rows("kind = 'purchase' AND state IN ('declined', 'reversed', 'cancelled')")
      .filter(({ rrn }) => bank.charges.some((charge) => charge.rrn === rrn));
    const own = this.#random.chance(0.5) ? undone[this.#random.int(0, Math.max(0, undone.length - 1))] : undefined;
    const known = bank.charges.filter(byMistake).map(({ rrn }) => rrn);
    const again = own !== undefined && !known.includes(own.rrn);
    const stan = again ? own.stan : FOREIGN + n;
    const rrn = again ? own.rrn : `7777${String(n).padStart(8, '0')}`;
    const minor = again ? own.amount : this.#random.pick([this.#random.int(1, 9_000), 5_000]);
    this.#machine.trace(() => `the bank charges ${minor} by mistake under ${rrn}`);
    bank.charges.push({
      ...{ mti: '0200', stan, rrn, minor, batch: 0, presented: `${MISTAKE}${n}` },
      state: 'approved',
      confirmAt: undefined,
    });
  }

  /** What the bank has settled, as its file says it. */
  #file(): string {
    const { bank } = this.#machine;
    const card = this.#random.chance(0.5) ? '621094******0011' : '';
    const told = this.#random.chance(0.7);
    const lines = bank.charges
      .filter(({ state, batch }) => state === 'approved' && (batch === 0 || bank.closed.has(batch)))
      .map(({ rrn, stan, minor }) => [
        DAY,
        profile.terminalId,
        'sale',
        rrn,
        told ? stan : '',
        card,
        major(minor),
        'CNY',
      ]);
    const back = bank.refunds
      .filter(({ batch }) => bank.closed.has(batch))
      .map(({ rrn, stan, minor }) => [
        DAY,
        profile.terminalId,
        'refund',
        rrn,
        told ? stan : '',
        card,
        `-${major(minor)}`,
        'CNY',
      ]);
    const header = ['settlement_date', 'terminal', 'type', 'rrn', 'stan', 'card', 'amount', 'currency'];
    return lines.length === 0 ? '' : [header, ...lines, ...back].map((fields) => fields.join()).join('\n');
  }

  #read(): void {
    const { core, life } = this.#machine;
    if (!core || core.stopped !== null || this.#reading === life) return;
    const file = this.#file();
    if (file === '') return;
    this.#reading = life;
    this.#take(core, file)
      .catch((error: unknown) => this.#failed(core, error))
      .finally(() => {
        if (this.#reading === life) this.#reading = undefined;
      });
  }

  async #take(core: Core, file: string): Promise<void> {
    this.#machine.trace(() => 'the owner imports the statement of the bank');
    const imported = await core.reconciliation.import(`${DAY}.csv`, Buffer.from(file), 'owner');
    if (!imported.ok) throw new Error(`the statement is refused: ${imported.code} ${imported.detail}`);
    const { statement, lines, unexplained } = imported.result;
    if (unexplained.minor !== 0) this.#oracle.fail('P5', `${unexplained.minor} of a statement is not explained`);
    for (const line of lines) {
      // Asked for what was given back already: then it is not given back again.
      if (!line.refundable && (line.extra === null || this.#random.chance(0.5))) continue;
      this.#machine.trace(() => `the owner gives the charge of line ${line.id} back`);
      const asks = this.#random.chance(0.3) ? 2 : 1;
      for (let n = 0; n < asks; n += 1) await core.reconciliation.refund(statement.no, line.id, 'owner');
    }
  }

  /** A refusal is the terminal's good right, and a terminal that has stopped answers nothing. */
  #failed(core: Core, error: unknown): void {
    if (isPowerCut(error) || core.stopped !== null) return;
    try {
      this.#people.ask(() => {
        throw error;
      });
    } catch (bug) {
      this.#wrong(bug);
    }
  }
}

function major(minor: number): string {
  return `${Math.floor(minor / 100)}.${String(minor % 100).padStart(2, '0')}`;
}
