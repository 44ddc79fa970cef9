import { type Currency, type Money, money } from '../../../contract/money.ts';
import { canonical } from '../store/canonical.ts';

export type Value = string | number | null;
export type Values = Readonly<Record<string, Value>>;

/** Tables that the journal can rebuild. */
export const tables = [
  'payment',
  'batch',
  'counter',
  'request',
  'code',
  'setting',
  'sale',
  'blocked',
  'statement',
  'deposit',
  'difference_done',
  'drawer',
  'cash_move',
  'late',
  'charge',
] as const;
export type Table = (typeof tables)[number];

/** One change to one row. An update must find exactly the row that `key` describes: compare-and-set (I6). */
export type Write =
  | { readonly op: 'insert'; readonly table: Table; readonly values: Values }
  | {
      readonly op: 'put';
      readonly table: 'counter' | 'setting' | 'blocked';
      readonly key: string;
      readonly value: Value;
    }
  | { readonly op: 'update'; readonly table: Table; readonly key: Values; readonly values: Values }
  /** Every approved payment of a closed batch becomes settled. */
  | { readonly op: 'settle'; readonly batch: number };

/** A change outside the journal: sealed card data. */
export type SealedWrite =
  | { readonly op: 'keep'; readonly payment: string; readonly blob: string }
  | { readonly op: 'shred'; readonly payment: string };

/** A movement of money between two accounts; docs/ledger.md has the chart. */
export interface Transfer {
  readonly payment: string | null;
  readonly debit: string;
  readonly credit: string;
  readonly amount: Money;
  readonly day: string;
  readonly batch: number | null;
}

/** What is to be recorded in one commit. */
export interface Draft {
  readonly kind:
    | 'payment'
    | 'decision'
    | 'sale'
    | 'batch'
    | 'session'
    | 'print'
    | 'drawer'
    | 'setting'
    | 'core'
    | 'reconciliation';
  readonly at: number;
  readonly by: string;
  readonly payment?: string;
  readonly event: { readonly type: string } & Values;
  readonly writes: readonly Write[];
  readonly sealed?: readonly SealedWrite[];
  readonly transfers: readonly Transfer[];
}

/** A draft in its place: what the journal holds, without sealed data. */
export interface Entry extends Omit<Draft, 'sealed'> {
  readonly seq: number;
  /** Written together with the entries up to this one; absent when it was written alone. */
  readonly upTo?: number;
}

/** A row as it is stored: a payment has its place in the order of things from the entry that opens it (I20). */
export function placed(table: Table, values: Values, seq: number): Values {
  return table === 'payment' ? { ...values, seq } : values;
}

/** The bytes that are hashed. Throws RangeError for what is nested too deep to be an entry. */
export function canonicalText(value: unknown): string {
  const text = canonical(value);
  if (text === undefined) throw new RangeError('nested too deep for an entry');
  return text;
}

/** Reads back an entry that this program wrote; the chain has vouched for its bytes. */
export function parseEntry(body: string): Entry {
  const entry: Entry = JSON.parse(body);
  return entry;
}

export function row(amount: number, currency: string): Money {
  return money(amount, currency as Currency);
}
