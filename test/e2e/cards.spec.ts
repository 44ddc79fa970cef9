import { expect } from '@playwright/test';
import { type Counter, charge, openCounter, result, sell, sentence, signIn, tap, test } from './support/counter.ts';

let counter: Counter;

test.beforeAll(async () => {
  counter = await openCounter();
  await signIn(counter.main, counter.t, 'cashier');
});
test.afterAll(async () => {
  await counter?.close();
});

test('a member’s tag, a coupon and the bank’s own wallet: shown beside the sale, and paid', async () => {
  const { main, customer, control, t } = counter;
  await sell(counter, '12.80', 'member');
  await expect(sentence(main, t('prompt.member-read'))).toBeVisible();
  await expect(main.getByText('M-0012345')).toBeVisible();
  await expect(customer.getByText(t('customer.memberRead'))).toBeVisible();
  await expect(customer.getByText('M-0012345')).toBeHidden();
  await tap(counter, 'coupon');
  await expect(sentence(main, t('prompt.coupon-read'))).toBeVisible();
  await expect(main.getByText('TEN-OFF-7')).toBeVisible();
  await tap(counter, 'wallet');
  await expect(result(main)).toHaveText(t('result.approved.title'));
  expect((await control.book()).payments.at(-1)).toMatchObject({ amount: 1280, state: 'approved', scheme: 'wallet' });
});

test('a card with two applications: the customer chooses on the display and taps again', async () => {
  const { main, customer, control, t } = counter;
  await main.keyboard.press('Escape');
  await charge(main, '9.90');
  await expect(sentence(main, t('prompt.present'))).toBeVisible();
  await tap(counter, 'two-applications');
  await expect(sentence(main, t('cashier.choosing'))).toBeVisible();
  await expect(main.getByRole('button', { name: 'UnionPay Debit' })).toBeVisible();
  await customer.getByRole('button', { name: 'UnionPay Credit' }).click();
  await expect(sentence(main, t('prompt.tap-again-chosen'))).toBeVisible();
  await expect(customer.getByText(t('customer.tapAgain'))).toBeVisible();
  await tap(counter, 'two-applications');
  await expect(result(main)).toHaveText(t('result.approved.title'));
  expect((await control.book()).payments.at(-1)).toMatchObject({ amount: 990, state: 'approved', cryptogram: 'right' });
});
