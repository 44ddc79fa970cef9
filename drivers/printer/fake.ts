import { layout, preview, type Row } from './layout.ts';
import type { Printed, PrinterState, PrinterTrouble, Receipt, ReceiptPrinter } from './printer.ts';
import { trouble } from './status.ts';

export interface FakePrinter extends ReceiptPrinter {
  /** Everything that came out on paper, oldest first. */
  readonly printed: readonly { readonly rows: readonly Row[]; readonly text: string }[];
  /** How often the drawer was opened. */
  readonly kicks: number;
  setState(state: PrinterState): void;
  /** The next job stops after some bytes with this trouble: nobody knows what is on paper. */
  breakNextJob(kind: PrinterTrouble): void;
}

const READY: PrinterState = { status: 'ready', paper: 'ok', drawerOpen: false };

/** A printer in memory. */
export function openFakePrinter({ name = 'Fake printer', columns = 48 } = {}): FakePrinter {
  return new MemoryPrinter(name, columns);
}

class MemoryPrinter implements FakePrinter {
  readonly name: string;
  readonly columns: number;
  readonly printed: { readonly rows: readonly Row[]; readonly text: string }[] = [];
  kicks = 0;
  readonly #listeners = new Set<() => void>();
  #state: PrinterState = READY;
  #break: PrinterTrouble | undefined;

  constructor(name: string, columns: number) {
    this.name = name;
    this.columns = columns;
  }

  get state(): PrinterState {
    return this.#state;
  }

  setState(state: PrinterState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }

  breakNextJob(kind: PrinterTrouble): void {
    this.#break = kind;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async refresh(): Promise<PrinterState> {
    return this.#state;
  }

  async print(receipt: Receipt): Promise<Printed> {
    const rows = layout(receipt, this.columns);
    return this.#job(() => this.printed.push({ rows, text: preview(receipt, this.columns) }));
  }

  async openDrawer(): Promise<Printed> {
    return this.#job(() => {
      this.kicks += 1;
    });
  }

  async close(): Promise<void> {
    this.#listeners.clear();
  }

  #job(run: () => void): Printed {
    const state = this.#state;
    if (state.status === 'trouble') return { ok: false, sent: false, trouble: state.trouble };
    const broken = this.#break;
    this.#break = undefined;
    if (broken) {
      this.setState(trouble(broken, 'The printer stopped in the middle of a job.'));
      return { ok: false, sent: true, trouble: broken };
    }
    run();
    return { ok: true };
  }
}
