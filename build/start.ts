// Opens the terminal: npm start [-- --once] [-- options of the terminal]
// Without --profile it starts the virtual counter: a simulated bank, cards and a printer.
// Switches (environment), beside those of build/setup.ts:
//   COUNTERTAP_ONCE=1   end after the windows are up (and, without a display, pictured); the same as --once
//   COUNTERTAP_DATA     the folder of the terminal's books (else out/counter/data)
import { mkdirSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { bundle } from './setup/bundle.ts';
import { type Counter, startCounter } from './setup/counter.ts';
import { type Display, hasDisplay, virtualDisplay } from './setup/display.ts';
import { runtimeView } from './setup/folder.ts';
import { isRoot, root } from './setup/paths.ts';
import { runSteps } from './setup/step.ts';
import { openTerminal, pictureFolder } from './setup/window.ts';
import { setup } from './setup.ts';

/** The options for Electron: the terminal's own and what this machine asks for. */
export function electronArguments(facts: {
  readonly given: readonly string[];
  readonly counter: Omit<Counter, 'stop'> | undefined;
  readonly data: string;
  readonly asRoot: boolean;
  readonly pictured: boolean;
}): string[] {
  const args = [...facts.given];
  const isGiven = (name: string): boolean => facts.given.some((arg) => arg === name || arg.startsWith(`${name}=`));
  if (!isGiven('--data')) args.push('--data', facts.data);
  if (facts.counter) {
    const { profile, virtual, printer } = facts.counter;
    args.push('--profile', profile, '--virtual', virtual);
    if (!isGiven('--printer')) args.push('--printer', printer);
  }
  if (facts.asRoot) args.push('--no-sandbox');
  if (facts.pictured) args.push('--screenshot', pictureFolder);
  return args;
}

/** The data folder that the options for Electron name. */
export function dataOf(args: readonly string[]): string | undefined {
  const at = args.indexOf('--data');
  const named = at >= 0 ? args[at + 1] : args.find((arg) => arg.startsWith('--data='))?.slice('--data='.length);
  return named === undefined ? undefined : resolve(named);
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
    console.log('counter    virtual: simulated bank, cards and printer (give --profile FILE for your own)');
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
    console.log(
      `terminal   opening; its books are in ${relative(root, dataOf(args) ?? data) || '.'}. End it with Ctrl-C.`,
    );
    return await openTerminal({ runtime, args, display, once });
  } finally {
    display?.stop();
    await counter?.stop();
  }
}

if (process.argv[1] === import.meta.filename) process.exit(await main());
