import { z } from 'zod';
import { messageClass } from './request.ts';

/** A fault planted by the control port; what each does stands in docs/virtual-counter.md. */
export const Rule = z.strictObject({
  on: z.string().regex(/^0[1-8]\d[0-9]$/),
  do: z.enum([
    'drop-request',
    'drop-answer',
    'delay-request',
    'delay',
    'decline',
    'wrong-mac',
    'wrong-amount',
    'duplicate',
    'reorder',
    'foreign-stan',
    'late-success',
    'wrong-totals',
    'cancel-refused',
    'half-open',
    'reset',
    'sign-on-first',
    'garbage',
    'html',
    'http-status',
  ]),
  times: z.int().min(1).default(1),
  ms: z.int().min(0).max(600_000).default(1000),
  code: z
    .string()
    .regex(/^[0-9A-Z]{2}$/)
    .default('05'),
  /** Of `http-status`. */
  status: z.int().min(400).max(599).default(503),
  pan: z
    .string()
    .regex(/^\d{1,19}$/)
    .optional(),
});
export type Rule = z.infer<typeof Rule>;

/** The faults that wait for their message, in the order they were planted. */
export class Faults {
  #waiting: Rule[] = [];
  readonly #chance: (() => number) | undefined;

  /** With a seed one message in ten goes wrong by itself. */
  constructor(seed?: number) {
    this.#chance = seed === undefined ? undefined : seeded(seed);
  }

  plant(rule: Rule): void {
    this.#waiting.push({ ...rule });
  }

  list(): Rule[] {
    return this.#waiting.map((rule) => ({ ...rule }));
  }

  clear(): void {
    this.#waiting = [];
  }

  /** The first fault that fits this message; it is used up once. */
  take(mti: string, pan: string | undefined): Rule | undefined {
    const rule = this.#waiting.find(
      (one) =>
        (one.on === mti || one.on === messageClass(mti)) && (one.pan === undefined || pan?.endsWith(one.pan) === true),
    );
    if (rule === undefined) return this.#byChance(mti);
    rule.times -= 1;
    this.#waiting = this.#waiting.filter((one) => one.times > 0);
    return rule;
  }

  /** Sign-ons and echoes are left alone, so that the line comes up at all. */
  #byChance(mti: string): Rule | undefined {
    if (this.#chance === undefined || mti.startsWith('08') || this.#chance() >= 0.1) return undefined;
    const kind = troubles[Math.floor(this.#chance() * troubles.length)] ?? 'drop-answer';
    return {
      on: messageClass(mti),
      do: kind,
      times: 1,
      ms: Math.floor(this.#chance() * 3000),
      code: '05',
      status: 503,
    };
  }
}

const troubles = [
  'drop-request',
  'drop-answer',
  'delay-request',
  'delay',
  'wrong-mac',
  'wrong-amount',
  'duplicate',
  'reorder',
  'foreign-stan',
  'late-success',
  'reset',
] as const;

/** Numbers from 0 to 1, the same for the same seed (a linear congruential generator, Numerical Recipes' constants). */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
