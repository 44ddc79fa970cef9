import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { nextCommand, watchRealTime } from './command.ts';
import { type Mark, type Piece, paperText } from './paper.ts';
import { automaticStatus, isStalled, paperStatus, realTimeStatus, type Trouble } from './status.ts';
import { createStrip } from './strip.ts';

/** A cut receipt. `png` is the path of its picture, there once `settled()` has come back. */
export interface Receipt {
  readonly n: number;
  /** When it was cut, ISO 8601. */
  readonly at: string;
  readonly text: string;
  readonly png: string;
  /** Commands in it that the printer does not know. */
  readonly unknown: readonly string[];
}

/** Draws a receipt to a PNG file. */
type Draw = (marks: readonly Mark[], file: string) => Promise<void>;

export interface PrinterOptions {
  /** TCP port; 0 takes a free one. */
  readonly port: number;
  /** Receipts are written to `paper/` under this folder as NNNN.txt and NNNN.png. */
  readonly dir: string;
  readonly host?: string;
  /** Left out: draws with the system's fonts. */
  readonly draw?: Draw;
  /** Told what went wrong without stopping the printer. */
  readonly warn?: (message: string) => void;
}

export interface Printer {
  readonly port: number;
  /** Receipts cut since it was started, with a number above `since`. */
  receipts(since?: number): readonly Receipt[];
  /** `offline` takes the printer off the network, the others stay on it. Comes back when that is so. */
  setTrouble(trouble: Trouble): Promise<void>;
  trouble(): Trouble;
  /** How often a drawer was opened. */
  drawerCount(): number;
  /** Waits until every receipt so far is on disk, text and picture. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** A printer keeps so much while it cannot print; then it stops taking more. */
const bufferBytes = 64 * 1024;

/** What the connections share: one paper, one state. */
interface Works {
  trouble(): Trouble;
  cut(piece: Piece): void;
  drawer(): void;
}

interface Line {
  readonly socket: Socket;
  /** Prints what was held back, and reports the new state where that was asked for. */
  changed(): void;
  /** Nothing more will come, and nothing is held back. */
  over(): boolean;
}

/** One computer on the line. */
function serve(socket: Socket, works: Works): Line {
  let held: Buffer = Buffer.alloc(0);
  let automatic = false;
  const answer = (bytes: Uint8Array): void => {
    if (socket.writable) socket.write(bytes);
  };
  const obey = createStrip({
    cut: works.cut,
    drawer: works.drawer,
    answer,
    paper: () => paperStatus(works.trouble()),
    automatic(on) {
      automatic = on;
      if (on) answer(automaticStatus(works.trouble()));
    },
  });
  const watch = watchRealTime((command) => {
    if (command.kind === 'pulse') {
      works.drawer();
      return;
    }
    const status = realTimeStatus(command.n, works.trouble());
    if (status !== undefined) answer(Buffer.from([status]));
  });
  const print = (): void => {
    while (!isStalled(works.trouble())) {
      const command = nextCommand(held);
      if (command === undefined) break;
      held = held.subarray(command.size);
      obey(command);
    }
    if (held.length > bufferBytes && isStalled(works.trouble())) socket.pause();
    else socket.resume();
  };
  socket.on('data', (chunk: Buffer) => {
    for (const byte of chunk) watch(byte);
    held = Buffer.concat([held, chunk]);
    print();
  });
  return {
    socket,
    changed() {
      if (automatic) answer(automaticStatus(works.trouble()));
      print();
    },
    over: () => socket.destroyed && (held.length === 0 || !isStalled(works.trouble())),
  };
}

/** The number of the last receipt in the folder: a printer started again counts on. */
async function lastNumber(folder: string): Promise<number> {
  const numbers = (await readdir(folder)).map((name) => Number(/^(\d+)\.txt$/.exec(name)?.[1] ?? 0));
  return Math.max(0, ...numbers);
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/**
 * The painter needs a native library: loaded at the first receipt, so that the printer itself starts at once. Where there is
 * none for this system, receipts are kept as text alone.
 */
async function loadPainter(warn: (message: string) => void): Promise<Draw> {
  try {
    const { createPainter } = await import('./picture.ts');
    return createPainter(warn);
  } catch (error) {
    warn(`receipts are kept without pictures: ${error instanceof Error ? error.message : String(error)}`);
    return async () => undefined;
  }
}

/** Starts a receipt printer for 80 mm paper on TCP. Rejects when the port is taken. */
export async function startPrinter(options: PrinterOptions): Promise<Printer> {
  const host = options.host ?? '127.0.0.1';
  const warn = options.warn ?? (() => undefined);
  const folder = join(options.dir, 'paper');
  await mkdir(folder, { recursive: true });
  let n = await lastNumber(folder);
  let trouble: Trouble = 'none';
  let drawers = 0;
  let written: Promise<void> = Promise.resolve();
  const receipts: Receipt[] = [];
  const lines = new Set<Line>();
  let painter: Promise<Draw> | undefined;

  const write = async (receipt: Receipt, marks: readonly Mark[]): Promise<void> => {
    try {
      await writeFile(join(folder, `${String(receipt.n).padStart(4, '0')}.txt`), receipt.text);
      painter ??= options.draw === undefined ? loadPainter(warn) : Promise.resolve(options.draw);
      await (await painter)(marks, receipt.png);
    } catch (error) {
      warn(`receipt ${receipt.n} could not be kept: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const works: Works = {
    trouble: () => trouble,
    drawer() {
      drawers += 1;
    },
    cut({ marks, unknown }) {
      n += 1;
      const png = join(folder, `${String(n).padStart(4, '0')}.png`);
      const receipt: Receipt = { n, at: new Date().toISOString(), text: paperText(marks), png, unknown };
      receipts.push(receipt);
      if (unknown.length > 0) warn(`receipt ${n} has commands this printer does not know: ${unknown.join(', ')}`);
      written = written.then(() => write(receipt, marks));
    },
  };
  const server = createServer((socket) => {
    socket.setNoDelay(true);
    const line = serve(socket, works);
    lines.add(line);
    // What a printer holds when the computer goes, it still prints once it can.
    socket.on('close', () => {
      if (line.over()) lines.delete(line);
    });
    socket.on('error', (error) => warn(`connection lost: ${error.message}`));
  });
  const port = await listen(server, options.port, host);
  const vanish = async (): Promise<void> => {
    const closed = new Promise<void>((done) => server.close(() => done()));
    for (const line of lines) line.socket.destroy();
    await closed;
  };
  return {
    port,
    receipts: (since = 0) => receipts.filter((receipt) => receipt.n > since),
    trouble: () => trouble,
    drawerCount: () => drawers,
    settled: () => written,
    async setTrouble(next) {
      const before = trouble;
      trouble = next;
      if (next === 'offline' && before !== 'offline') await vanish();
      if (next !== 'offline' && before === 'offline') await listen(server, port, host);
      if (next === before) return;
      for (const line of lines) {
        line.changed();
        if (line.over()) lines.delete(line);
      }
    },
    async close() {
      if (server.listening) await vanish();
      await written;
    },
  };
}
