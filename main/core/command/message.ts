import { readFileSync } from 'node:fs';
import type { DecodedMessage, MessageRead } from '../../../contract/key.ts';
import { type IsoMessage, type Layout, pack, unpack } from '../bank/codec.ts';
import type { Dialect } from '../bank/dialects/dialect.ts';
import { dialectOf } from '../bank/dialects/named.ts';
import { IsoError } from '../bank/error.ts';
import type { Field } from '../bank/fields.ts';
import { frame } from '../bank/frame.ts';
import { PLAIN_LAYOUTS } from '../bank/layouts/named.ts';
import { type Mac, type MacScheme, openMac, packSigned, trusted } from '../bank/mac.ts';
import { type AcquirerProfile, readProfile } from '../bank/profile.ts';
import { maskPan, maskValue } from '../kernel/mask.ts';
import { decode as decodeTlv, leaves } from '../kernel/tlv.ts';
import { failed, type Result } from './result.ts';

export interface MessageOptions {
  /** Signed acquirer profile: its dialect says how the message is written. */
  readonly profile?: string;
  /** A layout without a profile (docs/terminal.md). */
  readonly layout?: string;
  /** Session key in hex, with which the MAC is checked or made. */
  readonly macKey?: string;
}

/** How a message is written: its fields, what stands before it, how it is signed. */
export interface Manner {
  readonly name: string;
  readonly layout: Layout;
  readonly headerLength: number;
  /** A header as requests have it. */
  readonly header: (message: Uint8Array) => Uint8Array;
  readonly mac: MacScheme;
}

function mannerOf(options: MessageOptions): Manner | Result {
  if (options.layout !== undefined) {
    const layout = PLAIN_LAYOUTS[options.layout];
    if (!layout)
      return failed('input-invalid', `no layout "${options.layout}": ${Object.keys(PLAIN_LAYOUTS).join(', ')}`);
    return { name: options.layout, layout, headerLength: 0, header: (message) => message, mac: 'x9.19' };
  }
  if (options.profile === undefined) return failed('input-invalid', '--profile FILE or --layout NAME is needed');
  const bytes = fileOf(options.profile);
  if (!bytes) return failed('profile-missing', options.profile);
  const read = readProfile(bytes);
  return read.ok ? dialectManner(read.profile) : failed('profile-damaged', `${read.code}: ${read.detail}`);
}

/** How the host of an acquirer profile writes its messages. */
export function dialectManner(profile: Pick<AcquirerProfile, 'dialect' | 'nii'>): Manner {
  const name = profile.dialect ?? 'countertap';
  const dialect: Dialect = dialectOf(name);
  const envelope = dialect.envelope(profile);
  const { layout, headerLength, mac } = dialect;
  return { name, layout, headerLength, header: (message) => envelope.close(message), mac };
}

function fileOf(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

function isResult(value: object): value is Result {
  return 'exit' in value;
}

/** The MAC function of `--mac-key`; undefined without one. */
function macOf(manner: Manner, key: string | undefined): Mac | Result | undefined {
  if (key === undefined) return undefined;
  const bytes = Buffer.from(key, 'hex');
  const right = manner.mac === 'aes-cmac' ? [16] : [8, 16];
  if (!/^(?:[\dA-Fa-f]{2})+$/.test(key) || !right.includes(bytes.length)) {
    return failed('input-invalid', `--mac-key takes ${right.join(' or ')} bytes in hex`);
  }
  return openMac(manner.mac, bytes);
}

/** Takes apart one message as it was on the line, with or without its length and header. Card data comes out masked. */
export function decodeMessage(text: string, options: MessageOptions): Result {
  const manner = mannerOf(options);
  if (isResult(manner)) return manner;
  const mac = macOf(manner, options.macKey);
  if (mac && typeof mac !== 'function') return mac;
  const read = decodeIn(text, manner, mac && ((bytes, message) => trusted(bytes, message, mac)));
  if (!read.ok) return failed('input-invalid', read.detail);
  const { header, ...message } = read.message;
  const told = header === '' ? {} : { header: headerOf(Buffer.from(header, 'hex')) };
  return { body: { message: { ...message, ...told } }, exit: 0 };
}

/** Takes apart one message as it was on the line; `fits` says whether its MAC is right. Card data comes out masked. */
export function decodeIn(
  text: string,
  manner: Manner,
  fits: ((bytes: Uint8Array, message: IsoMessage) => boolean) | undefined,
): MessageRead {
  const hex = text.replace(/\s/g, '');
  if (!/^(?:[\dA-Fa-f]{2})+$/.test(hex)) return { ok: false, detail: 'the message is not hex' };
  const whole = withoutLength(Buffer.from(hex, 'hex'));
  const start = manner.headerLength > 0 && whole[0] === 0x60 ? manner.headerLength : 0;
  const bytes = whole.subarray(start);
  const unpacked = unpack(bytes, manner.layout);
  if (!unpacked.ok) {
    const { code, field, message } = unpacked.error;
    return { ok: false, detail: `${code} in DE ${field}: ${message}` };
  }
  const { message } = unpacked;
  return {
    ok: true,
    message: {
      dialect: manner.name,
      length: bytes.length,
      header: whole.toString('hex', 0, start),
      mti: message.mti,
      fields: fieldsOf(message, manner.layout),
      mac: macFieldOf(message, fits?.(bytes, message) ?? null, manner.mac),
    },
  };
}

/** Takes the two length bytes off when they are those of what follows. */
function withoutLength(bytes: Buffer): Buffer {
  return bytes.length > 2 && bytes.readUInt16BE(0) === bytes.length - 2 ? bytes.subarray(2) : bytes;
}

function headerOf(bytes: Buffer): object {
  const tpdu = bytes.toString('hex', 0, 5);
  return {
    tpdu: { id: tpdu.slice(0, 2), destination: tpdu.slice(2, 6), source: tpdu.slice(6) },
    ...(bytes.length > 5 ? { application: bytes.toString('hex', 5) } : {}),
  };
}

function macFieldOf(message: IsoMessage, right: boolean | null, scheme: MacScheme): DecodedMessage['mac'] {
  const field = [64, 128].find((number) => message.fields.has(number));
  if (field === undefined) return null;
  const value = message.fields.get(field) ?? '';
  return { field, value, scheme, right };
}

function fieldsOf(message: IsoMessage, layout: Layout): DecodedMessage['fields'] {
  return [...message.fields].map(([number, value]) => {
    const field = layout.fields.get(number);
    return {
      number,
      name: field?.name ?? '',
      format: field ? formatOf(field) : '',
      value: shown(number, value, field),
    };
  });
}

/** As the standard writes it: `n6`, `ans..999`. */
function formatOf({ format, indicator, length }: Field): string {
  return `${format}${indicator > 0 ? '..' : ''}${length}`;
}

/** Fields that hold a card number, a track, or a PIN, in any layout. */
const CARD_NUMBERS = new Set([2, 34]);
const TRACKS = new Set([35, 36, 45]);
const SECRETS = new Set([52]);

/** A value that is safe to show. */
function shown(number: number, value: string, field: Field | undefined): string {
  if (CARD_NUMBERS.has(number)) return maskPan(value);
  if (TRACKS.has(number)) return maskTrack(value);
  if (SECRETS.has(number)) return '*'.repeat(value.length);
  if (number === 55 && field?.format === 'b') return maskIcc(value);
  if (field?.name === 'session key block') return '*'.repeat(value.length);
  return field?.format === 'ans' ? maskText(value) : value;
}

/** A track keeps the first six and the last four digits of its number; all the rest is hidden. */
function maskTrack(value: string): string {
  const [number = ''] = /^B?\d+/.exec(value) ?? [];
  return number.length < 12 ? '*'.repeat(value.length) : maskPan(number) + '*'.repeat(value.length - number.length);
}

/** Sealed card data keeps its header, by which the key is known; a wallet code its first two digits; long numbers are masked. */
function maskText(value: string): string {
  if (/^ey[\w-]+\.[\w-]*\.[\w-]+\.[\w-]+\.[\w-]+$/.test(value))
    return `${value.split('.')[0]}.(sealed, ${value.length} characters)`;
  const code = /^([a-z0-9-]{1,20}=)(\d\d)(\d*)$/.exec(value);
  if (code) return `${code[1]}${code[2]}${'*'.repeat(code[3]?.length ?? 0)}`;
  return value;
}

/** Stands in no value. */
const NO_PAN = '-';

/** ICC data by tags, what names the cardholder hidden; all of it when it is not well formed. */
function maskIcc(value: string): string {
  const decoded = decodeTlv(Buffer.from(value, 'hex'));
  if (!decoded.ok) return '*'.repeat(value.length);
  const all = leaves(decoded.nodes);
  const numbered = all.find(({ tag }) => tag === '5A' || tag === '57');
  const [pan = NO_PAN] = /^\d{12,19}/.exec(numbered ? Buffer.from(numbered.value).toString('hex') : '') ?? [];
  return all.map(({ tag, value: bytes }) => `${tag}=${maskValue(tag, bytes, pan)}`).join(' ');
}

/** Builds the bytes of `{"mti": "0800", "fields": {"3": "920000"}}`; signed when a key is given. */
export function encodeMessage(json: string, options: MessageOptions): Result {
  const manner = mannerOf(options);
  if (isResult(manner)) return manner;
  const mac = macOf(manner, options.macKey);
  if (mac && typeof mac !== 'function') return mac;
  const message = messageOf(json);
  if (!message) return failed('input-invalid', 'the message is not {"mti": "…", "fields": {"3": "…"}}');
  try {
    const bytes = mac ? packSigned(message, mac, manner.layout) : pack(message, manner.layout);
    const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex').toUpperCase();
    return { body: { message: hex(bytes), frame: hex(frame(manner.header(bytes))) }, exit: 0 };
  } catch (error) {
    if (error instanceof IsoError)
      return failed('input-invalid', `${error.code} in DE ${error.field}: ${error.message}`);
    throw error;
  }
}

function messageOf(text: string): IsoMessage | undefined {
  const json = parsed(text);
  if (typeof json !== 'object' || json === null || !('mti' in json) || !('fields' in json)) return undefined;
  const { mti, fields } = json;
  if (typeof mti !== 'string' || typeof fields !== 'object' || fields === null || Array.isArray(fields))
    return undefined;
  const entries = Object.entries(fields);
  if (!entries.every(([number, value]) => /^\d{1,3}$/.test(number) && typeof value === 'string')) return undefined;
  return { mti, fields: new Map(entries.map(([number, value]): [number, string] => [Number(number), String(value)])) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
