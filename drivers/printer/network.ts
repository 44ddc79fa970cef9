import { connect, type Socket } from 'node:net';
import { encodeDrawer, encodeReceipt } from './escpos.ts';
import type { Printed, PrinterState, Receipt, ReceiptPrinter } from './printer.ts';
import {
  type Answer,
  ASK_WHEN_DONE,
  answerReader,
  askStatus,
  endedWhenDone,
  errorDetail,
  PAPER_END,
  type RealTimeStatus,
  stateOf,
  trouble,
} from './status.ts';

export interface NetworkPrinterOptions {
  readonly host: string;
  /** 9100 on most printers. */
  readonly port: number;
  readonly columns: number;
  /** How often the state is read while nothing is printed; 0 never. */
  readonly pollMs?: number;
  readonly connectMs?: number;
  /** How long one status byte may take. */
  readonly answerMs?: number;
  /** How long a receipt may take from its last byte to “done”. */
  readonly finishMs?: number;
}

/** How often a printer at work is asked for troubles. */
const LOOK_AGAIN_MS = 200;
const CLOSE_MS = 1_000;

type Timing = Required<Pick<NetworkPrinterOptions, 'connectMs' | 'answerMs' | 'finishMs'>>;

/**
 * An ESC/POS printer on the network. Each job has its own connection, since many printers serve one at a time:
 * status, bytes, then a status request that is answered in its turn (GS r), so that “printed” means worked off and
 * not merely received; printers that do not know GS r are asked by DLE EOT alone once everything was handed over.
 */
export function openNetworkPrinter(options: NetworkPrinterOptions): ReceiptPrinter {
  return new NetworkPrinter(options);
}

class NetworkPrinter implements ReceiptPrinter {
  readonly name: string;
  readonly columns: number;
  readonly #options: NetworkPrinterOptions;
  readonly #timing: Timing;
  readonly #listeners = new Set<() => void>();
  readonly #poll: NodeJS.Timeout | undefined;
  #state: PrinterState = trouble('no-answer', 'The printer has not been asked yet.');
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #closed = false;
  /** Whether this printer answers GS r; undefined until it was tried. */
  #answersWhenDone: boolean | undefined;

  constructor(options: NetworkPrinterOptions) {
    this.name = `${options.host}:${options.port}`;
    this.columns = options.columns;
    this.#options = options;
    this.#timing = {
      connectMs: options.connectMs ?? 3_000,
      answerMs: options.answerMs ?? 1_000,
      finishMs: options.finishMs ?? 20_000,
    };
    const pollMs = options.pollMs ?? 5_000;
    if (pollMs > 0) this.#poll = setInterval(() => this.#waiting === 0 && void this.refresh(), pollMs).unref();
    void this.refresh();
  }

  get state(): PrinterState {
    return this.#state;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  refresh(): Promise<PrinterState> {
    return this.#inTurn(async () => {
      const line = await this.#connect();
      if (!line) return this.#state;
      const state = await line.state();
      line.close();
      return this.#become(state);
    });
  }

  print(receipt: Receipt): Promise<Printed> {
    return this.#inTurn(() => this.#send(encodeReceipt(receipt, this.columns)));
  }

  openDrawer(): Promise<Printed> {
    return this.#inTurn(() => this.#send(encodeDrawer()));
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#poll);
    this.#listeners.clear();
    await this.#last;
  }

  async #send(bytes: Uint8Array): Promise<Printed> {
    const line = this.#closed ? undefined : await this.#connect();
    if (!line) return { ok: false, sent: false, trouble: 'offline' };
    const before = this.#become(await line.state());
    if (before.status === 'ready') this.#answersWhenDone ??= await line.answersWhenDone();
    const sent = before.status === 'ready' && line.write(bytes);
    const after = sent ? this.#become(await line.finished(this.#answersWhenDone === true)) : before;
    line.close();
    if (sent && after.status === 'ready') return { ok: true };
    // Found out anew on the next job: it may be another printer by then.
    this.#answersWhenDone = undefined;
    return { ok: false, sent, trouble: after.status === 'trouble' ? after.trouble : 'no-answer' };
  }

  async #connect(): Promise<Line | undefined> {
    const line = await openLine(this.#options, this.#timing);
    if (line instanceof Line) return line;
    this.#become(trouble('offline', `No connection to ${this.name}: ${line.failure}.`));
    return undefined;
  }

  #inTurn<Result>(run: () => Promise<Result>): Promise<Result> {
    this.#waiting += 1;
    const turn = this.#last.then(run).finally(() => {
      this.#waiting -= 1;
    });
    this.#last = turn;
    return turn;
  }

  #become(state: PrinterState): PrinterState {
    const same = JSON.stringify(state) === JSON.stringify(this.#state);
    this.#state = state;
    if (!same) for (const listener of this.#listeners) listener();
    return state;
  }
}

function openLine(target: { host: string; port: number }, timing: Timing): Promise<Line | { failure: string }> {
  return new Promise((resolve) => {
    const socket = connect({ host: target.host, port: target.port, noDelay: true });
    const late = setTimeout(() => fail('it does not answer'), timing.connectMs);
    const fail = (failure: string) => {
      clearTimeout(late);
      socket.destroy();
      resolve({ failure });
    };
    socket.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? error.message));
    socket.once('connect', () => {
      clearTimeout(late);
      resolve(new Line(socket, timing));
    });
  });
}

/** One connection to the printer, for one job. */
class Line {
  readonly #socket: Socket;
  readonly #timing: Timing;
  readonly #wanted = new Map<Answer['to'], (byte: number | undefined) => void>();
  #flushed: Promise<boolean> = Promise.resolve(true);

  constructor(socket: Socket, timing: Timing) {
    this.#socket = socket;
    this.#timing = timing;
    const read = answerReader();
    socket.on('data', (chunk) => {
      for (const { to, byte } of read(chunk)) this.#answered(to, byte);
    });
    socket.on('close', () => {
      for (const to of [...this.#wanted.keys()]) this.#answered(to, undefined);
    });
  }

  /** What the printer says about itself now; one question at a time, since the answers carry no number. */
  async state(): Promise<PrinterState> {
    const bytes = { printer: 0, cause: 0, paper: 0 };
    for (const status of ['printer', 'cause', 'paper'] as const) {
      const byte = await this.#ask(status);
      if (byte === undefined) return trouble('no-answer', 'The printer accepts connections and tells no status.');
      bytes[status] = byte;
    }
    const state = stateOf(bytes);
    if (state.status === 'ready' || state.trouble !== 'error') return state;
    const error = await this.#ask('error');
    return error === undefined ? state : trouble('error', errorDetail(error));
  }

  async answersWhenDone(): Promise<boolean> {
    if (!this.write(ASK_WHEN_DONE)) return false;
    return (await this.#answer('when-done', this.#timing.answerMs)) !== undefined;
  }

  /** False when nothing was handed over because the connection is closed already. */
  write(bytes: Uint8Array): boolean {
    if (!this.#socket.writable) return false;
    this.#flushed = new Promise((resolve) => this.#socket.write(bytes, (error) => resolve(!error)));
    return true;
  }

  /** Waits until the printer has worked off what was written, or shows a trouble, or the time is up. */
  async finished(answersWhenDone: boolean): Promise<PrinterState> {
    const late = trouble('no-answer', 'The printer did not say that it is done.');
    if (!answersWhenDone) {
      const flushed = await within(this.#flushed, this.#timing.finishMs);
      return flushed ? this.state() : late;
    }
    this.write(ASK_WHEN_DONE);
    const done = this.#answer('when-done', this.#timing.finishMs);
    for (;;) {
      const answer = await within(done, LOOK_AGAIN_MS, 'not-yet');
      const state = await this.state();
      if (state.status === 'trouble') return state;
      if (answer === undefined) return late;
      if (answer !== 'not-yet') return endedWhenDone(answer) ? PAPER_END : state;
    }
  }

  close(): void {
    this.#socket.end();
    setTimeout(() => this.#socket.destroy(), CLOSE_MS).unref();
  }

  #ask(status: RealTimeStatus): Promise<number | undefined> {
    const answer = this.#answer('real-time', this.#timing.answerMs);
    this.write(askStatus(status));
    return answer;
  }

  #answer(to: Answer['to'], ms: number): Promise<number | undefined> {
    if (this.#socket.closed) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const late = setTimeout(() => this.#answered(to, undefined), ms);
      this.#wanted.set(to, (byte) => {
        clearTimeout(late);
        this.#wanted.delete(to);
        resolve(byte);
      });
    });
  }

  #answered(to: Answer['to'], byte: number | undefined): void {
    this.#wanted.get(to)?.(byte);
  }
}

function within<Value, const Late = undefined>(
  promise: Promise<Value>,
  ms: number,
  late?: Late,
): Promise<Value | Late> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(late as Late), ms);
    void promise.then((value) => {
      clearTimeout(timer);
      resolve(value);
    });
  });
}
