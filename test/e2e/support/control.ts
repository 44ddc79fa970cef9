import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

/** One payment in the bank's own book (docs/virtual-counter.md). */
export interface BankPayment {
  readonly mti: string;
  readonly stan: number;
  readonly amount: number;
  readonly state: 'approved' | 'declined' | 'pending' | 'reversed' | 'voided';
  readonly maskedPan: string | null;
  readonly cryptogram: string | null;
}

export interface BankBook {
  readonly payments: readonly BankPayment[];
  readonly totals: {
    readonly debitCount: number;
    readonly debitMinor: number;
    readonly creditCount: number;
    readonly creditMinor: number;
  };
  readonly closed: readonly number[];
}

export interface Paper {
  readonly n: number;
  readonly text: string;
  readonly png: string;
}

/** A connection to the control port of the virtual counter. */
export interface Control {
  readonly ask: (command: string, input?: Readonly<Record<string, unknown>>) => Promise<Record<string, unknown>>;
  readonly book: () => Promise<BankBook>;
  readonly paper: () => Promise<readonly Paper[]>;
  readonly close: () => void;
}

interface Waiting {
  readonly resolve: (answer: Record<string, unknown>) => void;
  readonly reject: (error: Error) => void;
}

function listen(socket: Socket, waiting: Map<number, Waiting>): void {
  createInterface({ input: socket }).on('line', (line) => {
    const answer = JSON.parse(line) as Record<string, unknown>;
    const one = waiting.get(Number(answer['id']));
    waiting.delete(Number(answer['id']));
    if (answer['ok'] === true) one?.resolve(answer);
    else one?.reject(new Error(`The virtual counter answers: ${String(answer['error'])}`));
  });
  const lost = () => {
    for (const one of waiting.values()) one.reject(new Error('The virtual counter went away.'));
    waiting.clear();
  };
  socket.on('error', lost).on('close', lost);
}

/** Connects to the control port at `address`, host:port. */
export async function openControl(address: string): Promise<Control> {
  const [host = '', port = ''] = address.split(':');
  const socket = connect({ host, port: Number(port) });
  await once(socket, 'connect');
  const waiting = new Map<number, Waiting>();
  listen(socket, waiting);
  let last = 0;
  const ask = (command: string, input: Readonly<Record<string, unknown>> = {}) =>
    new Promise<Record<string, unknown>>((resolve, reject) => {
      last += 1;
      waiting.set(last, { resolve, reject });
      socket.write(`${JSON.stringify({ id: last, do: command, ...input })}\n`);
    });
  return {
    ask,
    book: async () => (await ask('book')) as unknown as BankBook,
    paper: async () => (await ask('paper'))['receipts'] as readonly Paper[],
    close: () => socket.destroy(),
  };
}
