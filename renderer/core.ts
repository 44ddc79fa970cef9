import { createORPCClient, isDefinedError, ORPCError } from '@orpc/client';
import { RPCLink } from '@orpc/client/message-port';
import type { ContractRouterClient } from '@orpc/contract';
import type { RefusalCode } from '../contract/refusal.ts';
import type { Terminal } from '../contract/terminal.ts';

export type TerminalClient = ContractRouterClient<Terminal>;

/** `load` counts the ports this page was handed: above 1 the core was restarted meanwhile. */
export type Connection =
  | { readonly status: 'waiting' }
  | { readonly status: 'open'; readonly client: TerminalClient; readonly load: number }
  /** The core does not answer; it goes on, or is started again. */
  | { readonly status: 'silent'; readonly load: number }
  | { readonly status: 'lost'; readonly load: number };

/** The page's one connection to the core. */
export interface Core {
  readonly connection: () => Connection;
  readonly subscribe: (listener: () => void) => () => void;
}

function isPortMessage(data: unknown): data is { readonly port: string } {
  return typeof data === 'object' && data !== null && 'port' in data && typeof data.port === 'string';
}

function isCoreMessage(data: unknown): data is { readonly core: unknown } {
  return typeof data === 'object' && data !== null && 'core' in data;
}

/**
 * Waits for the port that the preload posts to its own page, and takes a later one in its place: the core was restarted.
 * Messages of any other source or origin are not looked at.
 */
export function connect(page: Window): Core {
  let connection: Connection = { status: 'waiting' };
  let current: MessagePort | undefined;
  let asked: TerminalClient | undefined;
  let load = 0;
  const listeners = new Set<() => void>();
  const become = (next: Connection) => {
    connection = next;
    for (const listener of listeners) listener();
  };
  const heard = (state: unknown) => {
    if (asked === undefined) return;
    if (state === 'silent') become({ status: 'silent', load });
    if (state === 'answers') become({ status: 'open', client: asked, load });
  };
  page.addEventListener('message', (event: MessageEvent<unknown>) => {
    const port = event.ports[0];
    if (event.source !== page || event.origin !== page.location.origin) return;
    if (isCoreMessage(event.data)) return heard(event.data.core);
    if (!isPortMessage(event.data) || !port) return;
    current?.close();
    current = port;
    load += 1;
    port.addEventListener('close', () => {
      if (current !== port) return;
      asked = undefined;
      become({ status: 'lost', load });
    });
    const client: TerminalClient = createORPCClient(new RPCLink({ port }));
    port.start();
    asked = client;
    become({ status: 'open', client, load });
  });
  return {
    connection: () => connection,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Why the core did not do what was asked: words under `refusal.<code>`. */
export interface Refused {
  readonly code: RefusalCode | 'no-connection' | 'other';
  readonly waitMs?: number;
}

interface RefusalError {
  readonly code: RefusalCode;
  readonly waitMs?: number | undefined;
}

function isRefusal(data: unknown): data is RefusalError {
  return typeof data === 'object' && data !== null && 'code' in data && typeof data.code === 'string';
}

/** Reads a failed call: a typed refusal, an input the contract does not allow, or a connection that went away. */
export function refusalOf(error: unknown): Refused {
  if (!(error instanceof ORPCError)) return { code: 'no-connection' };
  if (isDefinedError(error) && error.code === 'REFUSED' && isRefusal(error.data)) {
    const { code, waitMs } = error.data;
    return waitMs === undefined ? { code } : { code, waitMs };
  }
  return { code: error.code === 'BAD_REQUEST' ? 'input-invalid' : 'other' };
}

/** What a stream last said. `live` is false while it is cut: what is shown may be old, and nothing may be asked. */
export interface Fed<T> {
  readonly value: T | undefined;
  readonly live: boolean;
}

export interface Feed<T> {
  readonly read: () => Fed<T>;
  readonly subscribe: (listener: () => void) => () => void;
}

type Open<T> = (client: TerminalClient, signal: AbortSignal) => Promise<AsyncIterable<T>>;
const AGAIN_MS = 500;

/** A stream of the core as something a component can read; opened with the first reader, opened again by itself. */
export function feed<T>(core: Core, open: Open<T>): Feed<T> {
  let fed: Fed<T> = { value: undefined, live: false };
  let stop: AbortController | undefined;
  let opened = 0;
  const listeners = new Set<() => void>();
  const become = (next: Fed<T>) => {
    fed = next;
    for (const listener of listeners) listener();
  };
  const run = async (client: TerminalClient, abort: AbortController) => {
    while (!abort.signal.aborted) {
      try {
        for await (const value of await open(client, abort.signal)) {
          if (abort.signal.aborted) return;
          become({ value, live: true });
        }
      } catch {
        // A cut stream is shown as not live below, and opened again.
      }
      if (abort.signal.aborted) return;
      become({ value: fed.value, live: false });
      await new Promise((resume) => setTimeout(resume, AGAIN_MS));
    }
  };
  const follow = () => {
    const connection = core.connection();
    if (connection.status === 'open' && connection.load === opened) return;
    stop?.abort();
    stop = undefined;
    if (connection.status !== 'open') {
      opened = 0;
      become({ value: fed.value, live: false });
      return;
    }
    opened = connection.load;
    stop = new AbortController();
    void run(connection.client, stop);
  };
  let unfollow: (() => void) | undefined;
  return {
    read: () => fed,
    subscribe: (listener) => {
      listeners.add(listener);
      if (listeners.size === 1) {
        unfollow = core.subscribe(follow);
        follow();
      }
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        unfollow?.();
        stop?.abort();
        stop = undefined;
        opened = 0;
        fed = { value: fed.value, live: false };
      };
    },
  };
}
