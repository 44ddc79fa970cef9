import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { openCounter, result, sell, signIn, test } from './support/counter.ts';

test('the bank’s file is held against the books: each planted difference is named, a double charge given back', async () => {
  const counter = await openCounter();
  const { main, control, dir, terminal, t } = counter;
  const saved = join(dir, 'saved');
  mkdirSync(saved);
  await terminal.app.evaluate(({ session }, folder) => {
    session.defaultSession.on('will-download', (_event, item) => item.setSavePath(`${folder}/${item.getFilename()}`));
  }, saved);
  await signIn(main, t, 'owner');
  await main.getByRole('button', { name: t('owner.till'), exact: true }).click();
  await expect(main.getByRole('heading', { level: 1, name: t('owner.till') })).toBeAttached();
  for (const amount of ['11', '22', '33', '44', '55']) {
    await sell(counter, amount, 'unionpay-ok');
    await expect(result(main)).toHaveText(t('result.approved.title'));
    await main.keyboard.press('Escape');
  }
  const plants = ['amount', 'duplicate', 'fee', 'unknown'].map((plant) => ({ plant }));
  const { path } = await control.ask('statement', { plants, encoding: 'gbk', language: 'zh', zip: true });

  await main
    .getByRole('navigation')
    .getByRole('button', { name: t('owner.reconciliation') })
    .click();
  await expect(main.getByText(t('reconciliation.none'))).toBeVisible();
  await main.getByLabel(t('reconciliation.choose')).first().setInputFiles(String(path));
  await expect(main.getByText(/was imported: 8 lines/)).toBeVisible();
  const lines = main.locator('section').filter({ hasText: t('reconciliation.lines') });
  const line = (reason: string) => lines.getByRole('row').filter({ hasText: t(`reconciliation.reason.${reason}`) });
  for (const reason of ['amount', 'duplicate-at-bank', 'fee', 'missing-at-till'])
    await expect(line(reason)).toHaveCount(1);
  await expect(lines.getByRole('row')).toHaveCount(5);
  await expect(main.getByText(t('reconciliation.allExplained'))).toBeVisible();

  const twice = line('duplicate-at-bank');
  await twice.getByRole('button', { name: t('reconciliation.refund', { amount: '￥22.00' }) }).click();
  await main
    .getByRole('dialog')
    .getByRole('button', { name: t('reconciliation.refundGo', { amount: '￥22.00' }) })
    .click();
  await expect(twice.getByRole('button', { name: /￥22\.00/ })).toBeHidden();
  await expect.poll(async () => (await control.book()).totals).toMatchObject({ creditCount: 1, creditMinor: 2_200 });

  await line('fee')
    .getByRole('button', { name: t('reconciliation.done') })
    .click();
  await main.getByLabel(t('reconciliation.doneHow')).fill('the bank pays the rest on Monday');
  await main.keyboard.press('Enter');
  await expect(line('fee')).toContainText('the bank pays the rest on Monday');

  await main.getByRole('button', { name: t('reconciliation.csv') }).click();
  await expect.poll(() => readdirSync(saved).filter((name) => name.endsWith('.csv'))).toHaveLength(1);
  const [name = ''] = readdirSync(saved);
  await expect
    .poll(() => readFileSync(join(saved, name), 'utf8'))
    .toContain(t('reconciliation.reason.duplicate-at-bank'));

  await main.getByLabel(t('reconciliation.choose')).first().setInputFiles(String(path));
  await expect(main.getByText(t('reconciliation.known'))).toBeVisible();
  await counter.close();
});
