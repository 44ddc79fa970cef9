import { cleanup, render, screen } from '@testing-library/react';
import { I18nextProvider } from 'react-i18next';
import { afterEach, expect, test } from 'vitest';
import type { DayReport } from '../../contract/day.ts';
import { report } from '../stand/scenes.ts';
import { createWords } from '../words/words.ts';
import { BooksTable } from './books.tsx';

afterEach(cleanup);

function show(shown: DayReport): void {
  render(
    <I18nextProvider i18n={createWords('en')}>
      <BooksTable report={shown} />
    </I18nextProvider>,
  );
}

test('what is out of the ordinary stands under the books, as on the paper (B8)', () => {
  const irregular = { receiptsMissing: 0, lateAnswers: 2, clockSuspect: 3 };
  show({ ...report, alarms: 1, epoch: 1, irregular });
  expect(screen.getByText(/Records found rolled back: 1 · Begun anew from a backup, times: 1/)).toBeTruthy();
  expect(screen.getByText(/Bank answers late or repeated: 2 · Payments whose time is not verified: 3/)).toBeTruthy();
  expect(screen.queryByText(/passed over/)).toBeNull();
});

test('a decision is told with the name of who took it', () => {
  const decision = { payment: 'p', receiptNo: '01-000007', done: true, cause: 'seen', by: 'owner', at: 0 };
  show({ ...report, decisions: [{ ...decision, amount: { minor: 1_200, currency: 'CNY' } }] });
  expect(screen.getByText(/01-000007 .*12\.00.* \(Owner\): seen/)).toBeTruthy();
});

test('on an ordinary day nothing is said', () => {
  show({ ...report, epoch: 0, irregular: { receiptsMissing: 0, lateAnswers: 0, clockSuspect: 0 } });
  expect(screen.queryByText(/rolled back|not verified|backup/)).toBeNull();
});
