import { expect } from '@playwright/test';
import { type Counter, openCounter, pins, result, sell, signIn, tap, test, typeKeys } from './support/counter.ts';

let counter: Counter;

test.beforeAll(async () => {
  counter = await openCounter();
  await signIn(counter.main, counter.t, 'cashier');
});
test.afterAll(async () => {
  await counter?.close();
});

/** Opens the payment that stands at `n` among the latest, and asks for its refund. */
async function openRefund(n = 0): Promise<void> {
  const { main, t } = counter;
  await main.getByRole('complementary').getByRole('listitem').nth(n).getByRole('button').click();
  await main.getByRole('button', { name: t('refund.open') }).click();
}

async function picture(name: string): Promise<void> {
  const folder = process.env['COUNTERTAP_PICTURES'];
  if (folder !== undefined) await counter.main.screenshot({ path: `${folder}/${name}.png` });
}

test('a part is given back, then the rest, and then nothing is left to give', async () => {
  const { main, customer, control, t } = counter;
  await sell(counter, '12.80', 'unionpay-ok');
  await expect(result(main)).toHaveText(t('result.approved.title'));
  await expect(result(main)).toBeHidden();
  await openRefund();
  const amount = main.getByLabel(t('refund.amount'));
  await expect(amount).toHaveValue('12.80');
  await amount.fill('13');
  await main.getByLabel(t('void.ownerPin')).fill(pins.owner);
  await expect(main.getByRole('button', { name: t('refund.confirm', { amount: '￥13.00' }) })).toBeDisabled();
  await amount.fill('2.80');
  await main.getByRole('button', { name: t('refund.cause.faulty') }).click();
  await picture('refund');
  await main.getByRole('button', { name: t('refund.confirm', { amount: '￥2.80' }) }).click();
  await expect(result(customer)).toHaveText(t('customer.refunded'));
  await expect.poll(async () => (await control.paper()).at(-1)?.text ?? '').toContain(t('receipt.kind.refund'));
  await picture('refund-done');
  await main.keyboard.press('Escape');
  await expect(result(main)).toBeHidden();

  await openRefund(1);
  await expect(amount).toHaveValue('10.00');
  await main.getByLabel(t('void.ownerPin')).fill(pins.owner);
  await main.getByRole('button', { name: t('refund.confirm', { amount: '￥10.00' }) }).click();
  await expect(main.getByRole('list', { name: t('refund.earlier') }).getByRole('listitem')).toHaveCount(2);
  await expect(main.getByRole('button', { name: t('refund.open') })).toBeHidden();
  await picture('refund-all');
  await main.keyboard.press('Escape');
});

test('an amount is held on a card, and less of it is taken', async () => {
  const { main, t } = counter;
  await expect(result(main)).toBeHidden();
  await typeKeys(main, '50');
  await main.keyboard.press('F9');
  await picture('hold');
  await main.getByRole('button', { name: /50\.00/ }).click();
  await tap(counter, 'visa-ok');
  await expect(result(main)).toHaveText(t('result.authorized.title'));
  await picture('held');
  await main.keyboard.press('Escape');
  await main.getByRole('complementary').getByRole('listitem').nth(0).getByRole('button').click();
  await main.getByRole('button', { name: t('hold.complete') }).click();
  await main.getByRole('textbox', { name: t('payment.amount') }).fill('32');
  await main.getByRole('button', { name: t('hold.take', { amount: '￥32.00' }) }).click();
  await expect(main.getByText(t('state.completed'))).toBeVisible();
  await picture('completed');
});
