import { countertap } from './countertap.ts';
import type { Dialect } from './dialect.ts';
import { hypercom } from './hypercom.ts';
import { unionpay } from './unionpay.ts';

/** The names that a profile may give. */
export const DIALECTS = ['countertap', 'hypercom', 'unionpay'] as const;
export type DialectName = (typeof DIALECTS)[number];

const known: Readonly<Record<DialectName, Dialect>> = { countertap, hypercom, unionpay };

export function dialectOf(name: DialectName): Dialect {
  return known[name];
}
