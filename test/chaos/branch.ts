import { Bank, type WalletBehaviour } from '../simulation/bank.ts';
import { Random } from '../simulation/random.ts';
import type { Answered, Asked } from './pipe.ts';

/** How often, of one, something goes wrong on the way to the bank. */
export interface Way {
  readonly dropRequest: number;
  readonly dropAnswer: number;
  /** The answer comes after the terminal has given up waiting. */
  readonly late: number;
  readonly declined: number;
}

export const rough: Way = { dropRequest: 0.04, dropAnswer: 0.06, late: 0.03, declined: 0.1 };

/** The bank's end of the pipe. It and its book live in another process than the terminal, and outlive it. */
export class Branch {
  readonly bank: Bank;
  readonly #seed: number;
  #way: Way;

  constructor(seed: number, way: Way) {
    this.bank = new Bank(new Random(seed, 9), way.declined);
    this.#seed = seed;
    this.#way = way;
  }

  /** From now on nothing goes wrong on the way. */
  mend(): void {
    this.#way = { dropRequest: 0, dropAnswer: 0, late: 0, declined: 0 };
  }

  /** What becomes of a request depends on the request alone, so that the same one always fares the same. */
  take(asked: Asked, reply: (answered: Answered) => void): void {
    const { id, request } = asked;
    const { stan, attempt } = request.trace;
    const fate = new Random(this.#seed + stan, request.type.length * 100 + attempt);
    if (fate.chance(this.#way.dropRequest)) return;
    if ('presented' in request && request.presented?.kind === 'code') {
      this.bank.issue(request.presented.code, behaviour(request.presented.code));
    }
    const answer = this.bank.handle(request, performance.now());
    if (fate.chance(this.#way.dropAnswer)) return;
    if (fate.chance(this.#way.late)) setTimeout(() => reply({ id, answer }), 200);
    else reply({ id, answer });
  }
}

/** By the last digit of a code: most pay. */
function behaviour(code: string): WalletBehaviour {
  const digit = Number(code.at(-1));
  if (digit === 6) return { kind: 'declines' };
  if (digit === 7) return { kind: 'never' };
  return digit === 8 ? { kind: 'slow', ms: 30 } : { kind: 'pays' };
}
