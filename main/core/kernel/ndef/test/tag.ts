import type { Card, Exchange, ExchangeFault } from '../../../../../drivers/nfc/reader.ts';
import { concat, hex, unhex } from '../../bytes.ts';

/** One record of a message in its short form; flags are put in by `message`. */
export interface RecordSpec {
  readonly format: number;
  readonly type: string;
  readonly payload: Uint8Array;
}

const ascii = (text: string) => new TextEncoder().encode(text);

export function text(content: string, language = 'en'): RecordSpec {
  return { format: 1, type: 'T', payload: concat(Uint8Array.of(language.length), ascii(language + content)) };
}

export function uri(code: number, rest: string): RecordSpec {
  return { format: 1, type: 'U', payload: concat(Uint8Array.of(code), ascii(rest)) };
}

export function external(type: string, content: string): RecordSpec {
  return { format: 4, type, payload: ascii(content) };
}

/** A whole message; a record above 255 bytes takes the long form. */
export function message(...records: readonly RecordSpec[]): Uint8Array {
  return concat(
    ...records.map(({ format, type, payload }, at) => {
      const short = payload.length < 256;
      const flags = (at === 0 ? 0x80 : 0) | (at === records.length - 1 ? 0x40 : 0) | (short ? 0x10 : 0) | format;
      const { length } = payload;
      const size = short ? Uint8Array.of(length) : Uint8Array.of(0, length >> 16, (length >> 8) & 255, length & 255);
      return concat(Uint8Array.of(flags, type.length), size, ascii(type), payload);
    }),
  );
}

export type Disturb = (index: number, answer: Uint8Array) => Uint8Array | ExchangeFault;

function card(atr: string, answer: (command: string) => Uint8Array, disturb?: Disturb): Card & { commands: string[] } {
  const commands: string[] = [];
  return {
    atr: unhex(atr),
    commands,
    async transmit(command): Promise<Exchange> {
      const index = commands.push(hex(command)) - 1;
      const own = answer(hex(command));
      const response = disturb?.(index, own) ?? own;
      return typeof response === 'string' ? { ok: false, fault: response, detail: 'scripted' } : { ok: true, response };
    },
    release() {},
  };
}

const ok = unhex('9000');

/** A Type 2 tag whose data area holds these bytes. */
export function type2(area: Uint8Array, disturb?: Disturb, container = 'E1103F00') {
  const memory = concat(new Uint8Array(12), unhex(container), area, new Uint8Array(2_048));
  return card(
    '3B8F8001804F0CA0000003060300030000000068',
    (command) => {
      const page = Number.parseInt(command.slice(6, 8), 16) * 4;
      return command.startsWith('FFB000') ? concat(memory.slice(page, page + 16), ok) : unhex('6D00');
    },
    disturb,
  );
}

/** The message in its TLV, with a terminator. */
export function inArea(bytes: Uint8Array): Uint8Array {
  const { length } = bytes;
  const size = length < 255 ? Uint8Array.of(length) : Uint8Array.of(255, length >> 8, length & 255);
  return concat(unhex('03'), size, bytes, unhex('FE'));
}

/** A Type 4 tag with this message in its file. */
export function type4(bytes: Uint8Array, disturb?: Disturb, container = '000F2000FF00FF0406E104200000FF'.slice(0, 30)) {
  const file = concat(Uint8Array.of(bytes.length >> 8, bytes.length & 255), bytes);
  let selected: Uint8Array = new Uint8Array();
  return card(
    '3B80800101',
    (command) => {
      if (command === '00A4040007D276000085010100') return ok;
      if (command === '00A4000C02E103') {
        selected = unhex(container);
        return ok;
      }
      if (command === '00A4000C02E104') {
        selected = file;
        return ok;
      }
      if (!command.startsWith('00B0')) return unhex('6A82');
      const offset = Number.parseInt(command.slice(4, 8), 16);
      return concat(selected.slice(offset, offset + Number.parseInt(command.slice(8), 16)), ok);
    },
    disturb,
  );
}
