import { join } from 'node:path';
import { app, BrowserWindow, type BrowserWindowConstructorOptions, type Display, screen } from 'electron';
import type { WindowName } from '../../contract/process.ts';
import type { Core } from './core.ts';
import type { Log } from './log.ts';
import { origin } from './pages.ts';
import { webPreferences } from './security.ts';

interface Setting {
  readonly core: Core;
  readonly log: Log;
  /** The virtual counter's panel has a window. */
  readonly virtual: boolean;
  readonly kiosk: boolean;
}

/** The terminal's windows, each at most once. */
export interface Windows {
  readonly all: () => ReadonlyMap<WindowName, BrowserWindow>;
  /** Opens those that were closed, and brings the cashier's to the front. */
  readonly show: () => void;
}

const paper = '#f7f6f3';
const RELOAD_MS = 1_000;

/** The first screen that is not the main one: the customer's. */
function secondScreen(): Display | undefined {
  const main = screen.getPrimaryDisplay().id;
  return screen.getAllDisplays().find((display) => display.id !== main);
}

function shape(name: WindowName, kiosk: boolean): BrowserWindowConstructorOptions {
  if (name === 'main') return { width: 1280, height: 800, minWidth: 1024, minHeight: 700, kiosk };
  if (name === 'virtual') return { width: 960, height: 800, minWidth: 480, minHeight: 600 };
  const display = secondScreen();
  if (display === undefined) return { width: 800, height: 600, minWidth: 480, minHeight: 360 };
  return { ...display.bounds, fullscreen: true };
}

/** The name a window bears until its page says a better one. */
function title(): string {
  return app.getLocale().startsWith('zh') ? 'Countertap 收银终端' : 'Countertap terminal';
}

/** Loads the page; a load that fails is said and tried again. */
function load(window: BrowserWindow, name: WindowName, log: Log): void {
  const address = `${origin}/index.html?window=${name}`;
  window.loadURL(address).catch((error: unknown) => {
    if (window.isDestroyed()) return;
    log.write('load-failed', { window: name, reason: error instanceof Error ? error.message : String(error) });
    setTimeout(() => {
      if (!window.isDestroyed()) load(window, name, log);
    }, RELOAD_MS);
  });
}

/** One port a load: handed over when the page's own scripts have run, not renewed once it is left. */
function attach(window: BrowserWindow, name: WindowName, { core, log }: Setting): void {
  const contents = window.webContents;
  contents.on('dom-ready', () => {
    if (contents.getURL().startsWith(`${origin}/`)) core.connect(name, contents);
  });
  // Not when a navigation starts: one that is refused leaves the page, and its port, where they are.
  contents.on('did-navigate', () => core.forget(name, contents));
  contents.on('render-process-gone', (_event, details) => {
    log.write('page-gone', { window: name, reason: details.reason, code: details.exitCode });
    core.forget(name, contents);
    setTimeout(() => {
      if (!window.isDestroyed()) load(window, name, log);
    }, RELOAD_MS);
  });
  // Electron before 35 gives level and text as arguments of their own.
  contents.on('console-message', (details, ...older: unknown[]) => {
    if (details.level !== 'error' && older[0] !== 3) return;
    log.write('page-error', { window: name, text: String(details.message ?? older[1]).slice(0, 500) });
  });
  contents.on('unresponsive', () => log.write('page-unresponsive', { window: name }));
  window.once('closed', () => core.forget(name, contents));
}

/** Opens the windows. The customer's goes full-screen to the second screen, also when that is plugged in later. */
export function openWindows(setting: Setting): Windows {
  const windows = new Map<WindowName, BrowserWindow>();
  const open = (name: WindowName) => {
    if (windows.has(name)) return;
    const window = new BrowserWindow({
      ...shape(name, setting.kiosk),
      title: title(),
      show: false,
      backgroundColor: paper,
      autoHideMenuBar: true,
      webPreferences: webPreferences(join(import.meta.dirname, 'preload.cjs')),
    });
    windows.set(name, window);
    window.once('ready-to-show', () => (name === 'main' ? window.show() : window.showInactive()));
    window.once('closed', () => {
      windows.delete(name);
      if (name === 'main') app.quit();
    });
    attach(window, name, setting);
    load(window, name, setting.log);
  };
  const openAll = () => {
    open('main');
    open('customer');
    if (setting.virtual) open('virtual');
  };
  const moveCustomer = () => {
    const window = windows.get('customer');
    if (window === undefined) return;
    const display = secondScreen();
    window.setFullScreen(false);
    if (display === undefined) return;
    window.setBounds(display.bounds);
    window.setFullScreen(true);
  };
  screen.on('display-added', moveCustomer).on('display-removed', moveCustomer);
  openAll();
  return {
    all: () => windows,
    show: () => {
      openAll();
      const main = windows.get('main');
      if (main?.isMinimized()) main.restore();
      main?.show();
      main?.focus();
    },
  };
}
