import type { Layout } from '../codec.ts';
import { ISO87_CHARACTERS, ISO87_PACKED } from './iso1987.ts';
import { ISO93_CHARACTERS, ISO93_PACKED } from './iso1993.ts';
import { POSTILION, POSTILION_127 } from './postilion.ts';

/** Layouts of the standard's own fields, for messages of hosts that no profile describes. */
export const PLAIN_LAYOUTS: Readonly<Record<string, Layout>> = {
  'iso87-characters': ISO87_CHARACTERS,
  'iso87-packed': ISO87_PACKED,
  'iso93-characters': ISO93_CHARACTERS,
  'iso93-packed': ISO93_PACKED,
  postilion: POSTILION,
  'postilion-127': POSTILION_127,
};
