export type Align = 'left' | 'centre' | 'right';
export type QrLevel = 'L' | 'M' | 'Q' | 'H';

/** Text in one look. `wide`: from the Chinese font, two columns a character. `width` and `height` multiply the glyph, 1 to 8. */
export interface Run {
  readonly text: string;
  readonly wide: boolean;
  readonly bold: boolean;
  readonly underline: boolean;
  readonly invert: boolean;
  readonly width: number;
  readonly height: number;
}

interface Line {
  readonly kind: 'line';
  readonly align: Align;
  readonly runs: readonly Run[];
  /** Distance to the next line. */
  readonly spacing: number;
}
interface Gap {
  readonly kind: 'gap';
  readonly dots: number;
}
interface Qr {
  readonly kind: 'qr';
  readonly align: Align;
  readonly text: string;
  readonly module: number;
  readonly level: QrLevel;
}
interface Barcode {
  readonly kind: 'barcode';
  readonly align: Align;
  readonly text: string;
  readonly height: number;
}
interface Raster {
  readonly kind: 'raster';
  readonly align: Align;
  readonly width: number;
  readonly height: number;
  /** Rows of whole bytes, most significant bit left, 1 black. */
  readonly bits: Buffer;
}

/** What stands on the paper, top to bottom. Sizes in dots, 8 to the millimetre. */
export type Mark = Line | Gap | Qr | Barcode | Raster;

/** A cut piece of paper. `unknown` names the commands that meant nothing to this printer. */
export interface Piece {
  readonly marks: readonly Mark[];
  readonly unknown: readonly string[];
}

/** Dots the head can print: 72 mm of the 80 mm paper, 48 columns of 12 dots. */
export const printable = 576;
const columns = printable / 12;

const blank = (mark: Mark): boolean => mark.kind === 'gap' || (mark.kind === 'line' && mark.runs.length === 0);

/** The marks without the empty paper before and after them. */
export function trimmed(marks: readonly Mark[]): readonly Mark[] {
  const first = marks.findIndex((mark) => !blank(mark));
  const last = marks.findLastIndex((mark) => !blank(mark));
  return first < 0 ? [] : marks.slice(first, last + 1);
}

interface Words {
  readonly text: string;
  readonly width: number;
}

const label = (text: string): Words => ({ text, width: text.length });

function words(mark: Mark): Words {
  switch (mark.kind) {
    case 'line': {
      const width = mark.runs.reduce((total, run) => total + run.text.length * (run.wide ? 2 : 1), 0);
      return { text: mark.runs.map((run) => run.text).join(''), width };
    }
    case 'gap':
      return label('');
    case 'qr':
      return label(`[QR ${mark.text}]`);
    case 'barcode':
      return label(`[barcode ${mark.text}]`);
    case 'raster':
      return label(`[image ${mark.width}×${mark.height}]`);
  }
}

/**
 * What a reader sees on a piece of paper: 48 columns, Chinese characters two columns wide, enlarged text at its plain size,
 * codes and images in brackets.
 */
export function paperText(marks: readonly Mark[]): string {
  const lines = trimmed(marks).map((mark) => {
    const { text, width } = words(mark);
    const room = Math.max(0, columns - width);
    const align = mark.kind === 'gap' ? 'left' : mark.align;
    const before = { left: 0, centre: room >> 1, right: room }[align];
    return (' '.repeat(before) + text).trimEnd();
  });
  return `${lines.join('\n')}\n`;
}
