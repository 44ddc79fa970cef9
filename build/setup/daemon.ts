import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { run } from './command.ts';
import { isRoot } from './paths.ts';

const socket = '/run/pcscd/pcscd.comm';

function answers(): Promise<boolean> {
  return new Promise((resolve) => {
    if (!existsSync(socket)) return resolve(false);
    const connection = connect(socket);
    connection.once('connect', () => {
      connection.destroy();
      resolve(true);
    });
    connection.once('error', () => resolve(false));
  });
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Sees that the card daemon runs while the tests do. One that runs already is left alone; root starts one and the
 * returned function ends it. A string says why there is none.
 */
export async function cardDaemon(): Promise<(() => void) | string> {
  if (await answers()) return () => {};
  if (!isRoot()) return 'The card daemon does not run. Type: sudo systemctl start pcscd (or sudo pcscd), then again.';
  const help = await run('pcscd', ['--help']);
  const args = ['--foreground', ...(help.output.includes('--disable-polkit') ? ['--disable-polkit'] : [])];
  const child = spawn('pcscd', args, { stdio: 'ignore', detached: true });
  child.once('error', () => {});
  for (let round = 0; round < 50; round += 1) {
    await pause(100);
    if (await answers()) {
      child.unref();
      return () => child.kill('SIGTERM');
    }
  }
  child.kill('SIGKILL');
  return 'The card daemon does not start. Type: pcscd --foreground and see what it says.';
}
