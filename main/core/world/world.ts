import type { CardReaders } from '../../../drivers/nfc/reader.ts';
import type { ReceiptPrinter } from '../../../drivers/printer/printer.ts';
import type { Scanner } from '../../../drivers/scanner/scanner.ts';
import type { Storage } from '../store/storage.ts';

/**
 * Everything the core may touch outside itself. The core never reads a clock, draws a random number,
 * opens a socket, a file or a device except through the World it was given at start.
 */
export interface World {
  readonly clock: Clock;
  /** Cryptographically random bytes. */
  random(length: number): Uint8Array;
  readonly network: Network;
  readonly storage: Storage;
  readonly devices: Devices;
}

export interface Clock {
  /** Wall time, UTC milliseconds since 1970. A label only: order is by sequence, waiting by `monotonic`. */
  now(): number;
  /** Milliseconds from an arbitrary start; never jumps, never goes back. */
  monotonic(): number;
  /** Resolves after `ms`, or at once when `signal` aborts. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Where a line goes and how it is protected. PEM texts; the server must chain to `ca` and carry `serverName`. */
export interface LineTarget {
  readonly host: string;
  readonly port: number;
  readonly tls?: {
    readonly ca: string;
    readonly cert: string;
    readonly key: string;
    readonly serverName: string;
  };
}

export type LineFault = 'refused' | 'unreachable' | 'timed-out' | 'untrusted-host' | 'client-refused' | 'closed';

export interface Line {
  /**
   * Hands bytes to the socket. False when nothing was handed over because the line is already closed:
   * only then may the caller conclude "not sent" (I7).
   */
  send(bytes: Uint8Array): boolean;
  /** Called with each chunk as it arrives, in order. One listener. */
  onBytes(listener: (bytes: Uint8Array) => void): void;
  /** Called once, also when the line is closed already. */
  onClose(listener: (fault: LineFault, detail: string) => void): void;
  close(): void;
}

export type Connected =
  | { readonly ok: true; readonly line: Line }
  | { readonly ok: false; readonly fault: LineFault; readonly detail: string };

export interface Network {
  /** Opens a TCP line, with TLS 1.3 where the target says so. Never rejects. */
  connect(target: LineTarget, timeoutMs: number): Promise<Connected>;
}

export interface Devices {
  readonly readers: CardReaders;
  readonly printer: ReceiptPrinter;
  readonly scanners: readonly Scanner[];
}
