import type { Printed, ReceiptPrinter } from '../printer/printer.ts';

/** A cash drawer. */
export interface Drawer {
  /** Opens it and says whether the pulse was taken. Never rejects. */
  open(): Promise<Printed>;
}

/** The drawer on the printer's drawer connector. */
export function drawerOn(printer: ReceiptPrinter): Drawer {
  return { open: () => printer.openDrawer() };
}
