import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { type Counter, openCounter, pins, result, sell, signIn, test } from './support/counter.ts';

async function approved(counter: Counter, amount: string): Promise<void> {
  await sell(counter, amount, 'unionpay-ok');
  await expect(result(counter.main)).toHaveText(counter.t('result.approved.title'));
  await counter.main.keyboard.press('Escape');
}

/** The books alone: what the screens keep is not put back. */
function copyBooks(from: string, to: string): void {
  for (const name of readdirSync(from)) {
    if (name !== 'screens') cpSync(join(from, name), join(to, name), { recursive: true, force: true });
  }
}

test('a journal that somebody changed stops sales, with what to do; put back as it was, it sells again', async () => {
  const counter = await openCounter();
  const { data, t } = counter;
  await signIn(counter.main, t, 'cashier');
  await approved(counter, '12.80');
  await counter.terminal.close();
  const journal = join(data, 'countertap.journal');
  const sound = readFileSync(journal);
  writeFileSync(journal, sound.toString('utf8').replace('1280', '1080'));

  const stopped = await counter.reopen();
  await expect(stopped.main.getByRole('heading', { name: t('cashier.stopped') })).toBeVisible();
  await expect(stopped.main.getByText(t('refusal.data-damaged'))).toBeVisible();
  for (const step of t('stopped.data-damaged').split('\n')) await expect(stopped.main.getByText(step)).toBeVisible();
  await expect(stopped.main.getByText(t('signin.who'))).toBeHidden();
  await stopped.terminal.close();
  expect(readFileSync(journal, 'utf8'), 'nothing was repaired unasked').toContain('1080');

  writeFileSync(journal, sound);
  const again = await stopped.reopen();
  await signIn(again.main, t, 'cashier');
  await approved(again, '1');
  await again.close();
});

test('an older record sells nothing until the owner has seen what to do and said so', async () => {
  const counter = await openCounter({ anchored: true });
  const { dir, data, t } = counter;
  await signIn(counter.main, t, 'cashier');
  await approved(counter, '1');
  await counter.terminal.close();
  const older = join(dir, 'older');
  copyBooks(data, older);
  const second = await counter.reopen();
  await signIn(second.main, t, 'cashier');
  await approved(second, '2');
  await second.terminal.close();
  for (const name of readdirSync(data)) if (name !== 'screens') rmSync(join(data, name), { recursive: true });
  copyBooks(older, data);

  const rolled = await second.reopen();
  const { main } = rolled;
  await signIn(main, t, 'owner');
  await expect(main.getByRole('alert')).toContainText(t('refusal.record-rolled-back'));
  await main.getByRole('button', { name: t('bar.lock') }).click();
  await signIn(main, t, 'cashier');
  await expect(main.getByRole('alert')).toContainText(t('refusal.record-rolled-back'));
  await main.keyboard.press('5');
  await expect(main.getByRole('button', { name: t('pad.charge') })).toBeDisabled();
  await main.getByRole('button', { name: t('alarm.open') }).click();
  for (const step of t('stopped.record-rolled-back').split('\n'))
    await expect(main.getByRole('dialog').getByText(step)).toBeVisible();
  await main.getByRole('dialog').getByLabel(t('alarm.pin')).fill(pins.owner);
  await main.getByRole('button', { name: t('alarm.go') }).click();
  await expect(main.getByRole('alert')).toBeHidden();
  await main.keyboard.press('Escape');
  await approved(rolled, '3');
  await rolled.close();
});
