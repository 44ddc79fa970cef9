import { createRouterClient } from '@orpc/server';
import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react';
import { I18nextProvider } from 'react-i18next';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Core } from '../core.ts';
import { standRouter } from '../stand/router.ts';
import { counterView, customerView } from '../stand/scenes.ts';
import { Frame } from '../ui/frame.tsx';
import { createWords } from '../words/words.ts';
import { Reconcile } from './reconcile.tsx';

let asked: (readonly [string, unknown])[] = [];

function show(): void {
  const options = new URLSearchParams();
  const router = standRouter({
    counter: counterView('ready', options),
    customer: customerView('ready', options),
    asked: (call, input) => asked.push([call, input]),
  });
  const connection = { status: 'open', client: createRouterClient(router), load: 1 } as const;
  const core: Core = { connection: () => connection, subscribe: () => () => undefined };
  render(
    <I18nextProvider i18n={createWords('en')}>
      <Frame core={core}>
        <Reconcile onPayment={(payment) => asked.push(['payment', payment])} />
      </Frame>
    </I18nextProvider>,
  );
}

beforeEach(() => {
  asked = [];
  HTMLDialogElement.prototype.showModal = function showModal() {
    this.setAttribute('open', '');
  };
  HTMLDialogElement.prototype.close = function close() {
    this.removeAttribute('open');
  };
});
afterEach(cleanup);

function choose(name: string): void {
  fireEvent.change(screen.getByLabelText('Choose the bank’s file'), { target: { files: [new File(['a'], name)] } });
}

test('counts come first, then what differs with its reason and what to do', async () => {
  show();
  await screen.findByText(/124 payments/);
  expect(screen.getAllByText(/The bank has it twice/).length).toBeGreaterThan(0);
  expect(screen.getByText('Give back the second charge.')).toBeTruthy();
  expect(screen.getByText(/Nothing is left unexplained/)).toBeTruthy();
  expect(screen.getByText(/Charged too much/).textContent).toContain('￥40.80');
  fireEvent.click(screen.getByRole('button', { name: '260801000007' }));
  expect(asked).toEqual([['payment', '0198f0a0-0000-4000-8000-000000000007']]);
});

test('a chosen file says what became of it; a broken one names the line and changed nothing', async () => {
  show();
  choose('20260801.csv');
  await screen.findByText(/20260801.csv was imported/);
  choose('known.csv');
  await screen.findByText(/imported before/);
  choose('broken.csv');
  const alert = await screen.findByRole('alert');
  expect(alert.textContent).toContain('Line 17');
  expect(alert.textContent).toContain('Nothing of the file was imported');
});

test('a person says how a difference was settled', async () => {
  show();
  await screen.findByText(/124 payments/);
  const [first] = screen.getAllByRole('button', { name: 'Mark as done…' });
  if (first) fireEvent.click(first);
  fireEvent.change(screen.getByLabelText(/One sentence/), { target: { value: 'Bank refunds it' } });
  fireEvent.click(screen.getByRole('button', { name: 'Write it down' }));
  await waitFor(() =>
    expect(asked).toContainEqual([
      'done',
      { statement: 3, line: '0198f0a0-0000-4000-8000-000000000011', how: 'Bank refunds it' },
    ]),
  );
  await waitFor(() => expect(screen.queryByLabelText(/One sentence/)).toBeNull());
});

test('an extra charge is given back in one step', async () => {
  show();
  fireEvent.click(await screen.findByRole('button', { name: 'Give ￥25.80 back…' }));
  fireEvent.click(screen.getByRole('button', { name: 'Give ￥25.80 back' }));
  await waitFor(() => expect(asked).toContainEqual(['refund', { statement: 3, line: 'T0000001:260801000007:sale:1' }]));
});

test('what nobody here sold is given back under the bank’s reference, with a warning, and its refund is told', async () => {
  show();
  fireEvent.click(await screen.findByRole('button', { name: 'Give ￥15.00 back…' }));
  expect(screen.getByText(/reference 260801000042, and no sale here stands for it/)).toBeTruthy();
  fireEvent.click(screen.getByRole('button', { name: 'Give ￥15.00 back' }));
  await waitFor(() => expect(asked).toContainEqual(['refund', { statement: 3, line: 'T0000001:260801000042:sale:0' }]));
  fireEvent.click(screen.getByRole('button', { name: /^Refund 01-000044/ }));
  expect(asked).toContainEqual(['payment', '0198f0a0-0000-4000-8000-000000000044']);
  expect(screen.getByText(/statement does not have it yet/)).toBeTruthy();
});
