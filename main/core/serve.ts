import type { SupportedMessagePort } from '@orpc/client/message-port';
import { RPCHandler } from '@orpc/server/message-port';
import type { WindowName } from '../../contract/process.ts';
import type { Context, Port } from './calls/access.ts';
import { router } from './calls/router.ts';
import { Board } from './devices/board.ts';
import { VirtualCounter } from './devices/virtual.ts';
import { hostPort, type StartOptions, type Terminal } from './open.ts';

/** A person who does nothing for so long is signed out. */
const IDLE_MS = 15 * 60_000;
const LOOK_MS = 10_000;

/** Serves the contract to the pages: one port a page load, a session each. */
export class Server {
  readonly #terminal: Terminal;
  readonly #board: Board;
  readonly #virtual: Context['virtual'];
  readonly #handler = new RPCHandler(router);
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
  accept(window: WindowName, port: SupportedMessagePort, start: () => void, close: () => void): void {
    this.#ports.get(window)?.close();
    const { core, devices } = this.#terminal;
    const closed = new AbortController();
    const own: Port = {
      window,
      session: null,
      lastCall: core.world.clock.monotonic(),
      calls: [],
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
    this.#handler.upgrade(port, { context });
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
    core.note('session', 'locked-idle', port.session.person);
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
