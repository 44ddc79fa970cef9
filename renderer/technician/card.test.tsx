import { cleanup, render, screen } from '@testing-library/react';
import { I18nextProvider } from 'react-i18next';
import { afterEach, expect, test } from 'vitest';
import { createWords, type WordsLanguage } from '../words/words.ts';
import { CardRead } from './card.tsx';

afterEach(cleanup);

const card = {
  label: 'Bank Wallet',
  scheme: 'wallet',
  maskedPan: '990000******0011',
  expiry: '2912',
  oda: 'token passed',
  tags: [],
  exchanges: [],
};

test.each<[WordsLanguage, number, RegExp]>([
  ['en', 0, /12\/29 · No EMV kernel · /],
  ['zh-CN', 0, /12\/29 · 不经 EMV 内核 · /],
  ['en', 2, /12\/29 · Kernel 2 · /],
])('in %s, kernel %i is said in words', (language, kernel, said) => {
  render(
    <I18nextProvider i18n={createWords(language)}>
      <CardRead card={{ ...card, kernel }} />
    </I18nextProvider>,
  );
  expect(screen.getByText('Bank Wallet').parentElement?.textContent).toMatch(said);
});
