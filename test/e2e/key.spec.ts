import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';
import { type Counter, openCounter, pins, signIn, test } from './support/counter.ts';
import { artefacts } from './support/terminal.ts';

/** A bank that keeps its key out of the profile. */
const keyless = { masterKey: null };
const FIRST = '00112233445566778899AABBCCDDEEFF';

/** The other component of the bank's key. */
function second({ dir }: Counter): string {
  const { masterKey } = JSON.parse(readFileSync(join(dir, 'simulators/keys.json'), 'utf8'));
  const other = BigInt(`0x${masterKey}`) ^ BigInt(`0x${FIRST}`);
  return other.toString(16).toUpperCase().padStart(32, '0');
}

async function look(page: Page, language: string, name: string): Promise<void> {
  const folder = join(artefacts, 'pictures', language);
  mkdirSync(folder, { recursive: true });
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.screenshot({ path: join(folder, `${name}-1280x800.png`), animations: 'disabled' });
  const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze();
  const found = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  expect.soft(found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`)).toEqual([]);
}

async function openSheet({ main, t }: Counter): Promise<void> {
  await signIn(main, t, 'technician');
  await main.getByRole('button', { name: t('key.title'), exact: true }).click();
  await expect(main.getByRole('dialog')).toBeVisible();
}

async function handIn({ main, t }: Counter, person: 'technician' | 'owner', component: string): Promise<void> {
  await main.getByLabel(t('key.component')).fill(component);
  await main.getByLabel(t('key.pin', { person: t(`person.${person}`) })).fill(pins[person]);
  await main.getByRole('button', { name: t('key.take') }).click();
}

for (const language of ['zh-CN', 'en'] as const) {
  test(`two people load the key of the bank under a passphrase, in ${language}`, async () => {
    const env = { COUNTERTAP_KEY_PASSPHRASE: 'correct horse battery staple' };
    const counter = await openCounter({ language, terms: keyless, env });
    const { main, t } = counter;
    await openSheet(counter);
    await expect(main.getByText(t('key.first'))).toBeVisible();
    await look(main, language, 'technician-key-first');
    await handIn(counter, 'technician', FIRST);
    await expect(main.getByText(t('key.second'))).toBeVisible();
    await look(main, language, 'technician-key-second');
    await handIn(counter, 'owner', second(counter));
    await expect(main.getByText(t('key.places.sealed'))).toBeVisible();
    await expect(main.getByText(t('key.noSession'))).toHaveCount(0);
    await look(main, language, 'technician-key-loaded');
    expect(await main.content()).not.toContain(FIRST);
    await counter.close();
  });
}

/** A D-Bus session with a Secret Service in it, and what the terminal must know to find it. */
interface Keyring {
  readonly env: Readonly<Record<string, string>>;
  readonly close: () => Promise<void>;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const over = once(child, 'exit');
  child.kill('SIGTERM');
  await over;
}

/** Whether somebody answers for the Secret Service on this bus. */
function served(env: NodeJS.ProcessEnv): boolean {
  const asked = ['--print-reply', '--dest=org.freedesktop.DBus', '/', 'org.freedesktop.DBus.NameHasOwner'];
  const { stdout } = spawnSync('dbus-send', [...asked, 'string:org.freedesktop.secrets'], { env, encoding: 'utf8' });
  return stdout.includes('boolean true');
}

/** An unlocked keyring of its own; nothing of the machine's own keyring is touched. */
async function openKeyring(): Promise<Keyring> {
  const home = mkdtempSync(join(tmpdir(), 'keyring-'));
  const own = { HOME: home, XDG_RUNTIME_DIR: home, XDG_DATA_HOME: join(home, 'data'), XDG_CURRENT_DESKTOP: 'GNOME' };
  const bus = spawn('dbus-daemon', ['--session', '--nofork', '--print-address'], {
    env: { ...process.env, ...own },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [address] = (await once(createInterface({ input: bus.stdout }), 'line')) as [string];
  const env = { ...own, DBUS_SESSION_BUS_ADDRESS: address };
  const daemon = spawn('gnome-keyring-daemon', ['--foreground', '--unlock', '--components=secrets'], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  daemon.stdin.end('a password of the test');
  await expect.poll(() => served({ ...process.env, ...env }), { message: 'no Secret Service on the bus' }).toBe(true);
  const close = async (): Promise<void> => {
    await ended(daemon);
    await ended(bus);
    rmSync(home, { recursive: true, force: true });
  };
  return { env, close };
}

const keyring = ['dbus-daemon', 'dbus-send', 'gnome-keyring-daemon'].every((name) =>
  existsSync(join('/usr/bin', name)),
);

test('the key is sealed by the system’s keyring, and opened again after a restart', async () => {
  test.skip(!keyring, 'SKIPPED: no Secret Service here (apt-get install dbus gnome-keyring)');
  const { env, close } = await openKeyring();
  const counter = await openCounter({ terms: keyless, env });
  const { main, t } = counter;
  await openSheet(counter);
  await expect(main.getByText(t('key.sealers.safe-storage'))).toBeVisible();
  await handIn(counter, 'technician', FIRST);
  await expect(main.getByText(t('key.second'))).toBeVisible();
  await handIn(counter, 'owner', second(counter));
  await expect(main.getByText(t('key.places.sealed'))).toBeVisible();
  expect(existsSync(join(counter.data, 'seal.key'))).toBe(true);
  const again = await counter.reopen();
  await openSheet(again);
  await expect(again.main.getByText(t('key.places.sealed'))).toBeVisible();
  await expect(again.main.getByText(t('key.noSession'))).toHaveCount(0);
  await look(again.main, 'en', 'technician-key-keyring');
  await again.close();
  await close();
});

test('without a keyring nothing is sealed and no key is taken, and it says what to do', async () => {
  // What Chromium calls `basic_text`: a password that everybody knows.
  const env = { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent', XDG_CURRENT_DESKTOP: 'none' };
  const counter = await openCounter({ terms: keyless, env });
  const { main, t } = counter;
  await openSheet(counter);
  await expect(main.getByText(t('key.unprotected'))).toBeVisible();
  await expect(main.getByLabel(t('key.component'))).toHaveCount(0);
  expect(existsSync(join(counter.data, 'seal.key'))).toBe(false);
  await look(main, 'en', 'technician-key-none');
  await counter.close();
});
