import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { MessageChannelMain, type UtilityProcess, utilityProcess, type WebContents } from 'electron';
import { type CoreState, FromCore, type ToCore, type WindowName } from '../../contract/process.ts';
import { safeEnvironment } from './environment.ts';
import type { Log } from './log.ts';
import { BEAT_MS, beat, firstPulse } from './pulse.ts';
import { afterCrash } from './restart.ts';
import type { SealerMessage } from './sealer.ts';

/** The core, as the shell sees it: something that is kept running and to which pages are connected. */
export interface Core {
  /** Connects a page that has loaded; again by itself whenever the core is restarted. */
  readonly connect: (window: WindowName, contents: WebContents) => void;
  /** The page went away or is being loaded anew: its port is not renewed. */
  readonly forget: (window: WindowName, contents: WebContents) => void;
  /** Resolves when the core has said that it is ready, or why it has stopped selling. */
  readonly settled: Promise<void>;
  /** Starts the core again after it was given up. */
  readonly again: () => void;
  /** Asks the core to finish and waits up to three seconds; after that it is killed. */
  readonly stop: () => Promise<void>;
}

interface Setting {
  readonly args: readonly string[];
  /** With what the core seals keys; told to it before anything else. */
  readonly sealer: SealerMessage;
  readonly env: NodeJS.ProcessEnv;
  readonly log: Log;
  /** The core does not stay up, not even in safe mode. */
  readonly onGivenUp: () => void;
}

const STOP_MS = 3_000;

/** Sends what the core prints into the log. */
function follow(child: UtilityProcess, log: Log): void {
  for (const [name, stream] of [
    ['core-said', child.stdout],
    ['core-error', child.stderr],
  ] as const) {
    if (stream)
      createInterface({ input: stream as NodeJS.ReadableStream }).on('line', (text) => log.write(name, { text }));
  }
}

/** Ends a process that may be past listening. */
function kill(child: UtilityProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(child.pid, 'SIGKILL');
  } catch (error) {
    // It has ended by itself meanwhile.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

interface Watching {
  readonly child: () => UtilityProcess | undefined;
  readonly log: Log;
  readonly tell: (state: CoreState) => void;
}

/** Asks the core every second whether it is there, from `ready` on; one that stays silent is ended, and so started again. */
function watchPulse({ child, log, tell }: Watching) {
  let pulse = firstPulse(performance.now());
  let watched = false;
  let answered = true;
  const timer = setInterval(() => {
    if (!watched) return;
    const [next, what] = beat(pulse, performance.now(), answered);
    if (what !== undefined) log.write(`core-${what}`, { silentMs: Math.round(pulse.silentMs) });
    pulse = next;
    if (what === 'silent' || what === 'answers') tell(what);
    const running = child();
    if (running === undefined) return;
    answered = false;
    if (what === 'hung') kill(running);
    else running.postMessage({ type: 'ping' } satisfies ToCore);
  }, BEAT_MS);
  timer.unref();
  return {
    silent: () => pulse.said,
    begin: () => {
      pulse = firstPulse(performance.now(), pulse.patienceMs);
      answered = true;
      watched = true;
    },
    answer: () => {
      answered = true;
    },
    end: () => {
      watched = false;
    },
  };
}

/** Starts the core and keeps it running; one port for each load of a page. */
export function startCore({ args, sealer, env, log, onGivenUp }: Setting): Core {
  const pages = new Map<WindowName, WebContents>();
  const crashes: number[] = [];
  let child: UtilityProcess | undefined;
  let safe = false;
  let stopping = false;
  let timer: NodeJS.Timeout | undefined;
  let settle = () => {};
  const settled = new Promise<void>((resolve) => {
    settle = resolve;
  });

  const tell = (state: CoreState) => {
    for (const contents of pages.values()) if (!contents.isDestroyed()) contents.postMessage('core', state);
  };
  const pulse = watchPulse({ child: () => child, log, tell });

  const hand = (window: WindowName, contents: WebContents) => {
    if (child === undefined || contents.isDestroyed()) return;
    const { port1, port2 } = new MessageChannelMain();
    child.postMessage({ type: 'port', window } satisfies ToCore, [port1]);
    contents.postMessage('port', window, [port2]);
    if (pulse.silent()) contents.postMessage('core', 'silent' satisfies CoreState);
    log.write('port', { window });
  };

  const heard = (message: unknown) => {
    const read = FromCore.safeParse(message);
    if (!read.success) return log.write('core-unclear');
    if (read.data.type === 'pong') return pulse.answer();
    pulse.begin();
    log.write(`core-${read.data.type}`, read.data);
    settle();
  };

  const ended = (code: number) => {
    child = undefined;
    pulse.end();
    log.write('core-ended', { code, asked: stopping });
    if (stopping) return;
    crashes.push(performance.now());
    const next = afterCrash(crashes, safe);
    if (next.do === 'give-up') {
      log.write('core-given-up');
      onGivenUp();
      return;
    }
    safe = next.safe;
    timer = setTimeout(start, next.afterMs);
  };

  const start = () => {
    const all = safe && !args.includes('--safe-mode') ? [...args, '--safe-mode'] : [...args];
    const forked = utilityProcess.fork(join(import.meta.dirname, 'core.js'), all, {
      serviceName: 'Countertap core',
      env: safeEnvironment(env),
      execArgv: [],
      stdio: 'pipe',
    });
    log.write('core-started', { safe });
    forked.postMessage(sealer);
    follow(forked, log);
    forked.on('message', heard);
    forked.once('exit', ended);
    child = forked;
    for (const [window, contents] of pages) hand(window, contents);
  };

  const stop = () =>
    new Promise<void>((resolve) => {
      stopping = true;
      clearTimeout(timer);
      const running = child;
      if (running === undefined) return resolve();
      const late = setTimeout(() => {
        log.write('core-killed');
        kill(running);
        resolve();
      }, STOP_MS);
      running.once('exit', () => {
        clearTimeout(late);
        resolve();
      });
      running.postMessage({ type: 'stop' } satisfies ToCore);
    });

  start();
  return {
    connect: (window, contents) => {
      pages.set(window, contents);
      hand(window, contents);
    },
    forget: (window, contents) => {
      if (pages.get(window) === contents) pages.delete(window);
    },
    settled,
    again: () => {
      crashes.length = 0;
      safe = false;
      start();
    },
    stop,
  };
}
