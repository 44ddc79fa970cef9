import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import iconv from 'iconv-lite';
import { PNG } from 'pngjs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { nextCommand } from './command.ts';
import { type Piece, paperText } from './paper.ts';
import { type Printer, startPrinter } from './printer.ts';
import type { Trouble } from './status.ts';
import { createStrip } from './strip.ts';

/** A receipt with every ingredient: sizes, Chinese, bold, image, QR code, barcode, drawer, cut. Made for these tests. */
const receipt = Buffer.from(
  [
    '1b401c261b61011d2111d2f8c1aac9ccbba70a1d2100c7a9b9bab5a52053414c455320534c49500a1b6100c9ccbba7c3fbb3c63ab2e2cad4',
    'c9ccb5ea0abdf0b6ee20414d4f554e543a201b45018130843631322e33340a1b4500bfa8bac53a20363232342a2a2a2a2a2a2a2a2a2a3031',
    '31330a1c2e4153434949206f6e6c79206c696e650a',
    '1d76300004002000',
    `${'0f'.repeat(16)}${'f0'.repeat(16)}`.repeat(4),
    '1d286b0400314132001d286b03003143061d286b03003145311d286b1a0031503068747470733a2f2f6578616d706c652e636f6d2f722f31',
    '1d286b03003151300a1d68501d6b490a7b4231323334353637380a1b64031b700019fa1d564200',
  ].join(''),
  'hex',
);
const printed = [
  '                    银联商户',
  '               签购单 SALES SLIP',
  '商户名称:测试商店',
  // U+00A5 is a four-byte code in GB 18030: two characters that a GBK printer does not have.
  '金额 AMOUNT: 〓〓12.34',
  '卡号: 6224**********0113',
  'ASCII only line',
  '[image 32×32]',
  '[QR https://example.com/r/1]',
  '',
  '[barcode 12345678]',
  '',
].join('\n');

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const gbk = (text: string): Buffer => iconv.encode(text, 'gbk');
const cut = hex('1d5600');

/** Prints a stream given in chunks, without a socket. */
function print(...chunks: readonly Buffer[]): Piece[] {
  const pieces: Piece[] = [];
  const obey = createStrip({
    cut: (piece) => pieces.push(piece),
    drawer: () => undefined,
    answer: () => undefined,
    paper: () => 0,
    automatic: () => undefined,
  });
  let held: Buffer = Buffer.alloc(0);
  for (const chunk of chunks) {
    held = Buffer.concat([held, chunk]);
    for (let command = nextCommand(held); command !== undefined; command = nextCommand(held)) {
      if (command.size < 1) throw new Error(`${command.name} takes nothing`);
      held = held.subarray(command.size);
      obey(command);
    }
  }
  return pieces;
}

const textOf = (...chunks: readonly Buffer[]): string => paperText(print(...chunks)[0]?.marks ?? []);

describe('on paper', () => {
  test('a whole receipt', () => {
    expect(receipt.length).toBe(364);
    const [piece] = print(receipt);
    expect(paperText(piece?.marks ?? [])).toBe(printed);
    expect(piece?.unknown).toEqual([]);
    expect(piece?.marks.find((mark) => mark.kind === 'qr')).toMatchObject({ module: 6, level: 'M' });
    expect(piece?.marks[0]).toMatchObject({ align: 'centre', runs: [{ width: 2, height: 2, wide: true }] });
  });

  test('the same, wherever the network cuts it', () => {
    for (let at = 0; at <= receipt.length; at += 1) {
      expect(textOf(receipt.subarray(0, at), receipt.subarray(at)), `cut at ${at}`).toBe(printed);
    }
    expect(textOf(...[...receipt].map((byte) => Buffer.from([byte])))).toBe(printed);
  });

  test('lines wrap at 48 columns, Chinese and enlarged characters counted as wide as they are', () => {
    const chinese = hex('1b401c26');
    expect(textOf(chinese, gbk(`${'金'.repeat(25)}\n`), cut)).toBe(`${'金'.repeat(24)}\n金\n`);
    expect(textOf(hex('1b401d2110'), Buffer.from(`${'8'.repeat(25)}\n`), cut)).toBe(`${'8'.repeat(24)}\n8\n`);
    expect(textOf(chinese, hex('1b6102'), gbk('￥12.80\n'), cut)).toBe(`${' '.repeat(41)}￥12.80\n`);
  });

  test('who forgets FS & gets no Chinese', () => {
    expect(textOf(hex('1b40'), gbk('银联\n'), cut)).not.toContain('银');
    expect(textOf(hex('1b401c26'), gbk('银联\n'), cut)).toBe('银联\n');
  });

  test('commands it does not know are named, and nothing else is lost', () => {
    const [piece] = print(hex('1b40 1b7a 1d7d 1d284102000003 1b7463'), Buffer.from('12.80\n'), cut);
    expect(piece?.unknown).toEqual(['ESC z', 'GS }', 'GS ( A 0003', 'ESC t 63']);
    expect(paperText(piece?.marks ?? [])).toBe('12.80\n');
  });

  test('any bytes at all are taken without harm', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const [piece] = print(Buffer.from(bytes), Buffer.alloc(4000, 0x0a), hex('1b401d5600'));
        if (piece !== undefined) paperText(piece.marks);
      }),
      { numRuns: 300 },
    );
  });
});

class Computer {
  readonly socket: Socket;
  got: Buffer = Buffer.alloc(0);
  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.socket.on('data', (chunk) => {
      this.got = Buffer.concat([this.got, chunk]);
    });
    this.socket.on('error', () => undefined);
  }
  /** Writes and waits for so many bytes of answer. */
  async ask(bytes: Buffer, answers: number): Promise<string> {
    this.got = Buffer.alloc(0);
    this.socket.write(bytes);
    await vi.waitFor(() => expect(this.got.length).toBeGreaterThanOrEqual(answers));
    return this.got.toString('hex');
  }
}

describe('on the line', () => {
  let dir: string;
  let printer: Printer;
  let computer: Computer;
  const warnings: string[] = [];
  const start = (): Promise<Printer> =>
    startPrinter({ port: 0, dir, draw: async () => undefined, warn: (message) => warnings.push(message) });
  const cutting = (count: number): Promise<void> =>
    vi.waitFor(() => expect(printer.receipts().length).toBe(count), { timeout: 3000 });

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'printer-'));
    printer = await start();
    computer = new Computer(printer.port);
    warnings.length = 0;
  });
  afterEach(async () => {
    computer.socket.destroy();
    await printer.close();
    await rm(dir, { recursive: true });
  });

  test('prints what comes byte by byte, numbers receipts and keeps their text', async () => {
    for (const byte of receipt) {
      computer.socket.write(Buffer.from([byte]));
      await new Promise((next) => setImmediate(next));
    }
    await cutting(1);
    computer.socket.write(receipt);
    await cutting(2);
    expect(printer.receipts().map(({ n, text }) => [n, text])).toEqual([
      [1, printed],
      [2, printed],
    ]);
    expect(printer.receipts(1).map(({ n }) => n)).toEqual([2]);
    expect(printer.drawerCount()).toBe(2);
    await printer.settled();
    expect(await readFile(join(dir, 'paper', '0002.txt'), 'utf8')).toBe(printed);
    await printer.close();
    printer = await start();
    const later = new Computer(printer.port);
    later.socket.write(receipt);
    await cutting(1);
    expect(printer.receipts()[0]).toMatchObject({ n: 3, png: join(dir, 'paper', '0003.png') });
    later.socket.destroy();
  });

  test.each<[Trouble, string]>([
    ['none', '12121212'],
    ['paper-near-end', '1212121e'],
    ['paper-end', '1a32127e'],
    ['cover-open', '1a161212'],
  ])('%s: DLE EOT 1 to 4 answer %s', async (trouble, bytes) => {
    await printer.setTrouble(trouble);
    expect(await computer.ask(hex('100401 100402 100403 100404'), 4)).toBe(bytes);
  });

  test('status is answered in the middle of a command that is not complete', async () => {
    const raster = hex('1d763000 0400 0400 00000000');
    expect(await computer.ask(Buffer.concat([raster, hex('1004')]), 0)).toBe('');
    expect(await computer.ask(hex('01'), 1)).toBe('12');
    expect(printer.receipts()).toEqual([]);
  });

  test('holds back while the paper is out, also when the computer goes, and prints all of it after', async () => {
    await printer.setTrouble('paper-end');
    computer.socket.write(Buffer.concat([receipt, receipt.subarray(0, 100)]));
    expect(await computer.ask(hex('100404'), 1)).toBe('7e');
    await pause(50);
    expect([printer.receipts().length, printer.drawerCount()]).toEqual([0, 0]);
    computer.socket.end();
    await pause(50);
    await printer.setTrouble('none');
    await cutting(1);
    expect(printer.receipts()[0]?.text).toBe(printed);
    expect(printer.drawerCount()).toBe(1);
  });

  test('stops in the middle of a receipt and goes on there', async () => {
    computer.socket.write(receipt.subarray(0, 60));
    await computer.ask(hex('1d7201'), 1);
    await printer.setTrouble('cover-open');
    computer.socket.write(receipt.subarray(60));
    await pause(30);
    expect(printer.receipts()).toEqual([]);
    await printer.setTrouble('none');
    await cutting(1);
  });

  test('takes more than its buffer holds once there is paper again', async () => {
    await printer.setTrouble('paper-end');
    const copies = 400;
    computer.socket.write(Buffer.concat(Array.from({ length: copies }, () => receipt)));
    await pause(50);
    await printer.setTrouble('none');
    await cutting(copies);
  });

  test('opens the drawer on command, in order and at once', async () => {
    await printer.setTrouble('paper-end');
    computer.socket.write(hex('1b700019fa'));
    computer.socket.write(hex('1014010002'));
    await vi.waitFor(() => expect(printer.drawerCount()).toBe(1));
    await printer.setTrouble('none');
    await vi.waitFor(() => expect(printer.drawerCount()).toBe(2));
  });

  test('reports by itself when asked to', async () => {
    expect(await computer.ask(hex('1d61ff'), 4)).toBe('1000000f');
    computer.got = Buffer.alloc(0);
    await printer.setTrouble('paper-end');
    await vi.waitFor(() => expect(computer.got.toString('hex')).toBe('18000f0f'));
  });

  test('says what it is and what its sensors see', async () => {
    expect(await computer.ask(hex('1d4943'), 8)).toBe(Buffer.from('_SIM-80\0').toString('hex'));
    await printer.setTrouble('paper-near-end');
    expect(await computer.ask(hex('1d7201'), 1)).toBe('03');
  });

  test('offline: connections break and new ones are refused until it is back', async () => {
    const closed = new Promise((done) => computer.socket.on('close', done));
    await printer.setTrouble('offline');
    await closed;
    const refused = await new Promise((done) => connect(printer.port, '127.0.0.1').on('error', done));
    expect(refused).toMatchObject({ code: 'ECONNREFUSED' });
    await printer.setTrouble('none');
    const again = new Computer(printer.port);
    expect(await again.ask(hex('100401'), 1)).toBe('12');
    again.socket.destroy();
  });

  test('warns about unknown commands and about a picture that fails, and keeps the text', async () => {
    await printer.close();
    const draw = async () => {
      throw new Error('no ink');
    };
    printer = await startPrinter({ port: 0, dir, draw, warn: (message) => warnings.push(message) });
    const other = new Computer(printer.port);
    other.socket.write(Buffer.concat([hex('1b7a'), receipt]));
    await cutting(1);
    await printer.settled();
    expect(warnings).toEqual([
      'receipt 1 has commands this printer does not know: ESC z',
      'receipt 1 could not be kept: no ink',
    ]);
    expect(await readFile(join(dir, 'paper', '0001.txt'), 'utf8')).toBe(printed);
    other.socket.destroy();
  });
});

test('draws the receipt: white paper, the image and the QR code where they belong', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'printer-'));
  const printer = await startPrinter({ port: 0, dir });
  const computer = new Computer(printer.port);
  computer.socket.write(receipt);
  await vi.waitFor(() => expect(printer.receipts().length).toBe(1));
  await printer.close();
  computer.socket.destroy();
  const png = PNG.sync.read(await readFile(join(dir, 'paper', '0001.png')));
  const dark = (x: number, y: number): boolean => (png.data[4 * (y * png.width + x)] ?? 255) < 128;
  const rows = (x: number, from: number): number => {
    for (let y = from; y < png.height; y += 1) if (dark(x, y)) return y;
    return -1;
  };
  expect(png.width).toBe(640);
  expect([dark(0, 0), dark(639, png.height - 1)]).toEqual([false, false]);
  // The heading is centred and 48 dots high; left of it the paper is white.
  expect(Array.from({ length: 150 }, (_, x) => x).every((x) => !dark(x, 60))).toBe(true);
  // The finder pattern of the QR code: seven modules of six dots, dark all along, with a ring of light inside.
  const top = Array.from({ length: png.height }, (_, y) => y).find((y) =>
    Array.from({ length: 42 }, (_, at) => dark(32 + at, y)).every(Boolean),
  );
  expect(top).toBeDefined();
  expect([dark(32 + 3, (top ?? 0) + 3), dark(32 + 9, (top ?? 0) + 9), dark(32 + 21, (top ?? 0) + 21)]).toEqual([
    true,
    false,
    true,
  ]);
  expect(rows(36, 0)).toBeGreaterThan(0);
  await rm(dir, { recursive: true });
});
