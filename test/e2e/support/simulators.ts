import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Control, openControl } from './control.ts';

/** The checkout, for the simulators that stand beside the packed terminal. */
export const checkout = join(import.meta.dirname, '../../..');

/** The virtual counter as a program of its own, and a connection to its control port. */
export interface Simulators {
  readonly profile: string;
  /** host:port of the control port. */
  readonly virtual: string;
  /** host:port of the receipt printer. */
  readonly printer: string;
  readonly control: Control;
  readonly stop: () => Promise<void>;
}

/**
 * Starts bank, cards and printer with their state in `dir`; `terms` is a file laid over the bank's own terms. Throws
 * when they are not ready within 30 seconds.
 */
export async function startSimulators(dir: string, terms: string): Promise<Simulators> {
  const args = [join(checkout, 'simulators/counter.ts'), '--dir', dir, '--terms', terms];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = `${said}${chunk.toString('utf8')}`.slice(-2_000);
  });
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    const late = setTimeout(() => child.kill('SIGKILL'), 5_000);
    child.stdin.end();
    child.kill('SIGTERM');
    await ended;
    clearTimeout(late);
  };
  const ready = await new Promise<Pick<Simulators, 'profile' | 'virtual' | 'printer'>>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`The simulators are not ready: ${said}`)), 30_000);
    child.once('exit', (code) => reject(new Error(`The simulators ended with ${code}: ${said}`)));
    createInterface({ input: child.stdout }).once('line', (line) => {
      clearTimeout(timer);
      resolve(JSON.parse(line));
    });
  });
  const control = await openControl(ready.virtual);
  return {
    ...ready,
    control,
    stop: async () => {
      control.close();
      await stop();
    },
  };
}
