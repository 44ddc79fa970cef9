import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { _electron, type ElectronApplication, type Page } from '@playwright/test';

/** Where pictures are kept. */
export const artefacts = process.env['COUNTERTAP_ARTEFACTS'] ?? join(tmpdir(), 'countertap-e2e');

/** The packed terminal, running, with its windows. */
export interface Terminal {
  readonly app: ElectronApplication;
  readonly main: Page;
  readonly customer: Page;
  /** The virtual counter's panel; only when one was named. */
  readonly virtual: Page | undefined;
  readonly close: () => Promise<void>;
}

/** The packed program; the runner names it. */
export function program(): string {
  const path = process.env['COUNTERTAP_APP'];
  if (path === undefined) throw new Error('COUNTERTAP_APP names no program: run the tests by npm test.');
  return path;
}

/** The environment of the terminal: ours without what would change how Electron starts. */
export function environment(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const { ELECTRON_RUN_AS_NODE, NODE_OPTIONS, ...env } = process.env;
  const given = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return { ...Object.fromEntries(given), ...more };
}

async function windowOf(app: ElectronApplication, name: string): Promise<Page> {
  const wanted = (page: Page) => page.url().includes(`window=${name}`);
  const deadline = Date.now() + 20_000;
  while (Date.now() < deadline) {
    const found = app.windows().find(wanted);
    if (found !== undefined) return found;
    await new Promise((resume) => setTimeout(resume, 50));
  }
  throw new Error(
    `The window ${name} did not open; there are ${app
      .windows()
      .map((page) => page.url())
      .join(', ')}.`,
  );
}

/** Opens the terminal with `args` and waits for its windows. Root cannot have Chromium's sandbox. */
export async function openTerminal(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Terminal> {
  mkdirSync(artefacts, { recursive: true });
  const app = await _electron.launch({
    executablePath: program(),
    args: [...args],
    env: environment(env),
    chromiumSandbox: process.getuid?.() !== 0,
  });
  const main = await windowOf(app, 'main');
  const customer = await windowOf(app, 'customer');
  const virtual = args.includes('--virtual') ? await windowOf(app, 'virtual') : undefined;
  return { app, main, customer, virtual, close: () => app.close() };
}

/** The process of the core, by its name among the app's processes; undefined while there is none. */
export function corePid(app: ElectronApplication): Promise<number | undefined> {
  return app.evaluate(
    ({ app: electron }) =>
      electron.getAppMetrics().find((process) => process.type === 'Utility' && process.name === 'Countertap core')?.pid,
  );
}
