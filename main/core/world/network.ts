import { createConnection, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { Connected, Line, LineFault, LineTarget, Network } from './world.ts';

interface Failure {
  readonly fault: LineFault;
  readonly detail: string;
}

/** The real network. TLS lines speak TLS 1.3 or nothing: pinned CA, our client certificate, the server's name checked. */
export function openNetwork(): Network {
  return { connect };
}

function connect(target: LineTarget, timeoutMs: number): Promise<Connected> {
  const opened = open(target);
  if ('fault' in opened) return Promise.resolve({ ok: false, ...opened });
  const socket = opened;
  return new Promise((resolve) => {
    const timer = setTimeout(
      () => fail({ fault: 'timed-out', detail: `no connection within ${timeoutMs} ms` }),
      timeoutMs,
    );
    const fail = (failure: Failure): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ ok: false, ...failure });
    };
    const onError = (error: Error): void => fail(failureOf(error, socket));
    const onClose = (): void => fail({ fault: 'closed', detail: 'closed before the connection stood' });
    // A late error must find a listener even when nobody waits for it any more.
    socket.on('error', onError);
    socket.once('close', onClose);
    socket.once(target.tls ? 'secureConnect' : 'connect', () => {
      clearTimeout(timer);
      socket.off('error', onError);
      socket.off('close', onClose);
      resolve({ ok: true, line: new SocketLine(socket) });
    });
  });
}

function open({ host, port, tls }: LineTarget): Socket | Failure {
  if (!tls) return tuned(createConnection({ host, port }));
  try {
    const { ca, cert, key, serverName } = tls;
    const versions = { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3' } as const;
    return tuned(
      connectTls({ host, port, ca, cert, key, servername: serverName, rejectUnauthorized: true, ...versions }),
    );
  } catch (error) {
    return { fault: 'client-refused', detail: `certificate or key cannot be used: ${textOf(error)}` };
  }
}

function tuned(socket: Socket): Socket {
  return socket.setNoDelay(true).setKeepAlive(true, 30_000);
}

class SocketLine implements Line {
  readonly #socket: Socket;
  #error: Error | undefined;
  #closed: Failure | undefined;
  #listener: ((fault: LineFault, detail: string) => void) | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', (error) => {
      this.#error = error;
    });
    socket.once('end', () => socket.destroy());
    socket.once('close', () => this.#end());
    if (socket.closed) this.#end();
  }

  send(bytes: Uint8Array): boolean {
    if (this.#closed || this.#socket.destroyed || !this.#socket.writable) return false;
    this.#socket.write(bytes);
    return true;
  }

  onBytes(listener: (bytes: Uint8Array) => void): void {
    this.#socket.on('data', listener);
  }

  onClose(listener: (fault: LineFault, detail: string) => void): void {
    this.#listener = listener;
    const closed = this.#closed;
    if (closed) queueMicrotask(() => listener(closed.fault, closed.detail));
  }

  close(): void {
    this.#socket.destroy();
  }

  #end(): void {
    if (this.#closed) return;
    this.#closed = this.#error
      ? failureOf(this.#error, this.#socket)
      : { fault: 'closed', detail: 'the line was closed' };
    this.#listener?.(this.#closed.fault, this.#closed.detail);
  }
}

/** Codes of the operating system that say where it failed. Whatever else breaks a connection is `closed`. */
const FAULTS: Readonly<Record<string, LineFault>> = {
  ECONNREFUSED: 'refused',
  ETIMEDOUT: 'timed-out',
  EHOSTUNREACH: 'unreachable',
  EHOSTDOWN: 'unreachable',
  ENETUNREACH: 'unreachable',
  ENETDOWN: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  ENOTFOUND: 'unreachable',
  EAI_AGAIN: 'unreachable',
};

/** Alerts by which a server refuses our certificate (RFC 8446 clause 6.2), in OpenSSL's and in BoringSSL's spelling. */
const REFUSED_CLIENT = /alert.*(?:certificate|unknown.ca|access.denied|decrypt.error)|CERTIFICATE_REQUIRED/i;

/** What a socket's error means for the line. */
export function failureOf(error: Error & { readonly code?: string }, socket: Socket): Failure {
  const code = error.code ?? '';
  const detail = detailOf(code, error.message);
  const known = FAULTS[code];
  if (known) return { fault: known, detail };
  if (authorizationFailed(socket)) return { fault: 'untrusted-host', detail };
  if (REFUSED_CLIENT.test(`${code} ${error.message}`)) return { fault: 'client-refused', detail };
  return { fault: /^(?:ERR_SSL|ERR_TLS|EPROTO)/.test(code) ? 'untrusted-host' : 'closed', detail };
}

/** One short line: OpenSSL's own texts are addresses and file names, its codes say the same. */
function detailOf(code: string, message: string): string {
  if (code.startsWith('ERR_SSL')) return code;
  const [first = ''] = message.split(/[;\n]/);
  return code && !first.includes(code) ? `${code}: ${first}` : first || code;
}

function authorizationFailed(socket: Socket): boolean {
  const { authorizationError } = socket as Partial<TLSSocket>;
  return authorizationError !== undefined && authorizationError !== null;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
