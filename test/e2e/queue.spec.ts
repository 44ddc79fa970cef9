import { expect } from '@playwright/test';
import { type Counter, openCounter, pins, result, sell, signIn, test } from './support/counter.ts';

let counter: Counter;

test.beforeAll(async () => {
  counter = await openCounter();
});
test.afterAll(async () => {
  await counter?.close();
});

async function line(up: boolean): Promise<void> {
  const { main, control, t } = counter;
  await control.ask('line', { up });
  await expect(main.getByText(t(up ? 'line.online' : 'line.offline'), { exact: true })).toBeVisible();
}

test('the owner pauses forwarding and sends now; what the bank refuses is noted and written off by name', async () => {
  const { main, control, t } = counter;
  await signIn(main, t, 'owner');
  await line(false);
  await main.getByRole('button', { name: t('owner.till'), exact: true }).click();
  await sell(counter, '8.80', 'unionpay-ok');
  await expect(result(main)).toHaveText(t('result.offline.title'));
  await main.keyboard.press('Enter');
  await main.getByRole('button', { name: t('owner.queue') }).click();
  await main.getByRole('button', { name: t('queue.pause') }).click();
  const banner = main.getByRole('status').filter({ hasText: t('person.owner') });
  await expect(banner).toBeVisible();
  await line(true);
  // Longer than forwarding takes to begin.
  await main.waitForTimeout(1_500);
  expect((await control.book()).payments).toEqual([]);
  await control.ask('rule', { rule: { on: '0220', do: 'decline', code: '51' } });
  await main.getByRole('button', { name: t('owner.sendNow') }).click();
  await expect(banner).toBeHidden();
  const work = main.getByRole('region', { name: t('late.title') });
  await expect(work.getByText(t('late.next.contact'))).toBeVisible();
  await work.getByRole('button', { name: t('late.addNote'), exact: true }).click();
  await main.getByLabel(t('late.noteLabel')).fill('called');
  await main.keyboard.press('Enter');
  await expect(work.getByText('called')).toBeVisible();
  await work.getByRole('button', { name: t('late.writeOff') }).click();
  await main.getByLabel(t('late.ownerPin')).fill(pins.owner);
  await main.getByRole('dialog').getByRole('button', { name: /8\.80/ }).click();
  await expect(work.getByText(t('late.none'))).toBeVisible();
  await expect(work.getByText(t('late.did.written-off'))).toBeVisible();
});
