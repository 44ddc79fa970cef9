import type { Printed, ReceiptPrinter } from './printer.ts';
import { trouble } from './status.ts';

const REFUSED: Printed = { ok: false, sent: false, trouble: 'not-configured' };

/** Stands where no printer is set up: receipts are shown, not printed. */
export function noPrinter(columns = 48): ReceiptPrinter {
  const state = trouble('not-configured', 'No receipt printer is set up.');
  return {
    name: '',
    columns,
    state,
    onChange: () => () => undefined,
    refresh: async () => state,
    print: async () => REFUSED,
    openDrawer: async () => REFUSED,
    close: async () => undefined,
  };
}
