import { expect } from '@playwright/test';
import { charge, openCounter, result, sentence, signIn, test } from './support/counter.ts';

test('the panel plays customer, bank and printer, and shows the paper', async () => {
  const counter = await openCounter();
  const { main, control, t } = counter;
  const panel = counter.terminal.virtual;
  if (panel === undefined) throw new Error('There is no panel.');
  await signIn(main, t, 'cashier');

  await charge(main, '3.30');
  await expect(sentence(main, t('prompt.present'))).toBeVisible();
  await panel.getByRole('button', { name: t('scheme.wechat') }).click();
  await expect(result(main)).toHaveText(t('result.approved.title'));
  const paper = panel.getByRole('region', { name: t('virtual.paper') }).getByRole('img');
  await expect(paper).toHaveCount(1);
  await expect(paper).toHaveAttribute('alt', /3\.30/);
  expect(await paper.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(100);
  await expect(panel.getByText(t('refusal.counter-silent'))).toBeHidden();

  await panel.getByRole('button', { name: t('virtual.lineDown') }).click();
  await expect(main.getByText(t('line.offline'), { exact: true })).toBeVisible();
  await panel.getByRole('button', { name: t('virtual.lineUp') }).click();
  await expect(main.getByText(t('line.online'))).toBeVisible();

  await panel.getByRole('button', { name: t('virtual.cover-open') }).click();
  expect(await control.ask('status')).toMatchObject({ printer: 'cover-open' });
  await expect(main.getByText(t('device.printer.cover-open'))).toBeVisible();
  await panel.getByRole('button', { name: t('virtual.none'), exact: true }).click();
  await expect(main.getByText(t('device.printer.cover-open'))).toBeHidden();
  await counter.close();
});
