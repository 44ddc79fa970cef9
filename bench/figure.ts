/** What a figure may be: `most` or `least` in its own unit. */
export interface Budget {
  readonly most?: number;
  readonly least?: number;
}

/** One measured number. */
export interface Figure {
  /** Known by this name in bench.json and docs/bench.md. */
  readonly name: string;
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly budget?: Budget;
  /** How many times it was done. */
  readonly samples: number;
}

export type Verdict = 'pass' | 'over' | null;

/** Null where a figure has no budget. */
export function verdict({ value, budget }: Figure): Verdict {
  if (!budget) return null;
  const kept =
    value <= (budget.most ?? Number.POSITIVE_INFINITY) && value >= (budget.least ?? Number.NEGATIVE_INFINITY);
  return kept ? 'pass' : 'over';
}

/** The value below which `share` of all lie (nearest rank). */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** Median and 95th percentile of times in milliseconds; the budget is the latter's. */
export function times(name: string, what: string, values: readonly number[], most?: number): Figure[] {
  const one = (suffix: string, share: number, budget: { budget?: Budget }): Figure => ({
    name: `${name}-${suffix}`,
    what: `${what}, ${suffix}`,
    value: percentile(values, share),
    unit: 'ms',
    samples: values.length,
    ...budget,
  });
  return [one('p50', 0.5, {}), one('p95', 0.95, most === undefined ? {} : { budget: { most } })];
}

export function budgetText({ budget, unit }: Figure): string {
  if (budget?.most !== undefined) return `≤ ${budget.most} ${unit}`.trim();
  return budget?.least !== undefined ? `≥ ${budget.least} ${unit}`.trim() : '';
}

/** Three digits that matter, never an exponent. */
export function valueText({ value, unit }: Figure): string {
  const size = Math.abs(value);
  const text = size >= 100 ? Math.round(value).toLocaleString('en') : Number(value.toPrecision(3)).toString();
  return `${text} ${unit}`.trim();
}
