import type { Layout } from '../../codec.ts';
import { COUNTERTAP } from '../countertap.ts';
import { HYPERCOM } from '../hypercom.ts';
import { ISO87_CHARACTERS, ISO87_PACKED } from '../iso1987.ts';
import { ISO93_CHARACTERS, ISO93_PACKED } from '../iso1993.ts';
import { POSTILION, POSTILION_127 } from '../postilion.ts';
import { UNIONPAY } from '../unionpay.ts';

/** Every layout of the product with its name. */
export const layouts: readonly (readonly [name: string, layout: Layout])[] = [
  ['countertap', COUNTERTAP],
  ['hypercom', HYPERCOM],
  ['unionpay', UNIONPAY],
  ['iso87-characters', ISO87_CHARACTERS],
  ['iso87-packed', ISO87_PACKED],
  ['iso93-characters', ISO93_CHARACTERS],
  ['iso93-packed', ISO93_PACKED],
  ['postilion', POSTILION],
  ['postilion-127', POSTILION_127],
];
