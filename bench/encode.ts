import { randomUUID } from 'node:crypto';
import { money } from '../contract/money.ts';
import { encodeReceipt } from '../drivers/printer/escpos.ts';
import { pack, unpack } from '../main/core/bank/codec.ts';
import { openCmac, packSigned } from '../main/core/bank/mac.ts';
import { compose } from '../main/core/bank/messages.ts';
import type { AcquirerProfile } from '../main/core/bank/profile.ts';
import { encode } from '../main/core/kernel/tlv.ts';
import { paymentReceipt } from '../main/core/reports/receipt.ts';
import { type Figure, percentile } from './figure.ts';
import { openPlainCore } from './plain.ts';

/** What field 55 of a contactless purchase holds: tags and lengths of the shipped profile, values made up. */
const field55 = [
  ['9F26', 8],
  ['9F27', 1],
  ['9F10', 19],
  ['9F37', 4],
  ['9F36', 2],
  ['95', 5],
  ['9A', 3],
  ['9C', 1],
  ['9F02', 6],
  ['5F2A', 2],
  ['82', 2],
  ['9F1A', 2],
  ['9F03', 6],
  ['9F33', 3],
  ['9F34', 3],
  ['9F35', 1],
  ['84', 8],
] as const;

const ROUNDS = 9;
const ROUND_MS = 200;

/** Calls a second: the median of several rounds, after one that does not count. */
function rate(work: () => unknown): number {
  const round = (): number => {
    const from = performance.now();
    let calls = 0;
    while (performance.now() - from < ROUND_MS) {
      for (let n = 0; n < 20; n += 1) work();
      calls += 20;
    }
    return (calls * 1000) / (performance.now() - from);
  };
  round();
  return percentile(
    Array.from({ length: ROUNDS }, () => round()),
    0.5,
  );
}

function figure(name: string, what: string, work: () => unknown): Figure {
  return { name, what, value: rate(work), unit: '/s', samples: ROUNDS };
}

/** Encoders and decoders by themselves. */
export async function measureEncoding(dir: string, profile: AcquirerProfile): Promise<Figure[]> {
  const tlv = Buffer.concat(field55.map(([tag, length]) => encode(tag, Buffer.alloc(length, 0x12))));
  const local = { date: '0102', time: '030405' };
  const identity = { terminalId: 'T0000001', merchantId: 'M00000000000001', nii: '003', local: () => local };
  const trace = { stan: 1, rrn: '600100000001', at: 0, batch: 1, attempt: 0 };
  const sealed = 'x'.repeat(620);
  const presented = { kind: 'card', sealed, iccData: tlv.toString('hex').toUpperCase(), expiry: '3512' } as const;
  const message = compose({ type: 'purchase', trace, amount: money(1_280, 'CNY'), presented }, identity);
  const cmac = openCmac(Buffer.alloc(16, 7));
  const bytes = pack(message);

  const core = openPlainCore(dir, profile);
  core.start();
  const payment = core.cash(randomUUID(), money(1_280, core.currency), { staff: 'cashier' });
  const receipt = paymentReceipt(payment, core.receiptContext(false));
  const figures = [
    figure('iso-pack', 'ISO 8583 purchases packed', () => pack(message)),
    figure('iso-sign', 'ISO 8583 purchases packed and signed', () => packSigned(message, cmac)),
    figure('iso-unpack', 'ISO 8583 purchases unpacked', () => unpack(bytes)),
    figure('receipt-encode', 'receipts encoded', () => encodeReceipt(receipt, 48)),
  ];
  await core.close();
  return figures;
}
