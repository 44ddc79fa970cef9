import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex, Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { type BooksCompared, compareBooks } from './books.ts';
import { Branch, type Way } from './branch.ts';
import { openDesk } from './desk.ts';
import type { Asked } from './pipe.ts';
import { type Orders, recorded } from './recorder.ts';

const Line = z.object({
  ready: z.boolean().optional(),
  done: z.boolean().optional(),
  asked: z.object({ key: z.string(), id: z.string() }).optional(),
  told: z.object({ id: z.string(), kind: z.string(), outcome: z.string() }).optional(),
  sent: z.object({ type: z.string(), stan: z.number(), rrn: z.string() }).optional(),
  stopped: z.string().optional(),
  refused: z.string().optional(),
  soldAfterStop: z.boolean().optional(),
});
export type TillLine = z.infer<typeof Line>;

/** What people were told before the end of a process, and may rely on after it. */
export class Testimony {
  /** Outcomes told, by payment. */
  readonly told = new Map<string, { readonly kind: string; readonly outcomes: Set<string> }>();
  /** The payment that answered each request. */
  readonly asked = new Map<string, string>();

  hear({ asked, told }: TillLine): void {
    if (asked) this.asked.set(asked.key, asked.id);
    if (!told) return;
    const { id, kind, outcome } = told;
    const known = this.told.get(id) ?? { kind, outcomes: new Set<string>() };
    known.outcomes.add(outcome);
    this.told.set(id, known);
  }
}

/** How one start of the terminal went. */
export interface Run {
  readonly lines: readonly TillLine[];
  /** undefined when a signal ended it. */
  readonly code: number | undefined;
  readonly errors: string;
}

export interface RunOptions {
  readonly seed: number;
  /** Of this start: part of the keys of its requests. */
  readonly name: string;
  readonly acts?: number;
  /** Preloads the recorder with these orders. */
  readonly recorder?: { readonly path: string; readonly orders: Omit<Orders, 'folder'> };
  /** Kills it so many milliseconds after it has said so many lines; `by` says how, when not by SIGKILL, at the limit too. */
  readonly kill?: { readonly lines: number; readonly ms: number; readonly by?: (child: ChildProcess) => void };
  /** How many times longer than usual it waits for the bank. */
  readonly patience?: number;
  /** Called with every line that it says. */
  readonly heard?: (line: TillLine) => void;
  /** Kills it when it has lived so long, whatever happened to it. */
  readonly limitMs?: number;
}

/** A terminal's folder and its bank, for as many starts as one likes. */
export class Trial {
  readonly folder: string;
  readonly branch: Branch;
  readonly testimony = new Testimony();

  constructor(seed: number, way: Way, place: string = tmpdir()) {
    this.folder = mkdtempSync(join(place, 'countertap-chaos-'));
    this.branch = new Branch(seed, way);
  }

  get data(): string {
    return join(this.folder, 'till');
  }

  /** Starts the terminal and lets it sell until it ends or is killed. */
  async run(options: RunOptions): Promise<Run> {
    const { seed, name, acts = 1_000_000, recorder, kill, patience = 1, limitMs = 60_000 } = options;
    const program = fileURLToPath(import.meta.resolve('./till.ts'));
    const child = spawn(process.execPath, [program, this.data, name, String(seed), String(acts), String(patience)], {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      env: {
        ...process.env,
        NODE_COMPILE_CACHE: join(tmpdir(), 'countertap-compiled'),
        ...(recorder ? recorded(recorder.path, { ...recorder.orders, folder: this.data }) : {}),
      },
    });
    const lines: TillLine[] = [];
    const end = kill?.by ?? killed;
    let errors = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      errors += chunk.toString('utf8');
    });
    const heard = this.#listen(child, (line) => {
      lines.push(line);
      options.heard?.(line);
      this.testimony.hear(line);
      if (lines.length === kill?.lines) void wait(kill.ms).then(() => end(child));
    });
    const limit = setTimeout(() => end(child), limitMs);
    const [code]: (number | null)[] = await once(child, 'close');
    clearTimeout(limit);
    await heard;
    return { lines, code: code ?? undefined, errors };
  }

  /** Hears what the terminal says and carries its requests to the bank, also those that a dead one has left behind. */
  async #listen(child: ChildProcess, heard: (line: TillLine) => void): Promise<void> {
    const { stdout } = child;
    const wire = child.stdio[3] as Duplex;
    if (!stdout) throw new Error('no stdout');
    const said = eachLine(stdout, (line) => heard(Line.parse(line)));
    const sent = eachLine(wire, (line) => {
      this.branch.take(line as Asked, (answered) => {
        if (wire.writable) wire.write(`${JSON.stringify(answered)}\n`);
      });
    });
    await Promise.all([said, sent]);
  }

  /** Starts the terminal once more in this process, lets it come to rest, closes its day and compares all books. */
  async settle(): Promise<BooksCompared> {
    this.branch.mend();
    const fatal: unknown[] = [];
    const desk = openDesk(
      this.data,
      (asked) => this.branch.take(asked, (answered) => setImmediate(() => desk.link.heard(answered))),
      (error) => fatal.push(error),
    );
    try {
      desk.core.start();
      return await compareBooks(desk.core, this.branch.bank, this.testimony, fatal);
    } finally {
      await desk.core.close();
    }
  }

  end(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function killed(child: ChildProcess): void {
  child.kill('SIGKILL');
}

/** Calls back for each line of JSON until the stream is over. One that was cut off by the end of its process nobody has heard. */
function eachLine(stream: Readable, heard: (line: unknown) => void): Promise<void> {
  let text = '';
  stream.on('data', (chunk: Buffer) => {
    text += chunk.toString('utf8');
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) heard(JSON.parse(line));
  });
  // A killed process may have left answers unread: its end of the line then ends with an error, and is over all the same.
  stream.on('error', () => undefined);
  return new Promise((resolve) => {
    stream.once('close', resolve);
  });
}
