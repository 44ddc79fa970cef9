import { once } from 'node:events';
import { fstatSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { InvalidArgumentError } from 'commander';
import { z } from 'zod';

/** One command of the control port: checks what came with it, does it, gives back what the answer carries. */
export type Run = (input: unknown) => Promise<object>;
export type Commands = Readonly<Record<string, Run>>;

/** What went wrong, for a person, on one line. */
export function sentence(error: unknown): string {
  const text =
    error instanceof z.ZodError ? z.prettifyError(error) : error instanceof Error ? error.message : String(error);
  return text.replaceAll(/\s*\n\s*/g, ' ');
}

/** A command whose input has the shape of `schema`; anything else is refused with a sentence. */
export function command<T extends z.ZodType>(schema: T, run: (input: z.output<T>) => Promise<object>): Run {
  return async (input) => {
    const read = schema.safeParse(input);
    if (!read.success) throw read.error;
    return run(read.data);
  };
}

const Line = z.looseObject({ id: z.union([z.int(), z.string()]).default(0), do: z.string() });

const LARGEST_LINE = 65_536;

async function answerTo(commands: Commands, text: string): Promise<object> {
  let id: number | string | null = null;
  try {
    const { id: given, do: name, ...input } = Line.parse(JSON.parse(text));
    id = given;
    const run = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (run === undefined)
      throw new Error(`There is no command ${name}; there are ${Object.keys(commands).join(', ')}.`);
    return { id, ok: true, ...(await run(input)) };
  } catch (error) {
    return { id, ok: false, error: sentence(error) };
  }
}

function serve(socket: Socket, commands: Commands): void {
  let held = '';
  socket.setEncoding('utf8');
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: string) => {
    const lines = (held + chunk).split('\n');
    held = lines.pop() ?? '';
    if (held.length > LARGEST_LINE) socket.destroy();
    for (const line of lines.filter((one) => one.trim() !== '')) {
      void answerTo(commands, line).then((answer) => {
        if (socket.writable) socket.write(`${JSON.stringify(answer)}\n`);
      });
    }
  });
}

/** The control port (docs/virtual-counter.md): one JSON object a line on TCP, local machine only. Port 0 takes any. */
export async function startControl(options: {
  readonly port: number;
  readonly commands: Commands;
}): Promise<{ readonly port: number; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    serve(socket, options.commands);
  });
  server.listen(options.port, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** A port on the command line. */
export function portOption(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) throw new InvalidArgumentError('use a port, 0 to 65535');
  return port;
}

/** Resolves when this program is to end: SIGTERM, SIGINT, or the end of a stdin that is a pipe. */
export async function untilStopped(): Promise<void> {
  const stdin = fstatSync(0);
  await new Promise<void>((stop) => {
    process.once('SIGTERM', () => stop());
    process.once('SIGINT', () => stop());
    if (stdin.isFIFO() || stdin.isSocket()) {
      process.stdin.once('end', () => stop());
      process.stdin.once('error', () => stop());
      process.stdin.resume();
    }
  });
}
