import type { World } from '../world/world.ts';
import type { IsoMessage } from './codec.ts';
import type { Dialect, Identity } from './dialects/dialect.ts';
import { dialectOf } from './dialects/named.ts';
import { download } from './download.ts';
import { IsoError } from './error.ts';
import { type Address, type Hosts, jittered, openHosts } from './hosts.ts';
import type {
  AcquirerLink,
  BankAnswer,
  LinkCounters,
  LinkFault,
  LinkRequest,
  LinkSession,
  LinkState,
  ParameterAnswer,
} from './link.ts';
import { openMac } from './mac.ts';
import { mismatch } from './messages.ts';
import type { AcquirerProfile } from './profile.ts';
import { type Asked, History, type Late, type Seal, Session } from './session.ts';
import { localStamp } from './stamp.ts';
import type { ToldTime } from './told.ts';

/**
 * Opens the ISO 8583 link to the acquirer of a profile (docs/bank-link.md). Nothing happens before `start`.
 * `zone` is the IANA zone of the counter: DE 12 and DE 13. Throws RangeError for a zone that does not exist, and without a master key.
 */
export function openIsoLink(
  world: Pick<World, 'clock' | 'network' | 'random'>,
  profile: AcquirerProfile,
  zone = 'Asia/Shanghai',
): AcquirerLink {
  return new IsoLink(world, profile, zone);
}

class IsoLink implements AcquirerLink {
  readonly #world: Pick<World, 'clock' | 'network' | 'random'>;
  readonly #profile: AcquirerProfile;
  readonly #identity: Identity;
  readonly #dialect: Dialect;
  readonly #masterKey: Uint8Array;
  readonly #history: History;
  readonly #hosts: Hosts;
  readonly #changes = new Set<() => void>();
  readonly #lates = new Set<(late: Late) => void>();
  readonly #times = new Set<(told: ToldTime) => void>();
  readonly #hostZone: string;
  readonly #stopped = new AbortController();
  #started = false;
  #session: Session | undefined;
  /** The connection before this one, with messages still under way. */
  #retired: Session | undefined;
  #latency = 0;
  #probing: Promise<number | undefined> | undefined;
  #renewing: Promise<void> | undefined;
  /** Monotonic milliseconds at which the session key came. */
  #keyedAt = 0;
  /** The same as wall time. */
  #keySince = 0;
  #state: LinkState;
  #counters: LinkCounters = { sent: 0, answered: 0, dropped: 0, late: 0 };

  constructor(world: Pick<World, 'clock' | 'network' | 'random'>, profile: AcquirerProfile, zone: string) {
    this.#world = world;
    this.#profile = profile;
    const { terminalId, merchantId, nii } = profile;
    this.#hostZone = profile.hostZone ?? zone;
    this.#identity = { terminalId, merchantId, nii, local: localStamp(zone) };
    this.#dialect = dialectOf(profile.dialect ?? 'countertap');
    this.#history = new History(this.#dialect);
    this.#hosts = openHosts(profile, world.clock);
    if (profile.masterKey === undefined) throw new RangeError('no master key');
    this.#masterKey = Buffer.from(profile.masterKey, 'hex');
    this.#state = { status: 'offline', reason: 'stopped', detail: 'not started', since: world.clock.now() };
  }

  get state(): LinkState {
    return this.#state;
  }

  get counters(): LinkCounters {
    return this.#counters;
  }

  get session(): LinkSession | undefined {
    const session = this.#session;
    if (!session || this.#state.status !== 'online') return undefined;
    return { since: this.#keySince, fits: (bytes, message) => session.fits(bytes, message) };
  }

  onChange(listener: () => void): () => void {
    this.#changes.add(listener);
    return () => this.#changes.delete(listener);
  }

  onLate(listener: (late: Late) => void): () => void {
    this.#lates.add(listener);
    return () => this.#lates.delete(listener);
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
    this.#stopped.abort();
    this.#session?.end('stopped', 'the link was closed');
    this.#retired?.end('stopped', 'the link was closed');
    this.#state = {
      status: 'offline',
      reason: 'stopped',
      detail: 'the link was closed',
      since: this.#world.clock.now(),
    };
    this.#changed();
  }

  async echo(): Promise<number | undefined> {
    const session = this.#session;
    return session && this.#state.status === 'online' ? this.#probe(session) : undefined;
  }

  async exchange(request: LinkRequest): Promise<BankAnswer> {
    const session = this.#session;
    if (!session || this.#state.status !== 'online') return { kind: 'not-sent', detail: this.#whyNot() };
    try {
      return await this.#exchange(session, request);
    } catch (error) {
      if (error instanceof IsoError) return { kind: 'not-sent', detail: error.message };
      throw error;
    }
  }

  further(request: LinkRequest): Promise<BankAnswer> {
    return this.exchange(request);
  }

  async parameters(have: number): Promise<ParameterAnswer> {
    const session = this.#session;
    if (!session || this.#state.status !== 'online') return { kind: 'no-answer', detail: this.#whyNot() };
    return download(have, (text) => this.#askPart(session, text));
  }

  /** One part of newer parameters; undefined without a believable answer. */
  async #askPart(session: Session, text: string): Promise<string | undefined> {
    const { parameters, composeNetwork, codeOf } = this.#dialect;
    const message = composeNetwork('parameters', session.nextStan(), this.#world.clock.now(), this.#identity);
    const value = parameters.as === 'text' ? text : Buffer.from(text, 'latin1').toString('hex').toUpperCase();
    const fields = new Map(message.fields).set(parameters.field, value);
    const timeoutMs = this.#profile.timers.responseMs;
    const asked = await session.ask({ mti: message.mti, fields }, { timeoutMs });
    if (asked.kind !== 'answered' || codeOf(asked.answer) !== '00') return undefined;
    const told = asked.answer.fields.get(parameters.field) ?? '';
    return parameters.as === 'text' ? told : Buffer.from(told, 'hex').toString('latin1');
  }

  async #exchange(session: Session, request: LinkRequest): Promise<BankAnswer> {
    const dialect = this.#dialect;
    const sent = dialect.compose(request, this.#identity);
    const asked = await session.ask(sent, {
      timeoutMs: this.#profile.timers.responseMs,
      rrn: request.trace.rrn,
      doubt: (answer) =>
        mismatch(sent, answer, dialect) ?? (dialect.readAnswer(request, answer) ? undefined : 'totals'),
    });
    if (asked.kind === 'not-sent') return asked;
    this.#count({ sent: 1 });
    if (asked.kind === 'silent') {
      // Silence may mean a dead line: ask it at once, so that the state shown is true.
      void this.#probe(session);
      return { kind: 'no-answer', detail: asked.detail };
    }
    this.#count({ answered: 1 });
    const answer = dialect.readAnswer(request, asked.answer) ?? { kind: 'no-answer', detail: 'unreadable totals' };
    if (answer.kind === 'no-answer') session.end('protocol', answer.detail);
    return answer;
  }

  #whyNot(): string {
    return this.#state.status === 'offline' ? `${this.#state.reason}: ${this.#state.detail}` : 'not signed on yet';
  }

  async #run(): Promise<void> {
    const { clock } = this.#world;
    const { reconnectMs } = this.#profile.timers;
    const steady = reconnectMs.at(-1) ?? 0;
    for (let failures = 0; !this.#stopped.signal.aborted; failures++) {
      let session = await this.#open(this.#hosts.current, 'in-use');
      if (session && (await this.#signOn(session))) {
        const from = clock.monotonic();
        this.#hosts.reached(this.#hosts.which);
        while (session) session = await this.#keep(session);
        if (clock.monotonic() - from >= steady) failures = 0;
      } else if (this.#hosts.failed()) failures = 0;
      const base = reconnectMs[Math.min(failures, reconnectMs.length - 1)] ?? 0;
      await clock.sleep(jittered(base, this.#world.random), this.#stopped.signal);
    }
  }

  /** Connects; `beside` another connection nothing is shown of it before it is in use. */
  async #open({ host, port }: Address, as: 'in-use' | 'beside'): Promise<Session | undefined> {
    const { tls, timers } = this.#profile;
    const connected = await this.#world.network.connect({ host, port, tls }, timers.connectMs);
    if (!connected.ok) {
      if (as === 'in-use') this.#offline(connected.fault, connected.detail);
      return undefined;
    }
    const speech = { dialect: this.#dialect, envelope: this.#dialect.envelope(this.#identity) };
    const session: Session = new Session(connected.line, this.#world.clock, speech, this.#history, {
      dropped: (detail) => this.#count({ dropped: 1, lastDropped: detail }),
      late: (late) => {
        this.#count({ late: 1 });
        for (const listener of this.#lates) listener(late);
      },
      ended: (fault, detail) => {
        if (this.#session !== session) return;
        this.#session = undefined;
        this.#offline(fault, detail);
      },
      signOnAsked: () => void this.#renew(session),
    });
    if (as === 'in-use') this.#session = session;
    if (this.#stopped.signal.aborted) session.end('stopped', 'the link was closed');
    return session;
  }

  async #signOn(session: Session): Promise<boolean> {
    const asked = await this.#askKeys(session);
    if (asked.kind !== 'answered') {
      if (this.#state.status === 'offline' && this.#state.reason === 'closed' && session.ended) {
        this.#offline('closed', 'closed before the sign-on was answered: the host may not know our certificate');
      }
      session.end('timed-out', `sign-on: ${asked.detail}`);
      return false;
    }
    const code = this.#dialect.codeOf(asked.answer);
    if (code !== '00') {
      session.end('sign-on-refused', `the host answered ${code}`);
      return false;
    }
    if (!this.#takeKeys(session, asked.answer) || session.ended) return false;
    this.#latency = asked.ms;
    if (!this.#dialect.signOnSigned) return this.#firstEcho(session);
    this.#tells(asked.answer);
    return true;
  }

  /** Where a sign-on carries no MAC: nothing is sold before the bank has shown that it has the key, and told its time. */
  async #firstEcho(session: Session): Promise<boolean> {
    if ((await this.#echo(session)) !== undefined) return true;
    session.end('timed-out', 'the first echo was not answered');
    return false;
  }

  #online(): void {
    const onBackup = this.#hosts.which === 'backup' ? ({ backup: true } as const) : {};
    this.#become({ status: 'online', since: this.#world.clock.now(), latencyMs: this.#latency, ...onBackup });
  }

  /**
   * On the backup, when its time is over: connects to the primary beside it. Messages under way on the backup are waited for
   * there; none is ever sent to both.
   */
  async #return(session: Session): Promise<Session | undefined> {
    const primary = this.#hosts.due();
    if (!primary) return undefined;
    const next = await this.#open(primary, 'beside');
    if (!next || !(await this.#signOn(next))) {
      this.#hosts.notYet();
      return undefined;
    }
    this.#hosts.reached('primary');
    this.#session = next;
    this.#retired = session;
    session.retire();
    return next;
  }

  #askKeys(session: Session): Promise<Asked> {
    const { clock } = this.#world;
    const dialect = this.#dialect;
    const message = dialect.composeNetwork('sign-on', session.nextStan(), clock.now(), this.#identity);
    const seal: Seal = dialect.signOnSigned ? openMac(dialect.mac, this.#masterKey) : 'none';
    return session.ask(message, { timeoutMs: this.#profile.timers.responseMs, seal });
  }

  /** Takes the session key of a sign-on answer into use; a key block that is wrong ends the connection. */
  #takeKeys(session: Session, answer: IsoMessage): boolean {
    const block = this.#dialect.openKeys(this.#masterKey, answer.fields.get(62) ?? '');
    if (block.ok) {
      session.use(block.mac);
      this.#keySince = this.#world.clock.now();
    } else session.end('protocol', `sign-on: ${block.code}`);
    return block.ok;
  }

  /**
   * A new session key on a line in use. When the answer was lost the host keeps the old key until it hears the new one:
   * the line goes on under the old one and the next echo's turn tries again.
   */
  #renew(session: Session): Promise<void> {
    this.#renewing ??= this.#askKeys(session)
      .then(async (asked) => {
        if (session.ended || asked.kind !== 'answered') return;
        if (this.#dialect.codeOf(asked.answer) !== '00' || !this.#takeKeys(session, asked.answer)) return;
        this.#keyedAt = this.#world.clock.monotonic();
        // The host keeps the last key that it has heard: it must have heard this one before the next takes its place.
        await this.#echo(session);
      })
      .finally(() => {
        this.#renewing = undefined;
      });
    return this.#renewing;
  }

  /** Echoes after each stretch of silence until the connection is over, or another takes its place. */
  async #keep(session: Session): Promise<Session | undefined> {
    const { clock } = this.#world;
    const { echoMs, keyMs } = this.#profile.timers;
    this.#keyedAt = clock.monotonic();
    if (!session.ended) this.#online();
    while (!session.ended) {
      const next = await this.#return(session);
      if (next) return next;
      if (keyMs !== undefined && clock.monotonic() - this.#keyedAt >= keyMs) await this.#renew(session);
      const quiet = clock.monotonic() - session.heardAt;
      if (quiet < echoMs) await clock.sleep(echoMs - quiet, session.over);
      else await this.#probe(session);
    }
    return undefined;
  }

  /** One echo; a host that is silent to it and to everything else meanwhile ends the connection. */
  #probe(session: Session): Promise<number | undefined> {
    this.#probing ??= this.#echo(session).finally(() => {
      this.#probing = undefined;
    });
    return this.#probing;
  }

  async #echo(session: Session): Promise<number | undefined> {
    if (session.ended) return undefined;
    const { clock } = this.#world;
    const from = clock.monotonic();
    const message = this.#dialect.composeNetwork('echo', session.nextStan(), clock.now(), this.#identity);
    const asked = await session.ask(message, { timeoutMs: this.#profile.timers.responseMs });
    if (asked.kind !== 'answered') {
      if (session.heardAt <= from) session.end('timed-out', `echo: ${asked.detail}`);
      return undefined;
    }
    const code = this.#dialect.codeOf(asked.answer);
    if (code !== '00') {
      session.end('protocol', `the host answered an echo with ${code}`);
      return undefined;
    }
    this.#tells(asked.answer);
    if (this.#state.status === 'online') this.#become({ ...this.#state, latencyMs: asked.ms });
    return asked.ms;
  }

  /** An answer about the line was made just now; one about a payment may be an old one once more. */
  #tells(answer: IsoMessage): void {
    const told = this.#dialect.timeOf(answer, this.#hostZone);
    if (told) for (const listener of this.#times) listener(told);
  }

  #count(more: Partial<LinkCounters>): void {
    const { sent, answered, dropped, late } = this.#counters;
    this.#counters = {
      ...this.#counters,
      ...more,
      sent: sent + (more.sent ?? 0),
      answered: answered + (more.answered ?? 0),
      dropped: dropped + (more.dropped ?? 0),
      late: late + (more.late ?? 0),
    };
    if (more.dropped || more.late) this.#changed();
  }

  /** Keeps the time since when the line is down, whatever the later reasons. */
  #offline(reason: LinkFault, detail: string): void {
    const since = this.#state.status === 'offline' ? this.#state.since : this.#world.clock.now();
    this.#become({ status: 'offline', reason, detail, since });
  }

  #become(state: LinkState): void {
    if (this.#stopped.signal.aborted) return;
    this.#state = state;
    this.#changed();
  }

  #changed(): void {
    for (const listener of this.#changes) listener();
  }
}
