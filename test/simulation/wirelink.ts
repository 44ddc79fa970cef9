import type { AcquirerLink, BankAnswer, LinkRequest } from '../../main/core/bank/link.ts';
import { openLink } from '../../main/core/bank/open.ts';
import type { Clock } from '../../main/core/world/world.ts';
import { wireKey } from './conversation.ts';
import { profile } from './profile.ts';
import type { VirtualLine, Wire } from './wire.ts';
import type { Sending } from './wirehost.ts';

/** What one start of the core has of the world around its link. */
export interface WireLinkWorld {
  readonly alive: () => boolean;
  readonly clock: Clock;
  readonly random: (length: number) => Uint8Array;
  readonly point: (name: string) => void;
  readonly leaves: (request: LinkRequest) => void;
  readonly hears: (request: LinkRequest) => void;
  readonly tells: () => void;
  readonly fail: (invariant: string, what: string) => void;
  readonly trace: (text: () => string) => void;
}

/** One request of the core, until the link has said what became of it. */
interface Exchange {
  readonly request: LinkRequest;
  /** Where its bytes were handed over, and as what; nothing was when absent. */
  sent?: { readonly line: VirtualLine; readonly key: string };
  /** What the bank answered to it, and came to the terminal unaltered since. */
  readonly heard: BankAnswer[];
}

const ZONE = 'Asia/Shanghai';
/** Half-open lines are found by it; more often would only cost time. */
const ECHO_MS = 60_000;

/**
 * The link of the product over virtual lines, and somebody who watches it: what leaves is what the core asked for, "not sent" is
 * said only where no byte was handed over (I7), and no answer is handed on that the bank did not give (I5).
 */
export class WireLink implements AcquirerLink {
  readonly #link: AcquirerLink;
  readonly #wire: Wire;
  readonly #world: WireLinkWorld;
  readonly #exchanges = new Set<Exchange>();
  /** By their references, to know a late answer. */
  readonly #asked = new Map<string, LinkRequest>();
  #calling: Exchange | undefined;

  constructor(wire: Wire, world: WireLinkWorld, keyMs: number | undefined) {
    this.#wire = wire;
    this.#world = world;
    const { alive, point, clock, random } = world;
    const lines = {
      alive,
      point,
      handed: (line: VirtualLine, bytes: Buffer) => this.#handed(line, bytes),
      delivered: (line: VirtualLine, sending: Sending) => this.#delivered(line, sending),
    };
    const timers = { ...profile.timers, echoMs: ECHO_MS, ...(keyMs === undefined ? {} : { keyMs, echoMs: keyMs }) };
    const dialect = wire.host.dialectName;
    this.#link = openLink(
      { clock, random, network: { connect: (target, ms) => wire.connect(lines, target, ms) } },
      { ...profile, dialect, hostZone: 'UTC', masterKey: wire.host.master, timers },
      ZONE,
    );
  }

  get state(): AcquirerLink['state'] {
    return this.#link.state;
  }

  get counters(): AcquirerLink['counters'] {
    return this.#link.counters;
  }

  onChange(listener: () => void): () => void {
    return this.#link.onChange(listener);
  }

  onLate(listener: Parameters<AcquirerLink['onLate']>[0]): () => void {
    return this.#link.onLate((late) => {
      const asked = this.#asked.get(late.rrn);
      if (asked) this.#world.hears(asked);
      listener(late);
    });
  }

  onTime(listener: Parameters<NonNullable<AcquirerLink['onTime']>>[0]): () => void {
    const told = this.#link.onTime?.((time) => {
      this.#world.tells();
      listener(time);
    });
    return told ?? (() => undefined);
  }

  start(): void {
    this.#link.start();
  }

  echo(): Promise<number | undefined> {
    return this.#link.echo();
  }

  close(): Promise<void> {
    return this.#link.close();
  }

  weatherChanged(): void {
    this.#wire.weatherChanged();
  }

  /** Bank and terminal have another master key. */
  rekey(masterKey: string): void {
    this.#link.rekey?.(masterKey);
  }

  exchange(request: LinkRequest): Promise<BankAnswer> {
    const exchange: Exchange = { request, heard: [] };
    this.#exchanges.add(exchange);
    this.#asked.set(request.trace.rrn, request);
    this.#calling = exchange;
    const asked = this.#link.further?.(request as Parameters<NonNullable<AcquirerLink['further']>>[0]);
    this.#calling = undefined;
    if (!asked) throw new Error('the link takes no further messages');
    return asked.then((answer) => {
      this.#exchanges.delete(exchange);
      this.#judge(exchange, answer);
      return answer;
    });
  }

  further(request: LinkRequest): Promise<BankAnswer> {
    return this.exchange(request);
  }

  /** A whole frame is handed to a line: it must be what the core asked for, in the words of the bank. */
  #handed(line: VirtualLine, bytes: Buffer): void {
    const { host } = this.#wire;
    const message = host.open(bytes.subarray(2));
    if (host.isNetwork(message)) return;
    const exchange = this.#calling;
    if (!exchange || exchange.sent) {
      this.#world.fail('I3', `${message.mti} ${message.fields.get(11)} leaves, and the core did not ask for it now`);
      return;
    }
    host.learn(exchange.request, message);
    const read = host.read(message);
    if (!read || meaning(read) !== meaning(exchange.request)) {
      this.#world.fail('wire', `${read && meaning(read)} leaves for ${meaning(exchange.request)}`);
    }
    exchange.sent = { line, key: wireKey(message, host) };
    this.#world.leaves(exchange.request);
  }

  #delivered(line: VirtualLine, { genuine }: Sending): void {
    if (!genuine) return;
    for (const { sent, heard } of this.#exchanges) {
      if (sent?.line === line && sent.key === genuine.key) heard.push(genuine.answer);
    }
  }

  #judge({ request, sent, heard }: Exchange, answer: BankAnswer): void {
    const { trace, fail, hears } = this.#world;
    trace(() => `${request.type} ${request.trace.stan} → ${answer.kind}`);
    if (answer.kind === 'no-answer') return;
    if (answer.kind === 'not-sent') {
      if (sent) fail('I7', `${request.type} ${request.trace.stan} counts as not sent, and was handed to the line`);
      return;
    }
    hears(request);
    const told = 'hostTotals' in answer;
    const own = contents(answer, told);
    if (!heard.some((one) => contents(one, told) === own)) {
      const said = heard.map((one) => contents(one, told)).join(' or ') || 'nothing';
      fail('I5', `${request.type} ${request.trace.stan} counts as ${own}, the bank answered ${said}`);
    }
  }
}

/** What a request asks for, as far as every dialect can say it. */
function meaning(request: LinkRequest): string {
  const { trace, type } = request;
  const { attempt: _, at: __, ...numbers } = trace;
  const original = 'original' in request ? [request.original.stan, request.original.rrn] : [];
  const presented = 'presented' in request && request.presented;
  const by = presented && (presented.kind === 'card' ? presented.sealed : `${presented.scheme} ${presented.code}`);
  // At the end of an upload not every dialect says the totals once more.
  const money = 'amount' in request ? request.amount.minor : type === 'upload-end' ? '' : sums(request.totals);
  return JSON.stringify([type, numbers, original, by, money]);
}

function sums({
  debitCount,
  debit,
  creditCount,
  credit,
}: Extract<LinkRequest, { type: 'upload-end' }>['totals']): number[] {
  return [debitCount, debit.minor, creditCount, credit.minor];
}

function contents(answer: BankAnswer, told: boolean): string {
  const code = 'code' in answer ? answer.code : '';
  const totals = told && 'hostTotals' in answer && answer.hostTotals ? sums(answer.hostTotals) : [];
  const amount = answer.kind === 'partial' ? answer.amount.minor : 0;
  return [answer.kind, code, 'authCode' in answer ? answer.authCode : '', amount, ...totals].join(' ');
}
