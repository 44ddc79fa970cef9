import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { openCounter, setUp, signIn, storeName, test, typeKeys, wordsOf } from './support/counter.ts';
import { openTerminal } from './support/terminal.ts';

test('the first start asks for language, store and PINs, and what was wrong is said', async () => {
  const counter = await openCounter({ bare: true });
  const { main, customer } = counter;
  const t = wordsOf('zh-CN');
  await main.getByRole('button', { name: t('language.zh-CN'), exact: true }).click();
  await main.getByRole('button', { name: t('common.next') }).click();
  await main.getByRole('button', { name: t('common.next') }).click();
  await expect(main.getByText(t('setup.nameMissing'))).toBeVisible();
  await main.getByLabel(t('setup.storeName')).fill(storeName);
  await main.getByRole('button', { name: t('common.next') }).click();
  await main.getByRole('button', { name: t('setup.finish') }).click();
  await expect(main.getByText(t('setup.pinShort'))).toBeVisible();
  await main.getByRole('button', { name: t('common.back') }).click();
  await main.reload();
  await setUp(main, 'zh-CN');
  await expect(main.getByText(t('signin.who'))).toBeVisible();
  await expect(main.getByText(storeName)).toBeVisible();
  await expect(customer.getByText(storeName)).toBeVisible();
  await expect(customer.getByText(t('customer.welcome'))).toBeVisible();
  await counter.close();
});

test('a wrong PIN is refused, a right one signs in, and a restart asks again', async () => {
  const counter = await openCounter();
  const { main, t } = counter;
  await main.getByLabel(t('signin.pin', { person: t('person.cashier') })).fill('000000');
  await expect(main.getByRole('alert')).toHaveText(t('refusal.wrong-pin'));
  await signIn(main, t, 'cashier');
  await expect(main.getByText(t('pad.enter'))).toBeVisible();
  const again = await counter.reopen();
  await expect(again.main.getByText(t('signin.who'))).toBeVisible();
  await signIn(again.main, t, 'cashier');
  await typeKeys(again.main, '1');
  await expect(again.main.getByText(t('pad.press'))).toBeVisible();
  await again.close();
});

for (const damage of ['damaged', 'missing'] as const) {
  test(`with a ${damage} acquirer profile the terminal stays open and says what to do`, async () => {
    const counter = await openCounter();
    const { t } = counter;
    const profile = counter.simulators.profile;
    await counter.terminal.close();
    const copy = join(counter.dir, 'profile.json');
    if (damage === 'damaged')
      writeFileSync(copy, readFileSync(profile, 'utf8').replace('"responseMs"', '"responseMS"'));
    const terminal = await openTerminal(['--data', counter.data, '--profile', copy]);
    await expect(terminal.main.getByText(t(`refusal.profile-${damage}`)).first()).toBeVisible();
    await terminal.close();
    await counter.simulators.stop();
    rmSync(counter.dir, { recursive: true, force: true });
  });
}
