import { expect, test } from 'vitest';
import { money } from '../../contract/money.ts';
import type { Payment } from '../../main/core/payment/payment.ts';
import type { BankBook, Entry } from './bank.ts';
import { reconcile } from './reconcile.ts';

const payment: Payment = {
  id: 'a',
  seq: 1,
  kind: 'purchase',
  state: 'settled',
  amount: money(1280, 'CNY'),
  at: 0,
  day: '2026-01-01',
  stan: 7,
  rrn: '600100000007',
  receiptNo: '01-000007',
  staff: 'cashier',
  approver: null,
  tender: 'contactless',
  scheme: 'unionpay',
  maskedPan: null,
  token: null,
  label: null,
  aid: null,
  cvm: null,
  oda: null,
  expiry: null,
  panSequence: null,
  iccData: null,
  batch: 1,
  attempt: 1,
  sentAt: 0,
  acceptedAt: null,
  notFoundAt: null,
  hostRrn: null,
  cause: null,
  authCode: '000007',
  reason: null,
  original: null,
  charge: null,
  sale: null,
  approved: null,
  tendered: null,
  clockSuspect: false,
  print: 'printed',
  copies: 1,
};

const entry: Entry = {
  mti: '0200',
  stan: 7,
  rrn: '600100000007',
  amount: 1280,
  currency: 'CNY',
  batch: 1,
  state: 'approved',
  code: '00',
  authCode: '000007',
  maskedPan: null,
  scheme: 'unionpay',
  cryptogram: 'right',
};

function results(ours: readonly Partial<Payment>[], theirs: readonly Partial<Entry>[]): (string | null)[] {
  const book: BankBook = {
    payments: theirs.map((one) => ({ ...entry, ...one })),
    totals: { debitCount: 0, debitMinor: 0, creditCount: 0, creditMinor: 0 },
    closed: [],
  };
  const lines = reconcile(
    ours.map((one) => ({ ...payment, ...one })),
    book,
    1,
  );
  return lines.map(({ result, reason }) => (result === 'agreed' ? result : reason));
}

test.each<[string, Partial<Payment>[], Partial<Entry>[], (string | null)[]]>([
  ['the same on both sides', [{}], [{}], ['agreed']],
  ['a reversal of what never arrived', [{ state: 'reversed', authCode: null }], [], ['agreed']],
  [
    'a reversal that the bank carried out',
    [{ state: 'reversed', authCode: null }],
    [{ state: 'reversed' }],
    ['agreed'],
  ],
  [
    'a late decline',
    [{ state: 'saf-declined', authCode: null, reason: 'bank-61' }],
    [{ state: 'declined' }],
    ['bank-61'],
  ],
  ['lost at the bank', [{}], [], ['the bank has it as unknown']],
  ['a reversal that the bank forgot', [{ state: 'reversed', authCode: null }], [{}], ['the bank has it as approved']],
  ['another amount', [{}], [{ amount: 1281 }], ['another amount']],
  ['another currency', [{}], [{ currency: 'USD' }], ['another amount']],
  ['another authorization code', [{}], [{ authCode: '000008' }], ['another authorization code']],
  ['only at the bank', [], [{}], ['the terminal does not know it']],
  ['twice at the bank', [{}], [{}, {}], ['agreed', 'the bank has it twice']],
  ['cash and other batches', [{ batch: null, tender: 'cash' }, { batch: 2 }], [], []],
])('%s', (_name, ours, theirs, wanted) => {
  expect(results(ours, theirs)).toEqual(wanted);
});
