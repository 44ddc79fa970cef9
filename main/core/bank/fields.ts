/** What a field holds: digits, letters and digits, text, bytes (kept as hex), track data. */
export type Format = 'n' | 'an' | 'ans' | 'b' | 'z';

/** One data element (DE) of ISO 8583. */
export interface Field {
  readonly number: number;
  readonly name: string;
  readonly format: Format;
  /** Exact length of a fixed field, longest of a variable one: digits or characters of text, bytes of `b`. */
  readonly length: number;
  /** Digits of the length indicator: 0 for a fixed field, 2 (LL) or 3 (LLL). */
  readonly indicator: 0 | 2 | 3;
  /** On which side an odd number of digits gets its zero nibble. */
  readonly pad: 'left' | 'right';
  readonly source: string;
}

export type FieldTable = ReadonlyMap<number, Field>;

function field(number: number, name: string, format: Format, length: number, indicator: 0 | 2 | 3 = 0): Field {
  return { number, name, format, length, indicator, pad: 'left', source: `ISO 8583:1987 clause 4.3, bit ${number}` };
}

export function tableOf(fields: readonly Field[]): FieldTable {
  return new Map(fields.map((entry) => [entry.number, entry]));
}

/** The fields of the shipped profile `iso8583` (docs/bank-link.md, "Fields"); no other is accepted. */
export const FIELDS: FieldTable = tableOf([
  field(3, 'processing code', 'n', 6),
  field(4, 'amount, transaction', 'n', 12),
  field(7, 'transmission date and time', 'n', 10),
  field(11, 'systems trace audit number', 'n', 6),
  field(12, 'time, local transaction', 'n', 6),
  field(13, 'date, local transaction', 'n', 4),
  field(14, 'date, expiration', 'n', 4),
  field(22, 'point of service entry mode', 'n', 3),
  field(23, 'card sequence number', 'n', 3),
  field(24, 'network international identifier', 'n', 3),
  field(25, 'point of service condition code', 'n', 2),
  field(37, 'retrieval reference number', 'an', 12),
  field(38, 'authorization identification response', 'an', 6),
  field(39, 'response code', 'an', 2),
  field(41, 'card acceptor terminal identification', 'ans', 8),
  field(42, 'card acceptor identification code', 'ans', 15),
  field(48, 'additional data, private', 'ans', 999, 3),
  field(49, 'currency code, transaction', 'n', 3),
  field(55, 'ICC data', 'b', 255, 3),
  field(60, 'batch number', 'n', 6, 3),
  field(62, 'session key block', 'b', 999, 3),
  field(63, 'totals', 'ans', 999, 3),
  field(64, 'message authentication code', 'b', 8),
  field(90, 'original data elements', 'n', 42),
  field(128, 'message authentication code', 'b', 8),
]);
