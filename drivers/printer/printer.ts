/** Receipt printers as the core sees them: data in, evidence out. */

export type Align = 'left' | 'center' | 'right';

/** A receipt is data. Widths are in columns of the printer's font A; a Han glyph takes two. */
export type ReceiptLine =
  | {
      readonly kind: 'text';
      readonly text: string;
      readonly align?: Align;
      readonly bold?: boolean;
      readonly size?: 1 | 2;
    }
  /** Left and right text on one line, the left one wrapped where both do not fit. */
  | { readonly kind: 'row'; readonly left: string; readonly right: string; readonly bold?: boolean }
  | { readonly kind: 'rule' }
  | { readonly kind: 'qr'; readonly text: string }
  | { readonly kind: 'feed'; readonly lines: number };

export interface Receipt {
  readonly lines: readonly ReceiptLine[];
}

export type PrinterTrouble = 'offline' | 'paper-end' | 'cover-open' | 'error' | 'no-answer' | 'not-configured';

export type PrinterState =
  | { readonly status: 'ready'; readonly paper: 'ok' | 'near-end'; readonly drawerOpen: boolean }
  | { readonly status: 'trouble'; readonly trouble: PrinterTrouble; readonly detail: string };

export type Printed =
  /** The status read back after the last byte says the printer took everything and still has paper. */
  | { readonly ok: true }
  /** Nothing was sent: the printer was not ready before the first byte. Try again later. */
  | { readonly ok: false; readonly sent: false; readonly trouble: PrinterTrouble }
  /** Some bytes left and no good status came back: nobody knows whether there is paper. Ask a person. */
  | { readonly ok: false; readonly sent: true; readonly trouble: PrinterTrouble };

export interface ReceiptPrinter {
  /** "192.0.2.40:9100" or a device path; what the technician's screen shows. */
  readonly name: string;
  readonly columns: number;
  readonly state: PrinterState;
  onChange(listener: () => void): () => void;
  /** Asks the printer now (DLE EOT). Never rejects. */
  refresh(): Promise<PrinterState>;
  /** Prints and cuts. One job at a time; further calls wait. Never rejects. */
  print(receipt: Receipt): Promise<Printed>;
  /** Kicks the cash drawer (ESC p) and says whether the pulse was taken. Never rejects. */
  openDrawer(): Promise<Printed>;
  close(): Promise<void>;
}
