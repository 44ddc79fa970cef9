import type { NFC, Reader as NfcReader } from 'nfc-pcsc';
import { type Feedback, type FeedbackLine, Signals } from './acr.ts';
import { slotOf } from './families.ts';
import { type Field, Fields } from './field.ts';
import type { CardReaders, Exchange } from './reader.ts';
import type { Link } from './session.ts';
import { watchWake } from './wake.ts';

export interface PcscOptions {
  /** Whether vsmartcard's virtual readers count, on which any program can be a card: for trials and tests alone. */
  readonly allowVirtual?: boolean;
  /** Part of a reader's name: the others are left alone. */
  readonly only?: string;
}

/** How long PC/SC is left alone after it was found missing: short, so that a tap within a second of its return counts. */
const START_AGAIN_MS = 400;
/** How long a card may take to connect, and how often it is tried after that. */
const CONNECT_MS = 1_500;
const CONNECT_AGAIN_MS = 1_000;
/** Longest response, status word included. */
const LONGEST_RESPONSE = 65_538;

/**
 * The machine's PC/SC readers, by nfc-pcsc. Readers and the daemon may come and go; what is back is in use again.
 * Without the daemon or its library the state says so and both are tried again all the time.
 */
export function openPcscReaders(options: PcscOptions = {}): CardReaders {
  const readers = new PcscReaders(options);
  void readers.start();
  return readers;
}

class PcscReaders extends Fields {
  readonly #options: PcscOptions;
  #nfc: NFC | undefined;
  #again: NodeJS.Timeout | undefined;
  #closed = false;
  #slots: Slot[] = [];
  readonly #unwatch: () => void;

  constructor(options: PcscOptions) {
    super();
    this.#options = options;
    this.#unwatch = watchWake(() => this.#reopen());
  }

  async start(): Promise<void> {
    try {
      // Loaded here and not at the top, so that a machine without it still starts.
      const { default: nfcPcsc } = await import('nfc-pcsc');
      if (this.#closed) return;
      const nfc = new nfcPcsc.NFC();
      this.#nfc = nfc;
      nfc.pcsc.on('started', () => this.setDaemonFault(undefined));
      nfc.on('reader', (device) => this.#accept(device));
      nfc.on('error', (error) => this.#lost(nfc, error));
    } catch (error) {
      this.#lost(undefined, error);
    }
  }

  override async close(): Promise<void> {
    this.#closed = true;
    this.#unwatch();
    clearTimeout(this.#again);
    this.#nfc?.close();
    await super.close();
  }

  /**
   * After a standstill nobody knows what became of readers and cards meanwhile, and some drivers never tell: everything is
   * opened anew. A dialogue that was under way is over; its card has to be tapped again.
   */
  #reopen(): void {
    const nfc = this.#nfc;
    if (!nfc || this.#closed) return;
    this.#leave(nfc);
    this.unplugAll();
    void this.start();
  }

  /** Lets go of PC/SC; what its readers still say is of no interest. */
  #leave(nfc: NFC | undefined): void {
    this.#nfc = undefined;
    for (const slot of this.#slots) slot.retire();
    this.#slots = [];
    nfc?.close();
  }

  #accept(device: NfcReader): void {
    device.autoProcessing = false;
    device.on('error', () => undefined);
    const { allowVirtual = false, only = '' } = this.#options;
    const slot = slotOf(device.name);
    if (!slot || (slot.kind === 'virtual' && !allowVirtual) || !device.name.includes(only)) return;
    this.#slots.push(new Slot(device, this.plug(device.name, slot.kind), slot.feedback));
  }

  #lost(nfc: NFC | undefined, error: unknown): void {
    if (nfc !== this.#nfc || this.#closed) return;
    this.#leave(nfc);
    this.setDaemonFault(missing(error));
    this.#again = setTimeout(() => void this.start(), START_AGAIN_MS);
  }
}

/** What is missing, for a technician. */
function missing(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'NoService') return 'the PC/SC service (pcscd) is not running';
  if (code === 'SecurityViolation') return 'this user may not use the PC/SC service (pcscd)';
  if (code === 'CommError') return 'the PC/SC service (pcscd) has stopped';
  const message = error instanceof Error ? error.message : String(error);
  if (/libpcsclite/.test(message)) return 'the PC/SC library (libpcsclite) is not installed';
  return `PC/SC cannot be used: ${code || message.split('\n')[0]}`;
}

/** One slot and the card on it. */
class Slot {
  readonly #device: NfcReader;
  readonly #field: Field;
  readonly #signals: Signals | undefined;
  #connecting: NodeJS.Timeout | undefined;
  #present = false;
  #retired = false;

  constructor(device: NfcReader, field: Field, feedback: Feedback | undefined) {
    this.#device = device;
    this.#field = field;
    this.#signals = feedback && new Signals(feedback, lineTo(device));
    device.on('card', ({ atr }) => this.#arrive(atr));
    device.on('end', () => this.#gone());
    device.reader.on('status', ({ state }) => this.#look(state));
  }

  /** Another one has taken this reader over. */
  retire(): void {
    this.#retired = true;
    clearTimeout(this.#connecting);
  }

  #look(state: number): void {
    if (this.#retired) return;
    const { SCARD_STATE_PRESENT, SCARD_STATE_MUTE } = this.#device.reader;
    const was = this.#present;
    this.#present = (state & SCARD_STATE_PRESENT) !== 0;
    if (!this.#present) {
      clearTimeout(this.#connecting);
      if (was) this.#field.leave();
    } else if ((state & SCARD_STATE_MUTE) !== 0) this.#field.mute('the card does not answer the reader');
    // nfc-pcsc says nothing when a card does not connect, so its silence is timed.
    else if (!was) this.#connecting = setTimeout(() => void this.#connect(), CONNECT_MS);
  }

  async #connect(): Promise<void> {
    const failure = await this.#device.connect().then(
      () => undefined,
      (error: Error & { previous?: Error & { code?: string } }) => error.previous?.code ?? error.message,
    );
    if (!this.#present || this.#retired) return;
    const atr = failure === undefined ? this.#device.reader.atr : undefined;
    if (atr) return this.#arrive(atr);
    this.#field.mute(
      failure === 'SharingViolation'
        ? 'another program holds the card'
        : `the card cannot be connected (${failure ?? 'no answer to reset'})`,
    );
    this.#connecting = setTimeout(() => void this.#connect(), CONNECT_AGAIN_MS);
  }

  #arrive(atr: Uint8Array | undefined): void {
    if (!atr || this.#retired) return;
    clearTimeout(this.#connecting);
    this.#field.arrive(new Dialogue(this.#device, atr, this.#signals));
  }

  #gone(): void {
    if (this.#retired) return;
    clearTimeout(this.#connecting);
    this.#present = false;
    this.#field.unplug();
  }
}

/** The way for a reader's lights and sounds: beside the card that is connected. */
function lineTo(device: NfcReader): FeedbackLine {
  const send = async (command: Uint8Array): Promise<Uint8Array> =>
    device.transmit(Buffer.from(command), LONGEST_RESPONSE);
  return { transmit: send, escape: async (command) => device.control(Buffer.from(command), LONGEST_RESPONSE) };
}

/** One card's dialogue, held against other programs from the first command to the end. */
class Dialogue implements Link {
  readonly atr: Uint8Array;
  readonly #device: NfcReader;
  readonly #signals: Signals | undefined;
  #held: Promise<void> | undefined;

  constructor(device: NfcReader, atr: Uint8Array, signals: Signals | undefined) {
    this.#device = device;
    this.#signals = signals;
    this.atr = Uint8Array.from(atr);
  }

  async exchange(command: Uint8Array): Promise<Exchange> {
    try {
      this.#held ??= new Promise((resolve, reject) =>
        this.#device.reader.begin((error) => (error ? reject(error) : resolve())),
      );
      await this.#held;
      const response = await this.#device.transmit(Buffer.from(command), LONGEST_RESPONSE);
      return { ok: true, response: Uint8Array.from(response) };
    } catch (error) {
      // Removed, reset or lost: for the dialogue it is all the same, the card has to be presented again.
      return { ok: false, fault: 'torn', detail: reasonOf(error) };
    }
  }

  end(clean: boolean): void {
    const { reader } = this.#device;
    // Whether the hold was ever had or is lost with the card already: there is nothing left to let go of then.
    const release = () => reader.end(reader.SCARD_LEAVE_CARD, () => undefined);
    void this.#held?.then(() => this.#signals?.show(clean ? 'read' : 'failed')).then(release, () => undefined);
  }
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error && 'previous' in error ? error.previous : error;
  if (cause instanceof Error && 'code' in cause) return String(cause.code);
  return cause instanceof Error ? cause.message : String(cause);
}
