import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PROGRAM = '/usr/sbin/pcscd';
const DRIVER = '/usr/lib/pcsc/drivers/serial/libifdvpcd.so';

/** For tests: a pcscd of one's own with vsmartcard's two virtual readers, its socket and ports apart from the machine's. */
export interface Daemon {
  /** For the environment variable PCSCLITE_CSOCK_NAME. */
  readonly socket: string;
  /** Where cards connect to the first reader, "Virtual PCD 00 00". */
  readonly port: number;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Stops it in its tracks, and lets it go on: as a machine that sleeps. */
  freeze(): void;
  thaw(): void;
  remove(): Promise<void>;
}

/** Undefined when a daemon of one's own can be had here, else what is missing. */
export function daemonMissing(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'only root on Linux can start one apart';
  if (!existsSync(DRIVER)) return 'vsmartcard-vpcd is not installed';
  try {
    accessSync(PROGRAM, constants.X_OK);
  } catch {
    return 'pcscd is not installed';
  }
  return undefined;
}

export async function openDaemon(): Promise<Daemon> {
  const directory = await mkdtemp(join(tmpdir(), 'pcscd-'));
  const run = join(directory, 'run');
  await mkdir(run);
  const port = await freePort();
  const channel = `0x${port.toString(16)}`;
  const settings = {
    FRIENDLYNAME: '"Virtual PCD"',
    DEVICENAME: `/dev/null:${channel}`,
    LIBPATH: DRIVER,
    CHANNELID: channel,
  };
  const config = join(directory, 'reader.conf');
  await writeFile(
    config,
    `${Object.entries(settings)
      .map((entry) => entry.join(' '))
      .join('\n')}\n`,
  );
  // The daemon's socket has a fixed path: it gets its own view of that folder.
  const script = 'mkdir -p /run/pcscd; mount --make-rprivate /; mount --bind "$1" /run/pcscd; exec "$2" -f -c "$3"';
  const socket = join(run, 'pcscd.comm');
  let child: ChildProcess | undefined;
  const stop = async () => {
    const running = child;
    child = undefined;
    if (!running) return;
    const gone = new Promise((resolve) => running.once('exit', resolve));
    running.kill('SIGKILL');
    await gone;
    await rm(socket, { force: true });
    await rm(join(run, 'pcscd.pid'), { force: true });
  };
  return {
    socket,
    port,
    start: async () => {
      child = spawn('/usr/bin/unshare', ['-m', 'sh', '-c', script, 'sh', run, PROGRAM, config], { stdio: 'ignore' });
      for (let tries = 0; !existsSync(socket); tries++) {
        if (tries > 300) throw new Error('pcscd did not start');
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    stop,
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    remove: async () => {
      await stop();
      await rm(directory, { recursive: true });
    },
  };
}

/**
 * A pair of free ports: the second virtual reader takes the one above, and without both there is no reader at all.
 * Below those that the system gives to outgoing connections, which may take one at any moment.
 */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + 2 * Math.floor(Math.random() * 6_000);
    if ((await isFree(port)) && (await isFree(port + 1))) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, () => server.close(() => resolve(true)));
  });
}
