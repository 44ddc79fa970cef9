import type { Clock, Line } from '../world/world.ts';
import { type IsoMessage, unpack } from './codec.ts';
import { frame, openDeframer } from './frame.ts';
import type { LinkFault } from './link.ts';
import { type Cmac, packSigned, trusted } from './mac.ts';
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
}

interface Waiting {
  readonly sent: IsoMessage;
  readonly cmac: Cmac;
  readonly from: number;
  readonly deadline: number;
  /** Names what is wrong with an answer, undefined when it is to be believed. */
  readonly doubt: (answer: IsoMessage) => string | undefined;
  settle(asked: Asked): void;
}

/** How many exchanges that wait no longer are remembered, to tell a late answer from a foreign one. */
const REMEMBERED = 512;

/** Messages whose exchange is over, by key; kept over several connections. */
export class History {
  readonly #sent = new Map<string, IsoMessage>();

  remember(sent: IsoMessage): void {
    const key = keyOf(sent);
    this.#sent.delete(key);
    this.#sent.set(key, traceOf(sent));
    const [oldest] = this.#sent.keys();
    if (this.#sent.size > REMEMBERED && oldest !== undefined) this.#sent.delete(oldest);
  }

  find(answer: IsoMessage): IsoMessage | undefined {
    return this.#sent.get(keyOf(answer));
  }
}

/** One connection to the host: frames, MACs, and which answer belongs to which waiting message. */
export class Session {
  readonly #line: Line;
  readonly #clock: Clock;
  readonly #history: History;
  readonly #events: SessionEvents;
  readonly #waiting = new Map<string, Waiting>();
  readonly #over = new AbortController();
  #cmac: Cmac | undefined;
  #stan = 0;
  #heardAt: number;

  constructor(line: Line, clock: Clock, history: History, events: SessionEvents) {
    this.#line = line;
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

  /** From now on messages are signed with this session key. */
  use(cmac: Cmac): void {
    this.#cmac = cmac;
  }

  /** DE 11 for the next 0800 of this connection. */
  nextStan(): number {
    this.#stan = (this.#stan % 999_999) + 1;
    return this.#stan;
  }

  /**
   * Sends a message once and waits for its answer. Without `cmac` the session key signs it. Throws IsoError for a
   * message that cannot be packed.
   */
  ask(
    sent: IsoMessage,
    timeoutMs: number,
    doubt: (answer: IsoMessage) => string | undefined = (answer) => mismatch(sent, answer),
    cmac: Cmac | undefined = this.#cmac,
  ): Promise<Asked> {
    const notSent = (detail: string): Promise<Asked> => Promise.resolve({ kind: 'not-sent', detail });
    if (this.ended) return notSent('the line is closed');
    if (!cmac) return notSent('not signed on');
    const key = keyOf(sent);
    if (this.#waiting.has(key)) return notSent('the same message is under way');
    const bytes = frame(packSigned(sent, cmac));
    return new Promise((resolve) => {
      const done = new AbortController();
      const from = this.#clock.monotonic();
      const settle = (asked: Asked): void => {
        if (this.#waiting.get(key) === waiting) this.#waiting.delete(key);
        if (asked.kind !== 'not-sent') this.#history.remember(sent);
        done.abort();
        resolve(asked);
      };
      const waiting: Waiting = { sent, cmac, from, deadline: from + timeoutMs, doubt, settle };
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
    const unpacked = unpack(bytes);
    if (unpacked.ok) this.#believe(bytes, unpacked.message);
    else this.end('protocol', `unreadable message: ${unpacked.error.message}`);
  }

  #believe(bytes: Uint8Array, answer: IsoMessage): void {
    const waiting = this.#waiting.get(keyOf(answer));
    const cmac = waiting?.cmac ?? this.#cmac;
    const now = this.#clock.monotonic();
    if (!cmac || !trusted(bytes, answer, cmac)) {
      this.#events.dropped('MAC');
    } else if (!waiting || now >= waiting.deadline) {
      this.#heardAt = now;
      waiting?.settle({ kind: 'silent', detail: 'the answer came too late' });
      this.#stray(answer);
    } else {
      this.#heardAt = now;
      const doubt = waiting.doubt(answer);
      if (doubt === undefined) waiting.settle({ kind: 'answered', answer, ms: now - waiting.from });
      else this.#events.dropped(doubt);
    }
  }

  /** An answer nobody waits for: late or repeated when it answers a message of ours, else foreign. */
  #stray(answer: IsoMessage): void {
    const sent = this.#history.find(answer);
    const doubt = sent ? mismatch(sent, answer) : 'answers nothing of ours';
    const { fields } = answer;
    if (doubt !== undefined) this.#events.dropped(doubt);
    else this.#events.late({ stan: Number(fields.get(11)), rrn: fields.get(37) ?? '', code: fields.get(39) ?? '' });
  }
}
