import { type ChildProcess, spawn } from 'node:child_process';
import { renameSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { endGroup } from './command.ts';
import type { Display } from './display.ts';
import { launcher } from './folder.ts';
import { root } from './paths.ts';
import type { Runtime } from './runtime.ts';

/** Where the shell is told to leave its pictures; they are then given the names under out/. */
export const pictureFolder = join(root, 'out/pictures');

/** Between the last picture and the end of a run that only takes pictures. */
const QUIET_MS = 2_000;

/** The name under out/ of a picture that the shell says it has taken, or undefined for any other line. */
export function pictureName(text: string): string | undefined {
  const name = /^picture .*?([a-z]+)\.png$/.exec(text)?.[1];
  if (name === undefined) return undefined;
  return `screenshot-${name === 'main' ? 'cashier' : name}.png`;
}

/** Messages of Chromium about a machine without sound, graphics card or message bus, which say nothing to a user. */
export function isNoise(text: string): boolean {
  return /:(ERROR|WARNING|INFO):|libva|dbus|^\s*$/.test(text);
}

export interface Opening {
  readonly runtime: Runtime;
  readonly args: readonly string[];
  /** A display of our own, on which nobody sees anything. */
  readonly display: Display | undefined;
  /** End when the windows are up and, on a display of our own, pictured. */
  readonly once: boolean;
}

function startElectron({ runtime, args, display }: Opening): ChildProcess {
  const env: NodeJS.ProcessEnv = { ...process.env, ...(display ? { DISPLAY: display.name } : {}) };
  delete env['ELECTRON_RUN_AS_NODE'];
  const { program, first } = launcher(runtime);
  return spawn(program, [...first, ...args], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
}

function lines(stream: Readable | null, heard: (text: string) => void): void {
  if (stream) createInterface({ input: stream }).on('line', heard);
}

/** Opens the terminal and waits for its end; returns the exit code. */
export function openTerminal(opening: Opening): Promise<number> {
  return new Promise((resolve) => {
    const child = startElectron(opening);
    let hidden: string[] = [];
    let verdict: number | undefined;
    let quiet: NodeJS.Timeout | undefined;
    const end = (code: number) => {
      verdict ??= code;
      child.kill('SIGTERM');
      setTimeout(() => endGroup(child, 'SIGKILL'), 8_000).unref();
    };
    lines(child.stdout, (text) => {
      const name = pictureName(text);
      if (name === undefined) return console.log(text);
      renameSync(join(pictureFolder, basename(text)), join(dirname(pictureFolder), name));
      console.log(`picture    out/${name}`);
      clearTimeout(quiet);
      if (opening.once) quiet = setTimeout(() => end(0), QUIET_MS);
    });
    lines(child.stderr, (text) => {
      if (isNoise(text)) hidden = [...hidden, text].slice(-10);
      else console.error(text);
    });
    if (opening.once) setTimeout(() => end(opening.display ? 1 : 0), opening.display ? 45_000 : 8_000).unref();
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => end(0));
    child.once('error', (error) => {
      console.error(`Electron did not start: ${error.message}`);
      resolve(1);
    });
    child.once('close', (code, signal) => {
      clearTimeout(quiet);
      endGroup(child, 'SIGKILL');
      if (verdict === undefined && code !== 0) {
        console.error(`The terminal ended by itself (${signal ?? `code ${code}`}). Chromium's last words:`);
        console.error(hidden.filter((text) => text.trim() !== '').join('\n'));
      }
      resolve(verdict ?? code ?? 1);
    });
  });
}
