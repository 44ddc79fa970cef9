import { createServer, type Server, type Socket } from 'node:net';
import iconv from 'iconv-lite';
import type { Mendable } from './contract.ts';

/** Lengths of the commands the driver sends; undefined ends the known ones. */
const lengths: Record<string, number> = { '1b40': 2, '1c26': 2, '1b61': 3, '1b45': 3, '1d21': 3, '1b70': 5, '1d72': 3 };

/** A small printer on TCP that works off what the driver of this product sends, byte by byte, and no more. */
export class TestPrinter {
  readonly papers: string[] = [];
  readonly unknown: string[] = [];
  kicks = 0;
  trouble: Mendable | 'paper-near-end' | 'none' = 'none';
  breakAs: Mendable | undefined;
  knowsWhenDone = true;
  port = 0;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #data: number[] = [];
  #text: number[] = [];

  async listen(): Promise<void> {
    this.#server = createServer((socket) => this.#serve(socket));
    await new Promise<void>((resolve) => this.#server?.listen(this.port, '127.0.0.1', resolve));
    const address = this.#server.address();
    this.port = typeof address === 'object' && address ? address.port : 0;
  }

  async set(trouble: Mendable | 'paper-near-end' | 'none'): Promise<void> {
    const was = this.trouble;
    this.trouble = trouble;
    if (trouble === 'offline') await this.close();
    else if (was === 'offline') await this.listen();
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => (this.#server ? this.#server.close(resolve) : resolve(undefined)));
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket)).on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      for (let at = 0; at < chunk.length; at++) {
        if (chunk[at] === 0x10 && chunk[at + 1] === 0x04) {
          if (this.trouble !== 'no-answer') socket.write(Uint8Array.of(this.#status(chunk[at + 2])));
          at += 2;
        } else this.#data.push(chunk[at] ?? 0);
      }
      if (this.breakAs && this.#data.length > 12) this.#break();
      else this.#work(socket);
    });
  }

  #break(): void {
    const trouble = this.breakAs ?? 'none';
    this.breakAs = undefined;
    this.#data = [];
    this.#text = [];
    void this.set(trouble);
  }

  #status(n: number | undefined): number {
    const { trouble } = this;
    if (n === 2 && trouble === 'cover-open') return 0x16;
    if (n === 2 && trouble === 'error') return 0x52;
    if (n === 3 && trouble === 'error') return 0x1a;
    if (n === 4 && trouble === 'paper-end') return 0x72;
    if (n === 4 && trouble === 'paper-near-end') return 0x1e;
    if (n === 1 && trouble !== 'none' && trouble !== 'paper-near-end') return 0x1a;
    return 0x12;
  }

  #work(socket: Socket): void {
    while (this.#data.length > 0) {
      const [first = 0, second = 0, third = 0, low = 0, high = 0] = this.#data;
      const name = Buffer.of(first, second).toString('hex');
      const length = name === '1d28' ? 5 + low + 256 * high : name === '1d56' ? 3 : (lengths[name] ?? 1);
      const command = this.#data.splice(0, length);
      if (name === '1d56') this.#cut();
      else if (name === '1b70') this.kicks += 1;
      else if (name === '1d72' && this.knowsWhenDone) socket.write(Uint8Array.of(0x00));
      else if (name === '1d28' && third === 0x6b && command[6] === 0x50)
        this.#text.push(...Buffer.from('[QR '), ...command.slice(8), ...Buffer.from(']\n'));
      else if (length === 1 && first < 0x20 && first !== 0x0a) this.unknown.push(name);
      else if (length === 1) this.#text.push(first);
    }
  }

  #cut(): void {
    this.papers.push(iconv.decode(Buffer.from(this.#text), 'gb18030'));
    this.#text = [];
  }
}
