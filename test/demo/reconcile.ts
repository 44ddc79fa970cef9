import type { PaymentState } from '../../contract/payment.ts';
import type { Payment } from '../../main/core/payment/payment.ts';
import type { BankBook, Entry } from './bank.ts';

/** One payment of the batch as the terminal and as the bank has it. */
export interface Line {
  readonly rrn: string;
  readonly receiptNo: string | null;
  readonly minor: number;
  readonly tender: string;
  readonly terminal: PaymentState | null;
  readonly bank: Entry['state'] | null;
  readonly result: 'agreed' | 'late decline' | 'differs';
  readonly reason: string | null;
}

/** What the bank must have for each end of a payment. `null`: it may never have heard of it. */
const expected: Partial<Record<PaymentState, readonly (Entry['state'] | null)[]>> = {
  settled: ['approved'],
  approved: ['approved'],
  'saf-approved': ['approved'],
  voided: ['voided'],
  declined: ['declined'],
  'saf-declined': ['declined'],
  reversed: ['reversed', 'declined', null],
  cancelled: ['reversed', 'declined', null],
};

/** What the bank approved, where that is less than was asked for. */
function paidMinor({ amount, approved }: Payment): number {
  return approved ?? amount.minor;
}

function difference(payment: Payment, entry: Entry | undefined): string | null {
  const allowed = expected[payment.state] ?? [];
  if (!allowed.includes(entry?.state ?? null)) return `the bank has it as ${entry?.state ?? 'unknown'}`;
  if (!entry) return null;
  if (entry.amount !== paidMinor(payment) || entry.currency !== payment.amount.currency) return 'another amount';
  if (entry.stan !== payment.stan) return 'another STAN';
  if (payment.authCode !== null && entry.authCode !== payment.authCode) return 'another authorization code';
  return null;
}

function lineOf(payment: Payment, entry: Entry | undefined): Line {
  const reason = difference(payment, entry);
  const late = payment.state === 'saf-declined';
  return {
    rrn: payment.rrn,
    receiptNo: payment.receiptNo,
    minor: paidMinor(payment),
    tender: payment.scheme ?? '',
    terminal: payment.state,
    bank: entry?.state ?? null,
    result: reason !== null ? 'differs' : late ? 'late decline' : 'agreed',
    reason: reason ?? (late ? payment.reason : null),
  };
}

function unknownLine(entry: Entry): Line {
  const { rrn, amount: minor, scheme: tender, state: bank } = entry;
  const reason = 'the terminal does not know it';
  return { rrn, receiptNo: null, minor, tender, terminal: null, bank, result: 'differs', reason };
}

/** Every purchase of a batch, terminal against bank, by RRN; what only the bank has comes last. */
export function reconcile(payments: readonly Payment[], book: BankBook, batch: number): Line[] {
  const entries = new Map<string, Entry>();
  const twice: Line[] = [];
  for (const entry of book.payments) {
    if (entries.has(entry.rrn)) twice.push({ ...unknownLine(entry), reason: 'the bank has it twice' });
    entries.set(entry.rrn, entry);
  }
  const ours = payments.filter((payment) => payment.kind === 'purchase' && payment.batch === batch);
  const lines = ours.map((payment) => lineOf(payment, entries.get(payment.rrn)));
  for (const { rrn } of ours) entries.delete(rrn);
  return [...lines, ...[...entries.values()].map(unknownLine), ...twice];
}
