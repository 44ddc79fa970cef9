import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { I18nextProvider } from 'react-i18next';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { KeyView } from '../../contract/key.ts';
import type { Core, TerminalClient } from '../core.ts';
import { Frame } from '../ui/frame.tsx';
import { createWords } from '../words/words.ts';
import { DecoderSheet } from './decoder.tsx';
import { KeySheet } from './key.tsx';

beforeAll(() => {
  HTMLDialogElement.prototype.showModal ??= function showModal(this: HTMLDialogElement) {
    this.open = true;
  };
  HTMLDialogElement.prototype.close ??= function close(this: HTMLDialogElement) {
    this.open = false;
  };
});

afterEach(cleanup);

const COMPONENT = '00112233445566778899AABBCCDDEEFF';
const view: KeyView = {
  place: 'none',
  sealer: 'passphrase',
  check: null,
  algorithm: 'AES-128',
  session: null,
  first: null,
};

/** A core that answers these calls alone. */
function coreWith(client: object): Core {
  const connection = { status: 'open', client: client as TerminalClient, load: 1 } as const;
  return { subscribe: () => () => undefined, connection: () => connection } as unknown as Core;
}

function show(client: object, sheet: React.ReactNode): void {
  render(
    <I18nextProvider i18n={createWords('en')}>
      <Frame core={coreWith(client)}>{sheet}</Frame>
    </I18nextProvider>,
  );
}

test('a component is hidden while it is typed and gone from the page when it was handed in', async () => {
  let now = view;
  const component = vi.fn(async () => {
    now = { ...view, first: { by: 'technician', check: '08D7B4' } };
    return { check: '08D7B4', loaded: null };
  });
  show(
    { keys: { state: async () => now, component } },
    <KeySheet zone="Asia/Shanghai" line="online" onClose={() => undefined} />,
  );
  const field = await screen.findByLabelText<HTMLInputElement>(/Component/, undefined, { timeout: 5000 });
  expect(field.type).toBe('password');
  fireEvent.change(field, { target: { value: COMPONENT } });
  fireEvent.change(screen.getByLabelText(/PIN of/), { target: { value: '333333' } });
  fireEvent.submit(field.form as HTMLFormElement);
  expect(await screen.findByText(/08D7B4/)).toBeTruthy();
  expect(component).toHaveBeenCalledWith({ person: 'technician', pin: '333333', component: COMPONENT });
  expect(document.body.innerHTML).not.toContain(COMPONENT);
  for (const input of document.querySelectorAll('input')) expect(input.value).not.toContain('0011');
});

test('without a safe place nothing can be typed, and it says what to do', async () => {
  show(
    { keys: { state: async () => ({ ...view, sealer: 'none' }) } },
    <KeySheet zone={undefined} line="offline" onClose={() => undefined} />,
  );
  expect(await screen.findByText(/COUNTERTAP_KEY_PASSPHRASE/, undefined, { timeout: 5000 })).toBeTruthy();
  expect(document.querySelector('input')).toBeNull();
});

test('a message is taken apart by field number and name', async () => {
  const fields = [{ number: 11, name: 'systems trace audit number', format: 'n6', value: '000042' }];
  const mac = { field: 64, value: '00', scheme: 'aes-cmac', right: false };
  const message = { dialect: 'countertap', length: 62, header: '', mti: '0800', fields, mac };
  const decode = vi.fn(async () => ({ ok: true, message }));
  show({ messages: { decode } }, <DecoderSheet onClose={() => undefined} />);
  fireEvent.change(screen.getByRole('textbox', { hidden: true }), { target: { value: ' 0800 ' } });
  fireEvent.submit(document.querySelector('form') as HTMLFormElement);
  expect(await screen.findByText('Systems trace audit number')).toBeTruthy();
  expect(screen.getByText(/MAC wrong/)).toBeTruthy();
  expect(decode).toHaveBeenCalledWith({ hex: '0800' });
});
