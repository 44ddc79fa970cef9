import { createRouterClient } from '@orpc/server';
import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react';
import type { ReactNode } from 'react';
import { I18nextProvider } from 'react-i18next';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Core } from '../core.ts';
import { Customer } from '../customer/customer.tsx';
import { standRouter } from '../stand/router.ts';
import { counterView, customerView, nows } from '../stand/scenes.ts';
import { Till } from '../till.tsx';
import { createWords } from '../words/words.ts';
import { Frame } from './frame.tsx';

let asked: unknown[] = [];
const payment = nows['choosing']?.phase === 'choosing' ? nows['choosing'].payment : '';

function show(page: ReactNode, scene: string, language: 'en' | 'zh-CN'): void {
  const options = new URLSearchParams(`lang=${language}`);
  const router = standRouter({
    counter: counterView(scene, options),
    customer: customerView(scene, options),
    asked: (call, input) => asked.push([call, input]),
  });
  const connection = { status: 'open', client: createRouterClient(router), load: 1 } as const;
  const core: Core = { connection: () => connection, subscribe: () => () => undefined };
  render(
    <I18nextProvider i18n={createWords(language)}>
      <Frame core={core}>{page}</Frame>
    </I18nextProvider>,
  );
}

beforeEach(() => {
  asked = [];
  localStorage.clear();
});
afterEach(cleanup);

test('the customer chooses an application of the card on the display', async () => {
  show(<Customer />, 'choosing', 'zh-CN');
  await screen.findByText('请选择用哪一种付款');
  fireEvent.click(screen.getByRole('button', { name: 'Visa Credit' }));
  await waitFor(() => expect(asked).toEqual([['choose', { payment, aid: 'A0000000031010' }]]));
});

test('the cashier may press for the customer, for none of them too, and cancel', async () => {
  show(<Till />, 'choosing', 'en');
  fireEvent.click(await screen.findByRole('button', { name: 'None of these' }));
  await waitFor(() => expect(asked).toEqual([['choose', { payment, aid: null }]]));
  fireEvent.keyDown(document.body, { code: 'Escape', key: 'Escape' });
  await waitFor(() => expect(asked.at(-1)).toEqual(['cancel', { payment }]));
});

test('a member’s tag is shown to the cashier by its id, and to the customer without', async () => {
  show(<Till />, 'member', 'en');
  expect(await screen.findByText('Member M-0012345')).toBeTruthy();
  cleanup();
  show(<Customer />, 'member', 'en');
  await screen.findByText('Member read. Now please pay');
  expect(screen.queryByText(/M-0012345/)).toBeNull();
});
