import { expect, type Locator } from '@playwright/test';
import { type Counter, openCounter, pins, result, signIn, test, typeKeys } from './support/counter.ts';

/** A figure by its name. */
function figure(within: Locator, name: string): Locator {
  return within.locator('dl > div').filter({ hasText: name }).first();
}

async function task(counter: Counter, sheet: Locator, name: string): Promise<void> {
  await sheet.getByRole('button', { name: counter.t(name), exact: true }).click();
}

/** Touches the pad of an amount, as where there is no keyboard. */
async function touch(sheet: Locator, keys: string): Promise<void> {
  for (const key of keys) await sheet.getByRole('button', { name: key, exact: true }).first().click();
}

test('float, cash in and out, a blind count that is short, and the report that says so', async () => {
  const counter = await openCounter();
  const { main, control, t } = counter;
  await signIn(main, t, 'cashier');
  await main.getByRole('button', { name: t('cashier.drawer'), exact: true }).click();
  const sheet = main.getByRole('dialog');
  await expect(sheet.getByText(t('drawer.none'))).toBeVisible();
  await task(counter, sheet, 'drawer.setFloat');
  await sheet.getByLabel('￥100').fill('3');
  await sheet.getByLabel('￥50 ×').fill('4');
  await task(counter, sheet, 'drawer.setFloat');
  await expect(figure(sheet, t('drawer.float'))).toContainText('￥500.00');

  await task(counter, sheet, 'drawer.cashIn');
  await touch(sheet, '100');
  await task(counter, sheet, 'drawer.cashIn');
  await expect(figure(sheet, t('drawer.in'))).toContainText('￥100.00');

  await task(counter, sheet, 'drawer.cashOut');
  await touch(sheet, '30');
  await sheet.getByRole('button', { name: t('drawer.reason.expense'), exact: true }).click();
  const pin = sheet.getByLabel(t('drawer.ownerPin'));
  await pin.fill(pins.cashier);
  await task(counter, sheet, 'drawer.cashOut');
  await expect(sheet.getByRole('alert')).toHaveText(t('refusal.wrong-pin'));
  await pin.fill(pins.owner);
  await task(counter, sheet, 'drawer.cashOut');
  await expect(figure(sheet, t('drawer.out'))).toContainText('￥30.00');
  await main.keyboard.press('Escape');

  await typeKeys(main, '12.5');
  await main.keyboard.press('F2');
  await expect(main.getByRole('dialog', { name: t('cash.title') })).toBeVisible();
  await main.keyboard.press('Enter');
  await expect(result(main)).toHaveText(t('result.approved.title'));

  await main.getByRole('button', { name: t('cashier.drawer'), exact: true }).click();
  await expect(figure(sheet, t('drawer.float'))).toBeVisible();
  await expect(figure(sheet, t('drawer.expected')), 'a cashier counts blind').toBeHidden();
  await task(counter, sheet, 'drawer.count');
  await task(counter, sheet, 'drawer.asSum');
  await touch(sheet, '580');
  await task(counter, sheet, 'drawer.count');
  await expect(figure(sheet, t('drawer.difference'))).toContainText(t('drawer.short', { amount: '￥2.50' }));
  await main.keyboard.press('Escape');

  await main.getByRole('button', { name: t('bar.lock') }).click();
  await signIn(main, t, 'owner');
  await main
    .getByRole('navigation')
    .getByRole('button', { name: t('owner.settlement') })
    .click();
  const report = main.locator('section section').filter({ hasText: t('owner.drawer') });
  await expect(figure(report, t('drawer.difference'))).toContainText('￥2.50');
  await main.getByRole('button', { name: t('owner.printX') }).click();
  await expect(main.getByText(t('owner.xPrinted'))).toBeVisible();
  await expect.poll(async () => (await control.paper()).at(-1)?.text).toContain('582.50');
  expect((await control.paper()).at(-1)?.text).toContain('2.50');
  await counter.close();
});
