import { connect } from 'node:net';
import { expect } from '@playwright/test';
import { charge, openCounter, result, scan, sentence, signIn, test } from './support/counter.ts';

// The first virtual reader of the card daemon: what speaks to this port is a card in its field.
const reader = { name: 'Virtual PCD 00 00', host: '127.0.0.1', port: 35_963 };

function listens(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(reader.port, reader.host);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

test('a card on a PC/SC reader is approved on both windows, and the receipt is printed', async () => {
  expect(await listens(), 'the card daemon runs with its virtual reader').toBe(true);
  const counter = await openCounter({ args: ['--reader', reader.name] });
  const { main, customer, control, t } = counter;
  await signIn(main, t, 'cashier');
  await charge(main, '12.80');
  await expect(sentence(main, t('prompt.present'))).toBeVisible();
  await expect(main.getByText(t('cashier.ready'))).toBeVisible();
  const { left } = await control.ask('tap', { card: 'unionpay-ok', reader: `${reader.host}:${reader.port}` });
  expect(left).toBe('read');
  await expect(result(main)).toHaveText(t('result.approved.title'));
  await expect(result(customer)).toContainText(t('customer.paid'));
  await expect.poll(async () => (await control.paper()).length).toBe(1);
  expect((await control.book()).payments).toMatchObject([{ amount: 1280, state: 'approved', cryptogram: 'right' }]);
  await counter.close();
});

test('without a card daemon the terminal opens, says so, and sells by what remains', async () => {
  const counter = await openCounter({ env: { PCSCLITE_CSOCK_NAME: '/nonexistent/pcscd.comm' } });
  const { main, control, t } = counter;
  await signIn(main, t, 'cashier');
  const { code } = await control.ask('code', { scheme: 'alipay' });
  await charge(main, '2.20');
  await expect(sentence(main, t('prompt.present'))).toBeVisible();
  await scan(counter, String(code));
  await expect(result(main)).toHaveText(t('result.approved.title'));
  await counter.close();
});
