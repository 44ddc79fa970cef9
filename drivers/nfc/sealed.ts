import { connect, type Socket } from 'node:net';
import { type Field, Fields } from './field.ts';
import type { CardReaders, Exchange } from './reader.ts';
import type { Link } from './session.ts';

export interface SealedReaderOptions {
  readonly host: string;
  readonly port: number;
}

const VERSION = 1;
const CONNECT_AGAIN_MS = 500;
/** A reader that says nothing at all after the greeting is not one. */
const GREETING_MS = 3_000;
const LONGEST_LINE = 16_384;

/** What a reader says, one JSON object a line (docs/encrypting-reader.md). */
type Said =
  | { readonly is: 'reader'; readonly serial: string; readonly name: string }
  | { readonly is: 'card' | 'gone' | 'collision' }
  | { readonly is: 'answer'; readonly id: number; readonly data: Uint8Array }
  | { readonly is: 'fault'; readonly id: number; readonly fault: 'torn' | 'timed-out' | 'collision' };

const faults = ['torn', 'timed-out', 'collision'] as const;

function text(value: unknown, pattern: RegExp): string | undefined {
  return typeof value === 'string' && pattern.test(value) ? value : undefined;
}

/** Undefined for a line that no reader of this version says. */
export function readLine(line: string): Said | undefined {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof json !== 'object' || json === null) return undefined;
  const said = json as Readonly<Record<string, unknown>>;
  const is = said['is'];
  if (is === 'card' || is === 'gone' || is === 'collision') return { is };
  if (is === 'reader') {
    const serial = text(said['serial'], /^[0-9A-Za-z-]{1,32}$/);
    const name = text(said['name'], /^[\x20-\x7e]{1,64}$/);
    return said['version'] === VERSION && serial && name ? { is, serial, name } : undefined;
  }
  const id = said['id'];
  if (typeof id !== 'number' || !Number.isSafeInteger(id)) return undefined;
  if (is === 'answer') {
    const data = text(said['data'], /^[0-9A-Za-z_-]+$/);
    return data === undefined ? undefined : { is, id, data: Uint8Array.from(Buffer.from(data, 'base64url')) };
  }
  const fault = faults.find((one) => one === said['fault']);
  return is === 'fault' && fault ? { is, id, fault } : undefined;
}

/**
 * A class A reader: it speaks to the card, seals what the acquirer alone may read, and signs what it says. The terminal
 * hears that a card is there, gives it a payment and gets an answer; whether that is believed is decided by its
 * signature and not here. A reader that is not there, or goes, is tried again twice a second.
 */
export function openSealedReader(options: SealedReaderOptions): CardReaders {
  const reader = new SealedReader(options);
  reader.connect();
  return reader;
}

class SealedReader extends Fields {
  readonly #options: SealedReaderOptions;
  readonly #asked = new Map<number, (answer: Exchange) => void>();
  #socket: Socket | undefined;
  #field: Field | undefined;
  #again: NodeJS.Timeout | undefined;
  #held = '';
  #next = 1;
  #closed = false;

  constructor(options: SealedReaderOptions) {
    super();
    this.#options = options;
  }

  connect(): void {
    if (this.#closed) return;
    this.#held = '';
    const socket = connect({ ...this.#options, noDelay: true });
    this.#socket = socket;
    socket.setEncoding('utf8');
    const silent = setTimeout(() => socket.destroy(), GREETING_MS);
    socket.once('connect', () => this.#say({ do: 'hello', version: VERSION }));
    socket.on('data', (chunk: string) => this.#take(chunk, () => clearTimeout(silent)));
    socket.on('error', () => socket.destroy());
    socket.once('close', () => {
      clearTimeout(silent);
      this.#lost();
    });
  }

  override async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#again);
    this.#socket?.destroy();
    await super.close();
  }

  #say(line: object): boolean {
    return this.#socket?.writable === true && this.#socket.write(`${JSON.stringify(line)}\n`);
  }

  #take(chunk: string, greeted: () => void): void {
    const lines = (this.#held + chunk).split('\n');
    this.#held = lines.pop() ?? '';
    if (this.#held.length > LONGEST_LINE) this.#socket?.destroy();
    for (const line of lines) {
      const said = readLine(line);
      if (!said) {
        this.#socket?.destroy();
        return;
      }
      greeted();
      // A card that leaves right behind an answer has answered: whoever waits for it comes first.
      if (said.is === 'answer') this.#hear(said);
      else setImmediate(() => this.#hear(said));
    }
  }

  #hear(said: Said): void {
    switch (said.is) {
      case 'reader':
        this.#field = this.plug(`${said.name} ${said.serial}`, 'A', said.serial);
        return;
      case 'card':
        this.#field?.arrive(this.#link());
        return;
      case 'gone':
        this.#field?.leave();
        return;
      case 'collision':
        this.#field?.collide();
        return;
      case 'answer':
        this.#asked.get(said.id)?.({ ok: true, response: said.data });
        return;
      case 'fault':
        this.#asked.get(said.id)?.({ ok: false, fault: said.fault, detail: 'the reader says so' });
    }
  }

  #link(): Link {
    return {
      atr: new Uint8Array(),
      exchange: async () => ({ ok: false, fault: 'torn', detail: 'this reader hands out no card' }),
      inside: (request) => this.#pay(request),
      end: () => void this.#say({ do: 'done' }),
    };
  }

  #pay(request: Uint8Array): Promise<Exchange> {
    const id = this.#next;
    this.#next += 1;
    return new Promise((resolve) => {
      this.#asked.set(id, (answer) => {
        this.#asked.delete(id);
        resolve(answer);
      });
      this.#say({ do: 'pay', id, data: Buffer.from(request).toString('base64url') });
    });
  }

  #lost(): void {
    this.#field?.unplug();
    for (const answer of this.#asked.values()) answer({ ok: false, fault: 'reader-gone', detail: 'the line broke' });
    if (!this.#closed) this.#again = setTimeout(() => this.connect(), CONNECT_AGAIN_MS);
  }
}
