import { expect } from '@playwright/test';
import { type Counter, openCounter, pins, result, sentence, signIn, tap, test, typeKeys } from './support/counter.ts';

let counter: Counter;

test.beforeAll(async () => {
  counter = await openCounter({
    terms: { walletTimers: { firstQueryMs: 300, queryMs: 300 }, shown: { validMs: 4_000 } },
  });
  await signIn(counter.main, counter.t, 'cashier');
});
test.afterAll(async () => {
  await counter?.close();
});

test('a sale is paid by card and cash, and both windows say what is left', async () => {
  const { main, customer, control, t } = counter;
  await typeKeys(main, '100');
  await main.getByRole('button', { name: t('cashier.split') }).click();
  await main.getByRole('button', { name: t('split.byAmount') }).click();
  await expect(main.getByText(t('split.owed'), { exact: true })).toBeVisible();
  await typeKeys(main, '60');
  await main.keyboard.press('Enter');
  await expect(sentence(main, t('prompt.present'))).toBeVisible();
  await tap(counter, 'unionpay-ok');
  await expect(result(main)).toHaveText(t('result.approved.title'));
  await expect(customer.getByText('40.00').first()).toBeVisible();
  await expect(result(main)).toBeHidden();
  await main.keyboard.press('F2');
  await main.getByRole('button', { name: /50\.00/ }).click();
  await expect(main.getByText('10.00')).toBeVisible();
  await main.getByRole('button', { name: t('cash.take') }).click();
  await expect(result(main)).toHaveText(t('result.approved.title'));
  await expect.poll(async () => (await control.paper()).length).toBe(2);
  const last = (await control.paper()).at(-1)?.text ?? '';
  for (const part of ['100.00', '60.00', '40.00', '10.00', t('receipt.change')]) expect(last).toContain(part);
  expect((await control.book()).payments).toMatchObject([{ amount: 6_000, state: 'approved' }]);
  await expect(result(main)).toBeHidden();
});

test('a shown code is scanned and paid', async () => {
  const { main, customer, control, t } = counter;
  await typeKeys(main, '12.80');
  await main.keyboard.press('F7');
  await expect(sentence(main, t('cashier.showing'))).toBeVisible();
  const code = await customer.getByRole('img', { name: t('customer.scan') }).getAttribute('data-code');
  const dearer = String(code).replace('12.80', '12.81');
  expect(await control.ask('pay-shown', { code: dearer })).toMatchObject({ paid: false, why: 'the CRC does not fit' });
  expect(await control.ask('pay-shown', { code: String(code) })).toMatchObject({ paid: true });
  await expect(result(main)).toHaveText(t('result.approved.title'));
  await expect(result(customer)).toContainText(t('customer.paid'));
  await expect(result(main)).toBeHidden();
});

test('a shown code that nobody scans is taken back, and cannot be paid any more', async () => {
  const { main, customer, control, t } = counter;
  await typeKeys(main, '9');
  await main.keyboard.press('F7');
  const code = await customer.getByRole('img', { name: t('customer.scan') }).getAttribute('data-code');
  await expect(main.getByText(t('reason.shown-expired'))).toBeVisible({ timeout: 15_000 });
  expect(await control.ask('pay-shown', { code: String(code) })).toMatchObject({ paid: false });
  expect((await control.book()).payments.at(-1)).toMatchObject({ amount: 900, state: 'reversed' });
  await main.keyboard.press('Escape');
});

test('a sale that is given up gives back what was paid, with the owner’s PIN', async () => {
  const { main, control, t } = counter;
  await main.keyboard.press('Escape');
  await typeKeys(main, '50');
  await main.keyboard.press('F6');
  await main.getByRole('button', { name: t('split.byAmount') }).click();
  await expect(main.getByText(t('split.owed'), { exact: true })).toBeVisible();
  await typeKeys(main, '20');
  await main.keyboard.press('Enter');
  await tap(counter, 'unionpay-2');
  await expect(result(main)).toHaveText(t('result.approved.title'));
  await expect(result(main)).toBeHidden();
  await main.getByRole('button', { name: t('split.drop') }).click();
  await main.getByLabel(t('void.ownerPin')).fill(pins.owner);
  await main
    .getByRole('button', { name: t('split.drop') })
    .last()
    .click();
  await expect(main.getByText(t('split.owed'), { exact: true })).toBeHidden();
  await expect
    .poll(async () => (await control.book()).payments.at(-1))
    .toMatchObject({ amount: 2_000, state: 'voided' });
});
