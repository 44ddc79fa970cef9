import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test as base, expect, type Locator, type Page } from '@playwright/test';
import { createWords, type WordsLanguage } from '../../../renderer/words/words.ts';
import { type Simulators, startSimulators } from './simulators.ts';
import { openTerminal, type Terminal } from './terminal.ts';
import { cardNumbersIn } from './traces.ts';

export type Person = 'cashier' | 'owner' | 'technician';
export type Words = (key: string, values?: Readonly<Record<string, unknown>>) => string;

export const pins: Readonly<Record<Person, string>> = { cashier: '135790', owner: '246801', technician: '975310' };
export const storeName = '晨光便利店';

/** What is on the screens in a language, from the catalogues that the screens use. */
export function wordsOf(language: WordsLanguage): Words {
  const words = createWords(language);
  return (key, values = {}) => words.t(key, values);
}

/** A whole counter: simulators, terminal, and the folder in which everything they write lies. */
export interface Counter {
  readonly dir: string;
  readonly data: string;
  readonly simulators: Simulators;
  readonly control: Simulators['control'];
  readonly terminal: Terminal;
  readonly main: Page;
  readonly customer: Page;
  readonly t: Words;
  readonly reopen: () => Promise<Counter>;
  /** Ends everything, and throws when a full card number was written anywhere in the data folder. */
  readonly close: () => Promise<void>;
}

interface Setting {
  readonly language?: WordsLanguage;
  /** Laid over the bank's terms before it signs them: shorter times, other limits. */
  readonly terms?: Readonly<Record<string, unknown>>;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The journal's head is kept beside the data folder, as where real money moves. */
  readonly anchored?: boolean;
  /** Without the first set-up. */
  readonly bare?: boolean;
}

/** Times that make the tests quick; everything else as in the shipped virtual counter. */
const quick = { timers: { responseMs: 3_000, reconnectMs: [100, 300], repeatMs: [0, 500, 1_000] } };

const opened = new Set<Counter>();

/** Playwright's test, which keeps a picture of every window of every open counter when it fails. */
export const test = base.extend<{ pictured: undefined }>({
  pictured: [
    async ({ browserName: _ }, use, info) => {
      await use(undefined);
      if (info.status === info.expectedStatus) return;
      for (const counter of opened) {
        for (const page of counter.terminal.app.windows()) {
          const name = new URL(page.url()).searchParams.get('window') ?? 'window';
          await page.screenshot({ path: info.outputPath(`${name}.png`), timeout: 5_000 }).catch(() => undefined);
        }
      }
    },
    { auto: true },
  ],
});

/** Starts simulators and terminal in a folder of their own, and does the first set-up. */
export async function openCounter(setting: Setting = {}): Promise<Counter> {
  const dir = mkdtempSync(join(tmpdir(), 'counter-'));
  const terms = join(dir, 'terms.json');
  writeFileSync(terms, JSON.stringify({ ...quick, ...setting.terms }));
  const simulators = await startSimulators(join(dir, 'simulators'), terms);
  const data = join(dir, 'books');
  const t = wordsOf(setting.language ?? 'en');
  const { profile, virtual, printer } = simulators;
  const args = ['--data', data, '--profile', profile, '--virtual', virtual, '--printer', printer];
  if (setting.anchored) args.push('--anchor', `${data}.anchor`);
  const open = async (): Promise<Counter> => {
    const terminal = await openTerminal([...args, '--zone', 'Asia/Shanghai', ...(setting.args ?? [])], setting.env);
    const { main, customer } = terminal;
    const close = async () => {
      opened.delete(counter);
      await terminal.close();
      await simulators.stop();
      const found = cardNumbersIn(data);
      rmSync(dir, { recursive: true, force: true });
      if (found.length > 0) throw new Error(`Full card numbers were written: ${found.join(', ')}`);
    };
    const reopen = async () => {
      opened.delete(counter);
      await terminal.close();
      return open();
    };
    const { control } = simulators;
    const counter: Counter = { dir, data, simulators, control, terminal, main, customer, t, reopen, close };
    opened.add(counter);
    return counter;
  };
  const counter = await open();
  if (!setting.bare) {
    await setUp(counter.main, setting.language ?? 'en');
    await expect(counter.main.getByText(t('signin.who'))).toBeVisible();
  }
  return counter;
}

/** The first start: language, store, three PINs. */
export async function setUp(page: Page, language: WordsLanguage): Promise<void> {
  await page.getByRole('button', { name: wordsOf(language)(`language.${language}`), exact: true }).click();
  const t = wordsOf(language);
  await page.getByRole('button', { name: t('common.next') }).click();
  await page.getByLabel(t('setup.storeName')).fill(storeName);
  await page.getByRole('button', { name: t('common.next') }).click();
  for (const [person, pin] of Object.entries(pins)) {
    await page.getByLabel(t(`person.${person}`), { exact: true }).fill(pin);
    await page.getByLabel(`${t(`person.${person}`)} · ${t('setup.again')}`).fill(pin);
  }
  await page.getByRole('button', { name: t('setup.finish') }).click();
}

/** Signs a person in by name and PIN. */
export async function signIn(page: Page, t: Words, person: Person): Promise<void> {
  await page.getByRole('button', { name: t(`person.${person}`), exact: true }).click();
  await page.getByLabel(t('signin.pin', { person: t(`person.${person}`) })).fill(pins[person]);
  await expect(page.getByText(t('signin.who'))).toBeHidden();
}

/** Types as a person does: slower than a scanner. */
export async function typeKeys(page: Page, keys: string): Promise<void> {
  for (const key of keys) await page.keyboard.press(key, { delay: 20 }).then(() => page.waitForTimeout(50));
}

/** Types an amount and presses Enter. */
export async function charge(page: Page, amount: string): Promise<void> {
  await typeKeys(page, amount);
  await page.keyboard.press('Enter');
}

/**
 * Keys at once: a few milliseconds apart however busy the machine is, since they enter the window by the operating
 * system's door and not one by one from here.
 */
export async function burst(counter: Counter, keys: readonly string[]): Promise<void> {
  const window = await counter.terminal.app.browserWindow(counter.main);
  await window.evaluate((target, all) => {
    target.webContents.focus();
    for (const keyCode of all) {
      target.webContents.sendInputEvent({ type: 'keyDown', keyCode });
      target.webContents.sendInputEvent({ type: 'keyUp', keyCode });
    }
  }, keys);
}

/** What a scanner in keyboard mode types. */
export function scan(counter: Counter, code: string): Promise<void> {
  return burst(counter, [...code, 'Enter']);
}

/** The sentence that says whose turn it is. */
export function sentence(page: Page, text: string): Locator {
  return page.getByRole('status').filter({ hasText: text });
}

const tills = [wordsOf('zh-CN')('owner.till'), wordsOf('en')('owner.till')];

/** The title of the result that covers the till, not the till's own. */
export function result(page: Page): Locator {
  return page.getByRole('heading', { level: 1 }).filter({ hasNotText: new RegExp(`^(${tills.join('|')})$`) });
}

/** Taps a card on the terminal's own virtual reader, by the panel's button; the card stays until it has been read. */
export async function tap(counter: Counter, card: string): Promise<void> {
  const { cards } = await counter.control.ask('cards');
  const found = (cards as readonly { id: string; label: string; labelZh: string }[]).find(({ id }) => id === card);
  if (found === undefined) throw new Error(`There is no card ${card}.`);
  const panel = counter.terminal.virtual;
  if (panel === undefined) throw new Error('There is no panel.');
  const button = panel.getByRole('button', { name: new RegExp(`^(${found.label}|${found.labelZh})$`) });
  await button.click();
}

/** A whole sale by card, up to the result. */
export async function sell(counter: Counter, amount: string, card: string): Promise<void> {
  await charge(counter.main, amount);
  await expect(sentence(counter.main, counter.t('prompt.present'))).toBeVisible();
  await tap(counter, card);
}
