import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import type { MessagePortMain, ParentPort } from 'electron';
import { type FromCore, ToCore, type WindowName } from '../../contract/process.ts';
import { PASSPHRASE_LENGTH, passphraseSealer, type Sealer, safeStorageSealer } from './bank/keystore.ts';
import { openTerminal, type StartOptions, type Terminal } from './open.ts';
import { Refused } from './refused.ts';
import { serveStopped } from './safe.ts';
import { Server } from './serve.ts';

/** A store that failed is not written to again: the process ends with this code and a new one recovers. */
const FATAL_EXIT = 70;

type Accept = (window: WindowName, port: MessagePortMain) => void;

/** The core as the shell's utility process: takes ports, serves the contract, ends when told. */
export async function runUtility(args: readonly string[], parent: ParentPort): Promise<void> {
  const started = performance.now();
  const early: { window: WindowName; port: MessagePortMain }[] = [];
  let accept: Accept = (window, port) => early.push({ window, port });
  let stop: () => Promise<void> = async () => undefined;
  let sealed: (sealer: Sealer | undefined) => void = () => undefined;
  const sealer = new Promise<Sealer | undefined>((resolve) => {
    sealed = resolve;
  });
  const say = (message: FromCore): void => parent.postMessage(message);
  parent.on('message', ({ data, ports }) => {
    const message = ToCore.safeParse(data);
    const port = ports[0];
    if (!message.success) return;
    if (message.data.type === 'sealer') sealed(sealerOf(message.data));
    else if (message.data.type === 'ping') say({ type: 'pong' });
    else if (message.data.type === 'stop') void stop().then(() => process.exit(0));
    else if (port) accept(message.data.window, port);
  });
  const { options, safe } = readArgs(args);
  try {
    if (safe) throw new Refused('core-crashing', 'the core stopped several times in a minute');
    const terminal = await openTerminal({ ...options, sealer: await sealer }, fail);
    const server = serve(terminal, options);
    accept = (window, port) =>
      server.accept(
        window,
        port,
        () => port.start(),
        () => port.close(),
      );
    stop = async () => {
      await server.close();
      await terminal.core.close();
    };
    say({ type: 'ready', startMs: performance.now() - started });
  } catch (error) {
    const code = error instanceof Refused ? error.code : 'store-failed';
    const detail = error instanceof Error ? error.message : String(error);
    process.stderr.write(`${JSON.stringify({ level: 'error', code, detail })}\n`);
    accept = serveStopped(code);
    say({ type: 'stopped', code, detail });
  }
  for (const { window, port } of early) accept(window, port);
}

/** What the shell said to seal keys with. A passphrase that is too short seals nothing. */
function sealerOf({ kind, secret }: Extract<ToCore, { type: 'sealer' }>): Sealer | undefined {
  if (kind === 'safe-storage') return safeStorageSealer(Buffer.from(secret, 'base64'), randomBytes);
  return kind === 'passphrase' && secret.length >= PASSPHRASE_LENGTH
    ? passphraseSealer(secret, randomBytes)
    : undefined;
}

function serve(terminal: Terminal, options: StartOptions): Server {
  terminal.core.start();
  return new Server(terminal, options);
}

/** Leaves a moment for the screens to say so, then ends: recovery belongs to a fresh process. */
function fail(error: unknown): void {
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`${JSON.stringify({ level: 'fatal', detail })}\n`);
  setTimeout(() => process.exit(FATAL_EXIT), 200);
}

function readArgs(args: readonly string[]): { options: StartOptions; safe: boolean } {
  const { values } = parseArgs({
    args: [...args],
    strict: false,
    options: {
      data: { type: 'string' },
      profile: { type: 'string' },
      'ca-keys': { type: 'string' },
      anchor: { type: 'string' },
      reader: { type: 'string' },
      'sealed-reader': { type: 'string' },
      acquirer: { type: 'string' },
      virtual: { type: 'string' },
      printer: { type: 'string' },
      scanner: { type: 'string', multiple: true },
      zone: { type: 'string' },
      'safe-mode': { type: 'boolean' },
    },
  });
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
  const scanner = Array.isArray(values['scanner'])
    ? values['scanner'].filter((one) => typeof one === 'string')
    : undefined;
  return {
    safe: values['safe-mode'] === true,
    options: {
      data: text(values['data']) ?? 'out/data',
      profile: text(values['profile']),
      caKeys: text(values['ca-keys']),
      anchor: text(values['anchor']),
      reader: text(values['reader']),
      sealedReader: text(values['sealed-reader']),
      acquirer: text(values['acquirer']),
      virtual: text(values['virtual']),
      printer: text(values['printer']),
      scanner,
      zone: text(values['zone']) ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
    },
  };
}
