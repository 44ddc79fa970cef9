import type { Scanner } from './scanner.ts';
import { CodeSource } from './source.ts';

/** A scanner that types like a keyboard. The page tells a scanner's burst from a person's keys and hands it over whole. */
export interface KeyboardScanner extends Scanner {
  /** One reading as the page put it together. It is checked here again: the page is not trusted. */
  typed(text: string): void;
}

export function openKeyboardScanner(name = 'Keyboard scanner'): KeyboardScanner {
  return new TypingSource(name);
}

class TypingSource extends CodeSource implements KeyboardScanner {
  typed(text: string): void {
    this.read(text);
  }
}
