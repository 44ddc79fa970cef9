import { expect } from '@playwright/test';
import {
  burst,
  type Counter,
  charge,
  openCounter,
  pins,
  result,
  scan,
  sell,
  sentence,
  signIn,
  storeName,
  test,
  typeKeys,
} from './support/counter.ts';

let counter: Counter;

test.beforeAll(async () => {
  counter = await openCounter();
  await signIn(counter.main, counter.t, 'cashier');
});
test.afterAll(async () => {
  await counter?.close();
});

test('a card is approved on both windows, and the receipt is printed', async () => {
  const { main, customer, control, t } = counter;
  await sell(counter, '12.80', 'unionpay-ok');
  await expect(result(main)).toHaveText(t('result.approved.title'));
  await expect(result(customer)).toContainText(t('customer.paid'));
  await expect(customer.getByText('12.80')).toBeVisible();
  await expect.poll(async () => (await control.paper()).length).toBe(1);
  const [paper] = await control.paper();
  expect(paper?.text).toContain('12.80');
  expect((await control.book()).payments).toMatchObject([{ amount: 1280, state: 'approved', cryptogram: 'right' }]);
});

test('a card that the bank declines is not paid, and both windows say so', async () => {
  const { main, customer, control, t } = counter;
  await control.ask('rule', { rule: { on: '0200', do: 'decline', code: '51' } });
  await sell(counter, '20', 'unionpay-2');
  await expect(result(main)).toHaveText(t('result.declined.title'));
  await expect(main.getByText(t('reason.bank-51'))).toBeVisible();
  await expect(main.getByText(t('result.declined.charged'))).toBeVisible();
  await expect(main.getByRole('button', { name: t('result.action.another') })).toBeFocused();
  await expect(result(customer)).toHaveText(t('customer.declined'));
  expect((await control.book()).payments.at(-1)).toMatchObject({ amount: 2000, state: 'declined' });
  await main.keyboard.press('Escape');
  await expect(result(main)).toBeHidden();
});

test('a card that declines by itself is not paid, and the bank never hears of it', async () => {
  const { main, control, t } = counter;
  const before = (await control.book()).payments.length;
  await sell(counter, '21', 'declines');
  await expect(result(main)).toHaveText(t('result.declined.title'));
  await expect(main.getByText(t('reason.card-declined'))).toBeVisible();
  expect((await control.book()).payments.length).toBe(before);
  await main.keyboard.press('Escape');
});

test('a code that is scanned is approved, whatever has the focus', async () => {
  const { main, customer, control, t } = counter;
  const { code } = await control.ask('code', { scheme: 'alipay', behaviour: 'pays' });
  await charge(main, '36');
  await expect(sentence(main, t('prompt.present'))).toBeVisible();
  await main.getByRole('button', { name: t('cashier.reprint') }).focus();
  await scan(counter, String(code));
  await expect(result(main)).toHaveText(t('result.approved.title'));
  await expect(result(customer)).toContainText(t('customer.paid'));
  expect((await control.book()).payments.at(-1)).toMatchObject({ amount: 3600, state: 'approved', maskedPan: null });
});

test('a code that was used before is refused before it is sent', async () => {
  const { main, control, t } = counter;
  const { code } = await control.ask('code', { scheme: 'wechat', behaviour: 'declines' });
  await charge(main, '1');
  await scan(counter, String(code));
  await expect(result(main)).toHaveText(t('result.declined.title'));
  await main.keyboard.press('Escape');
  const before = (await control.book()).payments.length;
  await charge(main, '1');
  await scan(counter, String(code));
  await expect(main.getByText(t('refusal.code-seen-before'))).toBeVisible();
  expect((await control.book()).payments.length).toBe(before);
  await main.keyboard.press('Escape');
  await main.keyboard.press('Escape');
});

test('cash is booked, the drawer opens and paper comes', async () => {
  const { main, control, t } = counter;
  const paper = (await control.paper()).length;
  const { opened } = await control.ask('drawer');
  await typeKeys(main, '5.50');
  await main.keyboard.press('F2');
  await expect(main.getByRole('dialog', { name: t('cash.title') })).toBeVisible();
  await main.keyboard.press('Enter');
  await expect(result(main)).toHaveText(t('result.approved.title'));
  await expect.poll(async () => (await control.paper()).length).toBe(paper + 1);
  await expect.poll(async () => (await control.ask('drawer'))['opened']).toBe(Number(opened) + 1);
});

test('a payment is taken back with the owner’s PIN, and only with that', async () => {
  const { main, control, t } = counter;
  await sell(counter, '7.70', 'unionpay-2');
  await expect(result(main)).toHaveText(t('result.approved.title'));
  await main.keyboard.press('F4');
  const sheet = main.getByRole('dialog');
  await sheet.getByRole('button', { name: '7.70' }).click();
  const pin = sheet.getByLabel(t('void.ownerPin'));
  await pin.fill(pins.cashier);
  await pin.press('Enter');
  await expect(sheet.getByRole('alert')).toHaveText(t('refusal.wrong-pin'));
  await pin.fill(pins.owner);
  await pin.press('Enter');
  await expect(result(main)).toHaveText(t('result.voided.title'));
  const sold = (await control.book()).payments.filter(({ amount }) => amount === 770);
  expect(sold[0]).toMatchObject({ state: 'voided' });
});

test('an amount of nothing, of too much or of letters is refused with a sentence', async () => {
  const { main, control, t } = counter;
  const before = (await control.book()).payments.length;
  await expect(result(main)).toBeHidden();
  for (const keys of ['', '0', '0.00', 'abc', '-']) {
    await typeKeys(main, keys);
    await main.keyboard.press('Enter');
    await expect(main.getByText(t('pad.zero'))).toBeVisible();
    await main.keyboard.press('Escape');
  }
  await charge(main, '9999999.99');
  await expect(main.getByRole('alert')).toHaveText(t('refusal.amount-above-limit'));
  await main.keyboard.press('Escape');
  expect((await control.book()).payments.length).toBe(before);
});

test('keys that are pressed together all count', async () => {
  const { main, control, t } = counter;
  await expect(result(main)).toBeHidden();
  await burst(counter, [...'12.34']);
  await expect(main.getByRole('status', { name: t('pad.amount') })).toHaveText('￥12.34');
  await main.keyboard.press('Escape');
  const before = (await control.book()).payments.length;
  await burst(counter, ['4', '5', 'Enter']);
  await expect(sentence(main, t('prompt.present'))).toBeVisible();
  await expect(main.getByRole('status', { name: t('pad.amount') })).toHaveText('￥45.00');
  await main.keyboard.press('Escape');
  await expect(sentence(main, t('prompt.present'))).toBeHidden();
  expect((await control.book()).payments.length).toBe(before);
});

test('a sale is dropped before anything was sent', async () => {
  const { main, customer, control, t } = counter;
  const before = (await control.book()).payments.length;
  await charge(main, '3');
  await expect(sentence(main, t('prompt.present'))).toBeVisible();
  await expect(customer.getByText('3.00')).toBeVisible();
  await main.keyboard.press('Escape');
  await expect(sentence(main, t('prompt.present'))).toBeHidden();
  await expect(main.getByText(t('pad.enter'))).toBeVisible();
  await expect(result(customer)).toHaveText(storeName);
  expect((await control.book()).payments.length).toBe(before);
});
