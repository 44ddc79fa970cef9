import { createRouterClient } from '@orpc/server';
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { I18nextProvider } from 'react-i18next';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Core } from '../core.ts';
import { standRouter } from '../stand/router.ts';
import { counterView, customerView } from '../stand/scenes.ts';
import { Frame } from '../ui/frame.tsx';
import { createWords } from '../words/words.ts';
import { CloseSheet } from './close.tsx';

beforeEach(() => {
  HTMLDialogElement.prototype.showModal = function showModal() {
    this.setAttribute('open', '');
  };
  HTMLDialogElement.prototype.close = function close() {
    this.removeAttribute('open');
  };
});
afterEach(cleanup);

test('a Z report that did not come out of the printer is said beside the bank’s agreement', async () => {
  const options = new URLSearchParams();
  const views = { counter: counterView('ready', options), customer: customerView('ready', options) };
  const connection = { status: 'open', client: createRouterClient(standRouter(views)), load: 1 } as const;
  const core: Core = { connection: () => connection, subscribe: () => () => undefined };
  render(
    <I18nextProvider i18n={createWords('en')}>
      <Frame core={core}>
        <CloseSheet zone={undefined} onClose={() => undefined} />
      </Frame>
    </I18nextProvider>,
  );
  fireEvent.click(screen.getByRole('button', { name: 'Close now' }));
  await screen.findByText(/The bank agrees/, undefined, { timeout: 15_000 });
  expect(screen.getByRole('alert').textContent).toMatch(/did not come out of the printer/);
}, 30_000);
