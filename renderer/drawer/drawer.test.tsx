import { createRouterClient } from '@orpc/server';
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { I18nextProvider } from 'react-i18next';
import { afterEach, expect, test } from 'vitest';
import type { Language } from '../../contract/counter.ts';
import { money } from '../../contract/money.ts';
import type { Core } from '../core.ts';
import { standRouter } from '../stand/router.ts';
import { counterView, customerView } from '../stand/scenes.ts';
import { Frame } from '../ui/frame.tsx';
import { createWords } from '../words/words.ts';
import { sumOf } from './count.tsx';
import { DrawerPage } from './drawer.tsx';

function show(language: Language): void {
  const counter = counterView('owner', new URLSearchParams(`lang=${language}`));
  const router = standRouter({ counter, customer: customerView('ready', new URLSearchParams()) });
  const connection = { status: 'open', client: createRouterClient(router), load: 1 } as const;
  const core: Core = { connection: () => connection, subscribe: () => () => undefined };
  render(
    <I18nextProvider i18n={createWords(language)}>
      <Frame core={core}>
        <DrawerPage view={counter} />
      </Frame>
    </I18nextProvider>,
  );
}

afterEach(cleanup);

test('so many of each note and coin are their sum', () => {
  expect(sumOf({ 10000: '3', 500: '2', 10: '' }, 'CNY')).toEqual(money(31_000, 'CNY'));
  expect(sumOf({}, 'CNY')).toEqual(money(0, 'CNY'));
});

test.each(['zh-CN', 'en'] as const)('in %s the shift is shown, counted by pieces, and saved', async (language) => {
  const words = createWords(language);
  const t = (key: string) => words.t(key);
  show(language);
  expect(await screen.findByText('￥638.00')).toBeTruthy();
  fireEvent.click(screen.getByRole('button', { name: t('drawer.count') }));
  expect(screen.queryByText('￥638.00'), 'whoever counts does not see what should be there').toBeNull();
  const save = screen.getByRole('button', { name: t('drawer.count') });
  expect(save.hasAttribute('disabled')).toBe(true);
  fireEvent.change(screen.getByLabelText(/100/), { target: { value: '6' } });
  fireEvent.change(screen.getByLabelText(/￥1 ×/), { target: { value: '38' } });
  expect(screen.getByText('￥638.00')).toBeTruthy();
  fireEvent.click(save);
  expect(await screen.findByText(t('drawer.unprinted'))).toBeTruthy();
  expect(document.body.textContent).not.toMatch(/drawer\.[a-z]/i);
});

test('cash out names its reason, and opens only with an amount', async () => {
  show('en');
  fireEvent.click(await screen.findByRole('button', { name: 'Cash out' }));
  fireEvent.click(screen.getByRole('button', { name: 'Expense' }));
  expect(screen.getByRole('button', { name: 'Expense' }).getAttribute('aria-pressed')).toBe('true');
  const go = screen.getByRole('button', { name: 'Cash out' });
  expect(go.hasAttribute('disabled')).toBe(true);
});
