import { expect, test } from 'vitest';
import { now, pass, till } from '../test/counter.ts';
import { sellByCard } from '../test/till.ts';
import { runVoid } from './sale.ts';

async function voided(reference: string): Promise<string> {
  const running = runVoid(till.core, reference).then(
    () => 'voided',
    (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : 'failed'),
  );
  await pass(5_000);
  return running;
}

test('a payment is voided by its own numbers in full, and by nothing that merely looks like them', async () => {
  const sold = await sellByCard(till, 1_280);
  await pass(100);
  const { authCode, maskedPan, receiptNo } = now(sold);
  for (const other of [
    '12.80',
    '1',
    maskedPan?.slice(-4) ?? '',
    authCode ?? '',
    receiptNo.slice(0, 5),
    sold.rrn.slice(1),
    '%',
    '',
  ])
    expect(await voided(other), other).toBe('payment-not-found');
  expect(now(sold).state).toBe('approved');
  expect(await voided(receiptNo)).toBe('voided');
  expect(now(sold).state).toBe('voided');
});
