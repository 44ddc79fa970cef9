import type { Card, CardReader, CardReaders, ReadersState } from '../../drivers/nfc/reader.ts';
import type { Printed, PrinterState, PrinterTrouble, Receipt, ReceiptPrinter } from '../../drivers/printer/printer.ts';
import type { Scan, Scanner, ScannerState } from '../../drivers/scanner/scanner.ts';

/** What the devices of one start of the core need: time, and a place where the power may go. */
export interface DeviceWorld {
  readonly alive: () => boolean;
  readonly after: (ms: number, run: () => void) => void;
  readonly point: (name: string) => void;
  /** Paper came out. */
  readonly paper: (receipt: Receipt) => void;
  /** A receipt is about to be printed. */
  readonly printing: (receipt: Receipt) => void;
}

/** The devices' own condition: it outlives the core. */
export interface Hardware {
  reader: boolean;
  printer: PrinterTrouble | undefined;
  /** The next job stops in its middle. */
  printerBreaks: boolean;
}

const ready: PrinterState = { status: 'ready', paper: 'ok', drawerOpen: false };

class Listeners {
  readonly #all = new Set<() => void>();

  add(listener: () => void): () => void {
    this.#all.add(listener);
    return () => this.#all.delete(listener);
  }

  call(): void {
    for (const listener of [...this.#all]) listener();
  }
}

/** One reader; a card is put on it by `tap`. */
export class SimulatedReaders implements CardReaders {
  readonly #hardware: Hardware;
  readonly #changes = new Listeners();
  #waiting: ((card: Card | undefined) => void) | undefined;

  constructor(hardware: Hardware) {
    this.#hardware = hardware;
  }

  get state(): ReadersState {
    return this.#hardware.reader ? { status: 'ready' } : { status: 'none' };
  }

  list(): readonly CardReader[] {
    return this.#hardware.reader ? [{ name: 'Simulated reader', kind: 'virtual', state: { status: 'ready' } }] : [];
  }

  onChange(listener: () => void): () => void {
    return this.#changes.add(listener);
  }

  changed(): void {
    this.#changes.call();
  }

  /** Puts a card on the reader; false when nobody waits for one. */
  tap(card: Card): boolean {
    const waiting = this.#waiting;
    if (!waiting || !this.#hardware.reader) return false;
    this.#waiting = undefined;
    waiting(card);
    return true;
  }

  nextCard(signal: AbortSignal): Promise<Card | undefined> {
    return new Promise((resolve) => {
      if (signal.aborted) {
        resolve(undefined);
        return;
      }
      this.#waiting = resolve;
      signal.addEventListener('abort', () => {
        if (this.#waiting === resolve) this.#waiting = undefined;
        resolve(undefined);
      });
    });
  }

  async close(): Promise<void> {
    this.#waiting?.(undefined);
  }
}

export class SimulatedScanner implements Scanner {
  readonly name = 'Simulated scanner';
  readonly state: ScannerState = { status: 'ready' };
  readonly #scans = new Set<(scan: Scan) => void>();

  onChange(): () => void {
    return () => undefined;
  }

  onScan(listener: (scan: Scan) => void): () => void {
    this.#scans.add(listener);
    return () => this.#scans.delete(listener);
  }

  onReject(): () => void {
    return () => undefined;
  }

  scan(text: string): void {
    for (const listener of [...this.#scans]) listener({ text, scanner: this.name });
  }

  async close(): Promise<void> {
    this.#scans.clear();
  }
}

const PRINT_MS = 900;

export class SimulatedPrinter implements ReceiptPrinter {
  readonly name = 'Simulated printer';
  readonly columns = 48;
  readonly #hardware: Hardware;
  readonly #world: DeviceWorld;
  readonly #changes = new Listeners();

  constructor(hardware: Hardware, world: DeviceWorld) {
    this.#hardware = hardware;
    this.#world = world;
  }

  get state(): PrinterState {
    const { printer } = this.#hardware;
    return printer === undefined ? ready : { status: 'trouble', trouble: printer, detail: '' };
  }

  onChange(listener: () => void): () => void {
    return this.#changes.add(listener);
  }

  changed(): void {
    this.#changes.call();
  }

  refresh(): Promise<PrinterState> {
    return this.#later(40, () => this.state);
  }

  print(receipt: Receipt): Promise<Printed> {
    this.#world.point('before print');
    const { printer } = this.#hardware;
    if (printer !== undefined) return Promise.resolve({ ok: false, sent: false, trouble: printer });
    this.#world.printing(receipt);
    let came = false;
    this.#world.after(PRINT_MS / 2, () => {
      came = !this.#hardware.printerBreaks;
      if (came) this.#world.paper(receipt);
    });
    this.#world.point('in print');
    return this.#later(PRINT_MS, () => {
      const { printer: trouble } = this.#hardware;
      this.#hardware.printerBreaks = false;
      if (!came || trouble !== undefined) return { ok: false, sent: true, trouble: trouble ?? 'no-answer' };
      return { ok: true };
    });
  }

  openDrawer(): Promise<Printed> {
    return this.#later(50, () => ({ ok: true }));
  }

  async close(): Promise<void> {}

  #later<T>(ms: number, answer: () => T): Promise<T> {
    return new Promise((resolve) => {
      this.#world.after(ms, () => {
        if (!this.#world.alive()) return;
        this.#world.point('device');
        resolve(answer());
      });
    });
  }
}
