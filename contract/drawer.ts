import { Amount, Money } from './money.ts';
import { RequestKey } from './payment.ts';
import { z } from './schema.ts';

/** Why cash is brought or taken outside sales. Words under `drawer.reason.<code>`. */
export const CashReason = z.enum(['change', 'safe', 'bank', 'expense', 'other']);
export type CashReason = z.infer<typeof CashReason>;

/** Cash brought into or taken out of the drawer outside sales. */
export const CashMove = z.object({
  id: z.string(),
  kind: z.enum(['in', 'out']),
  reason: CashReason,
  amount: Money,
  at: z.int(),
  by: z.string(),
  approver: z.string().nullable(),
});
export type CashMove = z.infer<typeof CashMove>;

/**
 * A drawer from the float that was put in to the money that was counted. `expected` and `sales` are sums over the ledger;
 * null where somebody is shown the drawer who is to count it without knowing them.
 */
export const DrawerShift = z.object({
  no: z.int(),
  state: z.enum(['open', 'counted']),
  day: z.string(),
  openedAt: z.int(),
  openedBy: z.string(),
  float: Money,
  /** Cash taken for sales, less what went back to customers. */
  sales: Money.nullable(),
  in: Money,
  out: Money,
  expected: Money.nullable(),
  counted: Money.nullable(),
  /** Counted less expected. */
  difference: Money.nullable(),
  countedAt: z.int().nullable(),
  countedBy: z.string().nullable(),
  moves: z.array(CashMove),
});
export type DrawerShift = z.infer<typeof DrawerShift>;

/** The drawer's shift, open or last counted; null before the first. `printed` says whether its slip came out. */
export const DrawerAnswer = z.object({ shift: DrawerShift, printed: z.boolean() });

/** What is in the drawer: nothing is possible. */
const Cash = Money.refine((sum) => sum.minor >= 0, { error: 'cash cannot be less than nothing' });

export const FloatInput = z.strictObject({ key: RequestKey, float: Cash });
export const MoveInput = z.strictObject({
  key: RequestKey,
  kind: z.enum(['in', 'out']),
  reason: CashReason,
  amount: Amount,
  ownerPin: z
    .string()
    .regex(/^\d{6}$/)
    .optional(),
});
export const CountInput = z.strictObject({ key: RequestKey, counted: Cash });
