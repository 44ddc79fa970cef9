import { RPCHandler } from '@orpc/server/message-port';
import type { WindowName } from '../../contract/process.ts';
import type { Context, Port } from './calls/access.ts';
import { router } from './calls/router.ts';
import { Board } from './devices/board.ts';
import { VirtualCounter } from './devices/virtual.ts';
import { Guard, type PagePort } from './guard.ts';
import { hostPort, type StartOptions, type Terminal } from './open.ts';

/** A person who does nothing for so long is signed out. */
const IDLE_MS = 15 * 60_000;
const LOOK_MS = 10_000;

/** Serves the contract to the pages: one port a page load, a session each. */
export class Server {
  readonly #terminal: Terminal;
  readonly #board: Board;
  readonly #virtual: Context['virtual'];
  readonly #handler = new RPCHandler(router, {
    rootInterceptors: [
      async ({ context, next }) => {
        const answer = await next();
        if (!answer.matched || answer.response.status === 400) context.port.misdeed();
        return answer;
      },
    ],
  });
  readonly #ports = new Map<WindowName, { readonly port: Port; readonly close: () => void }>();
  readonly #stop = new AbortController();

  constructor(terminal: Terminal, options: Pick<StartOptions, 'virtual'>) {
    const { core, devices } = terminal;
    this.#terminal = terminal;
    this.#board = new Board(core);
    this.#virtual =
      options.virtual === undefined
        ? undefined
        : {
            counter: new VirtualCounter(core.world, hostPort(options.virtual)),
            reader: `127.0.0.1:${devices.virtual?.port ?? 0}`,
          };
    this.#watchIdle();
  }

  /** Takes a window's new port; its old one, and whoever was signed in there, are gone. */
  accept(window: WindowName, port: PagePort, start: () => void, close: () => void): void {
    this.#ports.get(window)?.close();
    const { core, devices } = this.#terminal;
    const closed = new AbortController();
    const guard = new Guard(port, {
      monotonic: core.world.clock.monotonic,
      lock: () => this.#lock(own, 'locked-misuse'),
    });
    const own: Port = {
      window,
      session: null,
      lastCall: core.world.clock.monotonic(),
      calls: [],
      sales: [],
      misdeed: () => guard.misdeed(),
      closed: closed.signal,
    };
    this.#ports.set(window, {
      port: own,
      close: () => {
        closed.abort();
        close();
      },
    });
    const context: Context = {
      core,
      board: this.#board,
      keyboard: devices.keyboard,
      virtual: this.#virtual,
      port: own,
    };
    this.#handler.upgrade(guard.port, { context });
    start();
  }

  #watchIdle(): void {
    const { core } = this.#terminal;
    core.world.clock
      .sleep(LOOK_MS, this.#stop.signal)
      .then(() => {
        if (this.#stop.signal.aborted) return;
        for (const { port } of this.#ports.values()) this.#lockIdle(port);
        this.#watchIdle();
      })
      .catch((error: unknown) => core.fatal(error));
  }

  #lockIdle(port: Port): void {
    const { core } = this.#terminal;
    if (!port.session || core.counter.busy || core.world.clock.monotonic() - port.lastCall < IDLE_MS) return;
    this.#lock(port, 'locked-idle');
  }

  /** Signs out whoever is signed in at a port, and writes down why. */
  #lock(port: Port, why: 'locked-idle' | 'locked-misuse'): void {
    const { core } = this.#terminal;
    core.note('session', why, port.session?.person ?? 'terminal');
    port.session = null;
    core.changed();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#board.stop();
    for (const { close } of this.#ports.values()) close();
    await this.#virtual?.counter.close();
  }
}
