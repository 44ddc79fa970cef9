import { Printer } from '@node-escpos/core';
import { layout, type Row } from './layout.ts';
import type { Receipt } from './printer.ts';

const ESC = 0x1b;
const FS = 0x1c;
const GS = 0x1d;

/** Rows of paper between the print head and the cutter. */
const ROWS_TO_CUTTER = 4;

type Builder = Printer<[]>;
type Adapter = ConstructorParameters<typeof Printer<[]>>[0];

/** A receipt as ESC/POS bytes: reset, two-byte Chinese on (FS &), GB18030 text, native QR codes, feed and partial cut. */
export function encodeReceipt(receipt: Receipt, columns: number): Uint8Array {
  return build(columns, (printer) => {
    printer.hardware('init').raw(Buffer.of(FS, 0x26));
    for (const row of layout(receipt, columns)) write(printer, row);
    printer.cut(true, ROWS_TO_CUTTER);
  });
}

/** The pulse that opens the drawer at connector pin 2 (ESC p 0: 50 ms on, 240 ms off). */
export function encodeDrawer(): Uint8Array {
  return build(48, (printer) => printer.cashdraw(2));
}

function build(columns: number, fill: (printer: Builder) => void): Uint8Array {
  let bytes = new Uint8Array();
  // Of its adapter the library uses `write` alone, at once: the driver sends the bytes and reads the status back itself.
  const adapter = {
    write: (data: Buffer, done: (error: Error | null) => void) => {
      bytes = Uint8Array.from(data);
      done(null);
    },
  };
  const printer: Builder = new Printer<[]>(adapter as unknown as Adapter, { encoding: 'GB18030', width: columns });
  fill(printer);
  void printer.flush();
  return bytes;
}

function write(printer: Builder, row: Row): void {
  if (row.kind === 'qr') {
    printer.align('CT').raw(qrCode(row.text)).align('LT');
    return;
  }
  const plain = row.size === 1 && !row.bold;
  if (row.size !== 1) printer.size(row.size, row.size);
  // The library's own style() also sends ESC 4 and ESC -, which printers without italics print as rubbish.
  if (row.bold) printer.raw(Buffer.of(ESC, 0x45, 1));
  printer.pureText(`${row.text}\n`);
  if (!plain) printer.raw(Buffer.of(ESC, 0x45, 0)).size(1, 1);
}

/** GS ( k functions 165, 167, 169, 180, 181: model 2, module of 6 dots, error correction M, store, print. */
function qrCode(text: string): Buffer {
  const data = Buffer.from(text, 'utf8');
  const command = (...parameters: number[]) => {
    const length = parameters.length;
    return Buffer.of(GS, 0x28, 0x6b, length & 0xff, length >> 8, ...parameters);
  };
  return Buffer.concat([
    command(0x31, 0x41, 0x32, 0x00),
    command(0x31, 0x43, 0x06),
    command(0x31, 0x45, 0x31),
    command(0x31, 0x50, 0x30, ...data),
    command(0x31, 0x51, 0x30),
  ]);
}
