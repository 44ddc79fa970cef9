import { EventEmitter } from 'node:events';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { acr122, acr1252, type FeedbackLine, Signals } from './acr.ts';
import { openPcscReaders } from './pcsc.ts';
import type { CardReaders } from './reader.ts';

const ok = Uint8Array.of(0x90, 0x02);
const e1 = Uint8Array.of(0xe1, 0x00, 0x00, 0x00, 0x01, 0x0a);

/** A reader that writes down what it is told. */
function scripted(answer: (command: string) => Uint8Array): FeedbackLine & { readonly sent: string[] } {
  const sent: string[] = [];
  const take = (way: string) => async (command: Uint8Array) => {
    const text = Buffer.from(command).toString('hex');
    sent.push(`${way} ${text}`);
    return answer(text);
  };
  return { sent, transmit: take('transmit'), escape: take('escape') };
}

describe('signals', () => {
  it('of an ACR122U are pseudo-APDUs; its own beep is turned off once', async () => {
    const line = scripted(() => ok);
    const signals = new Signals(acr122, line);
    await signals.show('read');
    await signals.show('failed');
    expect(line.sent).toEqual(['transmit ff00520000', 'transmit ff0040ae0401010101', 'transmit ff00405d0402010201']);
  });

  it('of an ACR1252U are escape commands', async () => {
    const line = scripted(() => e1);
    const signals = new Signals(acr1252, line);
    await signals.show('read');
    await signals.show('failed');
    expect(line.sent).toEqual(['escape e0000028010a', 'escape e00000280132']);
  });

  it('are given up when the reader does not know them', async () => {
    const line = scripted(() => Uint8Array.of(0x63, 0x00));
    const signals = new Signals(acr122, line);
    await signals.show('read');
    await signals.show('read');
    expect(signals.mute).toBe(true);
    expect(line.sent).toEqual(['transmit ff00520000']);
  });

  it('are given up when the driver forbids escape commands', async () => {
    const line = scripted(() => {
      throw new Error('SCARD_E_UNSUPPORTED_FEATURE');
    });
    const signals = new Signals(acr1252, line);
    await signals.show('read');
    await signals.show('read');
    expect(line.sent).toHaveLength(1);
  });

  it('are tried again with the next card when this one left meanwhile', async () => {
    let here = false;
    const line = scripted(() => {
      if (!here) throw new Error('SCARD_W_REMOVED_CARD');
      return ok;
    });
    const signals = new Signals(acr122, line);
    await signals.show('read');
    here = true;
    await signals.show('read');
    expect(signals.mute).toBe(false);
    expect(line.sent.slice(1)).toEqual(['transmit ff00520000', 'transmit ff0040ae0401010101']);
  });
});

const daemon = vi.hoisted(() => ({ readers: [] as unknown[], closed: 0 }));
vi.mock('nfc-pcsc', async () => {
  const { EventEmitter: Emitter } = await import('node:events');
  class NFC extends Emitter {
    pcsc = new Emitter();
    constructor() {
      super();
      setImmediate(() => {
        this.pcsc.emit('started');
        for (const reader of daemon.readers) this.emit('reader', reader);
      });
    }
    close() {
      daemon.closed += 1;
    }
  }
  return { default: { NFC } };
});

/** A reader as nfc-pcsc shows it, with a card that answers 9000 to everything. */
class ScriptedReader extends EventEmitter {
  readonly name: string;
  readonly sent: string[] = [];
  readonly reader = Object.assign(new EventEmitter(), {
    SCARD_STATE_EMPTY: 0x10,
    SCARD_STATE_PRESENT: 0x20,
    SCARD_STATE_MUTE: 0x200,
    SCARD_LEAVE_CARD: 0,
    atr: Buffer.from('3B80800101', 'hex'),
    begin: (done: (error: Error | null) => void) => {
      this.sent.push('begin');
      done(null);
    },
    end: (_disposition: number, done: (error: Error | null) => void) => {
      this.sent.push('end');
      done(null);
    },
  });
  autoProcessing = true;

  constructor(name: string) {
    super();
    this.name = name;
  }

  async transmit(command: Buffer): Promise<Buffer> {
    this.sent.push(`transmit ${command.toString('hex')}`);
    if (command[0] === 0xff && command[1] === 0x20) return new Promise(() => undefined);
    return Buffer.from('9000', 'hex');
  }

  async control(command: Buffer): Promise<Buffer> {
    this.sent.push(`control ${command.toString('hex')}`);
    return Buffer.from('E100000001', 'hex');
  }

  put(): void {
    this.reader.emit('status', { state: 0x20 });
    this.emit('card', { atr: this.reader.atr });
  }
}

describe('on PC/SC', () => {
  let readers: CardReaders | undefined;
  afterEach(() => readers?.close());
  const SELECT = Uint8Array.of(0x00, 0xa4, 0x04, 0x00, 0x00);

  async function tapped(name: string, command: Uint8Array): Promise<readonly string[]> {
    const device = new ScriptedReader(name);
    daemon.readers = [device];
    readers = openPcscReaders();
    const waiting = readers.nextCard(AbortSignal.timeout(2_000));
    await vi.waitFor(() => expect(readers?.list()).toHaveLength(1));
    device.put();
    const card = await waiting;
    await card?.transmit(command, 50);
    card?.release();
    await vi.waitFor(() => expect(device.sent.at(-1)).toBe('end'));
    return device.sent;
  }

  it('an ACR122U blinks and beeps before the card is let go', async () => {
    expect(await tapped('ACS ACR122U PICC Interface 00 00', SELECT)).toEqual([
      'begin',
      'transmit 00a4040000',
      'transmit ff00520000',
      'transmit ff0040ae0401010101',
      'end',
    ]);
  });

  it('an ACR1252U beeps long when the card did not answer', async () => {
    expect(await tapped('ACS ACR1252 Reader [ACR1252 Reader PICC] 00 00', Uint8Array.of(0xff, 0x20, 0, 0))).toEqual([
      'begin',
      'transmit ff200000',
      'control e00000280132',
      'end',
    ]);
  });

  it('a reader of no known family gets nothing but what is meant for the card', async () => {
    expect(await tapped('Some Vendor NFC 00 00', SELECT)).toEqual(['begin', 'transmit 00a4040000', 'end']);
  });
});
