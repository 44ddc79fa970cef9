import { randomUUID } from 'node:crypto';
import { money } from '../contract/money.ts';
import { encodeReceipt } from '../drivers/printer/escpos.ts';
import type { AcquirerProfile } from '../main/core/bank/profile.ts';
import { paymentReceipt } from '../main/core/reports/receipt.ts';
import { type Figure, percentile } from './figure.ts';
import { openPlainCore } from './plain.ts';

const ROUNDS = 9;
const ROUND_MS = 200;

/** Calls a second: the median of several rounds, after one that does not count. */
function rate(work: () => unknown): number {
  const round = (): number => {
    const from = performance.now();
    let calls = 0;
    while (performance.now() - from < ROUND_MS) {
      work();
      calls += 1;
    }
    return (calls * 1000) / (performance.now() - from);
  };
  round();
  return percentile(
    Array.from({ length: ROUNDS }, () => round()),
    0.5,
  );
}

/** Receipts composed and turned into the printer's bytes. */
export async function measureReceipts(dir: string, profile: AcquirerProfile): Promise<Figure[]> {
  const core = openPlainCore(dir, profile);
  core.start();
  const payment = core.cash(randomUUID(), money(1_280, core.currency), { staff: 'cashier' });
  const context = core.receiptContext(false);
  const receipt = paymentReceipt(payment, context);
  const composed = rate(() => paymentReceipt(payment, context));
  const encoded = rate(() => encodeReceipt(receipt, 48));
  await core.close();
  return [
    { name: 'receipt-compose', what: 'receipts composed', value: composed, unit: '/s', samples: ROUNDS },
    { name: 'receipt-encode', what: 'receipts encoded for the printer', value: encoded, unit: '/s', samples: ROUNDS },
  ];
}
