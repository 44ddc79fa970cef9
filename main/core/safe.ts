import { implement, ORPCError } from '@orpc/server';
import { RPCHandler } from '@orpc/server/message-port';
import type { MessagePortMain } from 'electron';
import type { CounterView, CustomerView } from '../../contract/counter.ts';
import type { WindowName } from '../../contract/process.ts';
import { RefusalCode } from '../../contract/refusal.ts';
import { terminal } from '../../contract/terminal.ts';
import { Guard } from './guard.ts';

/** What the screens get of a terminal that cannot start: nothing is sold, and they say why. */
export function serveStopped(code: string): (window: WindowName, port: MessagePortMain) => void {
  const stopped = RefusalCode.safeParse(code).data ?? 'sales-stopped';
  const refuse = (): never => {
    throw new ORPCError('REFUSED', { status: 403, defined: true, data: { code: stopped } });
  };
  const safe = implement(terminal);
  const router = {
    counter: {
      watch: safe.counter.watch.handler(async function* ({ signal }) {
        yield stoppedView(stopped);
        await aborted(signal);
      }),
      customer: safe.counter.customer.handler(async function* ({ signal }) {
        yield closedView;
        await aborted(signal);
      }),
    },
    setup: { complete: safe.setup.complete.handler(refuse) },
    session: { signIn: safe.session.signIn.handler(refuse), language: safe.session.language.handler(() => ({})) },
  };
  const handler = new RPCHandler(router);
  return (_, port) => {
    handler.upgrade(new Guard(port, { monotonic: () => performance.now(), lock: () => undefined }).port);
    port.start();
  };
}

const closedView: CustomerView = { seq: 0, store: null, sale: null, show: { what: 'idle' } };

function stoppedView(stopped: string): CounterView {
  return {
    seq: 0,
    setup: 'done',
    store: null,
    session: null,
    line: { status: 'offline', reason: 'stopped', since: 0 },
    offline: null,
    now: { phase: 'idle' },
    sale: null,
    showsCodes: false,
    holds: false,
    recent: [],
    notices: [],
    stopped,
  };
}

function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (!signal || signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
