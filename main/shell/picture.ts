import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BrowserWindow } from 'electron';
import type { Log } from './log.ts';
import type { Windows } from './windows.ts';

const LONGEST_MS = 20_000;
const SETTLE_MS = 1_000;

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

function loaded(window: BrowserWindow): Promise<void> {
  const contents = window.webContents;
  if (!contents.isLoading()) return Promise.resolve();
  return new Promise((resolve) => contents.once('did-stop-loading', () => resolve()));
}

/** Leaves `main.png`, `customer.png`, … in `folder` once the pages are painted and the core is ready, or after 20 s. */
export async function takePictures(windows: Windows, settled: Promise<void>, folder: string, log: Log): Promise<void> {
  const all = [...windows.all()];
  await Promise.race([Promise.all([settled, ...all.map(([, window]) => loaded(window))]), pause(LONGEST_MS)]);
  await pause(SETTLE_MS);
  mkdirSync(folder, { recursive: true });
  for (const [name, window] of all) {
    if (window.isDestroyed()) continue;
    const path = join(folder, `${name}.png`);
    writeFileSync(path, (await window.webContents.capturePage()).toPNG());
    log.write('picture', { path });
    process.stdout.write(`picture ${path}\n`);
  }
}
