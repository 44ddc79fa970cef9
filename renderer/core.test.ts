import { RPCHandler } from '@orpc/server/message-port';
import { afterEach, expect, test, vi } from 'vitest';
import { type Core, connect, feed, refusalOf } from './core.ts';
import { standRouter } from './stand/router.ts';
import { counterView, customerView } from './stand/scenes.ts';

type Listener = (event: MessageEvent<unknown>) => void;

/** A page as far as `connect` sees one. */
function page() {
  const listeners: Listener[] = [];
  const self = {
    location: { origin: 'app://terminal' },
    addEventListener: (_type: string, listener: Listener) => listeners.push(listener),
  };
  const post = (some: Partial<{ data: unknown; origin: string; source: unknown; ports: readonly MessagePort[] }>) => {
    const event = { data: { port: 'core' }, origin: 'app://terminal', source: self, ports: [], ...some };
    for (const listener of listeners) listener(event as unknown as MessageEvent<unknown>);
  };
  return { self: self as unknown as Window, post };
}

const options = new URLSearchParams('lang=en');
const open: MessagePort[] = [];

/** A core behind a port. */
function corePort(scene: string): MessagePort {
  const { port1, port2 } = new MessageChannel();
  new RPCHandler(standRouter({ counter: counterView(scene, options), customer: customerView(scene, options) })).upgrade(
    port1,
    { context: {} },
  );
  port1.start();
  open.push(port1, port2);
  return port2;
}

afterEach(() => {
  for (const port of open.splice(0)) port.close();
});

function watch(core: Core) {
  const stream = feed(core, (client, signal) => client.counter.watch({}, { signal }));
  const stop = stream.subscribe(() => undefined);
  return { stream, stop };
}

test('takes a port from its own page only', () => {
  const { self, post } = page();
  const core = connect(self);
  const port = corePort('ready');
  post({ origin: 'https://elsewhere.example', ports: [port] });
  post({ source: {}, ports: [port] });
  post({ data: 'port', ports: [port] });
  post({ ports: [] });
  expect(core.connection()).toEqual({ status: 'waiting' });
  post({ ports: [port] });
  expect(core.connection()).toMatchObject({ status: 'open', load: 1 });
});

test('a stream goes on over a new port after the core was lost', async () => {
  const { self, post } = page();
  const core = connect(self);
  const { stream, stop } = watch(core);
  expect(stream.read()).toEqual({ value: undefined, live: false });
  post({ ports: [corePort('ready')] });
  await vi.waitFor(() => expect(stream.read()).toMatchObject({ live: true, value: { now: { phase: 'idle' } } }));
  open[0]?.close();
  await vi.waitFor(() => expect(core.connection()).toEqual({ status: 'lost', load: 1 }));
  expect(stream.read()).toMatchObject({ live: false, value: { now: { phase: 'idle' } } });
  post({ ports: [corePort('approved')] });
  await vi.waitFor(() => expect(stream.read()).toMatchObject({ live: true, value: { now: { phase: 'result' } } }));
  expect(core.connection()).toMatchObject({ status: 'open', load: 2 });
  stop();
  expect(stream.read().live).toBe(false);
});

test('while the core is silent nothing can be asked; once it answers the stream goes on over the same port', async () => {
  const { self, post } = page();
  const core = connect(self);
  post({ data: { core: 'silent' } });
  expect(core.connection()).toEqual({ status: 'waiting' });
  const { stream, stop } = watch(core);
  post({ ports: [corePort('ready')] });
  await vi.waitFor(() => expect(stream.read().live).toBe(true));
  post({ data: { core: 'silent' }, origin: 'https://elsewhere.example' });
  post({ data: { core: 'something' } });
  expect(core.connection()).toMatchObject({ status: 'open' });
  post({ data: { core: 'silent' } });
  expect(core.connection()).toEqual({ status: 'silent', load: 1 });
  expect(stream.read()).toMatchObject({ live: false, value: { now: { phase: 'idle' } } });
  post({ data: { core: 'answers' } });
  expect(core.connection()).toMatchObject({ status: 'open', load: 1 });
  await vi.waitFor(() => expect(stream.read().live).toBe(true));
  stop();
});

test('a refusal keeps its code over the port; a cut call says that nobody knows', async () => {
  const { self, post } = page();
  const core = connect(self);
  post({ ports: [corePort('signin')] });
  const connection = core.connection();
  if (connection.status !== 'open') throw new Error('not open');
  const wrong = await connection.client.session.signIn({ person: 'owner', pin: '000000' }).catch(refusalOf);
  expect(wrong).toEqual({ code: 'wrong-pin' });
  const bad = await connection.client.session.signIn({ person: 'owner', pin: '12' }).catch(refusalOf);
  expect(bad).toEqual({ code: 'input-invalid' });
  const cut = connection.client.payments.list({ limit: 1 }).catch(refusalOf);
  open[0]?.close();
  expect(await cut).toEqual({ code: 'no-connection' });
});
