import { createInstance, type i18n } from 'i18next';
import en from './en.json' with { type: 'json' };
import zh from './zh-CN.json' with { type: 'json' };

export const catalogues = { 'zh-CN': zh, en } as const;
export type WordsLanguage = keyof typeof catalogues;

/** Words in one language, for pages and receipts alike. Ready when it returns; a missing word shows its key. */
export function createWords(language: WordsLanguage): i18n {
  const words = createInstance();
  void words.init({
    lng: language,
    fallbackLng: false,
    initAsync: false,
    nsSeparator: false,
    returnNull: false,
    interpolation: { escapeValue: false },
    resources: { 'zh-CN': { translation: zh }, en: { translation: en } },
  });
  return words;
}
