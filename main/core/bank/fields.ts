/**
 * What a field holds: digits, letters and digits, text, bytes (kept as hex), track data, a sign and digits
 * (ISO 8583:1987 clause 4.3: n, an, ans, b, z, x+n).
 */
export type Format = 'n' | 'an' | 'ans' | 'b' | 'z' | 'xn';

/** Digits of a length indicator: none for a fixed field, LL, LLL; LLLL and six where a private field nests others. */
export type Indicator = 0 | 2 | 3 | 4 | 6;

/** One data element (DE) of ISO 8583. */
export interface Field {
  readonly number: number;
  readonly name: string;
  readonly format: Format;
  /** Exact length of a fixed field, longest of a variable one: digits or characters of text, bytes of `b`. */
  readonly length: number;
  readonly indicator: Indicator;
  /** On which side an odd number of digits gets its zero nibble. */
  readonly pad: 'left' | 'right';
  readonly source: string;
}

export type FieldTable = ReadonlyMap<number, Field>;

/** Declares the fields of one book: `source` is where it says so, before the number of the bit. */
export function declare(
  source: string,
  pads: { readonly fixed: Field['pad']; readonly variable: Field['pad'] } = { fixed: 'left', variable: 'left' },
): (number: number, name: string, format: Format, length: number, indicator?: Indicator) => Field {
  return (number, name, format, length, indicator = 0) => ({
    number,
    name,
    format,
    length,
    indicator,
    pad: indicator === 0 ? pads.fixed : pads.variable,
    source: `${source} ${number}`,
  });
}

export function tableOf(fields: readonly Field[]): FieldTable {
  return new Map(fields.map((entry) => [entry.number, entry]));
}
