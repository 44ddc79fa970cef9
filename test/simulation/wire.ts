import type { DialectName } from '../../main/core/bank/dialects/named.ts';
import type { Connected, Line, LineFault, LineTarget } from '../../main/core/world/world.ts';
import { Conversation } from './conversation.ts';
import type { Network } from './network.ts';
import { Random } from './random.ts';
import type { Timeline } from './timeline.ts';
import { type Sending, WireHost } from './wirehost.ts';

/** What goes wrong with the bytes of a line: how often of a send, an answer, or a connection. */
export interface WireFaults {
  /** Frames come in pieces, or several in one. */
  pieces: number;
  /** The line is closed when something is to be sent; after a part of it; after all of it. */
  closes: number;
  /** An answer is cut and the line closed; bytes that nobody sent come; a length is another. */
  spoils: number;
  /** An answer comes twice. */
  doubles: number;
  /** The connection stays and carries nothing any more. */
  deafens: number;
  /** A bit of a request is another when it arrives. */
  flips: number;
}

const none: Readonly<WireFaults> = { pieces: 0, closes: 0, spoils: 0, doubles: 0, deafens: 0, flips: 0 };

/** What one start of the core has of the world around its lines. */
export interface WireWorld {
  readonly alive: () => boolean;
  readonly point: (name: string) => void;
  /** These bytes, a whole frame, are handed to a line now. */
  readonly handed: (line: VirtualLine, bytes: Buffer) => void;
  /** An answer as the bank gave it has come to the terminal. */
  readonly delivered: (line: VirtualLine, sending: Sending) => void;
}

/** What is around the lines. */
export interface WireSurroundings {
  readonly timeline: Timeline;
  /** What the bank's clock shows. */
  readonly now: () => number;
  readonly trace: (text: () => string) => void;
}

/** The lines between one terminal and the host of its bank, byte for byte, in virtual time. */
export class Wire {
  readonly faults: WireFaults = { ...none };
  readonly host: WireHost;
  readonly random: Random;
  readonly timeline: Timeline;
  readonly network: Network;
  readonly trace: (text: () => string) => void;
  #lines: VirtualLine[] = [];

  constructor(seed: number, dialect: DialectName, network: Network, { timeline, now, trace }: WireSurroundings) {
    this.random = new Random(seed, 10);
    this.timeline = timeline;
    this.network = network;
    this.trace = trace;
    this.host = new WireHost(dialect, new Random(seed, 11), {
      timeline,
      now,
      carry: (request, answer) => network.carry(request, answer),
    });
  }

  /** Everything is mended; what is on its way is. */
  mend(): void {
    Object.assign(this.faults, none);
    Object.assign(this.host.faults, { alters: 0, forgets: 0, slowSignOn: 0, asksSignOn: 0, refusesSignOn: 0 });
  }

  /** Makes connections for one start of the core. */
  connect(world: WireWorld, _target: LineTarget, timeoutMs: number): Promise<Connected> {
    const { network, random, timeline } = this;
    return new Promise((resolve) => {
      const later = (ms: number, connected: () => Connected): void => {
        timeline.after(ms, () => {
          if (world.alive()) resolve(connected());
        });
      };
      if (network.weather.line === 'silent') {
        later(timeoutMs, () => ({ ok: false, fault: 'timed-out', detail: 'no connection' }));
        return;
      }
      later(random.int(30, 300), () => {
        if (!network.open) return { ok: false, fault: network.weather.host ? 'unreachable' : 'refused', detail: '' };
        const line = new VirtualLine(this, world);
        this.#lines = [...this.#lines.filter((one) => one.open), line];
        return { ok: true, line };
      });
    });
  }

  /** The weather has changed: a line that is down is noticed after a while. */
  weatherChanged(): void {
    if (this.network.open) return;
    for (const line of this.#lines) {
      this.timeline.after(this.random.int(0, 2_000), () => {
        if (!this.network.open) line.breaks('closed', 'the line is down');
      });
    }
  }
}

/** One connection. What was handed to it arrives in its order, up to where it breaks. */
export class VirtualLine implements Line {
  readonly #wire: Wire;
  readonly #world: WireWorld;
  readonly #conversation: Conversation;
  #listener: ((bytes: Uint8Array) => void) | undefined;
  #closer: ((fault: LineFault, detail: string) => void) | undefined;
  #closed: { readonly fault: LineFault; readonly detail: string } | undefined;
  /** The bank's end is closed. */
  #left = false;
  #deaf = false;
  /** By when all that is on its way has arrived, to the bank and to the terminal. */
  #there = 0;
  #here = 0;
  /** What waits to come together with what follows. */
  #held: Sending[] = [];

  constructor(wire: Wire, world: WireWorld) {
    this.#wire = wire;
    this.#world = world;
    this.#conversation = new Conversation(
      wire.host,
      (sending) => this.#toTerminal(sending),
      () => this.#hangUp(),
    );
  }

  get open(): boolean {
    return !this.#closed;
  }

  send(bytes: Uint8Array): boolean {
    const { faults, random, network, timeline } = this.#wire;
    if (this.#cut('before send')) return true;
    if (this.#closed) return false;
    if (random.chance(network.weather.breaks) || random.chance(faults.closes / 3)) {
      this.#closed = { fault: 'closed', detail: 'the line was closed' };
      timeline.after(0, () => this.#tellClosed());
      return false;
    }
    const copy = Buffer.from(bytes);
    this.#world.handed(this, copy);
    this.#toBank(copy);
    this.#cut('after send');
    return true;
  }

  /** Whether the power has gone: of a terminal without power nothing goes on. */
  #cut(name: string): boolean {
    try {
      this.#world.point(name);
      return false;
    } catch (error) {
      if (this.#world.alive()) throw error;
      return true;
    }
  }

  onBytes(listener: (bytes: Uint8Array) => void): void {
    this.#listener = listener;
  }

  onClose(listener: (fault: LineFault, detail: string) => void): void {
    this.#closer = listener;
    if (this.#closed) this.#wire.timeline.after(0, () => this.#tellClosed());
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = { fault: 'closed', detail: 'the terminal closed it' };
    this.#after('there', () => {
      this.#left = true;
    });
  }

  /** Both ends lose the connection; the terminal notices it now. */
  breaks(fault: LineFault, detail: string): void {
    this.#left = true;
    if (this.#closed) return;
    this.#closed = { fault, detail };
    this.#tellClosed();
  }

  #tellClosed(): void {
    if (!this.#world.alive() || !this.#closed) return;
    const { fault, detail } = this.#closed;
    const closer = this.#closer;
    this.#closer = undefined;
    this.#wire.trace(() => `the line is closed: ${detail}`);
    closer?.(fault, detail);
  }

  /** The bank closes it: what it sent before arrives first. */
  #hangUp(): void {
    this.#left = true;
    this.#after('here', () => this.breaks('closed', 'the host closed the line'));
  }

  /** Runs after what is on its way in that direction. */
  #after(way: 'there' | 'here', run: () => void, ms = this.#wire.random.int(1, 30)): void {
    const { timeline } = this.#wire;
    const at = Math.max(timeline.now + ms, way === 'there' ? this.#there : this.#here);
    if (way === 'there') this.#there = at;
    else this.#here = at;
    timeline.after(at - timeline.now, run);
  }

  #toBank(bytes: Buffer): void {
    const { faults, random } = this.#wire;
    if (random.chance(faults.deafens)) this.#deaf = true;
    let arriving = bytes;
    const cut = random.chance(faults.closes);
    if (cut) arriving = bytes.subarray(0, random.chance(0.5) ? bytes.length : random.int(0, bytes.length - 1));
    if (random.chance(faults.flips)) {
      arriving = Buffer.from(arriving);
      const at = random.int(0, arriving.length - 1);
      if (arriving.length > 0) arriving[at] = (arriving[at] ?? 0) ^ (1 << random.int(0, 7));
    }
    this.#after('there', () => {
      if (this.#left || !this.#carries()) return;
      this.#conversation.received(arriving);
      if (cut) this.breaks('closed', 'the line was cut');
    });
  }

  /** Whether bytes still get through; a connection that has lost some carries nothing any more. */
  #carries(): boolean {
    if (this.#wire.network.weather.line !== 'up') this.#deaf = true;
    return !this.#deaf;
  }

  #toTerminal(sending: Sending): void {
    const { faults, random, timeline } = this.#wire;
    if (this.#left) return;
    if (random.chance(faults.spoils)) {
      this.#spoil(sending);
      return;
    }
    this.#held.push(sending);
    if (random.chance(faults.doubles)) this.#held.push(sending);
    if (random.chance(faults.pieces / 2)) timeline.after(random.int(1, 400), () => this.#flush());
    else this.#flush();
  }

  /** All that is held, in one piece or in several. */
  #flush(): void {
    const held = this.#held;
    if (held.length === 0 || this.#left) return;
    this.#held = [];
    const { faults, random } = this.#wire;
    const bytes = Buffer.concat(held.map((one) => one.bytes));
    let end = 0;
    const ends = held.map((sending) => {
      end += sending.bytes.length;
      return { sending, end };
    });
    const piece = (from: number, to: number): void => {
      const whole = ends.filter((one) => one.end > from && one.end <= to).map(({ sending }) => sending);
      this.#arrive(bytes.subarray(from, to), whole);
    };
    let from = 0;
    for (let pieces = random.chance(faults.pieces) ? random.int(1, 4) : 0; pieces > 0 && from < end - 1; pieces -= 1) {
      const to = random.int(from + 1, end - 1);
      piece(from, to);
      from = to;
    }
    piece(from, end);
  }

  #arrive(bytes: Buffer, whole: readonly Sending[]): void {
    this.#after('here', () => {
      if (this.#closed || !this.#world.alive() || !this.#carries()) return;
      this.#world.point('answer');
      for (const sending of whole) this.#world.delivered(this, sending);
      this.#listener?.(bytes);
    });
  }

  /** Nothing of it can be read, and mostly the line goes with it. */
  #spoil(sending: Sending): void {
    const { random } = this.#wire;
    const { bytes } = sending;
    const kind = random.int(1, 4);
    if (kind === 1) {
      this.#arrive(bytes.subarray(0, random.int(1, bytes.length - 1)), []);
      this.#hangUp();
      return;
    }
    if (kind === 2) {
      this.#arrive(Buffer.from(random.bytes(random.int(1, 60))), []);
      if (random.chance(0.5)) this.#arrive(bytes, [sending]);
      return;
    }
    const other = Buffer.from(bytes);
    other.writeUInt16BE(random.pick([0, 1, bytes.length - 3, bytes.length + 5, 8_193, 65_535]), 0);
    this.#arrive(other, []);
    if (kind === 4) this.#arrive(bytes, [sending]);
  }
}
