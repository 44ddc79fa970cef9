import { type Money, money } from '../../contract/money.ts';
import type { Imported, Reconciliation, ReconciliationLine } from '../../contract/reconciliation.ts';
import { noon } from './scenes.ts';

function yuan(minor: number): Money {
  return money(minor, 'CNY');
}

const statement = {
  no: 3,
  hash: '5a'.repeat(32),
  name: '20260801.csv',
  format: 'chinese',
  from: '2026-08-01',
  to: '2026-08-01',
  lines: 128,
  at: noon,
  by: 'owner',
  supersededBy: null,
  complete: true,
} as const;

const plain: ReconciliationLine = {
  id: 'T0000001:260801000007:sale:1',
  verdict: 'differs',
  reason: 'duplicate-at-bank',
  kind: 'sale',
  day: '2026-08-01',
  time: '2026-08-01 12:31:07',
  terminal: 'T0000001',
  stan: 7,
  rrn: '260801000007',
  scheme: 'alipay',
  maskedPan: null,
  bank: yuan(2580),
  fee: yuan(10),
  net: yuan(2570),
  till: null,
  expectedFee: yuan(10),
  payment: '0198f0a0-0000-4000-8000-000000000007',
  receiptNo: '01-000007',
  extra: yuan(2580),
  refundable: true,
  refund: null,
  done: null,
};

const lines: readonly ReconciliationLine[] = [
  plain,
  {
    ...plain,
    id: '0198f0a0-0000-4000-8000-000000000011',
    reason: 'missing-at-bank',
    rrn: '260801000011',
    stan: 11,
    time: '',
    scheme: 'unionpay',
    maskedPan: '621094******0011',
    bank: null,
    fee: null,
    net: null,
    expectedFee: null,
    till: yuan(12_000),
    receiptNo: '01-000011',
    extra: null,
    refundable: false,
  },
  {
    ...plain,
    id: 'T0000001:260801000019:sale:0',
    reason: 'fee',
    rrn: '260801000019',
    stan: 19,
    bank: yuan(100_000),
    till: yuan(100_000),
    fee: yuan(600),
    net: yuan(99_400),
    expectedFee: yuan(380),
    receiptNo: '01-000019',
    extra: null,
    refundable: false,
    done: { by: 'owner', at: noon, how: 'Bank refunds 2.20' },
  },
  {
    ...plain,
    id: '0198f0a0-0000-4000-8000-000000000121',
    verdict: 'waiting',
    reason: 'after-cut-off',
    rrn: '260801000121',
    stan: 121,
    day: '2026-08-02',
    time: '',
    bank: null,
    fee: null,
    net: null,
    expectedFee: null,
    till: yuan(880),
    receiptNo: '01-000121',
    extra: null,
    refundable: false,
  },
  {
    ...plain,
    id: 'T0000001:260801000042:sale:0',
    reason: 'missing-at-till',
    rrn: '260801000042',
    stan: 42,
    scheme: 'unionpay',
    maskedPan: '621094******0011',
    bank: yuan(1500),
    fee: yuan(6),
    net: yuan(1494),
    expectedFee: yuan(6),
    payment: null,
    receiptNo: null,
    extra: yuan(1500),
  },
  {
    ...plain,
    id: 'T0000001:260801000043:sale:0',
    reason: 'charged-at-bank',
    rrn: '260801000043',
    stan: 43,
    bank: yuan(4200),
    till: yuan(0),
    payment: '0198f0a0-0000-4000-8000-000000000043',
    receiptNo: '01-000043',
    extra: yuan(4200),
    refundable: false,
    refund: {
      payment: '0198f0a0-0000-4000-8000-000000000044',
      receiptNo: '01-000044',
      state: 'approved',
      verdict: 'waiting',
    },
    done: { by: 'terminal', at: noon, how: '01-000044' },
  },
];

/** A statement with a little of everything. */
export const reconciled: Reconciliation = {
  statement,
  currency: 'CNY',
  agreed: { count: 124, amount: yuan(543_210) },
  differs: { count: 3, amount: yuan(102_580) },
  waiting: { count: 1, amount: yuan(880) },
  others: 2,
  till: { count: 126, amount: yuan(656_090) },
  bank: { count: 126, amount: yuan(645_790) },
  explained: [
    { reason: 'duplicate-at-bank', count: 1, amount: yuan(2580) },
    { reason: 'missing-at-bank', count: 1, amount: yuan(-12_000) },
    { reason: 'fee', count: 1, amount: yuan(0) },
    { reason: 'after-cut-off', count: 1, amount: yuan(-880) },
  ],
  unexplained: yuan(0),
  deposits: [
    {
      day: '2026-08-01',
      verdict: 'agreed',
      reason: null,
      gross: yuan(645_790),
      fees: yuan(2674),
      net: yuan(643_116),
      paid: yuan(643_116),
      posted: false,
      open: 2,
    },
  ],
  lines: [...lines],
  more: false,
};

/** Files whose name says so are refused. */
export function imported(name: string): Imported {
  if (name.startsWith('broken'))
    return { ok: false, code: 'statement-value', line: 17, detail: 'the amount is no plain decimal' };
  return { ok: true, known: name.startsWith('known'), result: reconciled };
}
