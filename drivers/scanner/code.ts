/** Longest code that any scanner may hand over, in characters. */
export const LONGEST_CODE = 4_096;

export type CodeCheck =
  | { readonly ok: true; readonly text: string }
  /** A sentence part for the technician; never holds what was scanned. */
  | { readonly ok: false; readonly reason: string };

/**
 * What every scanner's reading passes before it counts: terminators and outer spaces taken off, 1 to 4,096 characters,
 * all printable. Control and formatting characters refuse the whole code; nothing is repaired.
 */
export function checkCode(raw: string): CodeCheck {
  const text = raw.trim();
  if (text.length === 0) return { ok: false, reason: 'the code is empty' };
  if (text.length > LONGEST_CODE) return { ok: false, reason: `the code is longer than ${LONGEST_CODE} characters` };
  if (/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\ufffd]/u.test(text)) {
    return { ok: false, reason: 'the code holds characters that cannot be printed' };
  }
  return { ok: true, text };
}
