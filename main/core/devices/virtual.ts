import type { Line, World } from '../world/world.ts';

/** What the virtual counter answers to one command. */
export type VirtualAnswer =
  | { readonly ok: true; readonly body: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly error: string };

const ANSWER_MS = 15_000;
const LONGEST = 1_000_000;

/** The control port of the virtual counter (docs/virtual-counter.md): one line of JSON each way. */
export class VirtualCounter {
  readonly #world: Pick<World, 'clock' | 'network'>;
  readonly #target: { readonly host: string; readonly port: number };
  #line: Promise<Line | undefined> | undefined;
  #text = '';
  #next = 1;
  readonly #waiting = new Map<number, (answer: VirtualAnswer) => void>();

  constructor(world: Pick<World, 'clock' | 'network'>, target: { readonly host: string; readonly port: number }) {
    this.#world = world;
    this.#target = target;
  }

  /** Sends one command and waits for its answer. Never rejects. */
  async ask(command: string, fields: Readonly<Record<string, unknown>> = {}): Promise<VirtualAnswer> {
    this.#line ??= this.#connect();
    const line = await this.#line;
    if (!line) return { ok: false, error: 'the virtual counter does not answer' };
    const id = this.#next++;
    const answer = new Promise<VirtualAnswer>((resolve) => this.#waiting.set(id, resolve));
    if (!line.send(Buffer.from(`${JSON.stringify({ id, do: command, ...fields })}\n`))) this.#lost();
    const late = new AbortController();
    const timeout = this.#world.clock
      .sleep(ANSWER_MS, late.signal)
      .then((): VirtualAnswer => ({ ok: false, error: 'the virtual counter does not answer' }));
    const first = await Promise.race([answer, timeout]);
    late.abort();
    this.#waiting.delete(id);
    return first;
  }

  async #connect(): Promise<Line | undefined> {
    const connected = await this.#world.network.connect(this.#target, 3_000);
    if (!connected.ok) {
      this.#line = undefined;
      return undefined;
    }
    connected.line.onBytes((bytes) => this.#receive(bytes));
    connected.line.onClose(() => this.#lost());
    return connected.line;
  }

  #receive(bytes: Uint8Array): void {
    this.#text += Buffer.from(bytes).toString('utf8');
    for (let end = this.#text.indexOf('\n'); end >= 0; end = this.#text.indexOf('\n')) {
      const answer = parse(this.#text.slice(0, end));
      this.#text = this.#text.slice(end + 1);
      if (answer) this.#waiting.get(answer.id)?.(answer.answer);
    }
    if (this.#text.length > LONGEST) this.#lost();
  }

  #lost(): void {
    this.#line = undefined;
    this.#text = '';
    for (const resolve of this.#waiting.values()) resolve({ ok: false, error: 'the virtual counter went away' });
    this.#waiting.clear();
  }

  async close(): Promise<void> {
    const line = await this.#line;
    line?.close();
  }
}

function parse(text: string): { id: number; answer: VirtualAnswer } | undefined {
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body !== 'object' || body === null || !('id' in body) || typeof body.id !== 'number') return undefined;
    if ('ok' in body && body.ok === true) return { id: body.id, answer: { ok: true, body: { ...body } } };
    const error = 'error' in body ? String(body.error) : 'refused';
    return { id: body.id, answer: { ok: false, error } };
  } catch {
    return undefined;
  }
}
