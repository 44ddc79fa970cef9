import type { i18n } from 'i18next';
import { createWords, type WordsLanguage } from '../../../renderer/words/words.ts';

const words = new Map<WordsLanguage, i18n>();

const texts = new WeakMap<i18n, Map<string, string>>();

/** A text without anything to fill in, looked up once: a receipt is made of twenty of them. */
export function textOf(language: i18n, key: string): string {
  const known = texts.get(language) ?? new Map<string, string>();
  texts.set(language, known);
  const text = known.get(key) ?? language.t(key);
  known.set(key, text);
  return text;
}

/** The words of a language, made once: a catalogue takes longer to load than a receipt to lay out. */
export function wordsOf(language: WordsLanguage): i18n {
  const known = words.get(language);
  if (known) return known;
  const made = createWords(language);
  words.set(language, made);
  return made;
}
