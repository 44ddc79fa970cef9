import type { Layout } from '../../codec.ts';
import { COUNTERTAP } from '../countertap.ts';
import { HYPERCOM } from '../hypercom.ts';
import { PLAIN_LAYOUTS } from '../named.ts';
import { UNIONPAY } from '../unionpay.ts';

/** Every layout of the product with its name. */
export const layouts: readonly (readonly [name: string, layout: Layout])[] = [
  ['countertap', COUNTERTAP],
  ['hypercom', HYPERCOM],
  ['unionpay', UNIONPAY],
  ...Object.entries(PLAIN_LAYOUTS),
];
