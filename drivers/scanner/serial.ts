import type { SerialPort } from 'serialport';
import { LONGEST_CODE } from './code.ts';
import type { Scanner } from './scanner.ts';
import { CodeSource } from './source.ts';

export interface SerialScannerOptions {
  /** "/dev/ttyACM0", "COM3". */
  readonly path: string;
  /** 9,600 when not given, which most scanners are set to. */
  readonly baudRate?: number;
}

const OPEN_AGAIN_MS = 1_000;
/** A reading that is not ended by CR or LF after this long was cut off, and a cut-off code must not count. */
const UNENDED_MS = 500;
/** UTF-8 takes at most four bytes a character. */
const LONGEST_READING = LONGEST_CODE * 4;

/**
 * A scanner on a serial line (or USB posing as one): readings end with CR, LF or both, in UTF-8.
 * A line that is not there, or goes, is opened again every second.
 */
export function openSerialScanner(options: SerialScannerOptions): Scanner {
  const scanner = new SerialSource(options);
  void scanner.open();
  return scanner;
}

/** Loaded late, so that a machine without the native part lacks serial scanners and nothing else. */
async function load(): Promise<typeof import('serialport') | Error> {
  try {
    return await import('serialport');
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

class SerialSource extends CodeSource {
  readonly #options: SerialScannerOptions;
  #port: SerialPort | undefined;
  #reading: number[] = [];
  #overlong = false;
  #closed = false;
  #again: NodeJS.Timeout | undefined;
  #unended: NodeJS.Timeout | undefined;

  constructor(options: SerialScannerOptions) {
    super(options.path, { status: 'absent', detail: 'not opened yet' });
    this.#options = options;
  }

  async open(): Promise<void> {
    const failure = await this.#openPort();
    if (this.#closed) await this.close();
    else if (failure === undefined) this.become({ status: 'ready' });
    else this.#lost(failure);
  }

  override async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#again);
    clearTimeout(this.#unended);
    const port = this.#port;
    this.#port = undefined;
    if (port?.isOpen) await new Promise((resolve) => port.close(resolve));
    await super.close();
  }

  /** Undefined when the line is open, else why not. */
  async #openPort(): Promise<string | undefined> {
    const native = await load();
    if (native instanceof Error) return `serial lines cannot be used here: ${native.message}`;
    const { path, baudRate = 9_600 } = this.#options;
    const port: SerialPort = new native.SerialPort({ path, baudRate, autoOpen: false });
    this.#port = port;
    port.on('data', (chunk: Buffer) => this.#take(chunk));
    port.on('error', (error) => this.#lost(error.message));
    port.on('close', (error: Error | null) => this.#lost(error?.message ?? 'the line was closed'));
    return new Promise((resolve) => port.open((error) => resolve(error?.message)));
  }

  #lost(detail: string): void {
    if (this.#closed) return;
    const port = this.#port;
    this.#port = undefined;
    port?.removeAllListeners();
    // What a port that is given up still has to say changes nothing.
    port?.on('error', () => undefined);
    if (port?.isOpen) port.close(() => undefined);
    this.#forget();
    this.become({ status: 'absent', detail });
    clearTimeout(this.#again);
    this.#again = setTimeout(() => void this.open(), OPEN_AGAIN_MS);
  }

  #take(chunk: Uint8Array): void {
    for (const byte of chunk) {
      if (byte === 0x0d || byte === 0x0a) this.#end();
      else if (this.#reading.length < LONGEST_READING) this.#reading.push(byte);
      else this.#overlong = true;
    }
    clearTimeout(this.#unended);
    if (this.#reading.length === 0) return;
    this.#unended = setTimeout(() => {
      this.#forget();
      this.reject('the code was cut off; set the scanner to end each code with CR');
    }, UNENDED_MS);
  }

  #end(): void {
    const bytes = Uint8Array.from(this.#reading);
    const overlong = this.#overlong;
    this.#forget();
    if (overlong) this.reject(`the code is longer than ${LONGEST_CODE} characters`);
    else if (bytes.length > 0) this.read(new TextDecoder().decode(bytes));
  }

  #forget(): void {
    clearTimeout(this.#unended);
    this.#reading = [];
    this.#overlong = false;
  }
}
