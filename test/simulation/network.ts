import type { AcquirerLink, BankAnswer, LinkCounters, LinkRequest, LinkState } from '../../main/core/bank/link.ts';
import type { ToldTime } from '../../main/core/bank/told.ts';
import { type Bank, keyOf } from './bank.ts';
import type { Random } from './random.ts';
import type { Timeline } from './timeline.ts';

/** How the way to the bank behaves; the day changes it as it goes on. */
export interface Weather {
  /** down: connections break and none is made. silent: they stay and carry nothing. */
  line: 'up' | 'down' | 'silent';
  /** A host that is down executes nothing and refuses connections. */
  host: boolean;
  dropRequest: number;
  dropAnswer: number;
  duplicate: number;
  /** How often a message takes up to `slowMs` instead of a fraction of a second. */
  slow: number;
  /** How often a connection is found closed just as something is to be sent. */
  breaks: number;
  slowMs: number;
}

export const fair: Readonly<Weather> = {
  line: 'up',
  host: true,
  dropRequest: 0,
  dropAnswer: 0,
  duplicate: 0,
  slow: 0,
  breaks: 0,
  slowMs: 0,
};

/** The way between terminal and bank. It holds what is on its way also when the terminal has lost its power. */
export class Network {
  readonly weather: Weather = { ...fair };
  /** Whether a batch whose totals differ can be told line by line. */
  uploads = false;
  /** Messages that may still arrive at the bank. */
  underWay = 0;
  readonly #random: Random;
  readonly #timeline: Timeline;
  readonly #bank: Bank;
  readonly #trace: (text: () => string) => void;

  constructor(random: Random, timeline: Timeline, bank: Bank, trace: (text: () => string) => void) {
    this.#random = random;
    this.#timeline = timeline;
    this.#bank = bank;
    this.#trace = trace;
  }

  get open(): boolean {
    return this.weather.line !== 'down' && this.weather.host;
  }

  /** Takes a message; `answer` is called for each answer that finds its way back. */
  carry(request: LinkRequest, answer: (answer: BankAnswer) => void): void {
    const { weather } = this;
    const copies = this.#random.chance(weather.duplicate) ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      if (weather.line !== 'up' || this.#random.chance(weather.dropRequest)) {
        this.#trace(() => `network loses ${keyOf(request)} ${request.type}`);
        continue;
      }
      this.underWay += 1;
      this.#timeline.after(this.#latency(), () => this.#arrive(request, answer));
    }
  }

  #arrive(request: LinkRequest, answer: (answer: BankAnswer) => void): void {
    const { weather } = this;
    this.underWay -= 1;
    if (!weather.host) return;
    const result = this.#bank.handle(request, this.#timeline.now);
    this.#trace(() => `bank answers ${keyOf(request)} ${request.type}: ${JSON.stringify(result)}`);
    if (weather.line !== 'up' || this.#random.chance(weather.dropAnswer)) {
      this.#trace(() => 'network loses the answer');
      return;
    }
    this.#timeline.after(this.#latency(), () => answer(result));
    if (this.#random.chance(weather.duplicate)) this.#timeline.after(this.#latency(), () => answer(result));
  }

  #latency(): number {
    const { weather } = this;
    return this.#random.chance(weather.slow) ? this.#random.int(500, weather.slowMs) : this.#random.int(20, 400);
  }
}

/** What one start of the core has of the world around its link. */
export interface LinkWorld {
  readonly alive: () => boolean;
  readonly now: () => number;
  readonly point: (name: string) => void;
  /** A request leaves the terminal. */
  readonly leaves: (request: LinkRequest) => void;
  /** An answer to it has come to the terminal, and is about to be handed on. */
  readonly hears: (request: LinkRequest) => void;
  /** The bank's time has come to the terminal, and is about to be handed on. */
  readonly tells: () => void;
  /** What the bank's clock shows. */
  readonly truth: () => number;
  readonly trace: (text: () => string) => void;
}

const RESPONSE_MS = 8_000;

interface Waiting {
  readonly request: LinkRequest;
  readonly settle: (answer: BankAnswer) => void;
}

/** The link of one start of the core, with the promises of AcquirerLink: "not sent" only when nothing left. */
export class SimulatedLink implements AcquirerLink {
  readonly #network: Network;
  readonly #timeline: Timeline;
  readonly #random: Random;
  readonly #world: LinkWorld;
  readonly #changes = new Set<() => void>();
  readonly #lates = new Set<(late: { stan: number; rrn: string; code: string }) => void>();
  readonly #times = new Set<(told: ToldTime) => void>();
  readonly #waiting = new Map<string, Waiting>();
  readonly further?: NonNullable<AcquirerLink['further']>;
  #state: LinkState = { status: 'connecting' };
  #connection = 0;

  constructor(network: Network, timeline: Timeline, random: Random, world: LinkWorld) {
    this.#network = network;
    this.#timeline = timeline;
    this.#random = random;
    this.#world = world;
    if (network.uploads) this.further = (request) => this.exchange(request);
  }

  get state(): LinkState {
    return this.#state;
  }

  readonly counters: LinkCounters = { sent: 0, answered: 0, dropped: 0, late: 0 };

  onChange(listener: () => void): () => void {
    this.#changes.add(listener);
    return () => this.#changes.delete(listener);
  }

  onLate(listener: (late: { stan: number; rrn: string; code: string }) => void): () => void {
    this.#lates.add(listener);
    return () => this.#lates.delete(listener);
  }

  onTime(listener: (told: ToldTime) => void): () => void {
    this.#times.add(listener);
    return () => this.#times.delete(listener);
  }

  start(): void {
    this.#connect(0);
  }

  async close(): Promise<void> {}

  echo(): Promise<number | undefined> {
    return Promise.resolve(undefined);
  }

  /** The weather has changed: a broken line is noticed after a while, a mended one by the next attempt. */
  weatherChanged(): void {
    if (this.#state.status !== 'online' || this.#network.open) return;
    const connection = this.#connection;
    this.#later(this.#random.int(0, 2_000), () => {
      if (connection === this.#connection && !this.#network.open) this.#break('closed');
    });
  }

  exchange(request: LinkRequest): Promise<BankAnswer> {
    this.#world.point('before send');
    const key = keyOf(request);
    if (this.#state.status !== 'online') return Promise.resolve({ kind: 'not-sent', detail: 'offline' });
    if (this.#waiting.has(key)) return Promise.resolve({ kind: 'not-sent', detail: 'under way' });
    const broken =
      this.#random.chance(this.#network.weather.breaks) || (!this.#network.open && this.#random.chance(0.5));
    if (broken) {
      this.#later(0, () => this.#break('closed'));
      return Promise.resolve({ kind: 'not-sent', detail: 'the line is closed' });
    }
    this.#world.leaves(request);
    return new Promise((resolve) => {
      const connection = this.#connection;
      const settle = (answer: BankAnswer): void => {
        if (this.#waiting.get(key) !== waiting) return;
        this.#waiting.delete(key);
        forget();
        this.#world.trace(() => `${key} ${request.type} → ${answer.kind}`);
        resolve(answer);
      };
      const waiting: Waiting = { request, settle };
      const forget = this.#later(RESPONSE_MS, () => this.#silent(waiting));
      this.#waiting.set(key, waiting);
      this.#network.carry(request, (answer) => this.#heard(waiting, key, connection, answer));
      this.#world.point('after send');
    });
  }

  #heard(waiting: Waiting, key: string, connection: number, answer: BankAnswer): void {
    if (!this.#world.alive() || connection !== this.#connection) return;
    this.#world.point('answer');
    this.#world.hears(waiting.request);
    if (this.#waiting.get(key) === waiting) {
      waiting.settle(answer);
      return;
    }
    const { stan, rrn } = waiting.request.trace;
    for (const listener of this.#lates) listener({ stan, rrn, code: 'code' in answer ? answer.code : '' });
  }

  #silent(waiting: Waiting): void {
    waiting.settle({ kind: 'no-answer', detail: 'silence' });
    const connection = this.#connection;
    if (this.#network.weather.line === 'up' || !this.#random.chance(0.7)) return;
    this.#later(this.#random.int(1, RESPONSE_MS), () => {
      if (connection === this.#connection) this.#break('timed-out');
    });
  }

  #connect(failures: number): void {
    this.#later(this.#random.int(30, 300), () => {
      if (this.#network.open && this.#network.weather.line === 'up') {
        this.#connection += 1;
        this.#world.tells();
        const at = this.#world.truth();
        for (const listener of this.#times) listener(() => at);
        this.#become({ status: 'online', since: this.#world.now(), latencyMs: 1 });
        return;
      }
      this.#become({ status: 'offline', reason: 'unreachable', detail: '', since: this.#world.now() });
      this.#later(Math.min(5_000, 200 * 2 ** failures), () => this.#connect(failures + 1));
    });
  }

  #break(reason: 'closed' | 'timed-out'): void {
    if (this.#state.status !== 'online') return;
    this.#connection += 1;
    this.#become({ status: 'offline', reason, detail: '', since: this.#world.now() });
    for (const { settle } of [...this.#waiting.values()]) settle({ kind: 'no-answer', detail: reason });
    this.#connect(0);
  }

  #become(state: LinkState): void {
    this.#world.trace(() => `line ${state.status}`);
    this.#state = state;
    for (const listener of [...this.#changes]) listener();
  }

  #later(ms: number, run: () => void): () => void {
    return this.#timeline.after(ms, () => {
      if (this.#world.alive()) run();
    });
  }
}
