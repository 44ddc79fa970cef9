/** One key press, read by its place on the keyboard so that no input method comes between. */
export interface WedgeKey {
  /** What the pad understands: '1', '.', 'Enter', 'Backspace', 'F2', … */
  readonly name: string;
  /** The character that a scanner means by it; null for keys that carry none. */
  readonly text: string | null;
  /** Milliseconds on a clock that never goes back. */
  readonly at: number;
}

/** Keys held back until it is clear whether a scanner or a person typed them. */
export type Held = readonly WedgeKey[];

export interface WedgeStep {
  readonly held: Held;
  /** Keys that a person typed, oldest first. */
  readonly released: readonly WedgeKey[];
  /** A code that a scanner typed. */
  readonly scan: string | null;
}

/** A scanner types this many characters at least, */
export const SCAN_LENGTH = 6;
/** each less than this many milliseconds after the one before. */
export const SCAN_GAP_MS = 35;
/** A key that stays alone this long was typed by a person. */
export const HOLD_MS = 40;
const LONGEST_SCAN = 4096;

/** Takes one key press: holds it, lets it go, or recognises the end of a scan. No key is ever lost. */
export function pressKey(held: Held, key: WedgeKey): WedgeStep {
  const last = held.at(-1);
  const together = last !== undefined && key.at - last.at < SCAN_GAP_MS && held.length < LONGEST_SCAN;
  const before = together ? held : [];
  const released = together ? [] : held;
  if (key.text !== null) return { held: [...before, key], released, scan: null };
  const ends = key.name === 'Enter' || key.name === 'Tab';
  if (ends && before.length >= SCAN_LENGTH) {
    return { held: [], released, scan: before.map((one) => one.text).join('') };
  }
  return { held: [], released: [...released, ...before, key], scan: null };
}

/** Lets go of held keys after which nothing came. Call it `HOLD_MS` after each held key. */
export function passTime(held: Held, now: number): WedgeStep {
  const last = held.at(-1);
  return last !== undefined && now - last.at >= HOLD_MS
    ? { held: [], released: held, scan: null }
    : { held, released: [], scan: null };
}

const symbols: Readonly<Record<string, readonly [plain: string, shifted: string]>> = {
  Digit1: ['1', '!'],
  Digit2: ['2', '@'],
  Digit3: ['3', '#'],
  Digit4: ['4', '$'],
  Digit5: ['5', '%'],
  Digit6: ['6', '^'],
  Digit7: ['7', '&'],
  Digit8: ['8', '*'],
  Digit9: ['9', '('],
  Digit0: ['0', ')'],
  Minus: ['-', '_'],
  Equal: ['=', '+'],
  BracketLeft: ['[', '{'],
  BracketRight: [']', '}'],
  Backslash: ['\\', '|'],
  Semicolon: [';', ':'],
  Quote: ["'", '"'],
  Comma: [',', '<'],
  Period: ['.', '>'],
  Slash: ['/', '?'],
  Backquote: ['`', '~'],
  Space: [' ', ' '],
  NumpadDecimal: ['.', '.'],
  NumpadDivide: ['/', '/'],
  NumpadMultiply: ['*', '*'],
  NumpadSubtract: ['-', '-'],
  NumpadAdd: ['+', '+'],
};

/**
 * The character of a key on the US layout, which is what scanners type.
 * `code` as in UI Events KeyboardEvent code values; null for keys that carry no character.
 */
export function textOfKey(code: string, shift: boolean, capsLock: boolean): string | null {
  const letter = /^Key([A-Z])$/.exec(code)?.[1];
  if (letter !== undefined) return shift === capsLock ? letter.toLowerCase() : letter;
  const digit = /^Numpad(\d)$/.exec(code)?.[1];
  if (digit !== undefined) return digit;
  const pair = symbols[code];
  return pair === undefined ? null : pair[shift ? 1 : 0];
}
