import { type ChildProcess, spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { root } from './paths.ts';

export interface Finished {
  /** The exit code; 127 where the program does not exist, 124 where its time ran out. */
  readonly code: number;
  /** What it wrote, standard output and standard error as they came; empty where it wrote to our own. */
  readonly output: string;
}

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly limitMs?: number;
  /** Hand the program our own output instead of keeping what it writes. */
  readonly show?: boolean;
}

/** The environment in which the project's own Node and tools come first. */
export function toolEnv(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const path = [join(root, 'node_modules/.bin'), process.env['PATH'] ?? ''].join(delimiter);
  return { ...process.env, PATH: path, ...extra };
}

/** Ends a program started with `detached` together with everything it started. */
export function endGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    child.kill(signal);
  }
}

/** Runs a program to its end without standard input; ends its whole group when `limitMs` has passed. */
export function run(command: string, args: readonly string[], options: CommandOptions = {}): Promise<Finished> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: options.cwd ?? root,
      env: options.env ?? toolEnv(),
      stdio: ['ignore', options.show ? 'inherit' : 'pipe', options.show ? 'inherit' : 'pipe'],
      detached: true,
    });
    const chunks: Buffer[] = [];
    let timedOut = false;
    const keep = (chunk: Buffer) => chunks.push(chunk);
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    const timer =
      options.limitMs === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true;
            endGroup(child, 'SIGKILL');
          }, options.limitMs);
    const forward = () => endGroup(child, 'SIGTERM');
    process.once('SIGINT', forward).once('SIGTERM', forward);
    const finish = (code: number, text: string) => {
      clearTimeout(timer);
      process.off('SIGINT', forward).off('SIGTERM', forward);
      resolve({ code: timedOut ? 124 : code, output: text });
    };
    child.on('error', (error: NodeJS.ErrnoException) => finish(error.code === 'ENOENT' ? 127 : 126, error.message));
    child.on('close', (code) => finish(code ?? 1, Buffer.concat(chunks).toString('utf8')));
  });
}

/** The last lines of a long output, for a sentence that says what went wrong. */
export function tail(output: string, lines = 12): string {
  return output.trimEnd().split('\n').slice(-lines).join('\n');
}
