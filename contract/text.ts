import { z } from './schema.ts';

/** Halves of a surrogate pair, control characters, line ends, and the marks that turn the direction of what follows. */
const UNFIT = /[\p{Cs}\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

/**
 * One line of a person's own words, `least` to `most` UTF-16 units. What no database keeps as it was given (half of a
 * surrogate pair comes back as U+FFFD, and a record that differs from its journal stops the terminal) and what paper and
 * screens would not show as it stands is refused.
 */
export function ownWords(least: number, most: number): z.ZodString {
  return z
    .string()
    .trim()
    .min(least)
    .max(most)
    .refine((text) => !UNFIT.test(text), { error: 'not one line of plain text' });
}
