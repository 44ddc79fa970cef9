import type { PrinterState, PrinterTrouble } from './printer.ts';

/**
 * Status bytes of ESC/POS printers.
 *
 * DLE EOT n is answered at once, also in the middle of data: bits 0 and 7 are 0, bits 1 and 4 are 1.
 * GS r n is answered in its turn, after everything before it was worked off: bits 4 and 7 are 0.
 * An automatic status back (GS a) is four bytes, the first with bit 4 set and bits 0, 1 and 7 clear.
 */
const fields = {
  printer: { drawerHigh: 0x04, offline: 0x08 },
  cause: { coverOpen: 0x04, paperEndStop: 0x20, error: 0x40 },
  error: { cutter: 0x08, unrecoverable: 0x20, recoverable: 0x40 },
  paper: { nearEnd: 0x0c, end: 0x60 },
} as const;

export type RealTimeStatus = keyof typeof fields;

const numbers: Record<RealTimeStatus, number> = { printer: 1, cause: 2, error: 3, paper: 4 };

/** DLE EOT n. */
export function askStatus(status: RealTimeStatus): Uint8Array {
  return Uint8Array.of(0x10, 0x04, numbers[status]);
}

/** GS r 1: the paper sensor, answered only when all data before it was worked off. */
export const ASK_WHEN_DONE: Uint8Array = Uint8Array.of(0x1d, 0x72, 0x01);

/** Whether the answer to GS r 1 says that the paper has run out. */
export function endedWhenDone(byte: number): boolean {
  return (byte & 0x0c) !== 0;
}

export function has<Status extends RealTimeStatus>(
  status: Status,
  bit: keyof (typeof fields)[Status],
  byte: number,
): boolean {
  return (byte & (fields[status][bit] as number)) !== 0;
}

/** One status that came from the printer: to DLE EOT, or to GS r. */
export interface Answer {
  readonly to: 'real-time' | 'when-done';
  readonly byte: number;
}

/** Sorts the bytes a printer sends into answers, across chunks; automatic status backs are skipped. */
export function answerReader(): (chunk: Uint8Array) => Answer[] {
  let skip = 0;
  return (chunk) => {
    const answers: Answer[] = [];
    for (const byte of chunk) {
      if (skip > 0) skip -= 1;
      else if ((byte & 0x93) === 0x10) skip = 3;
      else if ((byte & 0x93) === 0x12) answers.push({ to: 'real-time', byte });
      else if ((byte & 0x90) === 0x00) answers.push({ to: 'when-done', byte });
    }
    return answers;
  };
}

const COVER_OPEN = trouble('cover-open', 'The cover is open.');
const PRINTER_ERROR = trouble('error', 'The printer reports an error.');
const OFF_LINE = trouble('offline', 'The printer is off line.');
export const PAPER_END: PrinterState = trouble('paper-end', 'The paper has run out.');

export type StatusBytes = Record<'printer' | 'cause' | 'paper', number>;

export function trouble(kind: PrinterTrouble, detail: string): Extract<PrinterState, { status: 'trouble' }> {
  return { status: 'trouble', trouble: kind, detail };
}

/** What the three status bytes say, the most useful thing to mend first. */
export function stateOf({ printer, cause, paper }: StatusBytes): PrinterState {
  if (has('cause', 'coverOpen', cause)) return COVER_OPEN;
  if (has('cause', 'paperEndStop', cause) || has('paper', 'end', paper)) return PAPER_END;
  if (has('cause', 'error', cause)) return PRINTER_ERROR;
  if (has('printer', 'offline', printer)) return OFF_LINE;
  return {
    status: 'ready',
    paper: has('paper', 'nearEnd', paper) ? 'near-end' : 'ok',
    drawerOpen: has('printer', 'drawerHigh', printer),
  };
}

/** What DLE EOT 3 adds to an error. */
export function errorDetail(error: number): string {
  if (has('error', 'cutter', error)) return 'The cutter is jammed.';
  if (has('error', 'unrecoverable', error)) return 'The printer has an error that only a restart or a repair clears.';
  if (has('error', 'recoverable', error)) return 'The printer is too hot or too cold and waits.';
  return 'The printer reports an error.';
}
