import { createHash } from 'node:crypto';
import type { Database } from 'better-sqlite3';
import type { AcquirerLink } from './bank/link.ts';
import { type Bundle, type ParametersFault, readBundle, type Terms } from './bank/parameters.ts';
import type { AcquirerProfile } from './bank/profile.ts';
import type { Book } from './ledger/book.ts';
import type { Blocklist } from './risk/blocklist.ts';
import { readSetting } from './store/settings.ts';
import type { Storage } from './store/storage.ts';
import type { World } from './world/world.ts';

const FILE = 'parameters.json';
const VERSION = 'parameters-version';

/** After a question that nobody answered. */
const RETRY_MS = 60_000;

interface Known {
  readonly signer: string;
  readonly profile: Pick<AcquirerProfile, 'id'>;
}

/** Terms that were downloaded earlier, checked again: laid over the profile at start. */
export function keptTerms(storage: Pick<Storage, 'read'>, db: Database, { signer, profile }: Known): Terms {
  const bytes = storage.read(FILE);
  if (!bytes) return {};
  const read = readBundle(bytes, { signer, id: profile.id, least: Number(readSetting(db, VERSION) ?? 0) });
  return read.ok ? (read.bundle.terms ?? {}) : {};
}

export interface ParametersParts {
  readonly world: Pick<World, 'clock' | 'storage'>;
  readonly book: Book;
  readonly link: AcquirerLink;
  readonly signer: string;
  readonly profile: AcquirerProfile;
  readonly blocklist: Pick<Blocklist, 'replace'>;
  /** No payment is under way. */
  idle(): boolean;
  /** New terms are in force from now on. */
  adopt(terms: Terms): void;
  onChange(listener: () => void): () => void;
  changed(): void;
  fatal(error: unknown): void;
}

export interface ParametersState {
  /** In force; 0 before the first. */
  readonly version: number;
  /** Downloaded, and taken when no payment is under way. */
  readonly waiting?: number;
  /** What was wrong with the last bundle that was refused; the one before stays in force. */
  readonly fault?: ParametersFault;
}

/** Parameters from the bank: asked for, checked, and taken whole at a moment in which nobody pays. */
export class BankParameters {
  readonly #parts: ParametersParts;
  readonly #stop = new AbortController();
  #wake = new AbortController();
  #waiting: { readonly bundle: Bundle; readonly bytes: Uint8Array } | undefined;
  #fault: ParametersFault | undefined;
  /** Terms were in force once whose file cannot be used. */
  #lost = false;

  constructor(parts: ParametersParts) {
    this.#parts = parts;
    const kept = this.#parts.world.storage.read(FILE);
    const read = kept && this.#read(kept, this.#version);
    // What is kept is taken or named: a bundle that was put in its place is not silently left out.
    if (read && !read.ok) this.#fault = read.code;
    else if (!read && this.#version > 0) this.#fault = 'parameters-damaged';
    else if (read?.ok && kept && read.bundle.version > this.#version)
      this.#waiting = { bundle: read.bundle, bytes: kept };
    this.#lost = this.#fault !== undefined;
  }

  get state(): ParametersState {
    return {
      version: this.#version,
      ...(this.#waiting ? { waiting: this.#waiting.bundle.version } : {}),
      ...(this.#fault ? { fault: this.#fault } : {}),
    };
  }

  get #version(): number {
    return Number(readSetting(this.#parts.book.db, VERSION) ?? 0);
  }

  /** Takes what waits, and asks as often as the profile says. Ends with `stop`. */
  go(): void {
    this.settle();
    const { link, profile, onChange, fatal } = this.#parts;
    if (!link.parameters || !profile.parameters) return;
    const undo = onChange(() => {
      if (link.state.status === 'online') this.#wake.abort();
      this.settle();
    });
    this.#stop.signal.addEventListener('abort', () => {
      undo();
      this.#wake.abort();
    });
    this.#keepAsking(profile.parameters.everyMs).catch(fatal);
  }

  stop(): void {
    this.#stop.abort();
  }

  async #keepAsking(everyMs: number): Promise<void> {
    const { clock } = this.#parts.world;
    while (!this.#stop.signal.aborted) {
      this.#wake = new AbortController();
      if (this.#parts.link.state.status !== 'online') {
        await clock.sleep(RETRY_MS, this.#wake.signal);
        continue;
      }
      const heard = await this.ask();
      // Once answered the line's ups and downs do not matter until the next time.
      await clock.sleep(heard ? everyMs : Math.min(RETRY_MS, everyMs), this.#stop.signal);
    }
  }

  /** Asks the bank now; whether it answered. */
  async ask(): Promise<boolean> {
    const { link, changed } = this.#parts;
    // Those in force are asked for again when what was kept of them cannot be used.
    const have = this.#waiting?.bundle.version ?? this.#version - (this.#lost ? 1 : 0);
    const answer = await link.parameters?.(have);
    if (!answer || this.#stop.signal.aborted) return false;
    if (answer.kind !== 'newer') return answer.kind === 'none';
    const read = this.#read(answer.bundle, have + 1);
    if (read.ok) {
      this.#waiting = { bundle: read.bundle, bytes: answer.bundle };
      this.#fault = undefined;
      this.#lost = false;
      this.settle();
    } else this.#refuse(read.code, read.detail);
    changed();
    return true;
  }

  /** Takes what waits, if no payment is under way. Called after every change at the counter. */
  settle(): void {
    const waiting = this.#waiting;
    if (!waiting || this.#stop.signal.aborted || !this.#parts.idle()) return;
    this.#waiting = undefined;
    const { world, blocklist, adopt } = this.#parts;
    const { version, terms, blocked } = waiting.bundle;
    // The file first: it is checked anew at start, and the journal says which one it has to be at least. That is said last:
    // whatever was not done before it is done by the next start.
    world.storage.replace(FILE, waiting.bytes);
    if (blocked) {
      const replaced = blocklist.replace(blocked.version, blocked.tokens);
      if (!replaced.ok) this.#note({ type: 'blocklist-kept', version: blocked.version, code: replaced.code });
    }
    const sha256 = createHash('sha256').update(waiting.bytes).digest('hex');
    this.#note({ type: 'parameters-taken', version, sha256, blocked: blocked?.version ?? null }, version);
    if (terms) adopt(terms);
  }

  #read(bytes: Uint8Array, least: number): ReturnType<typeof readBundle> {
    const { signer, profile } = this.#parts;
    return readBundle(bytes, { signer, id: profile.id, least });
  }

  #refuse(code: ParametersFault, detail: string): void {
    this.#fault = code;
    this.#note({ type: 'parameters-refused', code, detail });
  }

  #note(event: { readonly type: string } & Readonly<Record<string, string | number | null>>, version?: number): void {
    const { world, book } = this.#parts;
    const writes =
      version === undefined ? [] : ([{ op: 'put', table: 'setting', key: VERSION, value: String(version) }] as const);
    book.commit({ kind: 'setting', at: world.clock.now(), by: 'acquirer', event, writes, transfers: [] }, 'outcome');
  }
}
