import { createCipheriv, createDecipheriv, createHash, scryptSync } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import Sqlite, { type Database } from 'better-sqlite3';
import { z } from '../../contract/schema.ts';
import type { Book } from './ledger/book.ts';
import { bookFault } from './ledger/check.ts';
import { readJournal } from './ledger/journal.ts';
import { AT_ONCE } from './store/pieces.ts';

/** First line of every backup file. */
const MAGIC = 'countertap-backup 1\n';

const Header = z.strictObject({
  at: z.int(),
  /** `passphrase`: AES-256-GCM under scrypt of the owner's passphrase. `plain`: whoever has the file can read it. */
  kind: z.enum(['passphrase', 'plain']),
  head: z.strictObject({ seq: z.int(), hash: z.string().regex(/^[\da-f]{64}$/) }),
  epoch: z.int(),
  /** Lengths of the parts, in their order. The device's key is in no plain backup. */
  parts: z.array(z.strictObject({ name: z.enum(['database', 'journal', 'device-key']), bytes: z.int().min(0) })),
  /** Of the parts, one after the other. */
  sha256: z.string().regex(/^[\da-f]{64}$/),
});
export type BackupHeader = z.infer<typeof Header>;

export interface BackupContent {
  readonly header: BackupHeader;
  readonly database: Uint8Array;
  readonly journal: Uint8Array;
  readonly deviceKey: Uint8Array | undefined;
}

export type OpenedBackup =
  | { readonly ok: true; readonly content: BackupContent }
  | {
      readonly ok: false;
      /** Not a backup, or cut off; its passphrase is missing or wrong; the record in it does not hold together. */
      readonly code: 'not-a-backup' | 'locked' | 'damaged';
      readonly detail: string;
    };

const SALT = 16;
const NONCE = 12;
const TAG = 16;
/** scrypt with N 2^15, r 8, p 1 (RFC 7914). */
const COST = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 };
/** The version of the database from which on all of it can be held against the journal as it lies in a backup. */
const COMPARED_SINCE = 9;
/** A record of a hundred thousand sales is a tenth of this. */
const LARGEST = 4 * 1024 * 1024 * 1024 - 1;

export interface BackupOptions {
  readonly at: number;
  readonly epoch: number;
  readonly deviceKey: Uint8Array | undefined;
  /** None: the backup is plain. */
  readonly passphrase: string | undefined;
  readonly random: (length: number) => Uint8Array;
}

/** The whole record between two commits, database and journal at the same head, as the bytes of one file. */
export function makeBackup(book: Book, options: BackupOptions): Uint8Array {
  const { at, epoch, passphrase, deviceKey, random } = options;
  const parts: [BackupHeader['parts'][number]['name'], Uint8Array][] = [
    ['database', book.db.serialize()],
    ['journal', book.journalBytes()],
  ];
  if (passphrase !== undefined && deviceKey) parts.push(['device-key', deviceKey]);
  const content = Buffer.concat(parts.map(([, bytes]) => bytes));
  const header: BackupHeader = {
    at,
    kind: passphrase === undefined ? 'plain' : 'passphrase',
    head: book.head,
    epoch,
    parts: parts.map(([name, { length }]) => ({ name, bytes: length })),
    sha256: digestOf(content),
  };
  const first = Buffer.from(`${MAGIC}${JSON.stringify(header)}\n`, 'utf8');
  const packed = gzipSync(content, { level: 1 });
  if (passphrase === undefined) return Buffer.concat([first, packed]);
  const salt = random(SALT);
  const nonce = random(NONCE);
  const cipher = createCipheriv('aes-256-gcm', keyOf(passphrase, salt), nonce).setAAD(first);
  const enciphered = Buffer.concat([cipher.update(packed), cipher.final()]);
  return Buffer.concat([first, salt, nonce, cipher.getAuthTag(), enciphered]);
}

/** SHA-256 in hex; a hash takes no more than two gigabytes at once. */
function digestOf(content: Uint8Array): string {
  const digest = createHash('sha256');
  for (let at = 0; at < content.length; at += AT_ONCE) digest.update(content.subarray(at, at + AT_ONCE));
  return digest.digest('hex');
}

function keyOf(passphrase: string, salt: Uint8Array): Buffer {
  return scryptSync(passphrase.normalize('NFKC'), salt, 32, COST);
}

/** Reads a backup and proves it as a start proves the record: its bytes, the journal's chain, and all of the database against it. */
export function openBackup(bytes: Uint8Array, passphrase: string | undefined): OpenedBackup {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = file.indexOf(0x0a, MAGIC.length);
  const header = headerOf(file, end);
  if (!header) return { ok: false, code: 'not-a-backup', detail: 'it does not begin as a backup does' };
  const rest = file.subarray(end + 1);
  const packed = header.kind === 'plain' ? rest : deciphered(rest, file.subarray(0, end + 1), passphrase);
  if (!packed) return { ok: false, code: 'locked', detail: 'the passphrase is not the one it was made with' };
  const content = unpacked(packed);
  if (!content || digestOf(content) !== header.sha256)
    return { ok: false, code: 'damaged', detail: 'its bytes are not those that were written' };
  const parts = new Map<string, Uint8Array>();
  let at = 0;
  for (const { name, bytes: length } of header.parts) {
    parts.set(name, content.subarray(at, at + length));
    at += length;
  }
  const database = parts.get('database');
  const journal = parts.get('journal');
  if (!database || !journal || at !== content.length)
    return { ok: false, code: 'damaged', detail: 'it does not hold a database and a journal' };
  const wrong = recordFault(database, journal, header.head);
  if (wrong !== undefined) return { ok: false, code: 'damaged', detail: wrong };
  return { ok: true, content: { header, database, journal, deviceKey: parts.get('device-key') } };
}

function headerOf(file: Buffer, end: number): BackupHeader | undefined {
  if (end < 0 || file.toString('latin1', 0, MAGIC.length) !== MAGIC) return undefined;
  try {
    return Header.safeParse(JSON.parse(file.toString('utf8', MAGIC.length, end))).data;
  } catch {
    return undefined;
  }
}

function deciphered(rest: Buffer, first: Buffer, passphrase: string | undefined): Buffer | undefined {
  if (passphrase === undefined || rest.length < SALT + NONCE + TAG) return undefined;
  const nonce = rest.subarray(SALT, SALT + NONCE);
  const decipher = createDecipheriv('aes-256-gcm', keyOf(passphrase, rest.subarray(0, SALT)), nonce);
  decipher.setAAD(first).setAuthTag(rest.subarray(SALT + NONCE, SALT + NONCE + TAG));
  try {
    return Buffer.concat([decipher.update(rest.subarray(SALT + NONCE + TAG)), decipher.final()]);
  } catch {
    return undefined;
  }
}

function unpacked(packed: Uint8Array): Buffer | undefined {
  try {
    return gunzipSync(packed, { maxOutputLength: LARGEST });
  } catch {
    return undefined;
  }
}

function soundness(db: Database): string | undefined {
  return db.pragma('integrity_check', { simple: true }) === 'ok' ? undefined : 'the database is not sound';
}

/** What is wrong with a record that nobody has opened, undefined when it holds together up to `head`. */
function recordFault(database: Uint8Array, journal: Uint8Array, head: BackupHeader['head']): string | undefined {
  const { lines, broken } = readJournal(journal);
  if (broken) return `journal entry ${broken.seq}: ${broken.what}`;
  const last = lines.at(-1);
  if (last?.seq !== head.seq || last.hash !== head.hash) return 'the journal does not end at the head it names';
  const image = Buffer.from(database);
  // An image in memory has no write-ahead log: file format versions 1 instead of 2 (SQLite file format, 1.3.3).
  image.fill(1, 18, 20);
  try {
    const db = new Sqlite(image);
    try {
      // Data of an older program is compared once it was carried over: by the restore, before anything else is done with it.
      if (Number(db.pragma('user_version', { simple: true })) < COMPARED_SINCE) return soundness(db);
      const fault = bookFault(db, lines);
      return fault && `${fault.where}, entry ${fault.seq}: ${fault.what}`;
    } finally {
      db.close();
    }
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
