import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { endGroup, run } from '../build/setup/command.ts';
import { hasDisplay, virtualDisplay } from '../build/setup/display.ts';
import { isRoot, root } from '../build/setup/paths.ts';
import { findRuntime } from '../build/setup/runtime.ts';
import { z } from '../contract/schema.ts';
import type { Core } from '../main/core/core.ts';
import { openTerminal } from '../main/core/open.ts';
import { shortTerms } from '../test/demo/day.ts';
import { type Simulators, startSimulators } from '../test/e2e/support/simulators.ts';
import type { Figure } from './figure.ts';

/** The packed terminal: named, packed by `npm run package`, or packed by `npm test`. */
function packedProgram(): string | undefined {
  const named = process.env['COUNTERTAP_APP'];
  const places = ['dist', 'out/packed'].map((folder) => join(root, folder, 'linux-unpacked/countertap'));
  return [...(named === undefined ? [] : [named]), ...places].find((path) => existsSync(path));
}

/** The same Electron with an empty program in it: hard links to the runtime, or copies on another disk. */
async function emptyProgram(dir: string): Promise<string> {
  const { runtime, outcome } = await findRuntime(() => undefined);
  if (!runtime) throw new Error(outcome.ok ? 'There is no Electron here.' : outcome.problem);
  const folder = join(dir, 'electron');
  if ((await run('cp', ['-al', runtime.folder, folder])).code !== 0) {
    rmSync(folder, { recursive: true, force: true });
    cpSync(runtime.folder, folder, { recursive: true, verbatimSymlinks: true });
  }
  const app = join(folder, 'resources/app');
  rmSync(app, { recursive: true, force: true });
  symlinkSync(join(root, 'bench/empty'), app, 'dir');
  return join(folder, 'electron');
}

const Target = z.object({ type: z.string(), webSocketDebuggerUrl: z.string() });
const Told = z.object({ result: z.object({ result: z.object({ value: z.unknown() }) }) });

/** True when some page of the program shows something to read in an element of this kind. */
async function shows(port: string, selector: string): Promise<boolean> {
  const list = await fetch(`http://127.0.0.1:${port}/json/list`).then((answer) => answer.json());
  const pages = z
    .array(Target)
    .parse(list)
    .filter((target) => target.type === 'page');
  const found = await Promise.all(pages.map((page) => ask(page.webSocketDebuggerUrl, selector)));
  return found.includes(true);
}

function ask(address: string, selector: string): Promise<boolean> {
  const expression = `Boolean(document.querySelector(${JSON.stringify(selector)})?.innerText)`;
  const socket = new WebSocket(address);
  return new Promise((resolve) => {
    const end = (value: boolean): void => {
      socket.close();
      resolve(value);
    };
    socket.onopen = () => socket.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression } }));
    socket.onmessage = ({ data }) => {
      const told = Told.safeParse(JSON.parse(String(data)));
      end(told.success && told.data.result.result.value === true);
    };
    socket.onerror = () => end(false);
  });
}

/** A program, and what of its page shows that it is open. */
export interface Opening {
  readonly program: string;
  readonly args: readonly string[];
  readonly selector: string;
  readonly display: string | undefined;
}

const LONGEST_MS = 60_000;

/** Where Chromium says its debugger listens. */
async function debuggerPort(child: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: child.stderr as Readable })) {
    const port = /^DevTools listening on ws:\/\/127\.0\.0\.1:(\d+)\//.exec(line)?.[1];
    if (port !== undefined) return port;
  }
  throw new Error('The window did not open.');
}

/** Starts a program and does `work` once its page can be read; that is told the milliseconds it took and the process. */
export async function opened<Result>(
  { program, args, selector, display }: Opening,
  work: (ms: number, child: ChildProcess) => Result | Promise<Result>,
): Promise<Result> {
  const env = { ...process.env, ...(display === undefined ? {} : { DISPLAY: display }) };
  const all = ['--remote-debugging-port=0', ...(isRoot() ? ['--no-sandbox'] : []), ...args];
  const from = performance.now();
  const child = spawn(program, all, { env, stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  const ended = once(child, 'exit');
  try {
    const port = await debuggerPort(child);
    while (!(await shows(port, selector))) {
      if (performance.now() - from > LONGEST_MS) throw new Error(`${program} shows nothing.`);
      await pause(10);
    }
    return await work(performance.now() - from, child);
  } finally {
    child.kill('SIGTERM');
    await Promise.race([ended, pause(5_000)]);
    endGroup(child, 'SIGKILL');
  }
}

/** The data folder of the packed terminal, and what is written there before it is opened. */
interface Prepared {
  readonly data: string;
  readonly fill?: (core: Core) => void;
}

/** Sets the terminal up, so that it opens with the page where people sign in. */
async function setUp({ data, fill }: Prepared, { profile, virtual }: Simulators): Promise<void> {
  const { core } = await openTerminal({ data, profile, virtual, zone: 'Asia/Shanghai' }, (error) => {
    throw error;
  });
  core.staff.store(await core.staff.derive({ cashier: '111222', owner: '333444', technician: '555666' }));
  core.configure({ ...core.settings, name: 'Bench' }, 'owner');
  fill?.(core);
  await core.close();
}

/** On the sign-in page: who is here. */
const PEOPLE = 'main button[aria-pressed]';

/** The packed terminal and an empty window of the same Electron. */
export interface Pair {
  readonly terminal: Opening;
  readonly empty: Opening;
}

/**
 * Does `work` with the packed terminal, which was set up, and an empty program beside it. Where there is no packed terminal it
 * says so, and nothing is done.
 */
export async function besideEmpty(
  dir: string,
  prepared: Prepared,
  work: (pair: Pair) => Promise<Figure[]>,
): Promise<Figure[]> {
  const program = packedProgram();
  if (program === undefined) {
    console.log('  There is no packed terminal; npm run package makes one.');
    return [];
  }
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'terms.json'), JSON.stringify(shortTerms));
  const simulators = await startSimulators(join(dir, 'counter'), join(dir, 'terms.json'));
  const display = hasDisplay(process.platform, process.env) ? undefined : await virtualDisplay();
  try {
    await setUp(prepared, simulators);
    const shown = { display: display?.name };
    const args = ['--data', prepared.data, '--profile', simulators.profile];
    const none = [`--user-data-dir=${join(dir, 'empty')}`];
    return await work({
      terminal: { ...shown, program, args, selector: PEOPLE },
      empty: { ...shown, program: await emptyProgram(dir), args: none, selector: '#root' },
    });
  } finally {
    display?.stop();
    await simulators.stop();
  }
}
