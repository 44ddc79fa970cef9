import { Amount, compare, Money, money } from './money.ts';
import { PaymentId, PaymentView, RequestKey } from './payment.ts';
import { z } from './schema.ts';

export const SaleId = z.uuid();

/** `open`: something is owed. `dropping`: given up, what was paid is being taken back. */
export const SaleState = z.enum(['open', 'paid', 'dropping', 'dropped']);
export type SaleState = z.infer<typeof SaleState>;

/** What a customer owes and what came of it so far. */
export const SaleView = z.object({
  id: SaleId,
  at: z.int(),
  total: Money,
  state: SaleState,
  paid: Money,
  /** Asked of the bank and not decided yet: nobody may ask for it a second time. */
  underWay: Money,
  /** What is still to be paid: the total without what is paid. */
  owed: Money,
  /** The part whose outcome is not known; nothing more is taken before it is cancelled or known (R10). */
  unknown: PaymentId.nullable(),
  parts: z.array(PaymentView),
});
export type SaleView = z.infer<typeof SaleView>;

export const SaleRef = z.strictObject({ sale: SaleId });
export const SplitInput = z.strictObject({ key: RequestKey, total: Amount });
/** A payment, of a new sale of this amount where none is named. */
export const PartInput = z.strictObject({ key: RequestKey, amount: Amount, sale: SaleId.optional() });
/** Notes and coins; `tendered` is what was handed over. */
export const CashInput = PartInput.extend({ tendered: Amount.optional() }).refine(
  ({ amount, tendered }) =>
    tendered === undefined || (tendered.currency === amount.currency && compare(tendered, amount) >= 0),
  { error: 'less than the amount was handed over', path: ['tendered'] },
);

/** A total in `n` parts as equal as minor units allow: the first part takes the remainder. */
export function equalParts(total: Money, n: number): Money[] {
  const each = Math.floor(total.minor / n);
  const first = total.minor - each * (n - 1);
  return Array.from({ length: n }, (_, index) => money(index === 0 ? first : each, total.currency));
}
