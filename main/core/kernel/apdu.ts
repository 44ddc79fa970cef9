import { concat } from './bytes.ts';

/** A command with data and Le 00 (ISO/IEC 7816-4, case 4 short). */
function command(cla: number, ins: number, p1: number, p2: number, data: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(cla, ins, p1, p2, data.length), data, Uint8Array.of(0));
}

/** The contactless directory's name. */
export const PPSE = new TextEncoder().encode('2PAY.SYS.DDF01');

/** SELECT by name, first occurrence (EMV Book 1, 11.3). */
export function selectCommand(name: Uint8Array): Uint8Array {
  return command(0x00, 0xa4, 0x04, 0x00, name);
}

/** GET PROCESSING OPTIONS with PDOL data of at most 252 bytes in template 83 (Book 3, 6.5.8). */
export function optionsCommand(pdolData: Uint8Array): Uint8Array {
  const length = pdolData.length < 0x80 ? Uint8Array.of(pdolData.length) : Uint8Array.of(0x81, pdolData.length);
  return command(0x80, 0xa8, 0x00, 0x00, concat(Uint8Array.of(0x83), length, pdolData));
}

/** READ RECORD (Book 3, 6.5.11). */
export function recordCommand(file: number, record: number): Uint8Array {
  return Uint8Array.of(0x00, 0xb2, record, (file << 3) | 4, 0x00);
}

/** GENERATE AC (Book 3, 6.5.5): `control` is the cryptogram asked for, with 10 when its signature is wanted too. */
export function generateCommand(control: number, data: Uint8Array): Uint8Array {
  return command(0x80, 0xae, control, 0x00, data);
}

/** RECOVER AC of kernel 2: the cryptogram of a torn payment once more. */
export function recoverCommand(data: Uint8Array): Uint8Array {
  return command(0x80, 0xd0, 0x00, 0x00, data);
}

/** What a card answered: SW1 SW2 as one number and the data before it. */
export interface Answer {
  readonly status: number;
  readonly data: Uint8Array;
}

/** Splits a response of at least two bytes. */
export function readAnswer(response: Uint8Array): Answer {
  const end = response.length - 2;
  return { status: response[end]! * 256 + response[end + 1]!, data: response.slice(0, end) };
}

/** Status words the dialogue tells apart (EMV Book 3, 6.3.5; ISO/IEC 7816-4, 5.6). */
export const status = {
  ok: 0x9000,
  blocked: 0x6283,
  anotherInterface: 0x6984,
  conditions: 0x6985,
  seePhone: 0x6986,
  notFound: 0x6a82,
} as const;

/** "6A82", for a detail text. */
export function statusText(code: number): string {
  return code.toString(16).toUpperCase().padStart(4, '0');
}
