import type { Clock, Line } from '../../world/world.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface HttpResponse {
  readonly status: number;
  /** By name in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
}

/** The bytes of a request (RFC 9112 clause 2). Values are ours: no line breaks come in. */
export function encodeRequest(host: string, { method, path, headers, body }: HttpRequest): Uint8Array {
  const all = { Host: host, ...headers, 'Content-Length': String(body.length) };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1'), body]);
}

/** What the bytes so far come to: not all yet, a response with what was left over, or nothing that can be one. */
export type ReadResponse =
  | { readonly kind: 'partial' }
  | { readonly kind: 'whole'; readonly response: HttpResponse; readonly left: number }
  | { readonly kind: 'broken'; readonly detail: string };

const LARGEST_HEAD = 16_384;
export const LARGEST_BODY = 2_621_440;

const partial: ReadResponse = { kind: 'partial' };
const broken = (detail: string): ReadResponse => ({ kind: 'broken', detail });

/** Reads one response from its first byte on (RFC 9112 clauses 4 to 7). Strict: whatever could be read in two ways is broken. */
export function readResponse(bytes: Buffer): ReadResponse {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return bytes.length > LARGEST_HEAD ? broken('a head too long') : partial;
  if (end > LARGEST_HEAD) return broken('a head too long');
  const [first = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
  const status = /^HTTP\/1\.1 (\d{3})(?: [\t\x20-\x7e\x80-\xff]*)?$/.exec(first)?.[1];
  if (status === undefined || Number(status) < 200) return broken('not a response of HTTP/1.1');
  const headers = headersOf(lines);
  if (!headers) return broken('a header that cannot be read');
  const coded = headers.get('transfer-encoding');
  const length = headers.get('content-length');
  const response = (body: Uint8Array): HttpResponse => ({ status: Number(status), headers, body });
  const start = end + 4;
  if (coded !== undefined) {
    if (coded.toLowerCase() !== 'chunked' || length !== undefined) return broken('a length said in two ways');
    const chunks = readChunks(bytes, start);
    if (chunks.kind !== 'whole') return chunks;
    return { kind: 'whole', response: response(chunks.body), left: bytes.length - chunks.end };
  }
  if (length === undefined || !/^\d{1,8}$/.test(length)) return broken('no length');
  const size = Number(length);
  if (size > LARGEST_BODY) return broken('a body too long');
  if (bytes.length < start + size) return partial;
  const body = bytes.subarray(start, start + size);
  return { kind: 'whole', response: response(body), left: bytes.length - start - size };
}

function headersOf(lines: readonly string[]): Map<string, string> | undefined {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*$/.exec(line);
    const name = match?.[1]?.toLowerCase();
    if (name === undefined || (headers.has(name) && name !== 'set-cookie')) return undefined;
    headers.set(name, match?.[2] ?? '');
  }
  return headers;
}

type Chunks =
  | Extract<ReadResponse, { kind: 'partial' | 'broken' }>
  | { readonly kind: 'whole'; readonly body: Uint8Array; readonly end: number };

/** The chunked coding without extensions and trailers (RFC 9112 clause 7.1). */
function readChunks(bytes: Buffer, from: number): Chunks {
  const parts: Buffer[] = [];
  let total = 0;
  for (let at = from; ; ) {
    const line = bytes.indexOf('\r\n', at);
    if (line < 0)
      return bytes.length - at > 8 ? { kind: 'broken', detail: 'a chunk without a size' } : { kind: 'partial' };
    const text = bytes.toString('latin1', at, line);
    if (!/^[\dA-Fa-f]{1,6}$/.test(text)) return { kind: 'broken', detail: 'a chunk without a size' };
    const size = Number.parseInt(text, 16);
    total += size;
    if (total > LARGEST_BODY) return { kind: 'broken', detail: 'a body too long' };
    const end = line + 2 + size;
    if (bytes.length < end + 2) return { kind: 'partial' };
    if (bytes.toString('latin1', end, end + 2) !== '\r\n')
      return { kind: 'broken', detail: 'a chunk longer than said' };
    if (size === 0) return { kind: 'whole', body: Buffer.concat(parts), end: end + 2 };
    parts.push(bytes.subarray(line + 2, end));
    at = end + 2;
  }
}

/** What became of one request on a connection. */
export type Fetched =
  | { readonly kind: 'answered'; readonly response: HttpResponse; readonly ms: number }
  | { readonly kind: 'silent'; readonly detail: string }
  | { readonly kind: 'not-sent'; readonly detail: string };

/** One kept-open connection: one request at a time. After silence or anything unclear it is closed and not used again. */
export class Channel {
  readonly #line: Line;
  readonly #clock: Clock;
  #held: Buffer = Buffer.alloc(0);
  #settle: ((fetched: Fetched) => void) | undefined;
  #from = 0;
  #closed = false;

  constructor(line: Line, clock: Clock) {
    this.#line = line;
    this.#clock = clock;
    line.onClose((_fault, detail) => this.close(detail));
    line.onBytes((chunk) => this.#receive(Buffer.from(chunk)));
  }

  get usable(): boolean {
    return !this.#closed && this.#settle === undefined;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Sends one request once and waits for its whole response. */
  fetch(bytes: Uint8Array, timeoutMs: number): Promise<Fetched> {
    if (!this.usable) return Promise.resolve({ kind: 'not-sent', detail: 'the line is closed' });
    return new Promise((resolve) => {
      const done = new AbortController();
      this.#from = this.#clock.monotonic();
      this.#settle = (fetched) => {
        this.#settle = undefined;
        done.abort();
        resolve(fetched);
      };
      if (!this.#line.send(bytes)) {
        this.#settle({ kind: 'not-sent', detail: 'the line is closed' });
        return;
      }
      void this.#clock.sleep(timeoutMs, done.signal).then(() => {
        if (!done.signal.aborted) this.close(`no answer within ${timeoutMs} ms`);
      });
    });
  }

  /** Whoever waits for an answer hears nothing: the request may have arrived. */
  close(detail: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#line.close();
    this.#settle?.({ kind: 'silent', detail });
  }

  #receive(chunk: Buffer): void {
    if (this.#closed) return;
    // Nobody asked: what comes now cannot be told from an answer to the next request.
    if (!this.#settle) {
      this.close('bytes that nobody asked for');
      return;
    }
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const read = readResponse(this.#held);
    if (read.kind === 'partial') return;
    if (read.kind === 'broken') {
      this.close(`no HTTP: ${read.detail}`);
      return;
    }
    this.#held = Buffer.alloc(0);
    const { response } = read;
    this.#settle({ kind: 'answered', response, ms: this.#clock.monotonic() - this.#from });
    if (read.left > 0 || response.headers.get('connection')?.toLowerCase() === 'close')
      this.close('closed by the host');
  }
}
