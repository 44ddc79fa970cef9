import { countertap } from './countertap.ts';
import type { Dialect } from './dialect.ts';
import { hypercom } from './hypercom.ts';
import { unionpay } from './unionpay.ts';

const known: Readonly<Record<string, Dialect>> = { countertap, hypercom, unionpay };

/** The dialect of a name as profiles give it. Throws for one that does not exist. */
export function dialectNamed(name: string): Dialect {
  const found = known[name];
  if (found === undefined) throw new Error(`There is no dialect ${name}; there are ${Object.keys(known).join(', ')}.`);
  return found;
}
