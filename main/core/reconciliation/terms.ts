import { z } from '../../../contract/schema.ts';

const minor = z.int().min(0).max(999_999_999_999);

/** Part of the acquirer profile: what it keeps of a payment, by scheme (docs/reconciliation.md, "Fees"). */
export const FeeTerms = z
  .array(
    z.strictObject({
      scheme: z.string().regex(/^[a-z0-9-]{1,20}$/),
      /** Hundredths of a percent. */
      basisPoints: z.int().min(0).max(10_000),
      minMinor: minor.optional(),
      maxMinor: minor.optional(),
    }),
  )
  .max(50);
export type FeeRule = z.infer<typeof FeeTerms>[number];

/** Part of the acquirer profile: how its statements count days, and which terminals are on them. */
export const SettlementTerms = z.strictObject({
  /** Zone in which the bank counts its days; the store's when not said. */
  zone: z
    .string()
    .refine((zone) => Intl.supportedValuesOf('timeZone').includes(zone) || zone === 'UTC', { error: 'no time zone' })
    .optional(),
  /** When the bank's day ends; midnight (24:00) when not said. */
  cutOff: z
    .string()
    .regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/)
    .optional(),
  /** How far apart the clocks of bank and terminal may be at the cut-off; half an hour when not said. */
  graceMinutes: z.int().min(0).max(240).optional(),
  /** Other terminals of the same shop: their lines are left to them. */
  terminals: z
    .array(z.string().regex(/^[0-9A-Za-z]{1,8}$/))
    .max(1_000)
    .optional(),
});
export type SettlementTerms = z.infer<typeof SettlementTerms>;
