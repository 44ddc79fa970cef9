import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';
import {
  type Counter,
  charge,
  openCounter,
  result,
  sell,
  sentence,
  setUp,
  signIn,
  storeName,
  tap,
  test,
  typeKeys,
  wordsOf,
} from './support/counter.ts';
import { artefacts } from './support/terminal.ts';

const sizes = [
  { width: 1280, height: 800 },
  { width: 1920, height: 1080 },
] as const;

/** Keeps a picture of a page in both sizes. */
async function picture(page: Page, language: string, name: string): Promise<void> {
  const folder = join(artefacts, 'pictures', language);
  mkdirSync(folder, { recursive: true });
  for (const size of sizes) {
    await page.setViewportSize(size);
    await page.screenshot({ path: join(folder, `${name}-${size.width}x${size.height}.png`), animations: 'disabled' });
  }
}

/** What keeps somebody from using a page; nothing in good order. */
async function obstacles(page: Page): Promise<string[]> {
  const found = await new AxeBuilder({ page }).setLegacyMode(true).analyze();
  return found.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
}

/** Side of the smallest thing to touch, in pixels. */
const TOUCH = 48;

/** What is there to be touched and smaller than a finger, with its size. */
async function small(page: Page): Promise<string[]> {
  const targets = page.locator('button:visible, a:visible, select:visible, [role="button"]:visible');
  return targets.evaluateAll(
    (all, least) =>
      all.flatMap((each) => {
        const { width, height } = each.getBoundingClientRect();
        return Math.min(width, height) < least - 0.5 ? [`${each.textContent} ${width} × ${height}`] : [];
      }),
    TOUCH,
  );
}

async function look(page: Page, language: string, name: string): Promise<void> {
  await picture(page, language, name);
  expect.soft(await obstacles(page), `${language} ${name}`).toEqual([]);
  expect.soft(await small(page), `${language} ${name}: ${TOUCH} px`).toEqual([]);
}

async function atTheStart(counter: Counter, language: 'zh-CN' | 'en'): Promise<void> {
  const { main, t } = counter;
  await main.getByRole('button', { name: t(`language.${language}`), exact: true }).click();
  await look(main, language, 'setup-1');
  await main.getByRole('button', { name: t('common.next') }).click();
  await main.getByLabel(t('setup.storeName')).fill(storeName);
  await look(main, language, 'setup-2');
  await main.getByRole('button', { name: t('common.next') }).click();
  await look(main, language, 'setup-3');
  await main.reload();
  await setUp(main, language);
  await expect(main.getByText(t('signin.who'))).toBeVisible();
  await look(main, language, 'signin');
}

async function atTheTill(counter: Counter, language: string): Promise<void> {
  const { main, customer, control, t } = counter;
  await signIn(main, t, 'cashier');
  await expect(main.getByText(t('line.online'))).toBeVisible();
  await look(main, language, 'cashier-ready');
  await look(customer, language, 'customer-idle');
  await typeKeys(main, '12.8');
  await look(main, language, 'cashier-amount');
  await main.keyboard.press('Enter');
  await expect(sentence(main, t('prompt.present'))).toBeVisible();
  await look(main, language, 'cashier-waiting');
  await look(customer, language, 'customer-amount');
  await tap(counter, 'unionpay-ok');
  await expect(result(main)).toHaveText(t('result.approved.title'));
  await picture(main, language, 'cashier-approved');
  await look(customer, language, 'customer-approved');
  await control.ask('rule', { rule: { on: '0200', do: 'decline', code: '51' } });
  await sell(counter, '120', 'unionpay-2');
  await expect(result(main)).toHaveText(t('result.declined.title'));
  await look(main, language, 'cashier-declined');
  await look(customer, language, 'customer-declined');
  await main.keyboard.press('Escape');
  await control.ask('rule', { rule: { on: '0200', do: 'drop-answer' } });
  await control.ask('rule', { rule: { on: '0420', do: 'drop-answer', times: 3 } });
  await sell(counter, '66', 'unionpay-2');
  await expect(sentence(main, t('cashier.asking'))).toBeVisible();
  await picture(main, language, 'cashier-asking');
  await expect(result(main)).toHaveText(t('result.cancelling.title'));
  await look(main, language, 'cashier-cancelling');
  await expect(result(main)).toHaveText(t('result.reversed.title'), { timeout: 30_000 });
  await look(main, language, 'cashier-cancelled');
  await main.keyboard.press('Escape');
  await control.ask('line', { up: false });
  await expect(main.getByText(t('line.offline'), { exact: true })).toBeVisible();
  await sell(counter, '8.80', 'visa-ok');
  await expect(result(main)).toHaveText(t('result.offline.title'));
  await picture(main, language, 'cashier-offline');
  await main.keyboard.press('Enter');
  await look(main, language, 'cashier-line-cut');
  await main.keyboard.press('F4');
  await main.getByRole('dialog').getByRole('button', { name: '12.80' }).click();
  await look(main, language, 'cashier-void');
  await main.keyboard.press('Escape');
  await main.getByRole('button', { name: t('cashier.drawer'), exact: true }).click();
  await main.getByRole('button', { name: t('drawer.setFloat') }).click();
  await look(main, language, 'cashier-drawer');
  await main.keyboard.press('Escape');
  await control.ask('line', { up: true });
  await expect(main.getByText(t('line.online'))).toBeVisible();
  await main.getByRole('button', { name: t('bar.lock') }).click();
}

async function inTheBackOffice(counter: Counter, language: string): Promise<void> {
  const { main, terminal, t } = counter;
  await signIn(main, t, 'owner');
  await expect(main.getByText(t('owner.zero'))).toBeVisible();
  await look(main, language, 'owner-today');
  for (const page of ['payments', 'queue', 'settlement', 'reconciliation', 'drawer'] as const) {
    await main
      .getByRole('navigation')
      .getByRole('button', { name: t(`owner.${page}`) })
      .click();
    await expect(main.getByRole('heading', { level: 1, name: t(`owner.${page}`) })).toBeVisible();
    await look(main, language, `owner-${page}`);
  }
  await main.getByRole('button', { name: t('bar.lock') }).click();
  await signIn(main, t, 'technician');
  await expect(main.getByRole('heading', { name: t('device.kind.reader') }).first()).toBeVisible();
  await look(main, language, 'technician');
  for (const sheet of ['key', 'decoder']) {
    await main.getByRole('button', { name: t(`${sheet}.title`), exact: true }).click();
    await expect(main.getByRole('dialog')).toBeVisible();
    await look(main, language, `technician-${sheet}`);
    await main.keyboard.press('Escape');
  }
  if (terminal.virtual) await look(terminal.virtual, language, 'virtual');
}

/** The bank's clock is a day and more behind: whoever sells, and whoever looks later, is told that the time is not verified. */
async function withAClockInDoubt(counter: Counter, language: string): Promise<void> {
  const { main, control, t } = counter;
  await main.getByRole('button', { name: t('bar.lock'), exact: true }).click();
  await signIn(main, t, 'cashier');
  await control.ask('clock', { apartMs: -26 * 3_600_000 });
  await control.ask('line', { up: false });
  await control.ask('line', { up: true });
  await expect(main.getByText(t('notice.clock-suspect'))).toBeVisible();
  await sell(counter, '19.90', 'unionpay-ok');
  await expect(result(main)).toHaveText(t('result.approved.title'));
  await expect.poll(async () => (await control.paper()).at(-1)?.text).toContain(t('receipt.clockSuspect'));
  await main.keyboard.press('Escape');
  await look(main, language, 'cashier-clock');
  await main.getByRole('listitem').getByRole('button', { name: '19.90' }).click();
  await expect(main.getByRole('dialog').getByText(t('payment.timeSuspectShort'))).toBeVisible();
  await look(main, language, 'cashier-clock-payment');
  await main.keyboard.press('Escape');
  await main.getByRole('button', { name: t('bar.lock'), exact: true }).click();
  await signIn(main, t, 'owner');
  const open = (page: string) =>
    main
      .getByRole('navigation')
      .getByRole('button', { name: t(page) })
      .click();
  await open('owner.payments');
  await expect(main.getByText(t('payment.timeSuspectShort'))).toHaveCount(1);
  await look(main, language, 'owner-clock-payments');
  await open('owner.settlement');
}

/** The day is closed without paper, and its report is printed later. */
async function atTheClose({ main, control, t }: Counter, language: string): Promise<void> {
  const sheet = main.getByRole('dialog');
  await control.ask('printer', { trouble: 'paper-end' });
  await main.getByRole('button', { name: t('owner.close') }).click();
  await look(main, language, 'owner-close');
  await sheet.getByRole('button', { name: t('close.go') }).click();
  await expect(sheet.getByText(t('close.zNotPrinted'))).toBeVisible({ timeout: 30_000 });
  await look(main, language, 'owner-close-without-paper');
  await main.getByRole('button', { name: t('common.done') }).click();
  await control.ask('printer', { trouble: 'none' });
  await main.getByRole('button', { name: t('owner.z', { n: 1 }) }).click();
  await sheet.getByRole('button', { name: t('owner.printZ') }).click();
  await expect(sheet.getByText(t('owner.zPrinted'))).toBeVisible({ timeout: 15_000 });
  await expect(sheet.getByText(t('report.clockSuspect'))).toBeVisible();
  await look(main, language, 'owner-z');
  expect((await control.paper()).at(-1)?.text).toContain(t('report.clockSuspect'));
}

for (const language of ['zh-CN', 'en'] as const) {
  test(`every page in ${language}: pictures, and nothing that keeps anybody out`, async () => {
    test.setTimeout(240_000);
    const counter = await openCounter({ language, bare: true });
    await atTheStart(counter, language);
    await atTheTill(counter, language);
    await inTheBackOffice(counter, language);
    await withAClockInDoubt(counter, language);
    await atTheClose(counter, language);
    await counter.close();
  });
}

test('the language is switched at the till, for the customer too', async () => {
  const counter = await openCounter({ language: 'en' });
  const { main, customer, t } = counter;
  const zh = wordsOf('zh-CN');
  await signIn(main, t, 'cashier');
  await expect(customer.getByText(t('customer.welcome'))).toBeVisible();
  await main.keyboard.press('F8');
  await expect(main.getByText(zh('pad.enter'))).toBeVisible();
  await expect(customer.getByText(zh('customer.welcome'))).toBeVisible();
  await charge(main, '1');
  await expect(sentence(main, zh('prompt.present'))).toBeVisible();
  await main.keyboard.press('Escape');
  await counter.close();
});
