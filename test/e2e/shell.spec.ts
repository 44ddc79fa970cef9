import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { wordsOf } from './support/counter.ts';
import { corePid, environment, openTerminal, program, type Terminal } from './support/terminal.ts';

// The tests of this file are about one terminal, from its start to its end.
test.describe.configure({ mode: 'serial' });

let dir: string;
let terminal: Terminal;

test.beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'terminal-'));
  terminal = await openTerminal(['--data', dir]);
});
test.afterAll(async () => {
  await terminal?.app.close().catch(() => undefined);
  rmSync(dir, { recursive: true, force: true });
});

test('pages live in the sandbox, with the operating system and Node out of reach', async () => {
  const found = await terminal.main.evaluate(() => ({
    node: ['require', 'process', 'module', 'Buffer', 'ipcRenderer', 'electron'].filter((name) => name in globalThis),
    secure: isSecureContext,
    origin: location.origin,
  }));
  expect(found).toEqual({ node: [], secure: true, origin: 'app://terminal' });
  test.skip(
    process.platform !== 'linux' || process.getuid?.() === 0,
    'the sandbox itself needs Linux and an ordinary user',
  );
  const pid = await terminal.app.evaluate(({ webContents }) => webContents.getAllWebContents()[0]?.getOSProcessId());
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  expect(status).toMatch(/^Seccomp:\s+2$/m);
  expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
});

test('pages reach nothing: no network, no other file, no window, no other page', async () => {
  const page = terminal.main;
  const before = page.url();
  const tried = await page.evaluate(async () => {
    const outcome = (promise: Promise<unknown>) =>
      promise.then(
        () => 'reached',
        () => 'refused',
      );
    const image = (src: string) =>
      outcome(
        new Promise((resolve, reject) => {
          const element = new Image();
          element.addEventListener('load', resolve);
          element.addEventListener('error', reject);
          element.src = src;
        }),
      );
    return {
      fetched: await outcome(fetch('https://example.org/')),
      own: await outcome(fetch('app://terminal/index.html')),
      outside: await image('https://example.org/favicon.ico'),
      file: await image('file:///usr/share/pixmaps/debian-logo.png'),
      opened: window.open('https://example.org/') === null,
      text: (() => {
        try {
          return typeof new Function('return 1')();
        } catch {
          return 'refused';
        }
      })(),
      html: (() => {
        try {
          document.createElement('div').innerHTML = '<b>x</b>';
          return 'set';
        } catch {
          return 'refused';
        }
      })(),
    };
  });
  expect(tried).toEqual({
    fetched: 'refused',
    own: 'refused',
    outside: 'refused',
    file: 'refused',
    opened: true,
    text: 'refused',
    html: 'refused',
  });
  await page.evaluate(() => {
    location.href = 'https://example.org/';
  });
  await page.waitForTimeout(300);
  expect(page.url()).toBe(before);
});

test('pages are granted no permission', async () => {
  const states = await terminal.main.evaluate(async () => {
    const names = ['geolocation', 'notifications', 'camera', 'microphone', 'midi'] as PermissionName[];
    return Promise.all(names.map(async (name) => (await navigator.permissions.query({ name })).state));
  });
  expect(new Set(states)).toEqual(new Set(['denied']));
});

test('addresses that are none of the pages are not found', async () => {
  const answers = await terminal.app.evaluate(async ({ session }) => {
    const ask = async (address: string) => (await session.defaultSession.fetch(address)).status;
    return Promise.all([
      ask('app://terminal/index.html'),
      ask('app://terminal/..%2f..%2fpackage.json'),
      ask('app://terminal/%2e%2e/core.js'),
      ask('app://terminal/nothing.html'),
    ]);
  });
  expect(answers).toEqual([200, 404, 404, 404]);
});

test('a second terminal on the same books brings the first to the front and ends', async () => {
  const second = spawn(program(), ['--data', dir, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])], {
    env: environment(),
    stdio: 'ignore',
  });
  const [code] = await once(second, 'exit');
  expect(code).toBe(0);
  await expect.poll(() => terminal.app.windows().length).toBe(2);
  const front = await terminal.app.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows().some((window) => window.isVisible() && window.webContents.getURL().includes('main')),
  );
  expect(front).toBe(true);
});

/** Counts the ports that the page is handed from now on. */
async function countPorts(page: Page): Promise<() => Promise<number>> {
  await page.evaluate(() => {
    document.documentElement.dataset['ports'] = '0';
    addEventListener('message', (event) => {
      const counted = Number(document.documentElement.dataset['ports']);
      if (event.ports.length === 1) document.documentElement.dataset['ports'] = String(counted + 1);
    });
  });
  return () => page.evaluate(() => Number(document.documentElement.dataset['ports']));
}

test('a core that is killed is started again, and every window is connected to the new one', async () => {
  const before = await corePid(terminal.app);
  expect(before).toBeGreaterThan(0);
  const ports = [await countPorts(terminal.main), await countPorts(terminal.customer)];
  process.kill(before ?? 0, 'SIGKILL');
  await expect.poll(() => corePid(terminal.app)).toBeGreaterThan(0);
  await expect.poll(() => corePid(terminal.app)).not.toBe(before);
  for (const count of ports) await expect.poll(count).toBe(1);
});

test('a page that crashes is loaded anew and connected again; the core goes on', async () => {
  const core = await corePid(terminal.app);
  // Playwright lets go of a page that crashed, so the shell is asked; what it shows only when it is whole.
  const asked = (what: 'crash' | 'pid' | 'text'): Promise<string> =>
    terminal.app.evaluate(async ({ BrowserWindow }, wanted) => {
      const all = BrowserWindow.getAllWindows();
      const page = all.find(({ webContents }) => webContents.getURL().includes('window=customer'))?.webContents;
      if (!page || page.isCrashed()) return '';
      if (wanted === 'text') return String(await page.executeJavaScript('document.body.innerText'));
      if (wanted === 'crash') page.forcefullyCrashRenderer();
      return String(page.getOSProcessId());
    }, what);
  await expect.poll(() => asked('text')).not.toBe('');
  const [before, shown] = [await asked('pid'), await asked('text')];
  await asked('crash');
  await expect.poll(() => asked('pid')).not.toMatch(new RegExp(`^(0|${before}|)$`));
  await expect.poll(() => asked('text')).toBe(shown);
  expect(await corePid(terminal.app)).toBe(core);
  const log = readFileSync(join(dir, 'shell.log'), 'utf8');
  expect(log.split('\n').filter((line) => line.includes('"page-gone"'))).toHaveLength(1);
});

test('a core that ends again and again is stopped, and the screen says so', async () => {
  let last = await corePid(terminal.app);
  for (let crash = 2; crash <= 3; crash += 1) {
    process.kill(last ?? 0, 'SIGKILL');
    const gone = last;
    await expect.poll(async () => [undefined, gone].includes(await corePid(terminal.app))).toBe(false);
    last = await corePid(terminal.app);
  }
  // Locators wait for a navigation that was refused above, so the page itself is asked.
  const shown = () => terminal.main.evaluate(() => document.body.textContent);
  await expect.poll(shown).toContain(wordsOf('en')('refusal.core-crashing'));
});

test('closing the till ends the terminal, and the shell has written down what happened', async () => {
  const ended = terminal.app.waitForEvent('close');
  await terminal.main.close();
  await ended;
  const lines = readFileSync(join(dir, 'shell.log'), 'utf8').trim().split('\n');
  const written = lines.map((line) => JSON.parse(line) as { event: string; code?: number; asked?: boolean });
  const events = written.map(({ event }) => event);
  // Without a profile the core stops selling and says so; it goes on serving the screens.
  for (const event of ['start', 'core-started', 'core-stopped', 'port', 'refused']) expect(events).toContain(event);
  expect(written.filter(({ event, asked }) => event === 'core-ended' && asked === false)).toHaveLength(3);
  expect(written.at(-2)).toMatchObject({ event: 'core-ended', code: 0, asked: true });
  expect(events.at(-1)).toBe('end');
});
