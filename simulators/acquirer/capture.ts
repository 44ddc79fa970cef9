import { appendFileSync } from 'node:fs';
import { readIccData } from './card.ts';
import type { Dialect } from './dialects/dialect.ts';
import { readWalletCode } from './issuer.ts';
import { decode, encode, type Fields, frame, WireError } from './wire.ts';

/** Called with every message as it came or went, header included. */
export type Capture = (direction: 'in' | 'out', bytes: Buffer) => void;

/** Objects of DE 55 that name the card or its holder. */
const secrets = ['56', '57', '5A', '5F20', '9F0B', '9F1F', '9F20', '9F6B'];

function maskIcc(text: string): string {
  const found = readIccData(text);
  if (found === undefined) return 'F'.repeat(text.length);
  return secrets.reduce((masked, tag) => {
    const value = found.get(tag);
    return value === undefined || value === '' ? masked : masked.replace(value, 'F'.repeat(value.length));
  }, text);
}

/** A wallet code keeps its first two digits. Sealed card data stays: only the bank opens it. */
function maskCode(text: string): string {
  const wallet = readWalletCode(text);
  if (wallet === undefined) return text;
  return `${wallet.scheme}=${wallet.code.slice(0, 2)}${'*'.repeat(wallet.code.length - 2)}`;
}

function masked(fields: Fields): Fields {
  const changed: Fields = new Map(fields);
  const change = (number: number, how: (text: string) => string) => {
    const value = fields.get(number);
    if (value !== undefined) changed.set(number, how(value));
  };
  change(48, maskCode);
  change(59, maskCode);
  change(55, maskIcc);
  if ((fields.get(62)?.length ?? 0) > 12) change(62, (text) => '0'.repeat(text.length));
  return changed;
}

/** The frame with what names a card or opens a key overwritten, its length and MAC as they were. */
export function maskedFrame(dialect: Dialect, bytes: Buffer): Buffer | undefined {
  try {
    const body = dialect.open(bytes);
    const message = decode(body, dialect.forms, () => true);
    const mac = message.mac.length === 0 ? undefined : () => message.mac;
    const shown = encode({ mti: message.mti, fields: masked(message.fields) }, mac, dialect.forms);
    return frame(Buffer.concat([bytes.subarray(0, bytes.length - body.length), shown]));
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return undefined;
  }
}

/** Appends every frame to a file, a line of JSON each; of one that cannot be read only how long it was. */
export function openCapture(path: string, dialect: Dialect): Capture {
  return (direction, bytes) => {
    const shown = maskedFrame(dialect, bytes);
    const hex = shown === undefined ? {} : { hex: shown.toString('hex').toUpperCase() };
    const line = { at: new Date().toISOString(), direction, bytes: bytes.length, ...hex };
    appendFileSync(path, `${JSON.stringify(line)}\n`, { mode: 0o600 });
  };
}
