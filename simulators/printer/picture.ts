import { writeFile } from 'node:fs/promises';
import { createCanvas, GlobalFonts, ImageData, type SKRSContext2D } from '@napi-rs/canvas';
import QRCode from 'qrcode';
import { type Align, type Mark, printable, trimmed } from './paper.ts';

/** 80 mm of paper at 8 dots to the millimetre, the printable 72 mm in its middle. */
const paperWidth = 640;
const margin = (paperWidth - printable) / 2;
const edge = 40;
const glyphHeight = 24;
const families = [
  'Noto Sans Mono CJK SC',
  'Noto Sans CJK SC',
  'Noto Sans CJK JP',
  'Source Han Sans SC',
  'WenQuanYi Zen Hei Mono',
  'WenQuanYi Zen Hei',
  'PingFang SC',
  'Microsoft YaHei',
  'SimSun',
];
const chineseFamily = /CJK|Han Sans|Han Serif|WenQuanYi|PingFang|YaHei|SimSun|SimHei|Songti|Heiti|Droid Sans Fallback/;
const fontStack = [...families.map((name) => `"${name}"`), 'monospace'].join(', ');
const font = (bold: boolean): string => `${bold ? 'bold ' : ''}${glyphHeight - 2}px ${fontStack}`;

type Marked<K extends Mark['kind']> = Extract<Mark, { readonly kind: K }>;

interface Block {
  readonly height: number;
  draw(context: SKRSContext2D, top: number): void;
}

function leftOf(align: Align, width: number): number {
  const room = Math.max(0, printable - width);
  return margin + { left: 0, centre: Math.floor(room / 2), right: room }[align];
}

/** One line of text, every character in its own cell as the print head has it. */
function lineBlock(mark: Marked<'line'>): Block {
  const cells = mark.runs.flatMap((run) =>
    [...run.text].map((text) => ({ text, run, dots: (run.wide ? 24 : 12) * run.width })),
  );
  const width = cells.reduce((total, cell) => total + cell.dots, 0);
  const tallest = Math.max(1, ...mark.runs.map((run) => run.height));
  return {
    height: Math.max(mark.spacing, tallest * glyphHeight + (mark.runs.length > 0 ? 4 : 0)),
    draw(context, top) {
      let x = leftOf(mark.align, width);
      for (const { text, run, dots } of cells) {
        const height = run.height * glyphHeight;
        const y = top + tallest * glyphHeight - height;
        if (run.invert) context.fillRect(x, y, dots, height);
        if (run.underline) context.fillRect(x, y + height - 1, dots, 2);
        context.save();
        context.fillStyle = run.invert ? '#fff' : '#111';
        context.font = font(run.bold);
        context.translate(x + dots / 2, y);
        context.scale(run.width, run.height);
        context.fillText(text, 0, glyphHeight - 5, dots / run.width + 1);
        context.restore();
        x += dots;
      }
    },
  };
}

function qrBlock(mark: Marked<'qr'>): Block {
  const { modules } = QRCode.create(mark.text, { errorCorrectionLevel: mark.level });
  const side = modules.size * mark.module;
  return {
    height: side + 16,
    draw(context, top) {
      const left = leftOf(mark.align, side);
      modules.data.forEach((dark, at) => {
        if (dark === 0) return;
        const x = left + (at % modules.size) * mark.module;
        const y = top + 8 + Math.floor(at / modules.size) * mark.module;
        context.fillRect(x, y, mark.module, mark.module);
      });
    },
  };
}

function rasterBlock(mark: Marked<'raster'>): Block {
  return {
    height: mark.height,
    draw(context, top) {
      const picture = new ImageData(Math.max(1, mark.width), Math.max(1, mark.height));
      for (let at = 0; at < mark.width * mark.height; at += 1) {
        const dark = ((mark.bits[at >> 3] ?? 0) & (0x80 >> (at & 7))) !== 0;
        picture.data.fill(dark ? 0x11 : 0xff, 4 * at, 4 * at + 3);
        picture.data[4 * at + 3] = 0xff;
      }
      context.putImageData(picture, leftOf(mark.align, mark.width), top);
    },
  };
}

/** Barcodes are shown as a framed label with their content: the symbols themselves are not drawn. */
function barcodeBlock(mark: Marked<'barcode'>): Block {
  const width = Math.min(printable, mark.text.length * 24 + 48);
  return {
    height: mark.height + 12,
    draw(context, top) {
      const left = leftOf(mark.align, width);
      context.strokeRect(left + 0.5, top + 6.5, width - 1, mark.height - 1);
      context.font = font(false);
      context.fillText(mark.text, left + width / 2, top + 6 + mark.height / 2 + 8, width - 8);
    },
  };
}

function block(mark: Mark): Block {
  switch (mark.kind) {
    case 'line':
      return lineBlock(mark);
    case 'gap':
      return { height: mark.dots, draw: () => undefined };
    case 'qr':
      return qrBlock(mark);
    case 'raster':
      return rasterBlock(mark);
    case 'barcode':
      return barcodeBlock(mark);
  }
}

/**
 * Makes a painter of receipts: black on white paper, 640 dots wide. Warns once when no font with Chinese characters is
 * installed; the text of the receipt is right even then.
 */
export function createPainter(
  warn: (message: string) => void,
): (marks: readonly Mark[], file: string) => Promise<void> {
  if (!GlobalFonts.families.some(({ family }) => chineseFamily.test(family))) {
    warn('no font with Chinese characters is installed (on Debian: fonts-noto-cjk); pictures of receipts show boxes');
  }
  return async (marks, file) => {
    const blocks = trimmed(marks).map(block);
    const height = blocks.reduce((total, { height: more }) => total + more, 2 * edge);
    const canvas = createCanvas(paperWidth, height);
    const context = canvas.getContext('2d');
    context.fillStyle = '#fff';
    context.fillRect(0, 0, paperWidth, height);
    context.fillStyle = '#111';
    context.strokeStyle = '#111';
    context.textAlign = 'center';
    let top = edge;
    for (const { height: more, draw } of blocks) {
      draw(context, top);
      top += more;
    }
    await writeFile(file, await canvas.encode('png'));
  };
}
