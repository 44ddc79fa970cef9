import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { root } from './paths.ts';

/** The simulators of a virtual counter, running. */
export interface Counter {
  /** The path of the acquirer profile that the simulated bank made. */
  readonly profile: string;
  /** host:port of the panel's control connection. */
  readonly virtual: string;
  /** host:port of the receipt printer. */
  readonly printer: string;
  readonly stop: () => Promise<void>;
}

/** Reads the line with which the simulators say that they are ready. */
export function readyLine(text: string): Omit<Counter, 'stop'> | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null) return undefined;
  const { ready, profile, virtual, printer } = parsed as Record<string, unknown>;
  if (ready !== true || typeof profile !== 'string') return undefined;
  if (typeof virtual !== 'string' || typeof printer !== 'string') return undefined;
  return { profile, virtual, printer };
}

function stopper(child: ChildProcess): () => Promise<void> {
  return () =>
    new Promise((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) return resolve();
      const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
      child.once('exit', () => {
        clearTimeout(timer);
        resolve();
      });
      child.stdin?.end();
      child.kill('SIGTERM');
    });
}

/** Starts the simulators with their state in `folder`; a sentence where they are not ready within 30 seconds. */
export function startCounter(folder: string): Promise<Counter | string> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(root, 'simulators/counter.ts'), '--dir', folder], {
      cwd: root,
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    const stop = stopper(child);
    let said = '';
    const giveUp = (why: string) => {
      clearTimeout(timer);
      void stop();
      resolve(`The simulators ${why}${said === '' ? '.' : `: ${said.trim()}`}`);
    };
    const timer = setTimeout(() => giveUp('were not ready within 30 seconds'), 30_000);
    const onExit = (code: number | null) => giveUp(`ended with code ${code}`);
    child.once('error', (error) => giveUp(`did not start, ${error.message}`));
    child.once('exit', onExit);
    child.stderr.on('data', (chunk: Buffer) => {
      said = `${said}${chunk.toString('utf8')}`.slice(-2_000);
    });
    createInterface({ input: child.stdout }).on('line', (text) => {
      const ready = readyLine(text);
      if (ready === undefined) return;
      clearTimeout(timer);
      child.off('exit', onExit);
      resolve({ ...ready, stop });
    });
  });
}
