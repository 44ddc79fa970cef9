import type { World } from '../../world/world.ts';
import { type Hosts, jittered, openHosts } from '../hosts.ts';
import type {
  AcquirerLink,
  BankAnswer,
  LinkCounters,
  LinkFault,
  LinkRequest,
  LinkState,
  ParameterAnswer,
} from '../link.ts';
import type { AcquirerProfile } from '../profile.ts';
import { type ToldTime, utcTold } from '../told.ts';
import { Channel, encodeRequest, type Fetched, type HttpRequest, type HttpResponse } from './http.ts';
import { openSignatures, type Signatures } from './signature.ts';
import { bodyOf, idempotencyKey, PATHS, readAnswer } from './wire.ts';

/**
 * Opens the HTTPS link to the acquirer of a profile (docs/bank-link.md, "The link https"). Nothing happens before `start`.
 * Throws RangeError without a master key.
 */
export function openHttpsLink(
  world: Pick<World, 'clock' | 'network' | 'random'>,
  profile: AcquirerProfile,
): AcquirerLink {
  return new HttpsLink(world, profile);
}

/** Idle connections that are kept. */
const KEPT = 8;
/** How long an idle connection is used again when the host does not say how long it keeps one. */
const IDLE_MS = 4_000;

interface Idle {
  readonly channel: Channel;
  readonly which: Hosts['which'];
  /** Monotonic milliseconds. */
  readonly until: number;
}

/** A request on its way: what it was signed with, and its bytes. */
interface Signed {
  readonly signature: string;
  readonly bytes: Uint8Array;
}

type Opened =
  | { readonly ok: true; readonly channel: Channel }
  | { readonly ok: false; readonly fault: LinkFault; readonly detail: string };

/** An answer whose signature is the host's, or what went wrong. */
type Asked = { readonly kind: 'signed'; readonly response: HttpResponse; readonly ms: number } | Failed;
type Failed = { readonly kind: 'silent' | 'not-sent' | 'unsigned'; readonly fault: LinkFault; readonly detail: string };

class HttpsLink implements AcquirerLink {
  readonly #world: Pick<World, 'clock' | 'network' | 'random'>;
  readonly #profile: AcquirerProfile;
  readonly #signatures: Signatures;
  readonly #hosts: Hosts;
  readonly #changes = new Set<() => void>();
  readonly #times = new Set<(told: ToldTime) => void>();
  readonly #stopped = new AbortController();
  readonly #channels = new Set<Channel>();
  #idle: Idle[] = [];
  #over = new AbortController();
  #started = false;
  #probing: Promise<number | undefined> | undefined;
  #heardAt = 0;
  #state: LinkState;
  #counters: LinkCounters = { sent: 0, answered: 0, dropped: 0, late: 0 };

  constructor(world: Pick<World, 'clock' | 'network' | 'random'>, profile: AcquirerProfile) {
    if (profile.masterKey === undefined) throw new RangeError('no master key');
    this.#world = world;
    this.#profile = profile;
    this.#signatures = openSignatures(Buffer.from(profile.masterKey, 'hex'));
    this.#hosts = openHosts(profile, world.clock);
    this.#state = { status: 'offline', reason: 'stopped', detail: 'not started', since: world.clock.now() };
  }

  get state(): LinkState {
    return this.#state;
  }

  get counters(): LinkCounters {
    return this.#counters;
  }

  onChange(listener: () => void): () => void {
    this.#changes.add(listener);
    return () => this.#changes.delete(listener);
  }

  /** There are none: a connection is closed when the time for its answer is over. */
  onLate(): () => void {
    return () => undefined;
  }

  onTime(listener: (told: ToldTime) => void): () => void {
    this.#times.add(listener);
    return () => this.#times.delete(listener);
  }

  start(): void {
    if (this.#started || this.#stopped.signal.aborted) return;
    this.#started = true;
    this.#become({ status: 'connecting' });
    void this.#run();
  }

  async close(): Promise<void> {
    if (this.#stopped.signal.aborted) return;
    this.#offline('stopped', 'the link was closed');
    this.#stopped.abort();
    this.#over.abort();
    for (const channel of [...this.#channels]) channel.close('the link was closed');
  }

  async echo(): Promise<number | undefined> {
    return this.#state.status === 'online' ? this.#probe() : undefined;
  }

  further(request: LinkRequest): Promise<BankAnswer> {
    return this.exchange(request);
  }

  async exchange(request: LinkRequest): Promise<BankAnswer> {
    if (this.#state.status !== 'online') return { kind: 'not-sent', detail: this.#whyNot() };
    const body = bodyOf(request, this.#profile);
    const signed = this.#sign('POST', PATHS[request.type], body, idempotencyKey(request, this.#profile));
    const asked = await this.#ask(signed);
    if (asked.kind === 'not-sent') {
      void this.#probe();
      return { kind: 'not-sent', detail: asked.detail };
    }
    this.#count({ sent: 1 });
    if (asked.kind !== 'signed') {
      if (asked.kind === 'unsigned') this.#count({ dropped: 1, lastDropped: asked.detail });
      // Silence may mean a dead line: ask it at once, so that the state shown is true.
      void this.#probe();
      return { kind: 'no-answer', detail: asked.detail };
    }
    return this.#read(request, asked.response);
  }

  #read(request: LinkRequest, { status, body }: HttpResponse): BankAnswer {
    if (status === 409) {
      this.#count({ conflicts: 1, lastDropped: 'another body under the same key' });
      return { kind: 'no-answer', detail: 'HTTP 409: another body under the same key' };
    }
    if (status !== 200) return { kind: 'no-answer', detail: `HTTP ${status}` };
    const read = readAnswer(request, this.#profile, body);
    if (!read.ok) {
      this.#count({ dropped: 1, lastDropped: read.doubt });
      return { kind: 'no-answer', detail: `not believed: ${read.doubt}` };
    }
    this.#count({ answered: 1 });
    return read.answer;
  }

  async parameters(have: number): Promise<ParameterAnswer> {
    if (this.#state.status !== 'online') return { kind: 'no-answer', detail: this.#whyNot() };
    const asked = await this.#ask(this.#sign('GET', `/v1/parameters?newer-than=${have}`));
    if (asked.kind !== 'signed') return { kind: 'no-answer', detail: asked.detail };
    const { status, body } = asked.response;
    if (status === 200) return { kind: 'newer', bundle: body };
    return status === 404 ? { kind: 'none' } : { kind: 'no-answer', detail: `HTTP ${status}` };
  }

  #sign(method: HttpRequest['method'], path: string, body: Uint8Array = new Uint8Array(0), key = ''): Signed {
    const date = new Date(this.#world.clock.now()).toISOString();
    const nonce = Buffer.from(this.#world.random(16)).toString('hex');
    const signature = this.#signatures.request({ method, path, date, nonce, key, body });
    const headers = {
      Authorization: `Countertap ${this.#profile.terminalId} ${date} ${nonce} ${signature}`,
      ...(key === '' ? {} : { 'Idempotency-Key': key }),
      ...(method === 'POST' ? { 'Content-Type': 'application/json' } : {}),
    };
    return { signature, bytes: encodeRequest(this.#profile.tls.serverName, { method, path, headers, body }) };
  }

  /** Sends one signed request once, over an idle connection or a new one. */
  async #ask(signed: Signed): Promise<Asked> {
    const which = this.#hosts.which;
    const opened = this.#takeIdle(which) ?? (await this.#open(this.#hosts.current));
    if (!opened.ok) return { kind: 'not-sent', fault: opened.fault, detail: opened.detail };
    return this.#send(opened.channel, which, signed);
  }

  async #send(channel: Channel, which: Hosts['which'], signed: Signed): Promise<Asked> {
    const fetched = await channel.fetch(signed.bytes, this.#profile.timers.responseMs);
    this.#keepIdle(channel, which, fetched);
    if (fetched.kind !== 'answered') return { kind: fetched.kind, fault: 'timed-out', detail: fetched.detail };
    const { status, headers, body } = fetched.response;
    const date = headers.get('countertap-date');
    if (!this.#signatures.answers(headers.get('signature'), status, signed.signature, body, date)) {
      return { kind: 'unsigned', fault: 'protocol', detail: `HTTP ${status} without the host's signature` };
    }
    const told = utcTold(date);
    if (told) for (const listener of this.#times) listener(told);
    this.#heardAt = this.#world.clock.monotonic();
    return { kind: 'signed', response: fetched.response, ms: fetched.ms };
  }

  #takeIdle(which: Hosts['which']): Opened | undefined {
    const now = this.#world.clock.monotonic();
    for (let idle = this.#idle.pop(); idle; idle = this.#idle.pop()) {
      if (idle.channel.usable && idle.which === which && idle.until > now) return { ok: true, channel: idle.channel };
      idle.channel.close('not needed any more');
    }
    return undefined;
  }

  #keepIdle(channel: Channel, which: Hosts['which'], fetched: Fetched): void {
    for (const one of [...this.#channels]) if (one.closed) this.#channels.delete(one);
    if (!channel.usable || fetched.kind !== 'answered') return;
    const said = /timeout=(\d{1,6})/.exec(fetched.response.headers.get('keep-alive') ?? '')?.[1];
    const ms = said === undefined ? IDLE_MS : Number(said) * 1000 - 1000;
    if (ms <= 0 || this.#idle.length >= KEPT || which !== this.#hosts.which) channel.close('not needed any more');
    else this.#idle.push({ channel, which, until: this.#world.clock.monotonic() + ms });
  }

  async #open({ host, port }: Hosts['current']): Promise<Opened> {
    const { tls, timers } = this.#profile;
    const connected = await this.#world.network.connect({ host, port, tls }, timers.connectMs);
    if (!connected.ok) return { ok: false, fault: connected.fault, detail: connected.detail };
    const channel = new Channel(connected.line, this.#world.clock);
    this.#channels.add(channel);
    if (this.#stopped.signal.aborted) channel.close('the link was closed');
    return { ok: true, channel };
  }

  async #run(): Promise<void> {
    const { clock, random } = this.#world;
    const { reconnectMs } = this.#profile.timers;
    const steady = reconnectMs.at(-1) ?? 0;
    for (let failures = 0; !this.#stopped.signal.aborted; failures++) {
      const reached = await this.#greet(this.#hosts.current, this.#hosts.which);
      if (this.#stopped.signal.aborted) return;
      if (typeof reached === 'number') {
        const from = clock.monotonic();
        this.#hosts.reached(this.#hosts.which);
        this.#online(reached);
        await this.#keep();
        if (clock.monotonic() - from >= steady) failures = 0;
      } else {
        this.#offline(reached.fault, reached.detail);
        if (this.#hosts.failed()) failures = 0;
      }
      const base = reconnectMs[Math.min(failures, reconnectMs.length - 1)] ?? 0;
      await clock.sleep(jittered(base, random), this.#stopped.signal);
    }
  }

  /** Asks a host whether it is there and knows us; milliseconds, or why not. */
  async #greet(address: Hosts['current'], which: Hosts['which']): Promise<number | Failed> {
    const opened = await this.#open(address);
    if (!opened.ok) return { kind: 'not-sent', fault: opened.fault, detail: opened.detail };
    const asked = await this.#send(opened.channel, which, this.#sign('GET', '/v1/echo'));
    if (asked.kind !== 'signed') return asked;
    if (asked.response.status === 200) return asked.ms;
    return {
      kind: 'unsigned',
      fault: 'sign-on-refused',
      detail: `the host answered an echo with ${asked.response.status}`,
    };
  }

  /** Echoes after each stretch of silence, and looks for the primary from the backup, until the line is down. */
  async #keep(): Promise<void> {
    const { clock } = this.#world;
    const { echoMs } = this.#profile.timers;
    while (!this.#over.signal.aborted) {
      const primary = this.#hosts.due();
      if (primary) await this.#return(primary);
      const quiet = clock.monotonic() - this.#heardAt;
      if (quiet < echoMs) await clock.sleep(echoMs - quiet, this.#over.signal);
      else await this.#probe();
    }
  }

  async #return(primary: Hosts['current']): Promise<void> {
    const reached = await this.#greet(primary, 'primary');
    if (typeof reached !== 'number') return this.#hosts.notYet();
    this.#hosts.reached('primary');
    this.#online(reached);
  }

  #probe(): Promise<number | undefined> {
    this.#probing ??= this.#echo().finally(() => {
      this.#probing = undefined;
    });
    return this.#probing;
  }

  async #echo(): Promise<number | undefined> {
    if (this.#state.status !== 'online') return undefined;
    const asked = await this.#ask(this.#sign('GET', '/v1/echo'));
    if (asked.kind === 'signed' && asked.response.status === 200) {
      if (this.#state.status === 'online') this.#become({ ...this.#state, latencyMs: asked.ms });
      return asked.ms;
    }
    this.#offline(
      asked.kind === 'signed' ? 'protocol' : asked.fault,
      asked.kind === 'signed' ? `the host answered an echo with ${asked.response.status}` : `echo: ${asked.detail}`,
    );
    this.#over.abort();
    return undefined;
  }

  #whyNot(): string {
    return this.#state.status === 'offline' ? `${this.#state.reason}: ${this.#state.detail}` : 'not connected yet';
  }

  #online(latencyMs: number): void {
    if (this.#over.signal.aborted) this.#over = new AbortController();
    const onBackup = this.#hosts.which === 'backup' ? ({ backup: true } as const) : {};
    this.#become({ status: 'online', since: this.#world.clock.now(), latencyMs, ...onBackup });
  }

  /** Keeps the time since when the line is down, whatever the later reasons. */
  #offline(reason: LinkFault, detail: string): void {
    const since = this.#state.status === 'offline' ? this.#state.since : this.#world.clock.now();
    this.#become({ status: 'offline', reason, detail, since });
  }

  #become(state: LinkState): void {
    if (this.#stopped.signal.aborted) return;
    this.#state = state;
    for (const listener of this.#changes) listener();
  }

  #count(more: Partial<LinkCounters>): void {
    const { sent, answered, dropped, late, conflicts } = this.#counters;
    const conflict = (conflicts ?? 0) + (more.conflicts ?? 0);
    this.#counters = {
      ...this.#counters,
      ...more,
      sent: sent + (more.sent ?? 0),
      answered: answered + (more.answered ?? 0),
      dropped: dropped + (more.dropped ?? 0),
      late,
      ...(conflict > 0 ? { conflicts: conflict } : {}),
    };
    if (more.dropped || more.conflicts) for (const listener of this.#changes) listener();
  }
}
