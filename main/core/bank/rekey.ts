import type { World } from '../world/world.ts';
import type { AcquirerLink, BankAnswer, BankRequest, FurtherRequest, LinkState, ParameterAnswer } from './link.ts';
import type { AcquirerProfile } from './profile.ts';
import type { ToldTime } from './told.ts';
import { Witness } from './witness.ts';

export type OpenLink = (
  world: Pick<World, 'clock' | 'network' | 'random'>,
  profile: AcquirerProfile,
  zone: string,
) => AcquirerLink;

type Late = { readonly stan: number; readonly rrn: string; readonly code: string };

/**
 * A link that is there before its master key, and takes a new one while the terminal runs. Without a key it is offline and
 * says so. After `rekey` what is under way on the old connection is unknown, as when a line breaks.
 */
export class RekeyedLink implements AcquirerLink {
  readonly #open: (masterKey: string) => AcquirerLink;
  readonly #changes = new Set<() => void>();
  readonly #lates = new Set<(late: Late) => void>();
  readonly #times = new Set<(told: ToldTime) => void>();
  readonly #keyless: LinkState;
  readonly #witness: Witness;
  #inner: AcquirerLink | undefined;
  #started = false;

  constructor(
    open: OpenLink,
    world: Parameters<OpenLink>[0],
    profile: AcquirerProfile,
    zone: string,
    witness = new Witness(),
  ) {
    this.#witness = witness;
    this.#open = (masterKey) => open(world, { ...profile, masterKey }, zone);
    const since = world.clock.now();
    this.#keyless = { status: 'offline', reason: 'no-key', detail: 'no master key is loaded', since };
    if (profile.masterKey !== undefined) this.#take(profile.masterKey);
  }

  get state(): LinkState {
    return this.#inner?.state ?? this.#keyless;
  }

  get counters(): AcquirerLink['counters'] {
    return this.#inner?.counters ?? { sent: 0, answered: 0, dropped: 0, late: 0 };
  }

  get session(): AcquirerLink['session'] {
    return this.#inner?.session;
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
    this.#started = true;
    this.#inner?.start();
  }

  /** Takes another master key (hex) into use: the old connection ends, a new one signs on. */
  rekey(masterKey: string): void {
    const old = this.#inner;
    this.#take(masterKey);
    void old?.close();
    if (this.#started) this.#inner?.start();
    this.#changed();
  }

  echo(): Promise<number | undefined> {
    return this.#inner?.echo() ?? Promise.resolve(undefined);
  }

  exchange(request: BankRequest): Promise<BankAnswer> {
    return this.#witness.exchange(request, () => this.#inner?.exchange(request) ?? Promise.resolve(NOT_SENT));
  }

  further(request: FurtherRequest): Promise<BankAnswer> {
    return this.#witness.exchange(request, () => this.#inner?.further?.(request) ?? Promise.resolve(NOT_SENT));
  }

  parameters(have: number): Promise<ParameterAnswer> {
    return this.#inner?.parameters?.(have) ?? Promise.resolve({ kind: 'no-answer', detail: NOT_SENT.detail });
  }

  async close(): Promise<void> {
    await this.#inner?.close();
  }

  #take(masterKey: string): void {
    const inner = this.#open(masterKey);
    this.#inner = inner;
    inner.onChange(() => {
      if (this.#inner === inner) this.#changed();
    });
    inner.onLate((late) => {
      for (const listener of this.#lates) listener(late);
    });
    inner.onTime?.((told) => {
      for (const listener of this.#times) listener(told);
    });
  }

  #changed(): void {
    for (const listener of this.#changes) listener();
  }
}

const NOT_SENT = { kind: 'not-sent', detail: 'no master key is loaded' } as const;
