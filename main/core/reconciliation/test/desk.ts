import { money } from '../../../../contract/money.ts';
import { purchased } from '../../ledger/account.ts';
import type { Book } from '../../ledger/book.ts';
import { openBook } from '../../ledger/recovery.ts';
import type { Aftersale } from '../../payment/aftersale.ts';
import { chargeWrite } from '../../payment/charge.ts';
import { PaymentTable } from '../../payment/table.ts';
import { openDatabase } from '../../store/database.ts';
import type { StoreSettings } from '../../store/settings.ts';
import { migrations } from '../../test/migrations.ts';
import { type MemoryStorage, openMemoryStorage } from '../../test/storage.ts';
import { Reconciliation } from '../reconciliation.ts';
import type { FeeRule, SettlementTerms } from '../terms.ts';

/** A payment as the counter leaves it behind. */
export interface Sold {
  readonly n: number;
  readonly minor: number;
  readonly kind?: string;
  readonly state?: string;
  readonly scheme?: string;
  /** UTC milliseconds. */
  readonly at?: number;
  readonly sentAt?: number;
  readonly day?: string;
  readonly clockSuspect?: true;
  readonly currency?: 'CNY' | 'JPY';
  readonly tender?: string;
  /** Number of the payment that it takes back. */
  readonly original?: number;
  /** Of a refund: the charge that it gives back. */
  readonly charge?: string;
}

export const NOON = Date.UTC(2026, 7, 1, 4);
export const fees: readonly FeeRule[] = [
  { scheme: 'unionpay', basisPoints: 38, minMinor: 1 },
  { scheme: 'alipay', basisPoints: 60, maxMinor: 500 },
];

const settings: StoreSettings = {
  name: 'Morning Light',
  terminal: '01',
  dayCut: '04:00',
  zone: 'Asia/Shanghai',
  currency: 'CNY',
  language: 'zh-CN',
};

export function idOf(n: number): string {
  return `0198f0a0-0000-4000-8000-${String(n).padStart(12, '0')}`;
}

export function rrnOf(n: number): string {
  return `2608010${String(n).padStart(5, '0')}`;
}

/** A book with payments in it, and the reconciliation over it. */
export interface Desk {
  readonly storage: MemoryStorage;
  readonly book: Book;
  readonly reconciliation: Reconciliation;
  sell(sold: Sold): void;
  become(n: number, state: string): void;
  /** Debits less credits of an account, minor units. */
  balance(account: string): number;
  import(text: string | Uint8Array, name?: string): ReturnType<Reconciliation['import']>;
}

export function openDesk(
  given: {
    readonly settlement?: SettlementTerms;
    readonly fees?: readonly FeeRule[];
    readonly storage?: MemoryStorage;
  } = {},
): Desk {
  const storage = given.storage ?? openMemoryStorage();
  const { book } = openBook(storage, openDatabase(storage, migrations));
  const profile = {
    terminalId: 'T0000001',
    merchantId: 'M00000000000001',
    fees: given.fees ?? fees,
    settlement: given.settlement ?? {},
  };
  const clock = { now: () => NOON + 86_400_000, monotonic: () => 0, sleep: () => Promise.resolve() };
  const told = {
    today: () => '2026-08-02',
    changed: () => undefined,
    aftersale: { refund: giveBack(book), refundCharge: giveChargeBack(book) },
  };
  const reconciliation = new Reconciliation({ clock, book, profile, settings: () => settings, ...told });
  return {
    storage,
    book,
    reconciliation,
    sell: (sold) => sell(book, sold),
    become(n, state) {
      const writes = [{ op: 'update', table: 'payment', key: { id: idOf(n) }, values: { state } }] as const;
      const event = { type: 'test' };
      book.commit({ kind: 'payment', at: NOON, by: 'test', event, writes, transfers: [] }, 'outcome');
    },
    balance(account) {
      const sum = (side: 'debit' | 'credit'): number =>
        book.db
          .prepare<[string], { sum: number }>(`SELECT coalesce(sum(amount), 0) AS sum FROM transfer WHERE ${side} = ?`)
          .get(account)?.sum ?? 0;
      return sum('debit') - sum('credit');
    },
    import: (text, name = 'statement.csv') =>
      reconciliation.import(name, typeof text === 'string' ? new TextEncoder().encode(text) : text, 'owner'),
  };
}

/** A refund as the counter opens it: of the amount asked for, under the key, on its way to the bank. */
function giveBack(book: Book): Aftersale['refund'] {
  return (key, payment, amount, cause, { staff }) => {
    const n = 500 + (book.db.prepare<[], { n: number }>('SELECT count(*) AS n FROM request').get()?.n ?? 0);
    const original = Number(payment.slice(-12));
    const later = { at: NOON + 86_400_000, day: '2026-08-02' };
    sell(book, { n, minor: amount.minor, kind: 'refund', state: 'sending', original, ...later });
    const values = { key, body: cause, payment: idOf(n), at: NOON };
    const writes = [{ op: 'insert', table: 'request', values }] as const;
    book.commit({ kind: 'payment', at: NOON, by: staff, event: { type: 'test' }, writes, transfers: [] }, 'outcome');
    return new PaymentTable(book).get(idOf(n));
  };
}

/** The same of a charge that only the statement knows. */
function giveChargeBack(book: Book): Aftersale['refundCharge'] {
  return (key, charge, { staff }) => {
    const n = 500 + (book.db.prepare<[], { n: number }>('SELECT count(*) AS n FROM request').get()?.n ?? 0);
    const writes = [chargeWrite(key, charge)];
    book.commit({ kind: 'payment', at: NOON, by: staff, event: { type: 'test' }, writes, transfers: [] }, 'outcome');
    const later = { at: NOON + 86_400_000, day: '2026-08-02' };
    sell(book, { n, minor: charge.amount.minor, kind: 'refund', state: 'sending', charge: key, ...later });
    const values = { key, body: charge.line, payment: idOf(n), at: NOON };
    const asked = [{ op: 'insert', table: 'request', values }] as const;
    const event = { type: 'test' };
    book.commit({ kind: 'payment', at: NOON, by: staff, event, writes: asked, transfers: [] }, 'outcome');
    return new PaymentTable(book).get(idOf(n));
  };
}

function sell(book: Book, sold: Sold): void {
  const { n, minor, kind = 'purchase', state = 'settled', scheme = 'unionpay', at = NOON + n * 1000 } = sold;
  const { sentAt = at, day = '2026-08-01', currency = 'CNY', tender = 'contactless', original } = sold;
  const id = idOf(n);
  const amount = money(minor, currency);
  const values = {
    id,
    kind,
    state,
    amount: minor,
    currency,
    at,
    day,
    stan: n,
    rrn: rrnOf(n),
    receipt_no: `01-${n}`,
    staff: 'cashier',
    tender,
    scheme,
    sent_at: sentAt,
    batch: 1,
    original: original === undefined ? null : idOf(original),
    charge: sold.charge ?? null,
    ...(sold.clockSuspect ? { clock_suspect: 1 } : {}),
  };
  const stands = ['settled', 'approved', 'saf-approved'].includes(state) && kind === 'purchase' && tender !== 'cash';
  const transfers = stands ? [purchased({ payment: id, amount, day }, scheme, 1)] : [];
  const event = { type: 'test' };
  const writes = [{ op: 'insert', table: 'payment', values }] as const;
  book.commit({ kind: 'payment', at, by: 'cashier', payment: id, event, writes, transfers }, 'outcome');
}

/** A line of a bank's file. */
export interface Listed {
  readonly n: number;
  readonly minor: number;
  readonly type?: string;
  readonly day?: string;
  readonly terminal?: string;
  readonly stan?: number;
  readonly scheme?: string;
  readonly fee?: number;
  readonly net?: number;
  readonly currency?: string;
}

export const HEADER = 'settlement_date,date,time,terminal,type,stan,rrn,card,scheme,amount,fee,net,currency';

export function major(minor: number): string {
  const text = String(Math.abs(minor)).padStart(3, '0');
  return `${minor < 0 ? '-' : ''}${text.slice(0, -2)}.${text.slice(-2)}`;
}

/** The fee by the rules above, by other arithmetic: 0.38 % half up, at least one. */
export function feeFor(minor: number, scheme = 'unionpay'): number {
  const size = Math.abs(minor);
  const exact =
    scheme === 'alipay' ? Math.min(500, Math.round((size * 6) / 1000)) : Math.max(1, Math.round((size * 38) / 10_000));
  return minor < 0 ? -exact : exact;
}

export function listed(line: Listed): string {
  const { n, minor, type = minor < 0 ? 'void' : 'sale', day = '2026-08-01', terminal = 'T0000001', stan = n } = line;
  const { scheme = 'unionpay', fee = feeFor(minor, scheme), net = minor - fee, currency = 'CNY' } = line;
  const money = [minor, fee, net].map(major);
  return [day, day, '12:00:00', terminal, type, stan, rrnOf(n), '621094******0011', scheme, ...money, currency].join(
    ',',
  );
}

export function depositLine(gross: number, fee: number, day = '2026-08-01'): string {
  return [day, day, '', '', 'deposit', '', '', '', '', major(gross), major(fee), major(gross - fee), 'CNY'].join(',');
}

/** A file of these lines with the deposit that fits them. */
export function fileOf(lines: readonly Listed[], deposit?: { readonly gross: number; readonly fee: number }): string {
  const gross = lines.reduce((sum, { minor }) => sum + minor, 0);
  const fee = lines.reduce((sum, line) => sum + (line.fee ?? feeFor(line.minor, line.scheme)), 0);
  const own = deposit ?? { gross, fee };
  return `${[HEADER, ...lines.map(listed), depositLine(own.gross, own.fee)].join('\r\n')}\r\n`;
}
