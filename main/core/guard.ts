import { z } from '../../contract/schema.ts';

/** The longest message that a page may send, in UTF-16 units (S14). */
export const LONGEST_MESSAGE = 64 * 1024;
/** Messages of one page that may wait for their answers, streams among them. */
const IN_FLIGHT = 32;
/** So many messages that make no sense in a minute end the session. */
const MISDEEDS = 20;
const MINUTE_MS = 60_000;

/** What a page's message must be before the contract looks at it: oRPC's frame, and nothing that it reads as a file. */
const Frame = z.union([
  z.strictObject({
    i: z.string().max(64),
    p: z.strictObject({
      u: z.string().max(200).startsWith('/'),
      b: z.unknown().optional(),
      h: z.strictObject({}).optional(),
    }),
  }),
  z.strictObject({ i: z.string().max(64), t: z.literal(4), p: z.unknown().optional() }),
]);

/** A page's port as Electron's main side has it. */
export interface PagePort {
  on(event: 'message', listener: (event: { readonly data: unknown }) => void): unknown;
  on(event: 'close', listener: () => void): unknown;
  postMessage(data: unknown): void;
}

/** What the guard needs to know of the terminal. */
export interface Guarded {
  readonly monotonic: () => number;
  /** The page has sent too much that makes no sense: whoever is signed in there is signed out. */
  readonly lock: () => void;
}

/**
 * Stands between a page's port and the contract: a message that is no frame, too long, or one too many is answered or
 * dropped here, and never reaches a handler (S14, S16). Twenty in a minute end the session.
 */
export class Guard {
  readonly #port: PagePort;
  readonly #guarded: Guarded;
  readonly #misdeeds: number[] = [];
  readonly #open = new Set<string>();

  constructor(port: PagePort, guarded: Guarded) {
    this.#port = port;
    this.#guarded = guarded;
  }

  /** The port as the contract's handler sees it. */
  get port(): {
    on: (event: string, run: (event?: { data: unknown }) => void) => void;
    postMessage: (data: unknown) => void;
  } {
    return {
      on: (event, run) => {
        if (event === 'message') this.#port.on('message', ({ data }) => this.#pass(data, run));
        else if (event === 'close') this.#port.on('close', () => run());
      },
      postMessage: (data) => {
        this.#answered(data);
        this.#port.postMessage(data);
      },
    };
  }

  /** A call that the contract refused for its form: an unknown one, or an input that it does not allow. */
  misdeed(): void {
    const now = this.#guarded.monotonic();
    while ((this.#misdeeds[0] ?? now) < now - MINUTE_MS) this.#misdeeds.shift();
    this.#misdeeds.push(now);
    if (this.#misdeeds.length < MISDEEDS) return;
    this.#misdeeds.length = 0;
    this.#guarded.lock();
  }

  #pass(data: unknown, run: (event: { data: unknown }) => void): void {
    if (typeof data !== 'string') {
      this.misdeed();
      return;
    }
    if (data.length > LONGEST_MESSAGE) {
      this.misdeed();
      const id = /^\{"i":"([0-9A-Za-z_-]{1,64})"/.exec(data.slice(0, 80))?.[1];
      if (id !== undefined) this.#refuse(id, 'message-too-long');
      return;
    }
    const frame = frameIn(data);
    if (!frame) {
      this.misdeed();
      return;
    }
    if ('t' in frame) this.#open.delete(frame.i);
    else if (!this.#admitted(frame.i)) return;
    run({ data });
  }

  #admitted(id: string): boolean {
    if (this.#open.has(id)) {
      this.misdeed();
      return false;
    }
    if (this.#open.size >= IN_FLIGHT) {
      this.#refuse(id, 'too-many-requests');
      return false;
    }
    this.#open.add(id);
    return true;
  }

  /** An answer, or the end of a stream, makes room for another message. */
  #answered(data: unknown): void {
    if (typeof data !== 'string') return;
    const id = /^\{"i":"([^"]{1,64})"/.exec(data)?.[1];
    if (id === undefined) return;
    const streams = data.includes('"content-type":"text/event-stream"');
    const goesOn = /^\{"i":"[^"]{1,64}","t":3,"p":\{"e":"message"/.test(data);
    if (!streams && !goesOn) this.#open.delete(id);
  }

  #refuse(id: string, code: 'message-too-long' | 'too-many-requests'): void {
    const json = { defined: true, code: 'REFUSED', status: 403, message: 'REFUSED', data: { code } };
    this.#port.postMessage(JSON.stringify({ i: id, p: { s: 403, b: { json } } }));
  }
}

function frameIn(text: string): z.infer<typeof Frame> | undefined {
  try {
    return Frame.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
