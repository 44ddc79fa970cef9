import { createServer, type Server, type Socket } from 'node:net';
import { type Field, Fields } from './field.ts';
import type { CardReaders, Exchange } from './reader.ts';

/** Control messages of the vpcd protocol: one byte from the reader to the card. */
const POWER_OFF = Uint8Array.of(0);
const POWER_ON = Uint8Array.of(1);
const SEND_ATR = Uint8Array.of(4);

const ATR_DEADLINE_MS = 2_000;
const LISTEN_AGAIN_MS = 1_000;
const MOST_CARDS = 8;

export interface VirtualReader extends CardReaders {
  /** Where cards connect, on 127.0.0.1; 0 while the port could not be had. */
  readonly port: number;
}

export interface VirtualReaderOptions {
  /** 0 takes any free port. */
  readonly port: number;
  readonly name?: string;
}

/**
 * The terminal's own virtual reader: it listens on 127.0.0.1 and speaks the reader's side of the vpcd protocol
 * (2-byte length and that many bytes both ways). A connection is a card; a second one meanwhile is a collision.
 * A port that is in use shows as an unresponsive reader and is tried again every second.
 */
export async function openVirtualReader(options: VirtualReaderOptions): Promise<VirtualReader> {
  const reader = new ListeningReader(options.name ?? 'Virtual counter');
  await reader.listen(options.port);
  return reader;
}

class ListeningReader extends Fields implements VirtualReader {
  readonly #field: Field;
  readonly #peers: Peers;
  readonly #server: Server;
  #closed = false;
  #again: NodeJS.Timeout | undefined;

  constructor(name: string) {
    super();
    this.#field = this.plug(name, 'virtual');
    this.#peers = new Peers(this.#field);
    this.#server = createServer((socket) => this.#peers.add(socket));
  }

  get port(): number {
    return portOf(this.#server);
  }

  async listen(port: number): Promise<void> {
    const failure = await listening(this.#server, port);
    if (this.#closed) return;
    if (failure) {
      this.#field.mute(`port ${port} cannot be had: ${failure}`);
      this.#again = setTimeout(() => void this.listen(port), LISTEN_AGAIN_MS);
    } else this.#field.leave();
  }

  override async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#again);
    this.#peers.close();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await super.close();
  }
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}

/** Undefined when the server listens, else why not. */
function listening(server: Server, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const fail = (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message);
    server.once('error', fail);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', fail);
      resolve(undefined);
    });
  });
}

/** The cards in the field: normally one. */
class Peers {
  readonly #field: Field;
  readonly #peers = new Set<Peer>();

  constructor(field: Field) {
    this.#field = field;
  }

  add(socket: Socket): void {
    if (this.#peers.size >= MOST_CARDS) {
      socket.destroy();
      return;
    }
    const peer = new Peer(socket, () => {
      if (this.#peers.delete(peer)) this.#settle();
    });
    this.#peers.add(peer);
    this.#settle();
  }

  close(): void {
    for (const peer of this.#peers) peer.close();
    this.#peers.clear();
  }

  #settle(): void {
    const [peer, second] = this.#peers;
    if (!peer) this.#field.leave();
    else if (second) this.#field.collide();
    else void this.#activate(peer);
  }

  async #activate(peer: Peer): Promise<void> {
    const atr = await peer.activate();
    if (this.#peers.size !== 1 || !this.#peers.has(peer)) return;
    const link = { exchange: (command: Uint8Array) => peer.exchange(command), end: () => peer.end() };
    if (atr) this.#field.arrive({ atr, ...link }, peer.released);
    else this.#field.mute('the card sends no answer to reset');
  }
}

/** One connected card. It answers in order, so the oldest question gets the next answer, also one nobody waits for. */
class Peer {
  released = false;
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #asked: ((message: Uint8Array | undefined) => void)[] = [];

  constructor(socket: Socket, left: () => void) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#take(chunk));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      for (const resolve of this.#asked.splice(0)) resolve(undefined);
      left();
    });
  }

  /** Powers the card and asks for its ATR; undefined when it sends none in time. */
  async activate(): Promise<Uint8Array | undefined> {
    this.#send(POWER_ON);
    let late: NodeJS.Timeout | undefined;
    const never = new Promise<undefined>((resolve) => {
      late = setTimeout(() => resolve(undefined), ATR_DEADLINE_MS);
    });
    const atr = await Promise.race([this.#ask(SEND_ATR), never]);
    clearTimeout(late);
    return atr && atr.length >= 2 && atr.length <= 33 ? atr : undefined;
  }

  async exchange(command: Uint8Array): Promise<Exchange> {
    const response = await this.#ask(command);
    return response ? { ok: true, response } : { ok: false, fault: 'torn', detail: 'the card left' };
  }

  end(): void {
    this.released = true;
    this.#send(POWER_OFF);
  }

  close(): void {
    this.#socket.destroy();
  }

  #ask(message: Uint8Array): Promise<Uint8Array | undefined> {
    if (!this.#send(message)) return Promise.resolve(undefined);
    return new Promise((resolve) => this.#asked.push(resolve));
  }

  #send(message: Uint8Array): boolean {
    if (!this.#socket.writable || message.length > 0xffff) return false;
    const length = Buffer.alloc(2);
    length.writeUInt16BE(message.length);
    this.#socket.write(Buffer.concat([length, message]));
    return true;
  }

  #take(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    while (this.#received.length >= 2) {
      const end = 2 + this.#received.readUInt16BE(0);
      if (this.#received.length < end) return;
      const message = Uint8Array.from(this.#received.subarray(2, end));
      this.#received = this.#received.subarray(end);
      this.#asked.shift()?.(message);
    }
  }
}
