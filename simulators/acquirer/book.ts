import Database from 'better-sqlite3';
import { MERCHANT_ID } from './profile.ts';
import { messageClass, type Original, type Request, type Totals } from './request.ts';
import type { Refund } from './statement.ts';

export type PaymentState = 'approved' | 'declined' | 'pending' | 'reversed' | 'voided';

/** What a request came to: DE 39, and DE 38 when it was approved. */
export interface Outcome {
  readonly code: string;
  readonly authCode?: string;
  /** What was approved, where that is less than was asked for. */
  readonly amount?: number;
}

export interface Payment {
  readonly id: number;
  readonly mti: string;
  readonly stan: number;
  readonly rrn: string;
  readonly at: string;
  readonly amount: number;
  /** ISO 4217 digits. */
  readonly currency: string;
  readonly batch: number;
  readonly state: PaymentState;
  readonly code: string;
  readonly authCode: string | null;
  readonly maskedPan: string | null;
  readonly scheme: string;
  /** Whether the card's cryptogram is what its issuer would make; null without a card. */
  readonly cryptogram: 'right' | 'wrong' | null;
}

/** An amount held on a customer's account. */
export interface Hold {
  readonly id: number;
  readonly amount: number;
  readonly currency: string;
  readonly state: 'held' | 'completed' | 'reversed';
}

/** How a payment enters the book. `confirmsAt`: when a pending wallet payment will be confirmed, null for never. */
export interface Entry {
  readonly state: PaymentState;
  readonly code: string;
  readonly maskedPan: string | null;
  readonly scheme: string;
  readonly confirmsAt?: number | null;
  /** What is approved, where that is less than was asked for. */
  readonly amount?: number;
  readonly cryptogram?: 'right' | 'wrong';
}

const schema = `
  CREATE TABLE IF NOT EXISTS payments (
    id INTEGER PRIMARY KEY,
    terminal TEXT NOT NULL, merchant TEXT NOT NULL, mti TEXT NOT NULL, stan INTEGER NOT NULL, rrn TEXT NOT NULL,
    transmitted TEXT NOT NULL, at TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0), currency TEXT NOT NULL, batch INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('approved', 'declined', 'pending', 'reversed', 'voided')),
    code TEXT NOT NULL, authCode TEXT, maskedPan TEXT, scheme TEXT NOT NULL, confirmsAt INTEGER, cryptogram TEXT
  ) STRICT;
  CREATE INDEX IF NOT EXISTS originals ON payments (stan, transmitted);
  CREATE INDEX IF NOT EXISTS batch_sums ON payments (batch, currency, state, amount);
  CREATE INDEX IF NOT EXISTS waiting ON payments (confirmsAt) WHERE state = 'pending';
  CREATE TABLE IF NOT EXISTS answers (
    class TEXT NOT NULL, stan INTEGER NOT NULL, rrn TEXT NOT NULL, terminal TEXT NOT NULL, merchant TEXT NOT NULL,
    processing TEXT NOT NULL, amount INTEGER NOT NULL, currency TEXT NOT NULL, code TEXT NOT NULL, authCode TEXT,
    PRIMARY KEY (class, stan, rrn, terminal, merchant)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS closed (
    terminal TEXT NOT NULL, merchant TEXT NOT NULL, batch INTEGER NOT NULL, at TEXT NOT NULL,
    PRIMARY KEY (terminal, merchant, batch)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS heads (
    terminal TEXT NOT NULL, batch INTEGER NOT NULL, seq INTEGER NOT NULL, hash TEXT NOT NULL,
    PRIMARY KEY (terminal, batch)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS tokens (
    wallet TEXT NOT NULL, counter INTEGER NOT NULL, PRIMARY KEY (wallet, counter)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS refunds (
    terminal TEXT NOT NULL, merchant TEXT NOT NULL, batch INTEGER NOT NULL, payment INTEGER NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0), currency TEXT NOT NULL, at TEXT NOT NULL,
    stan INTEGER NOT NULL DEFAULT 0, rrn TEXT NOT NULL DEFAULT ''
  ) STRICT;
  CREATE TABLE IF NOT EXISTS holds (
    id INTEGER PRIMARY KEY, terminal TEXT NOT NULL, merchant TEXT NOT NULL, stan INTEGER NOT NULL, transmitted TEXT NOT NULL,
    batch INTEGER NOT NULL, amount INTEGER NOT NULL CHECK (amount > 0), currency TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('held', 'completed', 'reversed'))
  ) STRICT;
  CREATE TABLE IF NOT EXISTS parts (payment INTEGER PRIMARY KEY, asked INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS bodies (key TEXT PRIMARY KEY, hash TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS uploads (
    terminal TEXT NOT NULL, merchant TEXT NOT NULL, batch INTEGER NOT NULL, stan INTEGER NOT NULL, credit INTEGER NOT NULL,
    amount INTEGER NOT NULL, currency TEXT NOT NULL,
    PRIMARY KEY (terminal, merchant, batch, stan, credit)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS codes (
    hash TEXT PRIMARY KEY, behaviour TEXT NOT NULL, ms INTEGER NOT NULL, used INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
`;

/** How a purchase is found again by its own numbers. */
function partOf({ stan, mti, transmitted, batch }: Request): Original {
  return transmitted === '' ? { stan, mti, batch } : { stan, mti, transmitted };
}

const columns = 'id, mti, stan, rrn, at, amount, currency, batch, state, code, authCode, maskedPan, scheme, cryptogram';

/** The bank's own book, in SQLite. Holds masked card numbers only, and of wallet codes only their hash. */
export class Book {
  readonly #db: Database.Database;
  readonly #statements = new Map<string, Database.Statement>();

  constructor(path: string) {
    this.#db = new Database(path);
    this.#db.pragma('journal_mode = WAL');
    this.#db.pragma('synchronous = NORMAL');
    this.#db.exec(schema);
    this.#numbersOfRefunds();
  }

  /** A book of an earlier version has refunds without numbers. */
  #numbersOfRefunds(): void {
    const columns = this.#db.pragma('table_info(refunds)') as { readonly name: string }[];
    if (columns.some(({ name }) => name === 'rrn')) return;
    this.#db.exec(`ALTER TABLE refunds ADD COLUMN stan INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE refunds ADD COLUMN rrn TEXT NOT NULL DEFAULT ''`);
  }

  #sql(text: string): Database.Statement {
    const ready = this.#statements.get(text) ?? this.#db.prepare(text);
    this.#statements.set(text, ready);
    return ready;
  }

  /** Runs `work` as one commit. */
  commit<T>(work: () => T): T {
    return this.#db.transaction(work)();
  }

  /** The answer that this message got before; `same` is false when its numbers now come with something else. */
  remembered(request: Request): (Outcome & { readonly same: boolean }) | undefined {
    const row = this.#sql(
      'SELECT * FROM answers WHERE class = ? AND stan = ? AND rrn = ? AND terminal = ? AND merchant = ?',
    ).get(request.mti, request.stan, request.rrn, request.terminal, request.merchant) as
      | { processing: string; amount: number; currency: string; code: string; authCode: string | null }
      | undefined;
    if (row === undefined) return undefined;
    const same =
      row.processing === request.message.fields.get(3) &&
      row.amount === request.amount &&
      row.currency === request.currency;
    const part = row.code === '10' ? this.find(request.terminal, request.merchant, partOf(request))?.amount : undefined;
    const amount = part === undefined ? {} : { amount: part };
    return { code: row.code, ...(row.authCode === null ? {} : { authCode: row.authCode }), ...amount, same };
  }

  remember(request: Request, outcome: Outcome): void {
    this.#sql('INSERT INTO answers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)').run(
      request.mti,
      request.stan,
      request.rrn,
      request.terminal,
      request.merchant,
      request.message.fields.get(3),
      request.amount,
      request.currency,
      outcome.code,
      outcome.authCode ?? null,
    );
  }

  /** Writes a payment down; gives back its authorization code when it is approved. */
  enter(request: Request, entry: Entry, now: number): Outcome {
    const { lastInsertRowid } = this.#sql(
      `INSERT INTO payments (terminal, merchant, mti, stan, rrn, transmitted, at, amount, currency, batch,
         state, code, maskedPan, scheme, confirmsAt, cryptogram) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ).run(
      request.terminal,
      request.merchant,
      messageClass(request.mti),
      request.stan,
      request.rrn,
      request.transmitted,
      new Date(now).toISOString(),
      entry.amount ?? request.amount,
      request.currency,
      request.batch,
      entry.state,
      entry.code,
      entry.maskedPan,
      entry.scheme,
      entry.confirmsAt ?? null,
      entry.cryptogram ?? null,
    );
    if (entry.state !== 'approved') return { code: entry.code };
    const authCode = this.#authorize(Number(lastInsertRowid));
    if (entry.amount === undefined) return { code: entry.code, authCode };
    this.#sql('INSERT INTO parts VALUES (?, ?)').run(lastInsertRowid, request.amount);
    return { code: entry.code, authCode, amount: entry.amount };
  }

  #authorize(id: number): string {
    const authCode = String(id % 1_000_000).padStart(6, '0');
    this.#sql("UPDATE payments SET state = 'approved', code = '00', authCode = ? WHERE id = ?").run(authCode, id);
    return authCode;
  }

  /** The customer of a wallet payment that waits has agreed. */
  confirm(id: number): void {
    this.#authorize(id);
  }

  /** Approves the wallet payments whose customers have agreed by now. */
  confirmWaiting(now: number): void {
    const due = this.#sql("SELECT id FROM payments WHERE state = 'pending' AND confirmsAt <= ?").all(now);
    for (const row of due as { id: number }[]) this.#authorize(row.id);
  }

  /** The payment that DE 90 of this terminal means, the newest when the day has come round again. */
  find(terminal: string, merchant: string, original: Original): Payment | undefined {
    return this.#sql(
      `SELECT ${columns} FROM payments WHERE stan = @stan AND terminal = @terminal AND merchant = @merchant
         AND (transmitted = @transmitted OR @transmitted IS NULL) AND (mti = @mti OR @mti IS NULL)
         AND (batch = @batch OR @batch IS NULL) ORDER BY id DESC`,
    ).get({
      stan: original.stan,
      terminal,
      merchant,
      transmitted: original.transmitted ?? null,
      mti: original.mti ?? null,
      batch: original.batch ?? null,
    }) as Payment | undefined;
  }

  /** Books a charge that no terminal asked for, as a bank may by mistake: under these numbers. */
  mischarge(
    charge: Pick<Payment, 'stan' | 'rrn' | 'amount' | 'currency' | 'batch'>,
    terminal: string,
    now: number,
  ): void {
    const { stan, rrn, amount, currency, batch } = charge;
    const { lastInsertRowid } = this.#sql(
      `INSERT INTO payments (terminal, merchant, mti, stan, rrn, transmitted, at, amount, currency, batch,
         state, code, maskedPan, scheme) VALUES (?, ?, '0200', ?, ?, '', ?, ?, ?, ?, 'approved', '00', ?, 'unionpay')`,
    ).run(terminal, MERCHANT_ID, stan, rrn, new Date(now).toISOString(), amount, currency, batch, '621094******0011');
    this.#authorize(Number(lastInsertRowid));
  }

  /** Charges again what was reversed, as a bank may by mistake. False where there is nothing of the kind. */
  recharge(rrn: string): boolean {
    return (
      this.#sql("UPDATE payments SET state = 'approved' WHERE rrn = ? AND state = 'reversed'").run(rrn).changes === 1
    );
  }

  /** The charge of this terminal that the bank itself names so; one that stands before any other, the newest of them. */
  findCharge(terminal: string, merchant: string, { rrn, stan }: Original): Payment | undefined {
    return this.#sql(
      `SELECT ${columns} FROM payments WHERE rrn = @rrn AND terminal = @terminal AND merchant = @merchant
         AND (stan = @stan OR @stan = 0) ORDER BY state = 'approved' DESC, id DESC`,
    ).get({ rrn, stan, terminal, merchant }) as Payment | undefined;
  }

  /** What was asked for when this was approved in part; its amount when it was approved whole. */
  asked(payment: Payment): number {
    const row = this.#sql('SELECT asked FROM parts WHERE payment = ?').get(payment.id) as { asked: number } | undefined;
    return row?.asked ?? payment.amount;
  }

  /** A customer has scanned the code of an order that waits, and paid. */
  payShown(terminal: string, reference: string, amount: number, currency: string): string {
    const order = this.#sql(
      "SELECT id, amount, currency, state FROM payments WHERE terminal = ? AND rrn = ? AND scheme = 'shown' ORDER BY id DESC",
    ).get(terminal.padEnd(8), reference) as
      | { id: number; amount: number; currency: string; state: PaymentState }
      | undefined;
    if (order === undefined) return 'no such order';
    if (order.state !== 'pending') return order.state === 'approved' ? 'paid already' : 'no longer to be paid';
    if (order.amount !== amount || order.currency !== currency) return 'the amount is not that of the order';
    this.#authorize(order.id);
    return 'paid';
  }

  change(id: number, state: PaymentState): void {
    this.#sql('UPDATE payments SET state = ? WHERE id = ?').run(state, id);
  }

  isClosed(terminal: string, merchant: string, batch: number): boolean {
    return (
      this.#sql('SELECT 1 FROM closed WHERE terminal = ? AND merchant = ? AND batch = ?').get(
        terminal,
        merchant,
        batch,
      ) !== undefined
    );
  }

  /** What was not told of a batch that is told payment by payment is not settled: nobody is charged for it. */
  dropUntold(terminal: string, merchant: string, batch: number): void {
    this.#sql(
      `UPDATE payments SET state = 'reversed' WHERE state = 'approved' AND terminal = @terminal AND merchant = @merchant
         AND batch = @batch AND stan NOT IN (SELECT stan FROM uploads
           WHERE terminal = @terminal AND merchant = @merchant AND batch = @batch AND credit = 0)`,
    ).run({ terminal, merchant, batch });
  }

  /** Closes a batch. What still waits in it for a customer is refused. */
  closeBatch(terminal: string, merchant: string, batch: number, now: number): void {
    const at = new Date(now).toISOString();
    this.#sql('INSERT OR IGNORE INTO closed VALUES (?, ?, ?, ?)').run(terminal, merchant, batch, at);
    this.#sql(
      `UPDATE payments SET state = 'declined', code = '05'
       WHERE state = 'pending' AND terminal = ? AND merchant = ? AND batch = ?`,
    ).run(terminal, merchant, batch);
  }

  /** Where a terminal's journal stood when it counted a batch, as it says itself: what it once said stays. */
  keepHead(terminal: string, batch: number, seq: number, hash: string): void {
    this.#sql('INSERT OR IGNORE INTO heads VALUES (?, ?, ?, ?)').run(terminal, batch, seq, hash);
  }

  heads(): unknown[] {
    return this.#sql('SELECT terminal, batch, seq, hash FROM heads ORDER BY terminal, batch').all();
  }

  closed(): number[] {
    return (this.#sql('SELECT DISTINCT batch FROM closed ORDER BY batch').all() as { batch: number }[]).map(
      (row) => row.batch,
    );
  }

  /** Debits and credits, of one batch or of all, in one currency or in all, of one terminal or of all. */
  totals(batch?: number, currency?: string, terminal?: string): Totals {
    const of = 'WHERE (batch = @batch OR @batch IS NULL) AND (currency = @currency OR @currency IS NULL)';
    const at = 'AND (terminal = @terminal OR @terminal IS NULL)';
    return this.#sql(
      `SELECT (SELECT count(*) FROM payments ${of} ${at} AND state IN ('approved', 'voided')) AS debitCount,
              (SELECT coalesce(sum(amount), 0) FROM payments ${of} ${at} AND state IN ('approved', 'voided')) AS debitMinor,
              (SELECT count(*) FROM payments ${of} ${at} AND state = 'voided') +
                (SELECT count(*) FROM refunds ${of} ${at}) AS creditCount,
              (SELECT coalesce(sum(amount), 0) FROM payments ${of} ${at} AND state = 'voided') +
                (SELECT coalesce(sum(amount), 0) FROM refunds ${of} ${at}) AS creditMinor`,
    ).get({ batch: batch ?? null, currency: currency ?? null, terminal: terminal ?? null }) as Totals;
  }

  /** Gives money of a payment back; what was given back of it already. */
  refund(request: Request, payment: Payment, now: number): void {
    this.#sql('INSERT INTO refunds VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)').run(
      request.terminal,
      request.merchant,
      request.batch,
      payment.id,
      request.amount,
      request.currency,
      new Date(now).toISOString(),
      request.stan,
      request.rrn,
    );
  }

  refunded(payment: Payment): number {
    const row = this.#sql('SELECT coalesce(sum(amount), 0) AS sum FROM refunds WHERE payment = ?').get(payment.id);
    return (row as { sum: number }).sum;
  }

  /** Holds an amount until it is completed or given up; its authorization code. */
  hold(request: Request): string {
    const { terminal, merchant, stan, transmitted, batch, amount, currency } = request;
    const { lastInsertRowid } = this.#sql(
      `INSERT INTO holds (terminal, merchant, stan, transmitted, batch, amount, currency, state)
       VALUES (?, ?, ?, ?, ?, ?, ?, 'held')`,
    ).run(terminal, merchant, stan, transmitted, batch, amount, currency);
    return `H${String(Number(lastInsertRowid) % 100_000).padStart(5, '0')}`;
  }

  findHold(terminal: string, merchant: string, original: Original): Hold | undefined {
    return this.#sql(
      `SELECT id, amount, currency, state FROM holds WHERE stan = @stan AND terminal = @terminal AND merchant = @merchant
         AND (transmitted = @transmitted OR @transmitted IS NULL) AND (batch = @batch OR @batch IS NULL) ORDER BY id DESC`,
    ).get({
      stan: original.stan,
      terminal,
      merchant,
      transmitted: original.transmitted ?? null,
      batch: original.batch ?? null,
    }) as Hold | undefined;
  }

  changeHold(id: number, state: Hold['state']): void {
    this.#sql('UPDATE holds SET state = ? WHERE id = ?').run(state, id);
  }

  /** Whether an idempotency key comes for the first time or with the body that it came with then. */
  sameBody(key: string, hash: string): boolean {
    this.#sql('INSERT OR IGNORE INTO bodies VALUES (?, ?)').run(key, hash);
    return this.#sql('SELECT 1 FROM bodies WHERE key = ? AND hash = ?').get(key, hash) !== undefined;
  }

  /** Writes down what the terminal says of one payment of its batch. */
  upload(request: Request, stan: number, credit: boolean): void {
    this.#sql('INSERT OR REPLACE INTO uploads VALUES (?, ?, ?, ?, ?, ?, ?)').run(
      request.terminal,
      request.merchant,
      request.batch,
      stan,
      credit ? 1 : 0,
      request.amount,
      request.currency,
    );
  }

  /** What the terminal has uploaded of a batch. */
  uploaded(terminal: string, batch: number, currency: string): Totals {
    return this.#sql(
      `SELECT coalesce(sum(credit = 0), 0) AS debitCount, coalesce(sum(CASE WHEN credit = 0 THEN amount END), 0) AS debitMinor,
              coalesce(sum(credit = 1), 0) AS creditCount, coalesce(sum(CASE WHEN credit = 1 THEN amount END), 0) AS creditMinor
       FROM uploads WHERE terminal = ? AND batch = ? AND currency = ?`,
    ).get(terminal, batch, currency) as Totals;
  }

  payments(batch?: number): Payment[] {
    return this.#sql(`SELECT ${columns} FROM payments WHERE batch = @batch OR @batch IS NULL ORDER BY id`).all({
      batch: batch ?? null,
    }) as Payment[];
  }

  /** Like `payments`, with the terminal of each. */
  statement(batch?: number): (Payment & { readonly terminal: string })[] {
    return this.#sql(
      `SELECT ${columns}, terminal FROM payments WHERE batch = @batch OR @batch IS NULL ORDER BY id`,
    ).all({ batch: batch ?? null }) as (Payment & { readonly terminal: string })[];
  }

  /** Refunds as they stand on a statement. */
  refundsStated(batch?: number): Refund[] {
    return this.#sql(
      `SELECT r.terminal, r.stan, r.rrn, r.at, r.amount, r.currency, r.batch, p.scheme, p.maskedPan FROM refunds r
         JOIN payments p ON p.id = r.payment WHERE r.batch = @batch OR @batch IS NULL ORDER BY r.rowid`,
    ).all({ batch: batch ?? null }) as Refund[];
  }

  issueCode(hash: string, behaviour: string, ms: number): void {
    this.#sql('INSERT INTO codes VALUES (?, ?, ?, 0)').run(hash, behaviour, ms);
  }

  /** Marks a wallet code used. Undefined when it was used before; a code not issued here behaves as `pays`. */
  spendCode(hash: string): { readonly behaviour: string; readonly ms: number } | undefined {
    const row = this.#sql('SELECT behaviour, ms, used FROM codes WHERE hash = ?').get(hash) as
      | { behaviour: string; ms: number; used: number }
      | undefined;
    if (row?.used === 1) return undefined;
    this.#sql('INSERT OR REPLACE INTO codes VALUES (?, ?, ?, 1)').run(hash, row?.behaviour ?? 'pays', row?.ms ?? 0);
    return { behaviour: row?.behaviour ?? 'pays', ms: row?.ms ?? 0 };
  }

  /** Takes a wallet's token; false when one with this counter was taken before. Tokens accepted offline come in any order. */
  spendToken(wallet: string, counter: number): boolean {
    return this.#sql('INSERT OR IGNORE INTO tokens VALUES (?, ?)').run(wallet, counter).changes === 1;
  }

  end(): void {
    this.#db.close();
  }
}
