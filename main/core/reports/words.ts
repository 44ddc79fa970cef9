import type { i18n } from 'i18next';
import { createWords, type WordsLanguage } from '../../../renderer/words/words.ts';

const words = new Map<WordsLanguage, i18n>();

/** The words of a language, made once: a catalogue takes longer to load than a receipt to lay out. */
export function wordsOf(language: WordsLanguage): i18n {
  const known = words.get(language);
  if (known) return known;
  const made = createWords(language);
  words.set(language, made);
  return made;
}
