// Opens the terminal: npm start [-- --once] [-- options of the terminal]
// Without --profile it starts the virtual counter: a simulated bank, cards, printer and scanner.
// Switches (environment), beside those of build/setup.ts:
//   COUNTERTAP_ONCE=1   end after the windows are up (and, without a display, pictured); the same as --once
//   COUNTERTAP_DATA     the folder of the terminal's books (else out/counter/data)
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { bundle } from './setup/bundle.ts';
import { endGroup } from './setup/command.ts';
import { type Counter, startCounter } from './setup/counter.ts';
import { type Display, hasDisplay, virtualDisplay } from './setup/display.ts';
import { launcher, runtimeView } from './setup/folder.ts';
import { isRoot, root } from './setup/paths.ts';
import { debuggerAddress, pictures } from './setup/pictures.ts';
import type { Runtime } from './setup/runtime.ts';
import { runSteps } from './setup/step.ts';
import { setup } from './setup.ts';

/** The options for Electron: the terminal's own and what this machine asks for. */
export function electronArguments(facts: {
  readonly given: readonly string[];
  readonly counter: { readonly profile: string; readonly virtual: string } | undefined;
  readonly data: string;
  readonly asRoot: boolean;
  readonly pictured: boolean;
}): string[] {
  const args = [...facts.given];
  if (!facts.given.some((arg) => arg === '--data' || arg.startsWith('--data='))) args.push('--data', facts.data);
  if (facts.counter) args.push('--profile', facts.counter.profile, '--virtual', facts.counter.virtual);
  if (facts.asRoot) args.push('--no-sandbox');
  if (facts.pictured) args.push('--remote-debugging-port=0');
  return args;
}

/** Messages of Chromium about a machine without sound, graphics card or message bus, which say nothing to a user. */
function isNoise(text: string): boolean {
  return /:(ERROR|WARNING|INFO):|DevTools listening|libva|dbus|^\s*$/.test(text);
}

async function picturesTaken(address: string): Promise<boolean> {
  try {
    const names = await pictures(address, join(root, 'out'));
    for (const name of names) console.log(`picture    out/${name}`);
    return names.length > 0;
  } catch (error) {
    console.error(`The windows could not be pictured: ${error instanceof Error ? error.message : String(error)}`);
    return false;
  }
}

function open(runtime: Runtime, args: readonly string[], display: Display | undefined, once: boolean): Promise<number> {
  return new Promise((resolve) => {
    const env: NodeJS.ProcessEnv = { ...process.env, ...(display ? { DISPLAY: display.name } : {}) };
    delete env['ELECTRON_RUN_AS_NODE'];
    const { program, first } = launcher(runtime);
    const child = spawn(program, [...first, ...args], {
      cwd: root,
      env,
      stdio: ['ignore', 'inherit', 'pipe'],
      detached: true,
    });
    let verdict: number | undefined;
    let hidden: string[] = [];
    const end = (code: number) => {
      verdict ??= code;
      child.kill('SIGTERM');
      setTimeout(() => endGroup(child, 'SIGKILL'), 5_000).unref();
    };
    child.stderr.on('data', (chunk: Buffer) => {
      const text = chunk.toString('utf8');
      for (const part of text.split('\n')) {
        if (isNoise(part)) hidden = [...hidden, part].slice(-10);
        else console.error(part);
      }
      const address = debuggerAddress(text);
      if (address !== undefined && display !== undefined) {
        void picturesTaken(address).then((taken) => (once ? end(taken ? 0 : 1) : undefined));
      }
    });
    if (once && display === undefined) setTimeout(() => end(0), 5_000);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => end(0));
    child.once('error', (error) => {
      console.error(`Electron did not start: ${error.message}`);
      resolve(1);
    });
    child.once('exit', (code, signal) => {
      endGroup(child, 'SIGKILL');
      if (verdict === undefined && code !== 0) {
        console.error(`The terminal ended by itself (${signal ?? `code ${code}`}). Chromium's last words:`);
        console.error(hidden.filter((part) => part.trim() !== '').join('\n'));
      }
      resolve(verdict ?? code ?? 1);
    });
  });
}

async function main(): Promise<number> {
  const given = process.argv.slice(2).filter((arg) => arg !== '--once');
  const once = process.env['COUNTERTAP_ONCE'] === '1' || process.argv.includes('--once');
  const ready = await setup('start');
  const runtime = ready?.runtime;
  if (runtime === undefined) return 1;
  const built = await runSteps(
    [
      { name: 'build', run: bundle },
      { name: 'runtime', run: () => runtimeView(runtime) },
    ],
    (text) => console.log(text),
  );
  if (!built) return 1;

  let counter: Counter | undefined;
  if (!given.some((arg) => arg === '--profile' || arg.startsWith('--profile='))) {
    mkdirSync(join(root, 'out/counter'), { recursive: true });
    const started = await startCounter(join(root, 'out/counter'));
    if (typeof started === 'string') {
      console.error(started);
      return 1;
    }
    counter = started;
    console.log('counter    virtual: simulated bank, cards, printer and scanner (give --profile FILE for your own)');
  }
  let display: Display | undefined;
  try {
    if (!hasDisplay(process.platform, process.env)) {
      display = await virtualDisplay();
      if (display === undefined) {
        console.error('There is no display, and a virtual one does not start. Type: Xvfb :99 and see what it says.');
        return 1;
      }
      console.log(`display    none here, so the windows open on a virtual one (${display.name}); pictures go to out/`);
    }
    if (isRoot()) console.log("sandbox    you are root, so Chromium's sandbox is off for this run only");
    const data = process.env['COUNTERTAP_DATA'] ?? join(root, 'out/counter/data');
    const args = electronArguments({ given, counter, data, asRoot: isRoot(), pictured: display !== undefined });
    console.log(`terminal   opening; its books are in ${relative(root, data) || '.'}. End it with Ctrl-C.`);
    return await open(runtime, args, display, once);
  } finally {
    display?.stop();
    await counter?.stop();
  }
}

if (process.argv[1] === import.meta.filename) process.exit(await main());
