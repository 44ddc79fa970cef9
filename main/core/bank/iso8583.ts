import type { World } from '../world/world.ts';
import { IsoError } from './error.ts';
import { openKeyBlock } from './keys.ts';
import type { AcquirerLink, BankAnswer, BankRequest, LinkCounters, LinkFault, LinkState } from './link.ts';
import { openCmac } from './mac.ts';
import { compose, composeNetwork, type Identity, mismatch, readAnswer } from './messages.ts';
import type { AcquirerProfile } from './profile.ts';
import { History, type Late, Session } from './session.ts';
import { localTime } from './stamp.ts';

/**
 * Opens the ISO 8583 link to the acquirer of a profile (docs/bank-link.md). Nothing happens before `start`.
 * `zone` is the IANA zone of the counter: DE 12 and DE 13. Throws RangeError for a zone that does not exist.
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
  readonly #masterKey: Uint8Array;
  readonly #history = new History();
  readonly #changes = new Set<() => void>();
  readonly #lates = new Set<(late: Late) => void>();
  readonly #stopped = new AbortController();
  #started = false;
  #session: Session | undefined;
  #probing: Promise<number | undefined> | undefined;
  #state: LinkState;
  #counters: LinkCounters = { sent: 0, answered: 0, dropped: 0, late: 0 };

  constructor(world: Pick<World, 'clock' | 'network' | 'random'>, profile: AcquirerProfile, zone: string) {
    this.#world = world;
    this.#profile = profile;
    const { terminalId, merchantId, nii } = profile;
    this.#identity = { terminalId, merchantId, nii, local: localTime(zone) };
    this.#masterKey = Buffer.from(profile.masterKey, 'hex');
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

  onLate(listener: (late: Late) => void): () => void {
    this.#lates.add(listener);
    return () => this.#lates.delete(listener);
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

  async exchange(request: BankRequest): Promise<BankAnswer> {
    const session = this.#session;
    if (!session || this.#state.status !== 'online') return { kind: 'not-sent', detail: this.#whyNot() };
    try {
      return await this.#exchange(session, request);
    } catch (error) {
      if (error instanceof IsoError) return { kind: 'not-sent', detail: error.message };
      throw error;
    }
  }

  async #exchange(session: Session, request: BankRequest): Promise<BankAnswer> {
    const sent = compose(request, this.#identity);
    const asked = await session.ask(sent, this.#profile.timers.responseMs, (answer) => {
      return mismatch(sent, answer) ?? (readAnswer(request, answer) ? undefined : 'DE 63');
    });
    if (asked.kind === 'not-sent') return asked;
    this.#count({ sent: 1 });
    if (asked.kind === 'silent') {
      // Silence may mean a dead line: ask it at once, so that the state shown is true.
      void this.#probe(session);
      return { kind: 'no-answer', detail: asked.detail };
    }
    this.#count({ answered: 1 });
    const answer = readAnswer(request, asked.answer) ?? { kind: 'no-answer', detail: 'unreadable totals' };
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
      const session = await this.#open();
      if (session && (await this.#signOn(session))) {
        const from = clock.monotonic();
        await this.#keep(session);
        if (clock.monotonic() - from >= steady) failures = 0;
      }
      const base = reconnectMs[Math.min(failures, reconnectMs.length - 1)] ?? 0;
      await clock.sleep(this.#jittered(base), this.#stopped.signal);
    }
  }

  /** Three quarters to five quarters of a wait, so that a whole street of terminals does not come back at once. */
  #jittered(ms: number): number {
    const [high = 0, low = 0] = this.#world.random(2);
    return Math.round(ms * (0.75 + (high * 256 + low) / 131_072));
  }

  async #open(): Promise<Session | undefined> {
    const { host, port, tls, timers } = this.#profile;
    const connected = await this.#world.network.connect({ host, port, tls }, timers.connectMs);
    if (!connected.ok) {
      this.#offline(connected.fault, connected.detail);
      return undefined;
    }
    const session: Session = new Session(connected.line, this.#world.clock, this.#history, {
      dropped: (detail) => this.#count({ dropped: 1, lastDropped: detail }),
      late: (late) => {
        this.#count({ late: 1 });
        for (const listener of this.#lates) listener(late);
      },
      ended: (fault, detail) => {
        if (this.#session === session) this.#session = undefined;
        this.#offline(fault, detail);
      },
    });
    this.#session = session;
    if (this.#stopped.signal.aborted) session.end('stopped', 'the link was closed');
    return session;
  }

  async #signOn(session: Session): Promise<boolean> {
    const { clock } = this.#world;
    const message = composeNetwork('sign-on', session.nextStan(), clock.now(), this.#identity);
    const asked = await session.ask(message, this.#profile.timers.responseMs, undefined, openCmac(this.#masterKey));
    if (asked.kind !== 'answered') {
      if (this.#state.status === 'offline' && this.#state.reason === 'closed' && session.ended) {
        this.#offline('closed', 'closed before the sign-on was answered: the host may not know our certificate');
      }
      session.end('timed-out', `sign-on: ${asked.detail}`);
      return false;
    }
    const code = asked.answer.fields.get(39);
    if (code !== '00') {
      session.end('sign-on-refused', `the host answered ${code}`);
      return false;
    }
    const block = openKeyBlock(this.#masterKey, asked.answer.fields.get(62) ?? '');
    if (!block.ok) {
      session.end('protocol', `sign-on: ${block.code}`);
      return false;
    }
    session.use(block.cmac);
    if (session.ended) return false;
    this.#become({ status: 'online', since: clock.now(), latencyMs: asked.ms });
    return true;
  }

  /** Echoes after each stretch of silence until the connection is over. */
  async #keep(session: Session): Promise<void> {
    const { clock } = this.#world;
    const { echoMs } = this.#profile.timers;
    while (!session.ended) {
      const quiet = clock.monotonic() - session.heardAt;
      if (quiet < echoMs) await clock.sleep(echoMs - quiet, session.over);
      else await this.#probe(session);
    }
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
    const message = composeNetwork('echo', session.nextStan(), clock.now(), this.#identity);
    const asked = await session.ask(message, this.#profile.timers.responseMs);
    if (asked.kind !== 'answered') {
      if (session.heardAt <= from) session.end('timed-out', `echo: ${asked.detail}`);
      return undefined;
    }
    if (asked.answer.fields.get(39) !== '00') {
      session.end('protocol', `the host answered an echo with ${asked.answer.fields.get(39)}`);
      return undefined;
    }
    if (this.#state.status === 'online') this.#become({ ...this.#state, latencyMs: asked.ms });
    return asked.ms;
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
