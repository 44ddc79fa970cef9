import type { PrintCommand } from './command.ts';
import { createComposer } from './composer.ts';
import { freshLook, style } from './look.ts';
import type { Mark, Piece, QrLevel } from './paper.ts';

/** What the strip of paper cannot do by itself. */
export interface Outside {
  cut(piece: Piece): void;
  drawer(): void;
  answer(bytes: Uint8Array): void;
  /** GS r 1: the paper sensors, asked in the order of the stream. */
  paper(): number;
  /** GS a: automatic status back, on or off. */
  automatic(on: boolean): void;
}

/** Known commands that change nothing this printer shows. */
const harmless: ReadonlySet<string> = new Set([
  ...['CR', 'CAN', 'DLE 04', 'DLE 05', 'DLE 14'],
  ...[
    'ESC R',
    'ESC M',
    'ESC {',
    'ESC V',
    'ESC 20',
    'ESC =',
    'ESC r',
    'ESC U',
    'ESC c',
    'ESC ?',
    'ESC %',
    'ESC B',
    'ESC S',
  ],
  ...['FS -', 'FS C', 'FS S', 'GS H', 'GS w', 'GS f', 'GS b', 'GS P', 'GS L', 'GS W'],
]);

const levels: readonly QrLevel[] = ['L', 'M', 'Q', 'H'];
const names: Readonly<Record<number, string>> = { 65: '1.0', 66: 'Countertap', 67: 'SIM-80', 68: '0001', 69: 'GB2312' };

/** GS I: one byte for the model number, a named answer between 5F and 00 for the rest. */
function identity(n: number): Buffer {
  const name = names[n];
  return name === undefined ? Buffer.from([0x20]) : Buffer.from(`_${name}\0`, 'latin1');
}

type Obey = (data: Buffer) => boolean;

/** Stores the parts of a QR code (GS ( k, functions 65 to 81) and puts it on the paper when told to print. */
function createQr(put: (text: string, module: number, level: QrLevel) => void): Obey {
  let module = 3;
  let level: QrLevel = 'L';
  let text = '';
  return (data) => {
    const [symbol, what, value = 0] = data;
    if (symbol !== 0x31) return false;
    switch (what) {
      case 0x41:
        return true;
      case 0x43:
        module = value;
        return true;
      case 0x45:
        level = levels[value - 48] ?? level;
        return true;
      case 0x50:
        text = data.subarray(3).toString('utf8');
        return true;
      case 0x51:
        if (text !== '') put(text, module, level);
        return true;
      default:
        return false;
    }
  };
}

/** The paper under the head: obeys commands in their order and hands out a piece at each cut. */
export function createStrip(outside: Outside): (command: PrintCommand) => void {
  let look = freshLook();
  let marks: Mark[] = [];
  let unknown: string[] = [];
  const put = (mark: Mark): void => {
    marks.push(mark);
  };
  const composer = createComposer(put);
  const below = (mark: Mark): void => {
    composer.flush(look);
    put(mark);
  };
  const qr = createQr((text, module, level) => below({ kind: 'qr', align: look.align, text, module, level }));

  const feed = (lines: number): void => {
    const printed = composer.flush(look) ? 1 : 0;
    for (let turn = printed; turn < lines; turn += 1) composer.end(look);
  };
  const cut = (): boolean => {
    composer.flush(look);
    if (marks.length > 0 || unknown.length > 0) outside.cut({ marks, unknown });
    marks = [];
    unknown = [];
    return true;
  };
  const reset = (): void => {
    look = freshLook();
    composer.clear();
  };
  const raster = (data: Buffer): void => {
    const [width, height] = [data.readUInt16LE(2) * 8, data.readUInt16LE(4)];
    below({ kind: 'raster', align: look.align, width, height, bits: Buffer.from(data.subarray(6)) });
  };
  const barcode = (data: Buffer): void => {
    const content = (data[0] ?? 0) < 65 ? data.subarray(1, -1) : data.subarray(2);
    const text = content.toString('latin1').replace(/^\{[A-C]/, '');
    below({ kind: 'barcode', align: look.align, text, height: look.barcodeHeight });
  };

  const does = (act: (data: Buffer) => void): Obey => {
    return (data) => {
      act(data);
      return true;
    };
  };
  const obey: Readonly<Record<string, Obey>> = {
    text: does((data) => composer.text(data, look)),
    LF: does(() => composer.end(look)),
    HT: does(() => composer.tab(look)),
    'ESC @': does(reset),
    'ESC d': does((data) => feed(data[0] ?? 0)),
    'ESC J': does((data) => below({ kind: 'gap', dots: data[0] ?? 0 })),
    'GS V': cut,
    'ESC i': cut,
    'ESC m': cut,
    'ESC p': does(() => outside.drawer()),
    'GS r': does((data) => outside.answer(Buffer.from([(data[0] ?? 0) % 48 === 1 ? outside.paper() : 0]))),
    'GS a': does((data) => outside.automatic(data[0] !== 0)),
    'GS I': does((data) => outside.answer(identity(data[0] ?? 0))),
    'GS v': does(raster),
    'GS k': does(barcode),
    'GS ( k': qr,
  };

  return ({ name, data }) => {
    const act = obey[name];
    const done = act?.(data) ?? (style(look, name, data[0] ?? 0) || harmless.has(name));
    if (!done)
      unknown.push(
        `${name.replace('unknown ', '')}${data.length > 0 ? ` ${data.subarray(0, 4).toString('hex')}` : ''}`,
      );
  };
}
