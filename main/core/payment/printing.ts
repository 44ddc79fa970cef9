import type { PrintState } from '../../../contract/payment.ts';
import type { Receipt, ReceiptPrinter } from '../../../drivers/printer/printer.ts';
import type { Book, Order } from '../ledger/book.ts';
import type { Clock } from '../world/world.ts';
import type { Payment } from './payment.ts';
import type { PaymentTable } from './table.ts';

export interface PrintingParts {
  readonly clock: Clock;
  readonly book: Book;
  readonly payments: PaymentTable;
  readonly printer: ReceiptPrinter;
  readonly receipt: (payment: Payment, copy: boolean) => Receipt;
  readonly changed: (payment: Payment) => void;
  readonly fatal: (error: unknown) => void;
}

/** With a held receipt, how long to wait before the printer is asked again. */
const RETRY_MS = 2_000;

/**
 * Paper for payments. A receipt is queued in the commit that made the outcome, marked as printing before the first byte,
 * and counts as printed only when the printer's status was read back; when nobody can know, a person is asked.
 */
export class Printing {
  readonly #parts: PrintingParts;
  readonly #stop = new AbortController();
  #running = false;
  #again = false;

  constructor(parts: PrintingParts) {
    this.#parts = parts;
    parts.printer.onChange(() => this.go());
  }

  /** Prints what waits, oldest first. */
  go(): void {
    if (this.#stop.signal.aborted) return;
    // What comes just as the last receipt is done must not be left lying.
    this.#again = this.#running;
    if (this.#running) return;
    this.#running = true;
    this.#run()
      .catch(this.#parts.fatal)
      .finally(() => {
        this.#running = false;
        if (this.#again) this.go();
      });
  }

  stop(): void {
    this.#stop.abort();
  }

  /** After a restart nobody knows whether what was being printed came out. */
  recover(): void {
    for (const payment of this.#parts.payments.inPrintState(['printing'])) this.#ask(payment);
  }

  /** Puts a receipt in the queue again; the second one says DUPLICATE / 重印. */
  again(payment: Payment): Payment {
    const marked = this.#mark(payment, 'queued', 'outcome');
    this.go();
    return marked;
  }

  /** What a person said about a receipt that nobody knows of. */
  answered(payment: Payment, came: boolean): Payment {
    const marked = this.#mark(
      payment,
      came ? 'printed' : 'queued',
      'outcome',
      came ? payment.copies + 1 : payment.copies,
    );
    if (!came) this.go();
    return marked;
  }

  async #run(): Promise<void> {
    const { payments, printer, receipt, clock } = this.#parts;
    for (let next = payments.toPrint(); next && !this.#stop.signal.aborted; next = payments.toPrint()) {
      const state = await printer.refresh();
      if (state.status === 'trouble') {
        this.#hold();
        if (state.trouble === 'not-configured') return;
        await clock.sleep(RETRY_MS, this.#stop.signal);
        continue;
      }
      const printing = this.#mark(next, 'printing', 'intent');
      const printed = await printer.print(receipt(printing, printing.copies > 0));
      // Meanwhile the payment may have come to another end, whose paper is queued: this one counts no more.
      if (payments.get(printing.id).print !== 'printing') continue;
      if (printed.ok) this.#mark(printing, 'printed', 'outcome', printing.copies + 1);
      else if (printed.sent) this.#ask(printing);
      else this.#mark(printing, 'held', 'outcome');
    }
  }

  /** Counts as a copy that may be out there: the next one is no original. */
  #ask(payment: Payment): void {
    this.#mark(payment, 'asked', 'outcome', payment.copies + 1);
  }

  /** Resolves when nothing is being printed. */
  async idle(): Promise<void> {
    while (this.#running && !this.#stop.signal.aborted && this.#parts.printer.state.status === 'ready') {
      await this.#parts.clock.sleep(10, this.#stop.signal);
    }
  }

  #hold(): void {
    for (const payment of this.#parts.payments.inPrintState(['queued'])) this.#mark(payment, 'held', 'outcome');
  }

  #mark(payment: Payment, print: PrintState, order: Order, copies = payment.copies): Payment {
    const { book, clock, payments, changed } = this.#parts;
    book.commit(
      {
        kind: 'print',
        at: clock.now(),
        by: 'terminal',
        payment: payment.id,
        event: { type: 'print', print },
        writes: [
          { op: 'update', table: 'payment', key: { id: payment.id, print: payment.print }, values: { print, copies } },
        ],
        transfers: [],
      },
      order,
    );
    const marked = payments.get(payment.id);
    changed(marked);
    return marked;
  }
}
