import type { Clock, Line } from '../world/world.ts';
import { type IsoMessage, pack, unpack } from './codec.ts';
import type { Dialect, Envelope } from './dialects/dialect.ts';
import { frame, openDeframer } from './frame.ts';
import type { LinkFault } from './link.ts';
import { type Mac, packSigned, trusted, unsigned } from './mac.ts';
import { keyOf, mismatch, traceOf } from './messages.ts';

/** What became of one message: answered in time, silence (it may have arrived), or nothing handed to the line (I7). */
export type Asked =
  | { readonly kind: 'answered'; readonly answer: IsoMessage; readonly ms: number }
  | { readonly kind: 'silent'; readonly detail: string }
  | { readonly kind: 'not-sent'; readonly detail: string };

export interface Late {
  readonly stan: number;
  readonly rrn: string;
  readonly code: string;
}

/** What a session tells the link that holds it. */
export interface SessionEvents {
  /** An answer was not believed; `detail` names what was wrong with it. */
  dropped(detail: string): void;
  late(late: Late): void;
  ended(fault: LinkFault, detail: string): void;
  /** The host asks for a new sign-on. */
  signOnAsked(): void;
}

/** How a message and its answer are authenticated; `none` is for sign-ons of dialects that have no MAC there. */
export type Seal = Mac | 'none';

export interface AskOptions {
  readonly timeoutMs: number;
  /** Our reference of the payment that a late answer will be told with. */
  readonly rrn?: string;
  /** Names what is wrong with an answer, undefined when it is to be believed. */
  readonly doubt?: (answer: IsoMessage) => string | undefined;
  /** The session key when not given. */
  readonly seal?: Seal;
}

interface Waiting {
  readonly sent: IsoMessage;
  readonly seal: Seal;
  readonly from: number;
  readonly deadline: number;
  /** Names what is wrong with an answer, undefined when it is to be believed. */
  readonly doubt: (answer: IsoMessage) => string | undefined;
  settle(asked: Asked): void;
}

/** How many exchanges that wait no longer are remembered, to tell a late answer from a foreign one. */
const REMEMBERED = 512;

interface Remembered {
  readonly sent: IsoMessage;
  readonly rrn: string;
}

/** Messages whose exchange is over, by key; kept over several connections. */
export class History {
  readonly #sent = new Map<string, Remembered>();
  readonly #dialect: Dialect;

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

  remember(sent: IsoMessage, rrn: string): void {
    const key = keyOf(sent, this.#dialect);
    this.#sent.delete(key);
    this.#sent.set(key, { sent: traceOf(sent, this.#dialect), rrn });
    const [oldest] = this.#sent.keys();
    if (this.#sent.size > REMEMBERED && oldest !== undefined) this.#sent.delete(oldest);
  }

  find(answer: IsoMessage): Remembered | undefined {
    return this.#sent.get(keyOf(answer, this.#dialect));
  }
}

/** How a session speaks. */
export interface Speech {
  readonly dialect: Dialect;
  readonly envelope: Envelope;
}

/** One connection to the host: frames, MACs, and which answer belongs to which waiting message. */
export class Session {
  readonly #line: Line;
  readonly #clock: Clock;
  readonly #history: History;
  readonly #events: SessionEvents;
  readonly #waiting = new Map<string, Waiting>();
  readonly #over = new AbortController();
  readonly #dialect: Dialect;
  readonly #envelope: Envelope;
  #mac: Mac | undefined;
  #formerMac: Mac | undefined;
  #stan = 0;
  #retired = false;
  #heardAt: number;

  constructor(line: Line, clock: Clock, { dialect, envelope }: Speech, history: History, events: SessionEvents) {
    this.#line = line;
    this.#dialect = dialect;
    this.#envelope = envelope;
    this.#clock = clock;
    this.#history = history;
    this.#events = events;
    this.#heardAt = clock.monotonic();
    const deframe = openDeframer();
    line.onClose((fault, detail) => this.end(fault, detail));
    line.onBytes((chunk) => {
      if (this.ended) return;
      const { messages, broken } = deframe(chunk);
      for (const message of messages) this.#receive(message);
      if (broken) this.end('protocol', 'a frame of impossible length');
    });
  }

  /** Aborted when the connection is over. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  get ended(): boolean {
    return this.#over.signal.aborted;
  }

  /** Monotonic milliseconds at which the host was last heard. */
  get heardAt(): number {
    return this.#heardAt;
  }

  /** From now on messages are signed with this session key; answers under the one before are still known. */
  use(mac: Mac): void {
    this.#formerMac = this.#mac;
    this.#mac = mac;
  }

  /** Whether a message is signed with the session key or the one before. */
  fits(bytes: Uint8Array, message: IsoMessage): boolean {
    return this.#authentic(bytes, message, undefined);
  }

  /** DE 11 for the next 0800 of this connection. */
  nextStan(): number {
    this.#stan = (this.#stan % 999_999) + 1;
    return this.#stan;
  }

  /** Sends a message once and waits for its answer. Throws IsoError for a message that cannot be packed. */
  ask(sent: IsoMessage, { timeoutMs, rrn = '', doubt, seal = this.#mac }: AskOptions): Promise<Asked> {
    const notSent = (detail: string): Promise<Asked> => Promise.resolve({ kind: 'not-sent', detail });
    if (this.ended) return notSent('the line is closed');
    if (!seal) return notSent('not signed on');
    const key = keyOf(sent, this.#dialect);
    if (this.#waiting.has(key)) return notSent('the same message is under way');
    const { layout } = this.#dialect;
    const message = seal === 'none' ? pack(sent, layout) : packSigned(sent, seal, layout);
    const bytes = frame(this.#envelope.close(message));
    return new Promise((resolve) => {
      const done = new AbortController();
      const from = this.#clock.monotonic();
      const settle = (asked: Asked): void => {
        if (this.#waiting.get(key) === waiting) this.#waiting.delete(key);
        if (asked.kind !== 'not-sent') this.#history.remember(sent, rrn);
        done.abort('settled');
        resolve(asked);
        this.#leave();
      };
      const doubtOf = doubt ?? ((answer: IsoMessage) => mismatch(sent, answer, this.#dialect));
      const waiting: Waiting = { sent, seal, from, deadline: from + timeoutMs, doubt: doubtOf, settle };
      this.#waiting.set(key, waiting);
      if (!this.#line.send(bytes)) {
        settle({ kind: 'not-sent', detail: 'the line is closed' });
        return;
      }
      void this.#clock.sleep(timeoutMs, done.signal).then(() => {
        if (!done.signal.aborted) settle({ kind: 'silent', detail: `no answer within ${timeoutMs} ms` });
      });
    });
  }

  /** Nothing more is sent here: the connection ends when everything under way is answered or silent. */
  retire(): void {
    this.#retired = true;
    this.#leave();
  }

  #leave(): void {
    if (this.#retired && this.#waiting.size === 0) this.end('closed', 'another connection took its place');
  }

  /** Ends the connection; every message under way is silent from now on, because it may have arrived. */
  end(fault: LinkFault, detail: string): void {
    if (this.ended) return;
    this.#over.abort();
    this.#line.close();
    for (const waiting of [...this.#waiting.values()]) waiting.settle({ kind: 'silent', detail });
    this.#events.ended(fault, detail);
  }

  #receive(bytes: Uint8Array): void {
    if (this.ended) return;
    const opened = this.#envelope.open(bytes);
    if (!opened.ok) {
      this.end('protocol', `unreadable message: ${opened.detail}`);
      return;
    }
    const unpacked = unpack(opened.message, this.#dialect.layout);
    if (!unpacked.ok) this.end('protocol', `unreadable message: ${unpacked.error.message}`);
    else if (this.#believe(opened.message, unpacked.message) && opened.signOn) this.#events.signOnAsked();
  }

  /** Deals with an answer; whether it is the host's. */
  #believe(bytes: Uint8Array, answer: IsoMessage): boolean {
    const waiting = this.#waiting.get(keyOf(answer, this.#dialect));
    const now = this.#clock.monotonic();
    if (!this.#authentic(bytes, answer, waiting?.seal)) {
      this.#events.dropped('MAC');
      return false;
    }
    this.#heardAt = now;
    if (!waiting || now >= waiting.deadline) {
      waiting?.settle({ kind: 'silent', detail: 'the answer came too late' });
      this.#stray(answer);
      return true;
    }
    const doubt = waiting.doubt(answer);
    if (doubt === undefined) waiting.settle({ kind: 'answered', answer, ms: now - waiting.from });
    else this.#events.dropped(doubt);
    return true;
  }

  #authentic(bytes: Uint8Array, answer: IsoMessage, seal: Seal | undefined): boolean {
    if (seal === 'none') return unsigned(answer);
    const macs = seal ? [seal] : [this.#mac, this.#formerMac];
    return macs.some((mac) => mac !== undefined && trusted(bytes, answer, mac));
  }

  /** An answer nobody waits for: late or repeated when it answers a message of ours, else foreign. */
  #stray(answer: IsoMessage): void {
    const found = this.#history.find(answer);
    const doubt = found ? mismatch(found.sent, answer, this.#dialect) : 'answers nothing of ours';
    if (doubt !== undefined) this.#events.dropped(doubt);
    const code = this.#dialect.codeOf(answer) ?? '';
    if (found && doubt === undefined) this.#events.late({ stan: Number(answer.fields.get(11)), rrn: found.rrn, code });
  }
}
