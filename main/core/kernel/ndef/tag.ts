import type { Card } from '../../../../drivers/nfc/reader.ts';
import { selectCommand, status, statusText } from '../apdu.ts';
import { concat, hex, unhex } from '../bytes.ts';
import { type Channel, type Ended, openChannel } from '../channel.ts';
import type { CardTiming } from '../outcome.ts';
import { findMessage } from './area.ts';
import { LARGEST_MESSAGE, type NdefCode, type NdefRecord, readMessage } from './message.ts';

export type TagType = 'type-2' | 'type-4';

/** What a tag came to. */
export type TagOutcome =
  | {
      readonly kind: 'tag';
      readonly type: TagType;
      /** None for a tag that is formatted and empty. */
      readonly records: readonly NdefRecord[];
      readonly exchanges: CardTiming['exchanges'];
    }
  | { readonly kind: 'tap-again'; readonly reason: 'torn' | 'timed-out' }
  /** `not-a-tag`: no NDEF here. `tag-invalid`: NDEF that breaks its rules; `detail` says where. */
  | { readonly kind: 'refused'; readonly reason: 'not-a-tag' | 'tag-invalid'; readonly detail: string };

type Read = { readonly ok: true; readonly message: Uint8Array } | { readonly ok: false; readonly outcome: TagOutcome };

function no(reason: 'not-a-tag' | 'tag-invalid', detail: string): { readonly ok: false; readonly outcome: TagOutcome } {
  return { ok: false, outcome: { kind: 'refused', reason, detail } };
}

function left(ended: Ended): { readonly ok: false; readonly outcome: TagOutcome } {
  if (ended.kind === 'refused') return no('tag-invalid', ended.detail);
  const timedOut = ended.kind === 'tap-again' && ended.reason === 'timed-out';
  return { ok: false, outcome: { kind: 'tap-again', reason: timedOut ? 'timed-out' : 'torn' } };
}

/** The message of a tag that is not there. */
const nothing: Read = { ok: true, message: new Uint8Array() };

const PAGE = 4;
const PAGES_AT_ONCE = 4;
const LAST_PAGE = 0xff;

/** READ BINARY of the reader for storage cards (PC/SC part 3, 3.2.2.1.8): sixteen bytes from a page on. */
function pageCommand(page: number): Uint8Array {
  return Uint8Array.of(0xff, 0xb0, 0x00, page, PAGES_AT_ONCE * PAGE);
}

/** Type 2: capability container in page 3, then TLVs, of which the first message counts. */
async function readType2(channel: Channel): Promise<Read> {
  let read: Uint8Array = new Uint8Array();
  const next = async (): Promise<Read | undefined> => {
    const page = 3 + read.length / PAGE;
    if (page > LAST_PAGE) return no('tag-invalid', 'larger than a reader’s page numbers reach');
    const answer = await channel.send(`READ PAGE ${page}`, pageCommand(page));
    if (!answer.ok) return left(answer.end);
    const { status: code, data } = answer.value;
    if (code !== status.ok) return no(page === 3 ? 'not-a-tag' : 'tag-invalid', `page ${page}: ${statusText(code)}`);
    if (data.length !== PAGES_AT_ONCE * PAGE) return no('tag-invalid', `page ${page}: ${data.length} bytes`);
    read = concat(read, data);
    return undefined;
  };
  const first = await next();
  if (first) return first;
  const [magic, version, size, access] = read;
  if (magic !== 0xe1 || version! >> 4 !== 1) return no('not-a-tag', 'no capability container');
  if (access! >> 4 !== 0) return no('not-a-tag', 'may not be read');
  for (;;) {
    const area = findMessage(read.subarray(PAGE), size! * 8);
    if (area.found === true) return { ok: true, message: read.slice(PAGE + area.from, PAGE + area.to) };
    if (area.found === false) return area.why === 'none' ? nothing : no('tag-invalid', 'TLV longer than the tag');
    while (read.length < PAGE + area.atLeast) {
      const failed = await next();
      if (failed) return failed;
    }
  }
}

/** NDEF tag application (NFC Forum Type 4 Tag 2.0, 5.4). */
const APPLICATION = unhex('D2760000850101');
const CONTAINER = 'E103';
const reserved: ReadonlySet<string> = new Set(['0000', 'E102', 'E103', '3F00', '3FFF', 'FFFF']);

function selectFile(file: string): Uint8Array {
  return unhex(`00A4000C02${file}`);
}

function readBinary(offset: number, length: number): Uint8Array {
  return Uint8Array.of(0x00, 0xb0, offset >> 8, offset & 0xff, length);
}

interface NdefFile {
  readonly file: string;
  readonly size: number;
  /** Most bytes in one answer. */
  readonly chunk: number;
}

/** The capability container: where the NDEF file is and how it may be read; text when it is not a valid one. */
export function readContainer(bytes: Uint8Array): NdefFile | string {
  if (bytes.length < 15) return 'too short';
  const at = (index: number) => bytes[index]! * 256 + bytes[index + 1]!;
  const major = bytes[2]! >> 4;
  if (at(0) < 15 || at(0) === 0xffff) return 'length';
  if (major !== 2 && major !== 3) return 'version';
  if (at(3) < 15) return 'largest answer';
  if (bytes[7] !== 0x04 || bytes[8] !== 6) return 'no NDEF file';
  const file = hex(bytes.subarray(9, 11));
  if (reserved.has(file)) return 'file identifier';
  if (bytes[13] !== 0x00) return 'may not be read';
  return { file, size: at(11), chunk: Math.min(at(3), 0xff) };
}

async function readType4(channel: Channel): Promise<Read> {
  const expect = async (name: string, command: Uint8Array, length: number) => {
    const answer = await channel.send(name, command);
    if (!answer.ok) return left(answer.end);
    const { status: code, data } = answer.value;
    if (code !== status.ok) return no('tag-invalid', `${name}: ${statusText(code)}`);
    return data.length === length ? { ok: true as const, data } : no('tag-invalid', `${name}: ${data.length} bytes`);
  };
  const application = await channel.send('SELECT NDEF', selectCommand(APPLICATION));
  if (!application.ok) return left(application.end);
  if (application.value.status !== status.ok) {
    return no('not-a-tag', `SELECT NDEF: ${statusText(application.value.status)}`);
  }
  const chosen = await expect('SELECT CC', selectFile(CONTAINER), 0);
  if (!chosen.ok) return chosen;
  const container = await expect('READ CC', readBinary(0, 15), 15);
  if (!container.ok) return container;
  const ndef = readContainer(container.data);
  if (typeof ndef === 'string') return no('tag-invalid', `capability container: ${ndef}`);
  const opened = await expect('SELECT FILE', selectFile(ndef.file), 0);
  if (!opened.ok) return opened;
  const counted = await expect('READ LENGTH', readBinary(0, 2), 2);
  if (!counted.ok) return counted;
  const length = counted.data[0]! * 256 + counted.data[1]!;
  if (length > LARGEST_MESSAGE) return no('tag-invalid', 'too-large');
  if (length + 2 > ndef.size) return no('tag-invalid', 'longer than its file');
  const parts: Uint8Array[] = [];
  for (let at = 0; at < length; at += ndef.chunk) {
    const wanted = Math.min(ndef.chunk, length - at);
    const part = await expect(`READ ${at}`, readBinary(2 + at, wanted), wanted);
    if (!part.ok) return part;
    parts.push(part.data);
  }
  return { ok: true, message: concat(...parts) };
}

/** PC/SC part 3, 3.1.3.2.3.2: storage cards, by the two bytes of their name. 0003 is MIFARE Ultralight, also NTAG. */
const STORAGE_CARD = '804F0CA000000306';
const ULTRALIGHT = '0003';

/**
 * Reads a tag of type 2 or 4 and what stands on it. Whatever the tag does is an outcome; nothing on it is opened, run or
 * trusted: an id says which member, never that somebody is one. The caller releases the card.
 */
export async function readTag(
  card: Card,
  clock: { monotonic(): number },
  limits: { readonly exchangeMs: number; readonly dialogueMs: number },
): Promise<TagOutcome> {
  const atr = hex(card.atr);
  const storage = atr.indexOf(STORAGE_CARD);
  const name = storage < 0 ? undefined : atr.slice(storage + STORAGE_CARD.length + 2).slice(0, 4);
  if (name !== undefined && name !== ULTRALIGHT) {
    return { kind: 'refused', reason: 'not-a-tag', detail: `a storage card (${name})` };
  }
  const type: TagType = name === undefined ? 'type-4' : 'type-2';
  const channel = openChannel(card, clock, limits);
  const read = await (type === 'type-2' ? readType2(channel) : readType4(channel));
  if (!read.ok) return read.outcome;
  const message = readMessage(read.message);
  if (!message.ok) return { kind: 'refused', reason: 'tag-invalid', detail: invalid(message.code) };
  return { kind: 'tag', type, records: message.records, exchanges: channel.exchanges };
}

function invalid(code: NdefCode): string {
  return `NDEF message: ${code}`;
}
