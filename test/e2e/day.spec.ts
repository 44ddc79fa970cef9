import { expect } from '@playwright/test';
import {
  type Counter,
  charge,
  openCounter,
  pins,
  result,
  scan,
  sell,
  signIn,
  test,
  typeKeys,
} from './support/counter.ts';

/** Sales of every kind: card, code, cash, one taken back, one offline and forwarded. */
async function trade(counter: Counter): Promise<void> {
  const { main, control, t } = counter;
  const approved = () => expect(result(main)).toHaveText(t('result.approved.title'));
  await sell(counter, '10', 'unionpay-ok');
  await approved();
  const { code } = await control.ask('code', { scheme: 'alipay' });
  await charge(main, '20');
  await expect(main.getByText(t('prompt.present'))).toBeVisible();
  await scan(counter, String(code));
  await approved();
  await typeKeys(main, '30');
  await main.keyboard.press('F2');
  await expect(main.getByRole('dialog', { name: t('cash.title') })).toBeVisible();
  await main.keyboard.press('Enter');
  await approved();
  await sell(counter, '40', 'unionpay-2');
  await approved();
  await main.keyboard.press('F4');
  const sheet = main.getByRole('dialog');
  await sheet.getByRole('button', { name: '40.00' }).click();
  await sheet.getByLabel(t('void.ownerPin')).fill(pins.owner);
  await main.keyboard.press('Enter');
  await expect(result(main)).toHaveText(t('result.voided.title'));
  await control.ask('line', { up: false });
  await expect(main.getByText(t('line.offline'), { exact: true })).toBeVisible();
  await sell(counter, '5', 'visa-ok');
  await expect(result(main)).toHaveText(t('result.offline.title'));
  await control.ask('line', { up: true });
}

test('the day is closed, and the bank’s figures are the terminal’s', async () => {
  const counter = await openCounter();
  const { main, control, t } = counter;
  await signIn(main, t, 'cashier');
  await trade(counter);
  await main.getByRole('button', { name: t('bar.lock') }).click();
  await signIn(main, t, 'owner');
  await expect(main.getByText(t('owner.zero'))).toBeVisible();
  const bank = (await control.book()).totals;
  expect(bank).toEqual({ debitCount: 4, debitMinor: 7_500, creditCount: 1, creditMinor: 4_000 });
  await main.getByRole('button', { name: t('owner.close') }).click();
  await main
    .getByRole('dialog')
    .getByRole('button', { name: t('close.go') })
    .click();
  await expect(main.getByRole('dialog').getByText(t('close.agreed'))).toBeVisible({ timeout: 20_000 });
  for (const book of ['terminal', 'ledger', 'journal', 'bank']) {
    const row = main.getByRole('dialog').getByRole('row', { name: new RegExp(`^${t(`books.${book}`)}`) });
    await expect(row).toContainText('￥75.00');
    await expect(row).toContainText('￥40.00');
    await expect(row).toContainText(t('books.agrees'));
  }
  expect((await control.book()).closed).toEqual([1]);
  const paper = await control.paper();
  expect(paper.at(-1)?.text).toContain('75.00');
  await main.getByRole('button', { name: t('common.done') }).click();
  await main.getByRole('button', { name: t('owner.z', { n: 1 }) }).click();
  await main
    .getByRole('dialog')
    .getByRole('button', { name: t('owner.printZ') })
    .click();
  await expect(main.getByRole('dialog').getByText(t('owner.zPrinted'))).toBeVisible();
  const again = (await control.paper()).at(-1)?.text ?? '';
  expect(again).toContain('DUPLICATE');
  expect(again).toContain('75.00');
  await counter.close();
});
