import type { AcquirerLink, BankAnswer, BankRequest, LinkCounters, LinkState } from '../../main/core/bank/link.ts';

/** A request on its way to the bank, and an answer on its way back. */
export interface Asked {
  readonly id: number;
  readonly request: BankRequest;
}
export interface Answered {
  readonly id: number;
  readonly answer: BankAnswer;
}

/** Hands a request over; whatever is handed over may have reached the bank. */
export type Send = (asked: Asked) => void;

interface Waiting {
  readonly request: BankRequest;
  readonly settle: (answer: BankAnswer) => void;
}

/** A link over a pipe: no wire format, but a bank in another process, which outlives this one. */
export class PipeLink implements AcquirerLink {
  readonly counters: LinkCounters = { sent: 0, answered: 0, dropped: 0, late: 0 };
  readonly #send: Send;
  readonly #responseMs: number;
  readonly #waiting = new Map<number, Waiting>();
  readonly #asked = new Map<number, BankRequest>();
  readonly #changes = new Set<() => void>();
  readonly #lates = new Set<(late: { stan: number; rrn: string; code: string }) => void>();
  #state: LinkState = { status: 'connecting' };
  #id = 0;

  constructor(send: Send, responseMs: number) {
    this.#send = send;
    this.#responseMs = responseMs;
  }

  get state(): LinkState {
    return this.#state;
  }

  onChange(listener: () => void): () => void {
    this.#changes.add(listener);
    return () => this.#changes.delete(listener);
  }

  onLate(listener: (late: { stan: number; rrn: string; code: string }) => void): () => void {
    this.#lates.add(listener);
    return () => this.#lates.delete(listener);
  }

  start(): void {
    this.line(true);
  }

  /** The line comes up or goes down. */
  line(up: boolean): void {
    this.#state = up
      ? { status: 'online', since: 0, latencyMs: 1 }
      : { status: 'offline', reason: 'unreachable', detail: '', since: 0 };
    for (const listener of [...this.#changes]) listener();
  }

  async close(): Promise<void> {
    this.line(false);
    for (const { settle } of [...this.#waiting.values()]) settle({ kind: 'no-answer', detail: 'closed' });
  }

  echo(): Promise<number | undefined> {
    return Promise.resolve(undefined);
  }

  exchange(request: BankRequest): Promise<BankAnswer> {
    if (this.#state.status !== 'online') return Promise.resolve({ kind: 'not-sent', detail: 'offline' });
    this.#id += 1;
    const id = this.#id;
    this.#asked.set(id, request);
    return new Promise((resolve) => {
      const timer = setTimeout(() => settle({ kind: 'no-answer', detail: 'silence' }), this.#responseMs);
      const settle = (answer: BankAnswer): void => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        resolve(answer);
      };
      this.#waiting.set(id, { request, settle });
      this.#send({ id, request });
    });
  }

  /** An answer has come, in time, too late or twice. */
  heard({ id, answer }: Answered): void {
    const waiting = this.#waiting.get(id);
    if (waiting) {
      waiting.settle(answer);
      return;
    }
    const request = this.#asked.get(id);
    if (!request) return;
    const { stan, rrn } = request.trace;
    for (const listener of this.#lates) listener({ stan, rrn, code: 'code' in answer ? answer.code : '' });
  }
}
