import type { Core } from '../core.ts';
import { trialBalance } from '../ledger/turnover.ts';
import { Refused } from '../refused.ts';
import type { Result } from './result.ts';

/** Every account with what went through it, of one business day or of all; the balances of a currency add up to zero. */
export function listAccounts(core: Core, day: string | undefined): Result {
  if (day !== undefined && !/^\d{4}-\d\d-\d\d$/.test(day)) throw new Refused('input-invalid', `"${day}" is no date`);
  const accounts = trialBalance(core.book.db, day);
  const currencies = [...new Set(accounts.map((one) => one.currency))];
  const sums = currencies.map((currency) => ({
    currency,
    sum: accounts.filter((one) => one.currency === currency).reduce((sum, one) => sum + one.balance, 0),
  }));
  const balanced = sums.every(({ sum }) => sum === 0);
  return { body: { ledger: { day: day ?? null, balanced, sums, accounts } }, exit: balanced ? 0 : 1 };
}

/** A named person has seen that the record was found rolled back. */
export function acknowledge(core: Core, by: string): Result {
  const { held } = core.custody;
  core.custody.acknowledge(by);
  return { body: { acknowledged: held === 'record-rolled-back', by, alarms: core.custody.alarms }, exit: 0 };
}
