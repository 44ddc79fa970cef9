import type { Database } from 'better-sqlite3';
import type { Currency } from '../../../contract/money.ts';
import { prepared } from '../store/statement.ts';
import { type AccountKind, accountKind } from './account.ts';

/** The running sums are kept for each quarter of an hour. */
export const SLOT_MS = 900_000;

/** An account's movements and what stands in it: debits less credits, minor units. */
export interface Balance {
  readonly account: string;
  /** Undefined for an account that is not in the chart. */
  readonly kind: AccountKind | undefined;
  readonly currency: Currency;
  readonly debit: number;
  readonly credit: number;
  readonly balance: number;
}

interface Sums {
  readonly account: string;
  readonly currency: Currency;
  readonly debit: number;
  readonly credit: number;
}

/** Every account that ever moved, of one business day or of all. The balances of a currency add up to zero. */
export function trialBalance(db: Database, day?: string): Balance[] {
  return prepared<[{ day: string | null }], Sums>(
    db,
    `SELECT account, currency, sum(debit) AS debit, sum(credit) AS credit FROM (
       SELECT debit AS account, currency, sum AS debit, 0 AS credit FROM turnover WHERE @day IS NULL OR day = @day
       UNION ALL SELECT credit, currency, 0, sum FROM turnover WHERE @day IS NULL OR day = @day)
     GROUP BY account, currency ORDER BY currency, account`,
  )
    .all({ day: day ?? null })
    .map(({ account, currency, debit, credit }) => ({
      account,
      kind: accountKind(account),
      currency,
      debit,
      credit,
      balance: debit - credit,
    }));
}

/** What stands in all accounts whose name begins so: debits less credits, minor units. */
export function balance(db: Database, prefix: string, currency: Currency): number {
  return trialBalance(db)
    .filter((one) => one.currency === currency && one.account.startsWith(prefix))
    .reduce((sum, one) => sum + one.balance, 0);
}

/**
 * Where the running sums and the transfers do not say the same, undefined when they do. Reads every transfer.
 */
export function turnoverFault(db: Database): string | undefined {
  const moved = 'SELECT 1 WHERE EXISTS (SELECT 1 FROM transfer) OR EXISTS (SELECT 1 FROM turnover)';
  if (prepared<[]>(db, moved).get() === undefined) return undefined;
  const grouped = `SELECT transfer.day AS day, transfer.currency AS currency, debit, credit,
      coalesce(tender, '') AS tender, transfer.at / ${SLOT_MS} AS slot, sum(transfer.amount) AS sum, count(*) AS count
    FROM transfer LEFT JOIN payment ON payment.id = transfer.payment GROUP BY 1, 2, 3, 4, 5, 6`;
  const kept = 'SELECT day, currency, debit, credit, tender, slot, sum, count FROM turnover';
  const [wrong] = prepared<[], { day: string; debit: string; credit: string }>(
    db,
    `WITH grouped AS MATERIALIZED (${grouped})
     SELECT day, debit, credit FROM (SELECT * FROM grouped EXCEPT ${kept})
     UNION ALL SELECT day, debit, credit FROM (${kept} EXCEPT SELECT * FROM grouped) LIMIT 1`,
  ).all();
  return wrong && `the sum of ${wrong.debit} to ${wrong.credit} on ${wrong.day} is not that of its transfers`;
}
