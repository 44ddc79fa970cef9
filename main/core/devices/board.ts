import type { DeviceView } from '../../../contract/device.ts';
import type { CardReader } from '../../../drivers/nfc/reader.ts';
import { alarmed } from '../bank/link.ts';
import type { Core } from '../core.ts';
import { inForce } from '../kernel/readers.ts';

type Status = DeviceView['status'];

const SLOT_MS = 1_800_000;
const SLOTS = 48;
const SAMPLE_MS = 60_000;
const DISK_LOW = 500 * 1024 * 1024;
const rank: Record<Status, number> = { ready: 0, attention: 1, absent: 2, trouble: 2 };

interface Seen {
  readonly id: string;
  readonly kind: DeviceView['kind'];
  readonly name: string;
  readonly virtual: boolean;
  readonly status: Status;
  readonly state: string;
  readonly values: Readonly<Record<string, string | number>>;
  readonly reader?: DeviceView['reader'];
  readonly tests: readonly DeviceView['tests'][number][];
}

/** Every device with its state, its last day and the tests it can do. */
export class Board {
  readonly #core: Core;
  readonly #stop = new AbortController();

  constructor(core: Core) {
    this.#core = core;
    core.onChange(() => this.#sample());
    this.#sampleLater();
  }

  stop(): void {
    this.#stop.abort();
  }

  list(): DeviceView[] {
    return this.#look().map((seen) => ({
      ...seen,
      values: { ...seen.values },
      strip: this.#strip(seen.id),
      tests: [...seen.tests],
    }));
  }

  #sampleLater(): void {
    const { clock } = this.#core.world;
    clock
      .sleep(SAMPLE_MS, this.#stop.signal)
      .then(() => {
        if (this.#stop.signal.aborted) return;
        this.#sample();
        this.#sampleLater();
      })
      .catch((error: unknown) => this.#core.fatal(error));
  }

  readonly #worst = new Map<string, { slot: number; status: Status }>();

  /** Keeps the worst state of each half hour. */
  #sample(): void {
    const slot = Math.floor(this.#core.world.clock.now() / SLOT_MS);
    for (const { id, status } of this.#look()) {
      const known = this.#worst.get(id);
      if (known?.slot === slot && rank[known.status] >= rank[status]) continue;
      this.#worst.set(id, { slot, status });
      if (this.#core.stopped !== null) continue;
      this.#core.book.db
        .prepare('INSERT OR REPLACE INTO health (device, slot, status) VALUES (?, ?, ?)')
        .run(id, slot, status);
    }
  }

  #strip(id: string): DeviceView['strip'] {
    const last = Math.floor(this.#core.world.clock.now() / SLOT_MS);
    const rows = this.#core.book.db
      .prepare<[string, number], { slot: number; status: Status }>(
        'SELECT slot, status FROM health WHERE device = ? AND slot > ?',
      )
      .all(id, last - SLOTS);
    const bySlot = new Map(rows.map((row) => [row.slot, row.status]));
    return Array.from({ length: SLOTS }, (_, index) => {
      const status = bySlot.get(last - SLOTS + 1 + index);
      return status === undefined
        ? 'none'
        : status === 'ready'
          ? 'ok'
          : status === 'attention'
            ? 'attention'
            : 'trouble';
    });
  }

  #look(): Seen[] {
    return [
      ...this.#readers(),
      this.#scanner(),
      this.#printer(),
      this.#drawer(),
      this.#bank(),
      this.#storage(),
      this.#clock(),
    ];
  }

  /** One for each reader, or one that says why there is none. */
  #readers(): Seen[] {
    const { readers } = this.#core.world.devices;
    const none = { id: 'reader', kind: 'reader', name: '', virtual: false, values: {}, tests: [] } as const;
    if (readers.state.status === 'no-daemon' && readers.list().every(({ state }) => state.status === 'unplugged')) {
      return [{ ...none, status: 'trouble', state: 'no-daemon' }];
    }
    const list = readers.list();
    if (list.length === 0) return [{ ...none, status: 'absent', state: 'absent' }];
    return list.map((reader, at) => this.#reader(reader, at === 0 ? 'reader' : `reader-${at + 1}`));
  }

  #reader(reader: CardReader, id: string): Seen {
    const { name, kind, state } = reader;
    const use = inForce(reader, this.#core.profile.readers);
    const device = {
      id,
      kind: 'reader',
      name,
      virtual: kind === 'virtual',
      values: { class: kind },
      reader: { class: kind, use },
      tests: ['tap'],
    } as const;
    switch (state.status) {
      case 'ready':
      case 'card':
        if (use === 'nothing') return { ...device, status: 'attention', state: 'unknown' };
        return { ...device, status: 'ready', state: 'ready' };
      case 'collision':
        return { ...device, status: 'attention', state: 'collision' };
      case 'unresponsive':
        return { ...device, values: { class: kind, detail: state.reason }, status: 'trouble', state: 'unresponsive' };
      case 'unplugged':
        return { ...device, status: 'absent', state: 'absent' };
    }
  }

  #scanner(): Seen {
    const { scanners } = this.#core.world.devices;
    const ready = scanners.find((scanner) => scanner.state.status === 'ready');
    const name = (ready ?? scanners[0])?.name ?? '';
    const common = { id: 'scanner', kind: 'scanner', name, virtual: false, values: {}, tests: ['scan'] } as const;
    return ready
      ? { ...common, status: 'ready', state: 'ready' }
      : { ...common, status: 'absent', state: 'absent', tests: [] };
  }

  #printer(): Seen {
    const { printer } = this.#core.world.devices;
    const { state } = printer;
    const waiting = this.#core.payments.countPrint(['queued', 'held']);
    const common = {
      id: 'printer',
      kind: 'printer',
      name: printer.name,
      virtual: this.#core.profile.virtual,
      values: { waiting },
      tests: ['print'],
    } as const;
    if (state.status === 'trouble') {
      const absent = state.trouble === 'not-configured';
      return { ...common, status: absent ? 'absent' : 'trouble', state: state.trouble, tests: absent ? [] : ['print'] };
    }
    if (state.paper === 'near-end') return { ...common, status: 'attention', state: 'paper-near-end' };
    return { ...common, status: 'ready', state: 'ready' };
  }

  #drawer(): Seen {
    const { printer } = this.#core.world.devices;
    const common = {
      id: 'drawer',
      kind: 'drawer',
      name: printer.name,
      virtual: this.#core.profile.virtual,
      values: {},
      tests: ['open'],
    } as const;
    if (printer.state.status === 'trouble') return { ...common, status: 'absent', state: 'unavailable', tests: [] };
    return { ...common, status: 'ready', state: printer.state.drawerOpen ? 'open' : 'ready' };
  }

  #bank(): Seen {
    const { link, profile } = this.#core;
    const { state, counters } = link;
    const latency = state.status === 'online' ? state.latencyMs : undefined;
    const { version, fault } = this.#core.parameters.state;
    const values = {
      ...counters,
      ...(latency === undefined ? {} : { latencyMs: Math.round(latency) }),
      ...(version > 0 ? { parameters: version } : {}),
    };
    const common = {
      id: 'bank',
      kind: 'bank',
      name: `${profile.name} ${profile.host}:${profile.port}`,
      virtual: profile.virtual,
      values,
      tests: ['echo'],
    } as const;
    if (state.status === 'online') {
      // What wants a technician most: somebody in the line, then refused parameters, then the second host.
      if (alarmed(counters)) return { ...common, status: 'attention', state: 'meddled' };
      if (fault !== undefined) return { ...common, status: 'attention', state: fault };
      if (state.backup) return { ...common, status: 'attention', state: 'on-backup' };
      return { ...common, status: 'ready', state: 'online' };
    }
    if (state.status === 'connecting') return { ...common, status: 'attention', state: 'connecting' };
    return { ...common, values: { ...values, detail: state.detail }, status: 'trouble', state: state.reason };
  }

  #storage(): Seen {
    const free = this.#core.world.storage.freeBytes();
    const { seq, hash } = this.#core.book.head;
    const values = { entries: seq, head: hash.slice(0, 8), freeGigabytes: Math.floor(free / 1e9) };
    const common = {
      id: 'storage',
      kind: 'storage',
      name: 'SQLite',
      virtual: false,
      values,
      tests: ['verify'],
    } as const;
    if (this.#core.stopped !== null) return { ...common, status: 'trouble', state: 'damaged' };
    if (free < DISK_LOW) return { ...common, status: 'attention', state: 'low' };
    return { ...common, status: 'ready', state: 'sound' };
  }

  #clock(): Seen {
    const { suspect } = this.#core.time;
    const common = {
      id: 'clock',
      kind: 'clock',
      name: this.#core.zone,
      virtual: false,
      values: {},
      tests: [],
    } as const;
    return suspect
      ? { ...common, status: 'attention', state: 'suspect' }
      : { ...common, status: 'ready', state: 'ready' };
  }
}
