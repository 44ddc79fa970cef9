import { connect } from 'node:net';
import type { Chip } from './chip.ts';

/** One line of a dialogue: `=>` to the card, `<=` from it. */
export type Trace = (line: string) => void;

/** Where a vpcd reader listens. */
export interface ReaderAddress {
  readonly host: string;
  readonly port: number;
}

/** How long the card stays in which case, in milliseconds. */
export interface Patience {
  /** From coming into the field to giving up when nobody speaks to it. */
  readonly fieldMs: number;
  /** After the last record was read. */
  readonly lingerMs: number;
  /** Without a command after GET PROCESSING OPTIONS was answered. */
  readonly idleMs: number;
}

/** How one presentation ended: `refused` is a phone that wants to be unlocked. */
export interface Presented {
  readonly end: 'read' | 'torn' | 'refused' | 'timeout';
  /** Commands answered. */
  readonly exchanges: number;
}

/** The card could not be held to the reader at all. */
class ReaderError extends Error {
  readonly code: 'reader-unreachable' | 'reader-closed';
  constructor(code: ReaderError['code'], message: string) {
    super(message);
    this.name = 'ReaderError';
    this.code = code;
  }
}

const atrControl = 4;

function frame(bytes: Uint8Array): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** Cuts a byte stream into the length-prefixed messages of the vpcd protocol, however the network splits it. */
function unframe(onMessage: (message: Buffer) => void): (chunk: Uint8Array) => void {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 2 && rest.length >= 2 + rest.readUInt16BE()) {
      const end = 2 + rest.readUInt16BE();
      onMessage(rest.subarray(2, end));
      rest = rest.subarray(end);
    }
  };
}

/** How long a card waits in silence at its stage before it goes, and as what; nothing when only the field's time ends it. */
function patience(chip: Chip, allow: Patience): { readonly ms: number; readonly end: Presented['end'] } | undefined {
  switch (chip.stage()) {
    case 'idle':
      return undefined;
    case 'selected':
      return { ms: allow.idleMs * 2, end: 'read' };
    case 'refused':
      return { ms: allow.lingerMs * 4, end: 'refused' };
    case 'answered':
      return { ms: allow.idleMs, end: 'read' };
    case 'finished':
      return { ms: allow.lingerMs, end: 'read' };
  }
}

/** What the card's going means when the reader itself ends the session (powers it off or closes the connection). */
function farewell(chip: Chip): Presented['end'] | undefined {
  const stage = chip.stage();
  if (stage === 'refused') return 'refused';
  return stage === 'answered' || stage === 'finished' ? 'read' : undefined;
}

/**
 * Holds a card into the field of a reader that speaks the vpcd protocol and takes it away when it was read, torn, refused
 * or when its time is over. A real daemon powers a card up and down several times before it speaks to it; that does not
 * end a presentation. Rejects with ReaderError when there is no reader.
 */
export function present(chip: Chip, reader: ReaderAddress, allow: Patience, trace: Trace): Promise<Presented> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: reader.host, port: reader.port, noDelay: true });
    let exchanges = 0;
    let silence: NodeJS.Timeout | undefined;
    let settled = false;

    const leave = (finish: () => void): void => {
      if (settled) return;
      settled = true;
      clearTimeout(field);
      clearTimeout(silence);
      socket.end();
      socket.destroySoon();
      finish();
    };
    const end = (how: Presented['end']): void => leave(() => resolve({ end: how, exchanges }));
    const field = setTimeout(() => end(chip.stage() === 'idle' ? 'timeout' : 'read'), allow.fieldMs);
    const listen = (): void => {
      clearTimeout(silence);
      const next = patience(chip, allow);
      if (next !== undefined) silence = setTimeout(() => end(next.end), next.ms);
    };

    const control = (code: number): void => {
      if (code === atrControl) {
        socket.write(frame(chip.atr));
        if (chip.mute) silence ??= setTimeout(() => end('read'), allow.idleMs * 2);
        return;
      }
      const how = farewell(chip);
      trace(`-- ${['power off', 'power on', 'reset'][code] ?? `control ${code}`}`);
      if (how !== undefined) end(how);
      else chip.reset();
    };
    const exchange = (command: Buffer): void => {
      trace(`=> ${command.toString('hex').toUpperCase()}`);
      const answer = chip.answer(command);
      if (answer === undefined) {
        trace('-- left the field');
        end('torn');
        return;
      }
      if (answer === 'silent') {
        trace('-- no answer');
        return;
      }
      exchanges += 1;
      trace(`<= ${answer.toString('hex').toUpperCase()}`);
      socket.write(frame(answer));
      listen();
    };

    const take = unframe((message) => {
      if (settled) return;
      if (message.length === 1) control(message[0] ?? 0);
      else if (message.length > 1) exchange(message);
    });
    socket.on('data', take);
    socket.on('error', (error) =>
      leave(() =>
        reject(new ReaderError('reader-unreachable', `no reader at ${reader.host}:${reader.port}: ${error.message}`)),
      ),
    );
    socket.on('close', () => {
      const how = farewell(chip) ?? (chip.stage() === 'selected' ? 'read' : undefined);
      if (how !== undefined) end(how);
      else
        leave(() =>
          reject(new ReaderError('reader-closed', 'the reader closed the connection before it spoke to the card')),
        );
    });
  });
}
