import { type Chip, type Command, isUidCommand, readCommand, type Stage, sw } from './chip.ts';
import type { TagDefinition } from './definition.ts';
import { hex, toHex } from './tlv.ts';

const uid = hex('04A5B6C7D8E9F0');
const application = 'D2760000850101';
const containerFile = 'E103';
const ndefFile = 'E104';
const pageSize = 4;

/** The records of a tag as one NDEF message (NFC Forum NDEF 1.0, 3.2). */
export function ndefMessage(card: TagDefinition): Buffer {
  const last = card.records.length - 1;
  return Buffer.concat(
    card.records.flatMap(({ format, type, text, hex: bytes }, at) => {
      const payload = bytes === undefined ? Buffer.from(text ?? '', 'utf8') : hex(bytes);
      const short = payload.length < 256;
      const flags = (at === 0 ? 0x80 : 0) | (at === last ? 0x40 : 0) | (short ? 0x10 : 0) | format;
      const size = Buffer.alloc(short ? 1 : 4);
      if (short) size.writeUInt8(payload.length);
      else size.writeUInt32BE(payload.length);
      return [Buffer.from([flags, type.length]), size, Buffer.from(type, 'latin1'), payload];
    }),
  );
}

/** The memory of a Type 2 tag: serial number and locks, capability container, the message in its TLV. */
function memoryOf(message: Buffer): Buffer {
  const length =
    message.length < 255
      ? Buffer.from([message.length])
      : Buffer.from([255, message.length >> 8, message.length & 255]);
  const area = Buffer.concat([hex('03'), length, message, hex('FE')]);
  const blocks = Math.max(6, Math.ceil(area.length / 8));
  const container = Buffer.from([0xe1, 0x10, Math.min(blocks, 255), 0x00]);
  return Buffer.concat([uid, hex('0000000000'), container, area, Buffer.alloc(blocks * 8 + 16)]);
}

function respondType2(memory: Buffer, command: Command, le: number): string | Buffer {
  if (command.cla !== 0xff || command.ins !== 0xb0) return sw.noFunction;
  const at = (command.p1 * 256 + command.p2) * pageSize;
  return at + le > memory.length ? sw.badParameters : memory.subarray(at, at + le);
}

/** A Type 4 tag: an application with a capability container and the message in a file. */
function type4(message: Buffer): (command: Command, le: number) => string | Buffer {
  const container = hex('000F20 00FF 00FF 0406 E104 2000 00FF');
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  const files = new Map([
    [containerFile, container],
    [ndefFile, Buffer.concat([length, message])],
  ]);
  let file: Buffer | undefined;
  let chosen = false;
  return (command, le) => {
    const { cla, ins, p1, p2, data } = command;
    if (cla !== 0x00) return sw.noClass;
    if (ins === 0xa4 && p1 === 4) {
      chosen = toHex(data) === application;
      return chosen ? sw.ok : sw.noFile;
    }
    if (!chosen) return sw.conditions;
    if (ins === 0xa4) {
      file = files.get(toHex(data));
      return file === undefined ? sw.noFile : sw.ok;
    }
    if (ins !== 0xb0 || file === undefined) return sw.noInstruction;
    return file.subarray(p1 * 256 + p2, p1 * 256 + p2 + le);
  };
}

/** A tag for members, coupons or anything else. Type 2 answers what a PC/SC reader makes of it (READ BINARY, FF B0). */
export function tagChip(card: TagDefinition): Chip {
  const message = ndefMessage(card);
  const memory = memoryOf(message);
  const respond4 = type4(message);
  let stage: Stage = 'idle';
  return {
    atr: hex(card.atr),
    mute: false,
    reset() {
      stage = 'idle';
    },
    stage: () => stage,
    answer(apdu) {
      const command = readCommand(apdu);
      if (command === undefined) return hex(sw.wrongLength);
      if (isUidCommand(command)) return command.p1 === 0 ? Buffer.concat([uid, hex(sw.ok)]) : hex(sw.noFunction);
      stage = 'answered';
      const le = apdu.length === 5 ? (apdu[4] ?? 0) || 256 : 256;
      const reply = card.type === 2 ? respondType2(memory, command, le) : respond4(command, le);
      return typeof reply === 'string' ? hex(reply) : Buffer.concat([reply, hex(sw.ok)]);
    },
  };
}
