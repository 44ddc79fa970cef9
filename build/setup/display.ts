import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';

export interface Display {
  /** As in the DISPLAY variable. */
  readonly name: string;
  readonly stop: () => void;
}

/** True where windows can be seen: always, except on a Linux without a running display. */
export function hasDisplay(platform: NodeJS.Platform, env: NodeJS.ProcessEnv): boolean {
  return platform !== 'linux' || Boolean(env['DISPLAY'] || env['WAYLAND_DISPLAY']);
}

/** Starts a virtual display on a free number; undefined where Xvfb does not start within ten seconds. */
export function virtualDisplay(): Promise<Display | undefined> {
  return new Promise((resolve) => {
    const args = ['-displayfd', '3', '-screen', '0', '1920x1080x24', '-nolisten', 'tcp', '-noreset'];
    const child = spawn('Xvfb', args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe'], detached: true });
    const fail = () => {
      clearTimeout(timer);
      child.kill('SIGKILL');
      resolve(undefined);
    };
    const timer = setTimeout(fail, 10_000);
    child.once('error', fail).once('exit', fail);
    const number = child.stdio[3] as Readable;
    let said = '';
    number.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8');
      // Closing the pipe before the line is whole would end Xvfb by its own write.
      if (!said.includes('\n')) return;
      clearTimeout(timer);
      child.off('exit', fail);
      child.unref();
      number.destroy();
      resolve({ name: `:${said.trim()}`, stop: () => child.kill('SIGTERM') });
    });
  });
}
