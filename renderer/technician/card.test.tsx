import { cleanup, render, screen, within } from '@testing-library/react';
import { I18nextProvider } from 'react-i18next';
import { afterEach, expect, test } from 'vitest';
import type { TestResult } from '../../contract/device.ts';
import { createWords, type WordsLanguage } from '../words/words.ts';
import { CardRead } from './card.tsx';

afterEach(cleanup);

type Card = NonNullable<TestResult['card']>;

const card: Card = {
  aid: 'F043545057414C01',
  label: 'Bank Wallet',
  scheme: 'wallet',
  maskedPan: '990000******0011',
  expiry: '2912',
  kernel: 0,
  oda: { method: 'token', result: 'passed' },
  cvm: 'none',
  cryptogram: { type: 'ARQC', value: '0011223344556677', atc: 7 },
  decision: 'online',
  reason: null,
  unsignedKeys: false,
  choices: [],
  tags: [],
  exchanges: [],
};

function show(language: WordsLanguage, changes: Partial<Card>): HTMLElement {
  const { container } = render(
    <I18nextProvider i18n={createWords(language)}>
      <CardRead card={{ ...card, ...changes }} />
    </I18nextProvider>,
  );
  return container;
}

test.each<[WordsLanguage, number, RegExp]>([
  ['en', 0, /F043545057414C01 · No EMV kernel/],
  ['zh-CN', 0, /不经 EMV 内核/],
  ['en', 2, /Kernel 2/],
])('in %s, kernel %i is said in words', (language, kernel, said) => {
  expect(show(language, { kernel }).textContent).toMatch(said);
});

test.each<[WordsLanguage, Partial<Card>, RegExp]>([
  [
    'en',
    { oda: { method: 'fdda', result: 'failed', step: 'icc-certificate', reason: 'expired' } },
    /Not proved · fDDA · card certificate · expired/,
  ],
  ['zh-CN', { oda: { method: 'none', result: 'not-performed' } }, /真伪验证没有检验/],
  ['en', { decision: 'declined', reason: 'card-blocked' }, /Declined · The bank does not want this card/],
  ['zh-CN', { unsignedKeys: true }, /未签名文件里的 CA 公钥/],
  ['en', { choices: ['Debit', 'Credit'] }, /Asks its holderDebit, Credit/],
])('in %s, what came of it stands in words: %o', (language, changes, said) => {
  expect(show(language, changes).textContent).toMatch(said);
});

test('each exchange is a branch with what it brought', () => {
  show('en', {
    exchanges: [
      { command: 'SELECT PPSE', ms: 4 },
      { command: 'SELECT', ms: 5.25 },
      { command: 'GPO', ms: 40 },
    ],
    tags: [
      { tag: '50', name: 'Application Label', value: '56495341', text: 'VISA', from: 'SELECT' },
      { tag: '9F36', name: 'Application Transaction Counter', value: '001C', from: 'GPO' },
      { tag: '5A', name: 'Application PAN', value: '476173******0119', from: 'GPO' },
    ],
  });
  const branch = (command: string) => within(screen.getByText(command).closest('li') ?? document.body);
  expect(branch('SELECT PPSE').queryAllByRole('listitem')).toHaveLength(0);
  expect(branch('SELECT').getByText('Application Label')).toBeTruthy();
  expect(branch('SELECT').getByText('5.3 ms')).toBeTruthy();
  expect(branch('GPO').getAllByRole('listitem')).toHaveLength(2);
});
