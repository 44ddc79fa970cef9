import { afterEach, expect, test, vi } from 'vitest';
import { money } from '../../../contract/money.ts';
import type { BankRequest } from '../bank/link.ts';
import { verifyBook } from '../reports/verify.ts';
import { RESPONSE_MS } from '../test/bank.ts';
import { around, bankSays, now, open, pass, restart, till } from '../test/counter.ts';
import { sellByCard } from '../test/till.ts';
import { ClockWentBack } from '../world/steady.ts';
import { OtherRepeat, Repeats } from './repeat.ts';

/** By how much the numbers of a message are wrong, for each time that it is repeated. */
const wrong = vi.hoisted(() => ({ by: 0 }));

vi.mock('./original.ts', async (real) => {
  const module = await real<typeof import('./original.ts')>();
  const traceOf: typeof module.traceOf = (payment) => {
    const trace = module.traceOf(payment);
    return { ...trace, stan: trace.stan + wrong.by * trace.attempt };
  };
  return { ...module, traceOf };
});

afterEach(() => {
  wrong.by = 0;
});

const reversal: BankRequest = {
  type: 'reversal',
  trace: { stan: 7, rrn: '000000000007', at: 5, batch: 1, attempt: 0 },
  amount: money(1_280, 'CNY'),
  reason: 'no-answer',
  original: { mti: '0200', stan: 7, rrn: '000000000007', at: 5 },
};
const again = { ...reversal, trace: { ...reversal.trace, attempt: 1 } } as const;

test('a repeat is what left before, but for its count', () => {
  const repeats = new Repeats();
  repeats.asBefore('a', 'reversal', reversal);
  expect(() => repeats.asBefore('a', 'reversal', again)).not.toThrow();
  for (const other of [
    { ...again, amount: money(1_279, 'CNY') },
    { ...again, trace: { ...again.trace, rrn: '000000000008' } },
    { ...again, trace: { ...again.trace, batch: 2 } },
    { ...again, original: { ...again.original, stan: 8 } },
  ])
    expect(() => repeats.asBefore('a', 'reversal', other)).toThrow(OtherRepeat);
  expect(() => repeats.asBefore('b', 'reversal', { ...again, amount: money(1, 'CNY') })).not.toThrow();
});

test('what never left may go in another batch, what left may not', () => {
  const repeats = new Repeats();
  const later = { ...reversal, trace: { ...reversal.trace, batch: 2 } } as const;
  repeats.asBefore('a', 'advice', reversal);
  repeats.unsent('a', 'advice', reversal);
  expect(() => repeats.asBefore('a', 'advice', later)).not.toThrow();
  repeats.unsent('a', 'advice', again);
  expect(() => repeats.asBefore('a', 'advice', reversal)).toThrow(OtherRepeat);
});

test('a reversal that would be repeated with other numbers is not sent: the core stops, and the next start reverses it', async () => {
  around.bank.plant('purchase', 'drop-answer');
  around.bank.plant('reversal', 'drop-request');
  const sold = await sellByCard(till, 1_280);
  await pass(RESPONSE_MS + 10);
  expect(now(sold).state).toBe('reversal-due');
  wrong.by = 1;
  await pass(RESPONSE_MS + 60_000);
  expect(till.fatal[0]).toBeInstanceOf(OtherRepeat);
  expect(till.core.stopped).toBe('store-failed');
  expect(bankSays(sold)).toBe('approved');
  wrong.by = 0;
  await restart();
  await pass(60_000);
  expect(now(sold).state).toBe('reversed');
  expect(bankSays(sold)).toBe('reversed');
  expect(verifyBook(till.core.book).ok).toBe(true);
});

test('where the clock that measures waiting goes back, the core stops (I20)', async () => {
  till.kill();
  let back = 0;
  const { clock } = around;
  open({ ...around, clock: { ...clock, monotonic: () => clock.monotonic() - back } });
  await pass(60_000);
  back = 30_000;
  await sellByCard(till, 1_280).catch(() => undefined);
  expect(till.fatal[0]).toBeInstanceOf(ClockWentBack);
  expect(till.core.stopped).toBe('store-failed');
});
