import { isUtf8 } from 'node:buffer';
import { crc32, gunzipSync } from 'node:zlib';
import { type Entry, fromBuffer, type ZipFile } from 'yauzl';
import { StatementError } from './fault.ts';

/** What is handed over, and what it may become when it is unpacked: a million lines and more. */
export const LARGEST_FILE = 64 * 1024 * 1024;
export const LARGEST_TEXT = 256 * 1024 * 1024;
/** Text of a statement packs twenty to one at the most; a bomb a thousand to one. */
const MOST_RATIO = 100;

/** The statement's own text as bytes, out of a zip or gzip file where it came in one. @throws StatementError */
export async function unpack(bytes: Uint8Array): Promise<Uint8Array> {
  if (bytes.length === 0) throw new StatementError('statement-empty', null, 'the file holds nothing');
  if (bytes.length > LARGEST_FILE) throw tooLarge();
  const [first, second] = bytes;
  const content =
    first === 0x50 && second === 0x4b ? await unzip(bytes) : first === 0x1f && second === 0x8b ? gunzip(bytes) : bytes;
  if (content.length === 0) throw new StatementError('statement-empty', null, 'the file holds nothing');
  return content;
}

function tooLarge(): StatementError {
  return new StatementError('statement-too-large', null, 'the file is larger than a statement can be');
}

function broken(detail: string): StatementError {
  return new StatementError('statement-zip', null, detail);
}

function bound(packed: number): number {
  return Math.min(LARGEST_TEXT, Math.max(1024, packed * MOST_RATIO));
}

function gunzip(bytes: Uint8Array): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: bound(bytes.length) });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge();
    throw broken('the gzip file is damaged');
  }
}

/** The one text file in a zip file. It is never written anywhere, so its name has no power; a strange one is refused all the same. */
async function unzip(bytes: Uint8Array): Promise<Uint8Array> {
  const zip = await openZip(bytes);
  try {
    const [entry, more] = (await entries(zip)).filter(({ fileName }) => !fileName.endsWith('/'));
    if (!entry || more) throw broken('a zip file must hold exactly one file');
    if (!/^[^/\\]+\.(csv|txt)$/i.test(entry.fileName)) throw broken('the file in the zip file is no .csv or .txt');
    if (entry.isEncrypted()) throw broken('the zip file is encrypted');
    if (entry.uncompressedSize > bound(entry.compressedSize)) throw tooLarge();
    const content = await contentOf(zip, entry);
    if (crc32(content) !== entry.crc32) throw broken('the zip file is damaged: its checksum differs');
    return content;
  } catch (error) {
    throw error instanceof StatementError ? error : broken(error instanceof Error ? error.message : 'damaged');
  } finally {
    zip.close();
  }
}

function openZip(bytes: Uint8Array): Promise<ZipFile> {
  return new Promise((resolve, reject) => {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    fromBuffer(buffer, { lazyEntries: true, strictFileNames: true }, (error, zip) => {
      if (error) reject(broken(error.message));
      else resolve(zip);
    });
  });
}

const MOST_ENTRIES = 20;

function entries(zip: ZipFile): Promise<Entry[]> {
  return new Promise((resolve, reject) => {
    const found: Entry[] = [];
    zip.on('error', reject);
    zip.on('end', () => resolve(found));
    zip.on('entry', (entry: Entry) => {
      found.push(entry);
      if (found.length > MOST_ENTRIES) resolve(found);
      else zip.readEntry();
    });
    zip.readEntry();
  });
}

/** yauzl ends the stream with an error when it gives another number of bytes than the entry claims. */
function contentOf(zip: ZipFile, entry: Entry): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    zip.openReadStream(entry, (error, stream) => {
      if (error) {
        reject(error);
        return;
      }
      const chunks: Buffer[] = [];
      stream.on('error', reject);
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => resolve(Buffer.concat(chunks)));
    });
  });
}

const PIECE = 64 * 1024;

/**
 * The text piece by piece: UTF-8 with or without its mark where the bytes are UTF-8, GBK (as GB 18030, which contains it)
 * otherwise.
 * @throws StatementError `statement-encoding`
 */
export function* decode(bytes: Uint8Array): Generator<string> {
  const decoder = new TextDecoder(isUtf8(bytes) ? 'utf-8' : 'gb18030', { fatal: true });
  try {
    for (let from = 0; from < bytes.length; from += PIECE) {
      yield checked(decoder.decode(bytes.subarray(from, from + PIECE), { stream: true }));
    }
    yield checked(decoder.decode());
  } catch (error) {
    throw error instanceof StatementError
      ? error
      : new StatementError('statement-encoding', null, 'neither UTF-8 nor GBK');
  }
}

/** No statement holds control characters other than tab and line ends. */
function checked(text: string): string {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code < 0x20 && code !== 9 && code !== 10 && code !== 13) {
      throw new StatementError('statement-encoding', null, 'a control character');
    }
  }
  return text;
}
