import type { Align } from './paper.ts';

/** How the next character is printed. */
export interface Look {
  align: Align;
  bold: boolean;
  underline: boolean;
  invert: boolean;
  width: number;
  height: number;
  chinese: boolean;
  /** Code page of single bytes, as iconv names it. */
  page: string;
  spacing: number;
  barcodeHeight: number;
}

/** As after ESC @. Chinese is off, as in printers made for export: who wants it says FS &. */
export function freshLook(): Look {
  return {
    align: 'left',
    bold: false,
    underline: false,
    invert: false,
    width: 1,
    height: 1,
    chinese: false,
    page: 'cp437',
    spacing: 30,
    barcodeHeight: 162,
  };
}

const aligns: readonly Align[] = ['left', 'centre', 'right'];
/** 255 is what printers of several makers call “no code page”. */
const codePages: Readonly<Record<number, string>> = { 0: 'cp437', 2: 'cp850', 16: 'win1252', 255: 'cp437' };

/** ESC !: bold, double height, double width and underline in one byte. */
function printMode(look: Look, n: number): void {
  look.bold = (n & 0x08) !== 0;
  look.height = (n & 0x10) !== 0 ? 2 : 1;
  look.width = (n & 0x20) !== 0 ? 2 : 1;
  look.underline = (n & 0x80) !== 0;
}

function size(look: Look, width: number, height: number): void {
  look.width = width;
  look.height = height;
}

const styles: Readonly<Record<string, (look: Look, n: number) => void>> = {
  // Parameters may be a number or its digit: 1 or “1” (49).
  'ESC a': (look, n) => {
    look.align = aligns[n % 48] ?? look.align;
  },
  'ESC E': (look, n) => {
    look.bold = (n & 1) !== 0;
  },
  'ESC G': (look, n) => {
    look.bold = (n & 1) !== 0;
  },
  'ESC -': (look, n) => {
    look.underline = n % 48 !== 0;
  },
  'GS B': (look, n) => {
    look.invert = (n & 1) !== 0;
  },
  'GS !': (look, n) => size(look, ((n >> 4) & 7) + 1, (n & 7) + 1),
  'FS !': (look, n) => size(look, (n & 0x04) !== 0 ? 2 : 1, (n & 0x08) !== 0 ? 2 : 1),
  'FS W': (look, n) => size(look, (n & 1) + 1, (n & 1) + 1),
  'ESC !': printMode,
  'FS &': (look) => {
    look.chinese = true;
  },
  'FS .': (look) => {
    look.chinese = false;
  },
  'ESC 2': (look) => {
    look.spacing = 30;
  },
  'ESC 3': (look, n) => {
    look.spacing = n;
  },
  'GS h': (look, n) => {
    look.barcodeHeight = n;
  },
};

/** Obeys a command that only changes how things look. Says whether it was one it can obey. */
export function style(look: Look, name: string, n: number): boolean {
  if (name === 'ESC t') {
    const page = codePages[n];
    look.page = page ?? look.page;
    return page !== undefined;
  }
  const change = styles[name];
  change?.(look, n);
  return change !== undefined;
}
