import { expect } from '@playwright/test';
import { charge, openCounter, sentence, signIn, tap, test, typeKeys } from './support/counter.ts';
import { corePid } from './support/terminal.ts';

test('a core that is stuck is said to be silent, goes on if it comes back, and is started again if it does not', async () => {
  test.skip(process.platform === 'win32', 'there is no signal that only stops a process');
  const counter = await openCounter();
  const { main, customer, control, terminal, t } = counter;
  await signIn(main, t, 'cashier');
  await expect(main.getByText(t('line.online'))).toBeVisible();
  await typeKeys(main, '4.4');
  const pid = (await corePid(terminal.app)) ?? 0;
  const silent = main.getByText(t('connection.silent'));

  process.kill(pid, 'SIGSTOP');
  await expect(silent).toBeVisible({ timeout: 20_000 });
  await expect(customer.getByText(t('customer.reconnecting'))).toBeVisible();
  process.kill(pid, 'SIGCONT');
  await expect(silent).toBeHidden();
  expect(await corePid(terminal.app), 'it was only busy').toBe(pid);

  await control.ask('rule', { rule: { on: '0200', do: 'delay', ms: 2_500 } });
  await charge(main, '0');
  await expect(sentence(main, t('prompt.present'))).toBeVisible();
  await tap(counter, 'unionpay-ok');
  await expect(sentence(main, t('cashier.asking'))).toBeVisible();
  process.kill(pid, 'SIGSTOP');
  await expect(main.getByText(t('connection.restarted'))).toBeVisible({ timeout: 40_000 });
  expect(await corePid(terminal.app)).not.toBe(pid);
  await signIn(main, t, 'cashier');
  const line = main.getByRole('button', { name: '4.40' });
  await expect(line.getByRole('img', { name: t('outcome.cancelled') })).toBeVisible({ timeout: 15_000 });
  expect((await control.book()).payments).toMatchObject([{ amount: 440, state: 'reversed' }]);
  await counter.close();
});
