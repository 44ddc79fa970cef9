import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { type Identity, withPort } from './identity.ts';
import { Frames, frame } from './wire.ts';

/** One terminal's connection: `send` gives up quietly when the line is gone, as lines do. */
export interface Connection {
  send(message: Buffer): void;
  drop(): void;
  /** Ends it as a machine does that knows nothing of it any more (TCP RST). */
  reset(): void;
}

export interface Receiver {
  /** Called in order for every whole message. May throw `WireError`, which closes the connection. */
  received(message: Buffer): void;
}

export type Accept = (connection: Connection) => Receiver;

/** The bank's end of the line: TLS 1.3, client certificate required. It can be cut and mended on the same port. */
export class Line {
  readonly #identity: Identity;
  readonly #accept: Accept;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;

  constructor(identity: Identity, accept: Accept) {
    this.#identity = identity;
    this.#accept = accept;
  }

  get up(): boolean {
    return this.#server !== undefined;
  }

  /** Starts to listen. Rejects when the port stays taken for two seconds. */
  async mend(): Promise<void> {
    if (this.#server !== undefined) return;
    const { ca, host, port } = this.#identity;
    const server = createServer({
      ca,
      cert: host.cert,
      key: host.key,
      minVersion: 'TLSv1.3',
      requestCert: true,
      rejectUnauthorized: true,
    });
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    server.on('secureConnection', (socket) => this.#serve(socket));
    this.#server = server;
    for (let attempt = 0; ; attempt++) {
      try {
        server.listen(port, '127.0.0.1');
        await once(server, 'listening');
        return;
      } catch (error) {
        if (attempt >= 20) {
          this.#server = undefined;
          throw error;
        }
        await wait(100);
      }
    }
  }

  #serve(socket: TLSSocket): void {
    socket.setNoDelay(true);
    const frames = new Frames();
    const receiver = this.#accept({
      send: (message) => {
        if (socket.writable) socket.write(frame(message));
      },
      drop: () => socket.destroy(),
      reset: () => resetOf(this.#sockets, socket),
    });
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      try {
        for (const message of frames.push(chunk)) receiver.received(message);
      } catch {
        socket.destroy();
      }
    });
  }

  /** Resets every connection and stops listening. */
  async cut(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of this.#sockets) socket.resetAndDestroy();
    await closed;
  }
}

/** Resets the TCP connection below a TLS one. */
export function resetOf(sockets: Iterable<Socket>, above: Pick<Socket, 'remotePort'>): void {
  for (const socket of sockets) if (socket.remotePort === above.remotePort) socket.resetAndDestroy();
}

/** Opens the line on the identity's port; when that is taken and `fixed` is not asked for, on another. */
export async function openLine(
  identity: Identity,
  fixed: boolean,
  accept: Accept,
): Promise<{ readonly line: Line; readonly identity: Identity }> {
  let current = identity;
  for (let attempt = 0; ; attempt++) {
    const line = new Line(current, accept);
    try {
      await line.mend();
      return { line, identity: current };
    } catch (error) {
      if (fixed || attempt >= 5) throw error;
      current = withPort(current, 0);
    }
  }
}
