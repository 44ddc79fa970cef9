import { join } from 'node:path';
import { app, dialog, Menu, powerSaveBlocker, safeStorage, session } from 'electron';
import { startCore } from './core.ts';
import { type Log, openLog } from './log.ts';
import { type Options, readOptions } from './options.ts';
import { takePictures } from './picture.ts';
import { registerScheme, servePages } from './scheme.ts';
import { chooseSealer, PASSPHRASE } from './sealer.ts';
import { closeApp, closeSession } from './security.ts';
import { openWindows } from './windows.ts';

const failing = {
  zh: {
    message: '终端核心反复出错，已停止收款',
    detail: '已记录的每一笔都保存完好。可再试一次；若仍不行，请联系技术人员并保留数据文件夹。',
    buttons: ['再试一次', '退出'],
  },
  en: {
    message: 'The terminal core keeps failing, so no payments can be taken',
    detail:
      'Everything recorded is kept. Try again; if that does not help, call your technician and keep the data folder.',
    buttons: ['Try again', 'Quit'],
  },
};

/** Says that the core was given up, and asks what to do. */
async function askAfterFailure(again: () => void): Promise<void> {
  const words = app.getLocale().startsWith('zh') ? failing.zh : failing.en;
  const { response } = await dialog.showMessageBox({ type: 'error', noLink: true, cancelId: 1, ...words });
  if (response === 0) again();
  else app.quit();
}

/** Everything after Electron is ready. */
async function open(options: Options, data: string, log: Log): Promise<void> {
  if (app.isPackaged) Menu.setApplicationMenu(null);
  closeSession(session.defaultSession, log);
  servePages(session.defaultSession.protocol, join(import.meta.dirname, 'renderer'));
  const sealer = await chooseSealer({
    data,
    env: process.env,
    store: safeStorage,
    platform: process.platform,
    log: (event, details) => log.write(event, details),
  });
  // The passphrase has no business in the environment of pages and of the core.
  delete process.env[PASSPHRASE];
  const core = startCore({
    args: ['--data', data, ...options.core],
    sealer,
    env: process.env,
    log,
    onGivenUp: () => void askAfterFailure(() => core.again()),
  });
  const windows = openWindows({ core, log, virtual: options.virtual, kiosk: options.kiosk });
  app.on('second-instance', () => windows.show());
  powerSaveBlocker.start('prevent-display-sleep');
  let stopped = false;
  app.on('before-quit', (event) => {
    if (stopped) return;
    event.preventDefault();
    void core.stop().then(() => {
      stopped = true;
      log.write('end');
      app.quit();
    });
  });
  if (options.screenshot !== undefined) void takePictures(windows, core.settled, options.screenshot, log);
}

function start(): void {
  const options = readOptions(process.argv.slice(1), process.cwd());
  if (typeof options === 'string') {
    process.stderr.write(`${options}\n`);
    app.exit(1);
    return;
  }
  process.umask(0o077);
  const data = options.data ?? app.getPath('userData');
  // Chromium's own files, and with them the lock that makes a terminal single, belong to the data folder.
  app.setPath('userData', join(data, 'screens'));
  if (!app.requestSingleInstanceLock()) {
    process.stderr.write('The terminal is open already; its window was brought to the front.\n');
    app.exit(0);
    return;
  }
  const log = openLog(data);
  log.write('start', {
    version: app.getVersion(),
    electron: process.versions.electron ?? '',
    packaged: app.isPackaged,
  });
  registerScheme();
  closeApp(log);
  app.on('window-all-closed', () => app.quit());
  app.on('child-process-gone', (_event, details) =>
    log.write('process-gone', { type: details.type, reason: details.reason, code: details.exitCode }),
  );
  // Awaited at the top level this would never come: Electron waits for this module to end.
  void app.whenReady().then(() => open(options, data, log));
}

start();
