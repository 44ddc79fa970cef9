import { expect } from '@playwright/test';
import {
  type Counter,
  charge,
  openCounter,
  result,
  scan,
  sell,
  sentence,
  signIn,
  tap,
  test,
  typeKeys,
} from './support/counter.ts';
import { corePid } from './support/terminal.ts';

let counter: Counter;

test.beforeAll(async () => {
  counter = await openCounter();
  await signIn(counter.main, counter.t, 'cashier');
  await expect(counter.main.getByText(counter.t('line.online'))).toBeVisible();
});
test.afterAll(async () => {
  await counter?.close();
});

test('with the line cut a card is taken offline, and forwarded once the line is mended', async () => {
  const { main, customer, control, t } = counter;
  await control.ask('line', { up: false });
  await expect(main.getByText(t('line.offline'), { exact: true })).toBeVisible();
  await expect(main.getByText(t('offline.banner'))).toBeVisible();
  await sell(counter, '8.80', 'unionpay-ok');
  await expect(result(main)).toHaveText(t('result.offline.title'));
  await expect(result(customer)).toContainText(t('customer.offline'));
  expect((await control.book()).payments).toEqual([]);
  await main.keyboard.press('Enter');
  const waiting = main.getByRole('banner').getByText(t('bar.queue'));
  await expect(waiting).toBeVisible();
  await control.ask('line', { up: true });
  await expect(main.getByText(t('line.online'))).toBeVisible();
  await expect(waiting).toBeHidden();
  expect((await control.book()).payments).toMatchObject([{ mti: '0220', amount: 880, state: 'approved' }]);
});

test('with the line cut a payment code is refused, with the reason', async () => {
  const { main, control, t } = counter;
  await control.ask('line', { up: false });
  await expect(main.getByText(t('line.offline'), { exact: true })).toBeVisible();
  const { code } = await control.ask('code', { scheme: 'alipay' });
  await charge(main, '2');
  await scan(counter, String(code));
  await expect(
    main.getByText(t('reason.code-needs-line')).or(main.getByText(t('refusal.code-needs-line'))),
  ).toBeVisible();
  await main.keyboard.press('Escape');
  await main.keyboard.press('Escape');
  await control.ask('line', { up: true });
  await expect(main.getByText(t('line.online'))).toBeVisible();
});

test('without an answer a payment is being cancelled, then cancelled, and the customer was not charged', async () => {
  const { main, customer, control, t } = counter;
  await control.ask('rule', { rule: { on: '0200', do: 'drop-answer' } });
  await control.ask('rule', { rule: { on: '0420', do: 'drop-answer' } });
  await sell(counter, '6.60', 'unionpay-2');
  await expect(sentence(main, t('cashier.asking'))).toBeVisible();
  await expect(result(main)).toHaveText(t('result.cancelling.title'));
  await expect(result(customer)).toHaveText(t('customer.cancelling'));
  await expect(result(main)).toHaveText(t('result.reversed.title'), { timeout: 15_000 });
  await expect(main.getByText(t('result.reversed.charged'))).toBeVisible();
  const one = (await control.book()).payments.filter(({ amount }) => amount === 660);
  expect(one).toMatchObject([{ state: 'reversed' }]);
  await main.keyboard.press('Escape');
});

test('a core killed in the middle of a sale comes back with the truth, and nobody is charged twice', async () => {
  const { main, control, t, terminal } = counter;
  await control.ask('rule', { rule: { on: '0200', do: 'delay', ms: 2_500 } });
  await charge(main, '4.40');
  await expect(sentence(main, t('prompt.present'))).toBeVisible();
  await tap(counter, 'visa-ok');
  await expect(sentence(main, t('cashier.asking'))).toBeVisible();
  process.kill((await corePid(terminal.app)) ?? 0, 'SIGKILL');
  await expect(main.getByText(t('connection.restarted'))).toBeVisible();
  await signIn(main, t, 'cashier');
  const line = main.getByRole('button', { name: '4.40' });
  await expect(line.getByRole('img', { name: t('outcome.cancelled') })).toBeVisible({ timeout: 15_000 });
  const one = (await control.book()).payments.filter(({ amount }) => amount === 440);
  expect(one).toMatchObject([{ state: 'reversed' }]);
});

test('without paper the sale stands, and its receipt is printed when there is paper again', async () => {
  const { main, control, t } = counter;
  const before = (await control.paper()).length;
  await control.ask('printer', { trouble: 'paper-end' });
  await sell(counter, '9.90', 'unionpay-ok');
  await expect(result(main)).toHaveText(t('result.approved.title'));
  await expect(main.getByText(t('print.held'))).toBeVisible();
  expect((await control.paper()).length).toBe(before);
  await typeKeys(main, '1');
  await expect(result(main)).toBeHidden();
  await control.ask('printer', { trouble: 'none' });
  await expect.poll(async () => (await control.paper()).length, { timeout: 15_000 }).toBe(before + 1);
  expect((await control.paper()).at(-1)?.text).toContain('9.90');
  // The next sale has begun: the old result does not come back over it.
  await expect(result(main)).toBeHidden();
  await main.keyboard.press('Escape');
});
