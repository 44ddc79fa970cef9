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
  ]),
  times: z.int().min(1).default(1),
  ms: z.int().min(0).max(600_000).default(1000),
  code: z
    .string()
    .regex(/^[0-9A-Z]{2}$/)
    .default('05'),
  pan: z
    .string()
    .regex(/^\d{1,19}$/)
    .optional(),
});
export type Rule = z.infer<typeof Rule>;

/** The faults that wait for their message, in the order they were planted. */
export class Faults {
  #waiting: Rule[] = [];

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
    if (rule === undefined) return undefined;
    rule.times -= 1;
    this.#waiting = this.#waiting.filter((one) => one.times > 0);
    return rule;
  }
}
