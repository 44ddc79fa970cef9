import { z } from '../../contract/schema.ts';
import type { Control } from '../e2e/support/control.ts';

/** One payment in the bank's own book, as its control port tells it (docs/virtual-counter.md). */
const Entry = z.object({
  mti: z.string(),
  stan: z.int(),
  rrn: z.string(),
  amount: z.int(),
  currency: z.string(),
  batch: z.int(),
  state: z.enum(['approved', 'declined', 'pending', 'reversed', 'voided']),
  code: z.string(),
  authCode: z.string().nullable(),
  maskedPan: z.string().nullable(),
  scheme: z.string(),
  cryptogram: z.string().nullable(),
});
export type Entry = z.infer<typeof Entry>;

/** Counts and sums in minor units: one of the four books. */
export const Sums = z.object({
  debitCount: z.int(),
  debitMinor: z.int(),
  creditCount: z.int(),
  creditMinor: z.int(),
});
export type Sums = z.infer<typeof Sums>;

const BankBook = z.object({ payments: z.array(Entry), totals: Sums, closed: z.array(z.int()) });
export type BankBook = z.infer<typeof BankBook>;

/** What the bank itself has written down for a batch. */
export async function bankBook(control: Control, batch: number): Promise<BankBook> {
  return BankBook.parse(await control.ask('book', { batch }));
}
