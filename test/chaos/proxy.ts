import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** What goes wrong with the next message on the line. Bytes are those of TLS: the line knows nothing of messages. */
export const lineFaults = [
  /** Both directions stand still until after the deadline, then everything arrives. */
  'latency',
  /** The request is lost, and with it the connection, a while later. */
  'drop-request',
  /** The answer is lost, and with it the connection, a while later. */
  'drop-answer',
  /** The bank has the request; the terminal gets a reset instead of the answer. */
  'reset-after-delivery',
  /** Half of the answer, then the end of the connection. */
  'truncate',
  /** Nothing is carried any more, in either direction, and nobody closes. */
  'half-open',
  /** Bytes that nobody sent, before the answer. */
  'garbage',
  /** One byte of the request is another one. */
  'corrupt-request',
  /** The answer comes when nobody waits for it any more. */
  'late-answer',
  /** The connection is reset, and for a while none is accepted. */
  'refuse',
  /** The answer comes in pieces of a few bytes: slow, but sound. */
  'pieces',
] as const;
export type LineFault = (typeof lineFaults)[number];

export interface ProxyTimes {
  /** Longer than the terminal waits for an answer. */
  readonly lateMs: number;
  /** How long nothing is accepted. */
  readonly refuseMs: number;
}

/** A way between one terminal and its bank that goes wrong when it is told to. */
export class LineProxy {
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  readonly #target: number;
  readonly #times: ProxyTimes;
  #armed: LineFault | undefined;
  #refusing = false;

  private constructor(target: number, times: ProxyTimes) {
    this.#target = target;
    this.#times = times;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  /** Opens a way to `target` on this machine, on a port of its own. */
  static async open(target: number, times: ProxyTimes): Promise<LineProxy> {
    const proxy = new LineProxy(target, times);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address ? address.port : 0;
  }

  /** Lets this go wrong with whatever the terminal sends next. */
  arm(fault: LineFault): void {
    this.#armed = fault;
  }

  /** From now on all is well. */
  mend(): void {
    this.#armed = undefined;
    this.#refusing = false;
    for (const pair of this.#pairs) if (pair.hurt) pair.end();
  }

  async close(): Promise<void> {
    for (const pair of this.#pairs) pair.end();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #accept(client: Socket): void {
    if (this.#refusing) {
      client.resetAndDestroy();
      return;
    }
    const take = (): LineFault | undefined => {
      const fault = this.#armed;
      this.#armed = undefined;
      if (fault === 'refuse') this.#refuse();
      return fault;
    };
    const pair: Pair = new Pair(client, connect(this.#target, '127.0.0.1'), this.#times, take, () =>
      this.#pairs.delete(pair),
    );
    this.#pairs.add(pair);
  }

  #refuse(): void {
    this.#refusing = true;
    setTimeout(() => {
      this.#refusing = false;
    }, this.#times.refuseMs);
  }
}

/** One connection of the terminal and its continuation to the bank. */
class Pair {
  readonly #client: Socket;
  readonly #bank: Socket;
  readonly #times: ProxyTimes;
  readonly #take: () => LineFault | undefined;
  #fault: LineFault | undefined;
  readonly #held: (() => void)[] = [];

  constructor(client: Socket, bank: Socket, times: ProxyTimes, take: () => LineFault | undefined, over: () => void) {
    this.#client = client.setNoDelay(true);
    this.#bank = bank.setNoDelay(true);
    this.#times = times;
    this.#take = take;
    client.on('data', (chunk) => this.#up(chunk));
    bank.on('data', (chunk) => this.#down(chunk));
    for (const socket of [client, bank]) {
      socket.on('error', () => this.end());
      socket.on('end', () => {
        if (!this.hurt) this.end();
      });
      socket.once('close', () => {
        if (this.#fault !== 'half-open' || socket === client) this.end();
        over();
      });
    }
  }

  get hurt(): boolean {
    return this.#fault !== undefined;
  }

  end(): void {
    this.#client.destroy();
    this.#bank.destroy();
  }

  #later(ms: number, run: () => void): void {
    setTimeout(run, ms);
  }

  #up(chunk: Buffer): void {
    const first = this.#fault === undefined;
    this.#fault ??= this.#take();
    const { lateMs } = this.#times;
    switch (this.#fault) {
      case 'latency':
        this.#hold(() => this.#bank.write(chunk), first);
        return;
      case 'drop-request':
        if (first) this.#later(lateMs, () => this.end());
        return;
      case 'half-open':
        return;
      case 'refuse':
        this.#client.resetAndDestroy();
        this.#bank.destroy();
        return;
      case 'corrupt-request': {
        const at = Math.floor(chunk.length / 2);
        chunk[at] = (chunk[at] ?? 0) ^ 0x20;
        this.#bank.write(chunk);
        return;
      }
      default:
        this.#bank.write(chunk);
    }
  }

  #down(chunk: Buffer): void {
    const { lateMs } = this.#times;
    switch (this.#fault) {
      case 'latency':
        this.#hold(() => this.#client.write(chunk), false);
        return;
      case 'late-answer':
        this.#hold(() => this.#client.write(chunk), this.#held.length === 0);
        return;
      case 'drop-answer':
        this.#later(lateMs, () => this.end());
        return;
      case 'reset-after-delivery':
        this.#client.resetAndDestroy();
        this.#bank.destroy();
        return;
      case 'truncate':
        this.#client.end(chunk.subarray(0, Math.floor(chunk.length / 2)));
        this.#bank.destroy();
        return;
      case 'garbage':
        this.#client.write(Buffer.concat([randomBytes(100), chunk]));
        return;
      case 'pieces':
        for (let at = 0; at < chunk.length; at += 7) this.#client.write(chunk.subarray(at, at + 7));
        this.#fault = undefined;
        return;
      case 'drop-request':
      case 'half-open':
        return;
      default:
        this.#client.write(chunk);
    }
  }

  /** Keeps what comes in its order, and lets it go on when the first of it has waited long enough. */
  #hold(go: () => void, first: boolean): void {
    this.#held.push(go);
    if (!first) return;
    this.#later(this.#times.lateMs, () => {
      this.#fault = undefined;
      for (const one of this.#held.splice(0)) one();
    });
  }
}
