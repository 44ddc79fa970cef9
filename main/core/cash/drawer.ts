import type { CashMove, CashReason, DrawerShift } from '../../../contract/drawer.ts';
import { type Currency, type Money, money } from '../../../contract/money.ts';
import { BANK, CASH, FLOAT, OVER_SHORT, PETTY_CASH, REFUNDS, SALES } from '../ledger/account.ts';
import type { Book } from '../ledger/book.ts';
import type { Transfer, Values, Write } from '../ledger/entry.ts';
import { balance } from '../ledger/turnover.ts';
import { Refused } from '../refused.ts';
import type { StoreSettings } from '../store/settings.ts';
import { prepared } from '../store/statement.ts';
import type { Clock } from '../world/world.ts';

export interface DrawerParts {
  readonly clock: Clock;
  readonly book: Book;
  readonly settings: () => StoreSettings;
  /** The business day. */
  readonly today: () => string;
  /** Told after every commit. */
  readonly changed: () => void;
}

interface Row {
  readonly no: number;
  readonly state: 'open' | 'counted';
  readonly currency: Currency;
  readonly day: string;
  readonly opened_at: number;
  readonly opened_seq: number;
  readonly opened_by: string;
  readonly float: number;
  readonly counted_at: number | null;
  readonly counted_seq: number | null;
  readonly counted_by: string | null;
  readonly expected: number | null;
  readonly counted: number | null;
}

/** Where cash comes from or goes to for each reason. */
const opposite: Readonly<Record<CashReason, string>> = {
  change: FLOAT,
  safe: FLOAT,
  bank: BANK,
  expense: PETTY_CASH,
  other: FLOAT,
};

/** The cash drawer: float, cash in and out, and the count at the end. What should be in it is what the ledger says. */
export class CashDrawer {
  readonly #parts: DrawerParts;

  constructor(parts: DrawerParts) {
    this.#parts = parts;
  }

  /** What should be in the drawer. */
  get expected(): Money {
    const { book, settings } = this.#parts;
    const { currency } = settings();
    return money(balance(book.db, CASH, currency), currency);
  }

  /** The open shift, or the one counted last; undefined before the first. */
  get shift(): DrawerShift | undefined {
    const row = this.#last();
    return row && shiftOf(this.#parts.book, row);
  }

  /** Begins a shift with what is in the drawer now. @throws Refused drawer-open, amount-invalid */
  open(key: string, float: Money, by: string): DrawerShift {
    const body = `drawer-open ${float.minor} ${float.currency}`;
    const known = this.#known(key, body);
    if (known) return known;
    const { no: last = 0, state } = this.#last() ?? {};
    if (state === 'open') throw new Refused('drawer-open');
    this.#refuseForeign(float);
    const at = this.#parts.clock.now();
    const no = last + 1;
    const values: Values = {
      no,
      state: 'open',
      currency: float.currency,
      day: this.#parts.today(),
      opened_at: at,
      opened_seq: this.#parts.book.head.seq + 1,
      opened_by: by,
      float: float.minor,
    };
    // The ledger says what stood in it before; the rest comes from the safe, or went there.
    const brought = float.minor - this.expected.minor;
    this.#commit('float-set', at, by, { drawer: no, float: float.minor }, [{ op: 'insert', table: 'drawer', values }], {
      request: { key, body, no },
      transfers: this.#moved(brought, FLOAT, float.currency),
    });
    return this.#read(no);
  }

  /**
   * Cash brought in or taken out outside sales; taking out needs an approver.
   * @throws Refused drawer-not-open, drawer-holds-less, not-allowed, amount-invalid
   */
  move(
    key: string,
    asked: Pick<CashMove, 'kind' | 'reason' | 'amount'>,
    actor: { readonly staff: string; readonly approver?: string },
  ): DrawerShift {
    const { kind, reason, amount } = asked;
    const body = `drawer-${kind} ${reason} ${amount.minor} ${amount.currency}`;
    const known = this.#known(key, body);
    if (known) return known;
    const shift = this.#last();
    if (shift?.state !== 'open') throw new Refused('drawer-not-open');
    this.#refuseForeign(amount);
    if (amount.minor === 0) throw new Refused('amount-invalid');
    if (kind === 'out' && actor.approver === undefined) throw new Refused('not-allowed', 'cash out needs an approver');
    if (kind === 'out' && amount.minor > this.expected.minor) throw new Refused('drawer-holds-less');
    const at = this.#parts.clock.now();
    const values: Values = {
      id: key,
      drawer: shift.no,
      kind,
      reason,
      amount: amount.minor,
      currency: amount.currency,
      at,
      staff: actor.staff,
      approver: actor.approver ?? null,
    };
    const detail = { drawer: shift.no, reason, approver: actor.approver ?? null };
    const writes: Write[] = [{ op: 'insert', table: 'cash_move', values }];
    const signed = kind === 'in' ? amount.minor : -amount.minor;
    this.#commit(`cash-${kind}`, at, actor.staff, detail, writes, {
      request: { key, body, no: shift.no },
      transfers: this.#moved(signed, opposite[reason], amount.currency),
    });
    return this.#read(shift.no);
  }

  /** Ends the shift by what was counted; the difference is posted under the name of whoever counted. @throws Refused */
  count(key: string, counted: Money, by: string): DrawerShift {
    const body = `drawer-count ${counted.minor} ${counted.currency}`;
    const known = this.#known(key, body);
    if (known) return known;
    const shift = this.#last();
    if (shift?.state !== 'open') throw new Refused('drawer-not-open');
    this.#refuseForeign(counted);
    const { book, clock } = this.#parts;
    const at = clock.now();
    const expected = this.expected.minor;
    const values: Values = {
      state: 'counted',
      counted_at: at,
      counted_seq: book.head.seq + 1,
      counted_by: by,
      expected,
      counted: counted.minor,
    };
    const update: Write = { op: 'update', table: 'drawer', key: { no: shift.no, state: 'open' }, values };
    const detail = { drawer: shift.no, expected, counted: counted.minor };
    this.#commit('drawer-counted', at, by, detail, [update], {
      request: { key, body, no: shift.no },
      transfers: this.#moved(counted.minor - expected, OVER_SHORT, counted.currency),
    });
    return this.#read(shift.no);
  }

  /** The shifts that were open at or after an entry, oldest first: those of a batch. */
  since(seq: number): DrawerShift[] {
    const { book, settings } = this.#parts;
    return prepared<[string, number], Row>(
      book.db,
      'SELECT * FROM drawer WHERE currency = ? AND (counted_seq IS NULL OR counted_seq >= ?) ORDER BY no',
    )
      .all(settings().currency, seq)
      .map((row) => shiftOf(book, row));
  }

  #moved(minor: number, other: string, currency: Currency): Transfer[] {
    if (minor === 0) return [];
    const sides = minor > 0 ? { debit: CASH, credit: other } : { debit: other, credit: CASH };
    return [
      { payment: null, ...sides, amount: money(Math.abs(minor), currency), day: this.#parts.today(), batch: null },
    ];
  }

  #commit(
    type: string,
    at: number,
    by: string,
    detail: Values,
    writes: readonly Write[],
    { request, transfers }: { request: { key: string; body: string; no: number }; transfers: readonly Transfer[] },
  ): void {
    const { key, body, no } = request;
    const asked: Write = { op: 'insert', table: 'request', values: { key, body, payment: String(no), at } };
    const event = { type, ...detail };
    this.#parts.book.commit({ kind: 'drawer', at, by, event, writes: [...writes, asked], transfers }, 'outcome');
    this.#parts.changed();
  }

  #known(key: string, body: string): DrawerShift | undefined {
    const found = prepared<[string], { body: string; payment: string }>(
      this.#parts.book.db,
      'SELECT body, payment FROM request WHERE key = ?',
    ).get(key);
    if (!found) return undefined;
    if (found.body !== body) throw new Refused('key-reused');
    return this.#read(Number(found.payment));
  }

  #refuseForeign(sum: Money): void {
    const { currency } = this.#parts.settings();
    if (sum.currency !== currency || sum.minor < 0)
      throw new Refused('amount-invalid', `this terminal sells in ${currency}`);
  }

  #last(): Row | undefined {
    const { book, settings } = this.#parts;
    return prepared<[string], Row>(book.db, 'SELECT * FROM drawer WHERE currency = ? ORDER BY no DESC LIMIT 1').get(
      settings().currency,
    );
  }

  #read(no: number): DrawerShift {
    const { book } = this.#parts;
    const row = prepared<[number], Row>(book.db, 'SELECT * FROM drawer WHERE no = ?').get(no);
    if (!row) throw new Error(`no drawer shift ${no}`);
    return shiftOf(book, row);
  }
}

function shiftOf({ db }: Book, row: Row): DrawerShift {
  const { no, currency, float } = row;
  const until = row.counted_seq ?? Number.MAX_SAFE_INTEGER;
  const sales = prepared<[string, number, number], { sum: number }>(
    db,
    `SELECT coalesce(sum(iif(debit = '${CASH}', amount, -amount)), 0) AS sum FROM transfer
     WHERE (debit = '${CASH}' OR credit = '${CASH}') AND currency = ? AND seq BETWEEN ? AND ?
       AND (debit IN ('${SALES}', '${REFUNDS}') OR credit IN ('${SALES}', '${REFUNDS}'))`,
  ).get(currency, row.opened_seq, until);
  const moves = prepared<[number], Omit<CashMove, 'amount'> & { amount: number }>(
    db,
    `SELECT id, kind, reason, amount, at, staff AS "by", approver FROM cash_move WHERE drawer = ? ORDER BY at, id`,
  )
    .all(no)
    .map((move): CashMove => ({ ...move, amount: money(move.amount, currency) }));
  const sum = (kind: CashMove['kind']): number =>
    moves.filter((move) => move.kind === kind).reduce((total, move) => total + move.amount.minor, 0);
  const sold = sales?.sum ?? 0;
  const expected = row.expected ?? float + sold + sum('in') - sum('out');
  const { counted } = row;
  return {
    no,
    state: row.state,
    day: row.day,
    openedAt: row.opened_at,
    openedBy: row.opened_by,
    float: money(float, currency),
    sales: money(sold, currency),
    in: money(sum('in'), currency),
    out: money(sum('out'), currency),
    expected: money(expected, currency),
    counted: counted === null ? null : money(counted, currency),
    difference: counted === null ? null : money(counted - expected, currency),
    countedAt: row.counted_at,
    countedBy: row.counted_by,
    moves,
  };
}

/** The shift as somebody sees it who is to count it without knowing what should be there. */
export function blind(shift: DrawerShift): DrawerShift {
  return shift.state === 'open' ? { ...shift, sales: null, expected: null } : shift;
}
