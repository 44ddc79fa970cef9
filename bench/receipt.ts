import { randomUUID } from 'node:crypto';
import { money } from '../contract/money.ts';
import { encodeReceipt } from '../drivers/printer/escpos.ts';
import type { AcquirerProfile } from '../main/core/bank/profile.ts';
import { paymentReceipt } from '../main/core/reports/receipt.ts';
import type { Figure } from './figure.ts';
import { openPlainCore } from './plain.ts';
import { ROUNDS, rate } from './rate.ts';

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
