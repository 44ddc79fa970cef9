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
import { openTerminal } from '../main/core/open.ts';
import { shortTerms } from '../test/demo/day.ts';
import { type Simulators, startSimulators } from '../test/e2e/support/simulators.ts';
import { type Figure, percentile } from './figure.ts';

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

interface Opening {
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

/** Milliseconds from the start of a program until its page can be read. */
async function openOnce({ program, args, selector, display }: Opening): Promise<number> {
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
    return performance.now() - from;
  } finally {
    child.kill('SIGTERM');
    await Promise.race([ended, pause(5_000)]);
    endGroup(child, 'SIGKILL');
  }
}

/** A terminal that was set up, so that it opens with the page where people sign in. */
async function prepare(data: string, { profile, virtual }: Simulators): Promise<void> {
  const { core } = await openTerminal({ data, profile, virtual, zone: 'Asia/Shanghai' }, (error) => {
    throw error;
  });
  core.staff.store(await core.staff.derive({ cashier: '111222', owner: '333444', technician: '555666' }));
  core.configure({ ...core.settings, name: 'Bench' }, 'owner');
  await core.close();
}

/** On the sign-in page: who is here. */
const PEOPLE = 'main button[aria-pressed]';
const TIMES = 7;

/**
 * From the start of the packed terminal until the cashier can sign in and the core is ready, against an empty window of
 * the same Electron. No figures where there is no packed terminal.
 */
export async function measureWindow(dir: string): Promise<Figure[]> {
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
    const data = join(dir, 'terminal');
    await prepare(data, simulators);
    const empty = await emptyProgram(dir);
    const { profile } = simulators;
    const shown = { display: display?.name };
    const terminal = { ...shown, program, args: ['--data', data, '--profile', profile], selector: PEOPLE };
    const window = { ...shown, program: empty, args: [`--user-data-dir=${join(dir, 'empty')}`], selector: '#root' };
    const found = { terminal: [] as number[], window: [] as number[] };
    await openOnce(terminal);
    await openOnce(window);
    for (let n = 0; n < TIMES; n += 1) {
      found.terminal.push(await openOnce(terminal));
      found.window.push(await openOnce(window));
    }
    return figures(percentile(found.terminal, 0.5), percentile(found.window, 0.5));
  } finally {
    display?.stop();
    await simulators.stop();
  }
}

function figures(terminal: number, window: number): Figure[] {
  return [
    { name: 'start', what: 'program start to sign-in page', value: terminal, unit: 'ms', samples: TIMES },
    { name: 'start-empty', what: 'an empty window of the same Electron', value: window, unit: 'ms', samples: TIMES },
    {
      name: 'start-ratio',
      what: 'start against the empty window',
      value: terminal / window,
      unit: '×',
      budget: { most: 1.5 },
      samples: TIMES,
    },
  ];
}
