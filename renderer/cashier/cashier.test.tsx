import { createRouterClient } from '@orpc/server';
import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react';
import type { ReactNode } from 'react';
import { I18nextProvider } from 'react-i18next';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CounterView } from '../../contract/counter.ts';
import type { Core } from '../core.ts';
import { standRouter } from '../stand/router.ts';
import { counterView, customerView, nows } from '../stand/scenes.ts';
import { Till } from '../till.tsx';
import { Frame } from '../ui/frame.tsx';
import { createWords } from '../words/words.ts';

type Call = readonly [call: string, input: unknown];
let asked: Call[] = [];

function coreWith(counter: CounterView): Core {
  const router = standRouter({
    counter,
    customer: customerView('ready', new URLSearchParams()),
    asked: (call, input) => asked.push([call, input]),
  });
  const connection = { status: 'open', client: createRouterClient(router), load: 1 } as const;
  return { connection: () => connection, subscribe: () => () => undefined };
}

function show(core: Core, page: ReactNode = <Till />) {
  render(
    <I18nextProvider i18n={createWords('en')}>
      <Frame core={core}>{page}</Frame>
    </I18nextProvider>,
  );
}

async function till(scene: string, options = '', change: Partial<CounterView> = {}) {
  show(coreWith({ ...counterView(scene, new URLSearchParams(`lang=en&${options}`)), ...change }));
  await screen.findByText('Morning Light');
}

/** Keys as a person types them: slower than any scanner. */
async function type(...codes: readonly string[]) {
  for (const code of codes) {
    fireEvent.keyDown(document.body, { code, key: code });
    await new Promise((resolve) => setTimeout(resolve, 45));
  }
}

beforeEach(() => {
  asked = [];
  localStorage.clear();
  HTMLDialogElement.prototype.showModal = function showModal() {
    this.setAttribute('open', '');
  };
  HTMLDialogElement.prototype.close = function close() {
    this.removeAttribute('open');
  };
});
afterEach(cleanup);

test('digits and Enter charge what is on the display', async () => {
  await till('ready');
  await type('Digit1', 'Numpad2', 'Period', 'Digit8');
  await waitFor(() => expect(screen.getByLabelText('Amount')).toHaveProperty('textContent', '￥12.80'));
  await type('Enter');
  await waitFor(() => expect(asked).toHaveLength(1));
  expect(asked[0]).toEqual(['charge', { key: expect.any(String), amount: { minor: 1280, currency: 'CNY' } }]);
});

test('the pad does the same by touch, and nothing cannot be charged', async () => {
  await till('ready');
  expect(screen.getByRole('button', { name: /Charge/ })).toHaveProperty('disabled', true);
  for (const name of ['5', '00', 'Backspace', 'Decimal point', '5']) {
    fireEvent.click(screen.getByRole('button', { name }));
  }
  fireEvent.click(screen.getByRole('button', { name: /Charge/ }));
  await waitFor(() =>
    expect(asked).toEqual([['charge', { key: expect.any(String), amount: { minor: 5050, currency: 'CNY' } }]]),
  );
});

test('what a scanner types goes to the core whole, whatever has the focus', async () => {
  await till('waiting');
  screen.getByRole('button', { name: /Cancel/ }).focus();
  for (const digit of '281234567890123456')
    fireEvent.keyDown(document.activeElement ?? document, { code: `Digit${digit}` });
  const enter = fireEvent.keyDown(document.activeElement ?? document, { code: 'Enter', key: 'Enter' });
  expect(enter).toBe(false);
  await waitFor(() => expect(asked).toEqual([['scanned', { text: '281234567890123456' }]]));
  await screen.findByText('Enter the amount first, then scan.');
});

test('a button touched before does not take the Enter that follows an amount', async () => {
  await till('ready');
  const keys = screen.getByRole('button', { name: 'Keys' });
  keys.focus();
  fireEvent.keyDown(keys, { code: 'Digit5', key: '5' });
  await new Promise((resolve) => setTimeout(resolve, 60));
  fireEvent.keyDown(document.activeElement ?? document.body, { code: 'Enter', key: 'Enter' });
  await waitFor(() =>
    expect(asked).toEqual([['charge', { key: expect.any(String), amount: { minor: 500, currency: 'CNY' } }]]),
  );
});

test('Escape cancels a waiting sale', async () => {
  await till('waiting');
  await type('Escape');
  const now = nows['waiting'];
  await waitFor(() => expect(asked).toEqual([['cancel', { payment: now?.phase === 'waiting' && now.payment }]]));
});

test.each([
  'approved',
  'offline',
  'declined',
  'cancelling',
  'unknown',
  'cancelled',
  'voiding',
  'voided',
  'void-refused',
  'refunded',
  'refunding',
  'refund-refused',
  'authorized',
])('the result %s is a heading of its own over the whole till', async (scene) => {
  await till(scene);
  const titles = await screen.findAllByRole('heading', { level: 1 });
  expect(titles).toHaveLength(1);
  expect(screen.queryByRole('button', { name: /Charge$/ })).toBeNull();
});

test('a good result leaves by itself', async () => {
  await till('approved');
  await screen.findByText('Approved', { selector: 'h1' });
  await waitFor(() => expect(screen.queryByText('Approved', { selector: 'h1' })).toBeNull(), { timeout: 4_000 });
  expect(asked).toEqual([]);
});

test('a bad end waits for a person', async () => {
  await till('declined');
  await screen.findByText('Not paid', { selector: 'h1' });
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  expect(document.activeElement).toBe(screen.getByRole('button', { name: 'Try another way' }));
  fireEvent.click(screen.getByRole('button', { name: 'Drop this sale' }));
  expect(screen.queryByText('Not paid', { selector: 'h1' })).toBeNull();
  await waitFor(() => expect(asked).toEqual([['dismiss', {}]]));
});

test('digits typed over a result start the next sale', async () => {
  await till('approved');
  await type('Digit7');
  await waitFor(() => expect(screen.getByLabelText('Amount')).toHaveProperty('textContent', '￥7.00'));
});

test('a void needs the owner’s PIN, and says when it was wrong', async () => {
  await till('ready');
  await type('F4');
  const sheet = await screen.findByRole('dialog');
  fireEvent.click(sheet.querySelector('li button') ?? sheet);
  const go = await screen.findByRole('button', { name: /^Void ￥/ });
  expect(go).toHaveProperty('disabled', true);
  fireEvent.change(screen.getByLabelText(/owner's PIN/), { target: { value: '12a34 56789' } });
  fireEvent.click(go);
  await screen.findByText('Wrong PIN. Try again.');
  expect(asked).toEqual([['void', { key: expect.any(String), payment: expect.any(String), ownerPin: '123456' }]]);
});

test('sales that are stopped say why, and nothing can be charged', async () => {
  await till('ready', 'stopped');
  await type('Digit5');
  expect(screen.getByRole('alert').textContent).toContain('Sales are stopped');
  expect(screen.getByRole('main').textContent).toContain('Sales are stopped');
  expect(screen.getByRole('button', { name: /Charge/ })).toHaveProperty('disabled', true);
  fireEvent.click(screen.getByRole('button', { name: 'What to do…' }));
  expect(screen.getByRole('dialog').textContent).toContain('terminal restore');
  expect(screen.queryByLabelText('Owner’s PIN'), 'damage is no matter of a PIN').toBeNull();
});

test('a record that is older than it was sells again when the owner has seen it, and says what to do first', async () => {
  await till('ready', 'stopped=record-rolled-back');
  fireEvent.click(screen.getByRole('button', { name: 'What to do…' }));
  expect(screen.getAllByRole('listitem').map((step) => step.textContent)).toContainEqual(
    expect.stringContaining('paper receipts'),
  );
  const go = screen.getByRole('button', { name: 'I have seen it: sell again' });
  for (const [pin, said] of [
    ['000000', 1],
    ['246801', 2],
  ] as const) {
    fireEvent.change(screen.getByLabelText('Owner’s PIN'), { target: { value: pin } });
    fireEvent.click(go);
    await waitFor(() => expect(asked).toHaveLength(said));
    if (said === 1) await screen.findByText('Wrong PIN. Try again.');
  }
  expect(asked.at(-1)).toEqual(['acknowledge', { ownerPin: '246801' }]);
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
});

test('without a connection no button acts, and the page says so', () => {
  const connection = { status: 'lost', load: 1 } as const;
  show({ connection: () => connection, subscribe: () => () => undefined }, <button type="button">Charge</button>);
  expect(screen.getByText('Reconnecting to the terminal core')).toBeTruthy();
  expect(screen.getByText('Charge').closest('[inert]')).not.toBeNull();
});
