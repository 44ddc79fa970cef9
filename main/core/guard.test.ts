import { createORPCClient, ORPCError } from '@orpc/client';
import { RPCLink } from '@orpc/client/message-port';
import type { ContractRouterClient } from '@orpc/contract';
import fc from 'fast-check';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { money } from '../../contract/money.ts';
import type { WindowName } from '../../contract/process.ts';
import type { Terminal as Contract } from '../../contract/terminal.ts';
import { openKeyboardScanner } from '../../drivers/scanner/keyboard.ts';
import { LONGEST_MESSAGE, type PagePort } from './guard.ts';
import { Server } from './serve.ts';
import { openModelBank } from './test/bank.ts';
import { openManualClock, settled } from './test/clock.ts';
import { openMemoryStorage } from './test/storage.ts';
import { makeProfile, newKey, openTill, type Surroundings, type Till } from './test/till.ts';

/** What a page that is not ours any more may send, and what comes of it. */

const PINS = { cashier: '135790', owner: '246801', technician: '975310' };
let signed: Surroundings['signed'];
let around: Surroundings;
let till: Till;
let server: Server;
let ports: { close: () => void }[];

beforeAll(async () => {
  signed = await makeProfile();
});

beforeEach(() => {
  around = { clock: openManualClock(), storage: openMemoryStorage(), bank: openModelBank(), signed };
  till = openTill(around);
  const devices = { ...till.core.world.devices, keyboard: openKeyboardScanner(), virtual: undefined };
  server = new Server({ core: till.core, devices: { ...devices, close: async () => undefined } }, {});
  ports = [];
});

afterEach(async () => {
  for (const port of ports) port.close();
  await server.close();
  till.kill();
});

/** The window's page: its client, and the bare port for whatever else it may send. */
function page(window: WindowName = 'main') {
  const { port1, port2 } = new MessageChannel();
  const core: PagePort = {
    on: (event: string, run: (event: { data: unknown }) => void) => {
      port1.addEventListener(event, (message) => run({ data: 'data' in message ? message.data : undefined }));
    },
    postMessage: (data) => port1.postMessage(data),
  };
  server.accept(
    window,
    core,
    () => port1.start(),
    () => port1.close(),
  );
  port2.start();
  ports.push(port1, port2);
  const client: ContractRouterClient<Contract> = createORPCClient(new RPCLink({ port: port2 }));
  return { client, port: port2 };
}

/** The next message that comes to the page. */
function nextOn(port: ReturnType<typeof page>['port']): Promise<string> {
  return new Promise((resolve) => {
    const take = (message: Event): void => resolve('data' in message ? String(message.data) : '');
    port.addEventListener('message', take, { once: true });
  });
}

/** Lets what was posted arrive, and all that follows from it. */
async function delivered(): Promise<void> {
  for (let turn = 0; turn < 4; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  await settled();
}

async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'done';
  } catch (error) {
    if (!(error instanceof ORPCError)) throw error;
    return error.code === 'REFUSED' ? error.data.code : error.code;
  }
}

async function signedIn(person: 'cashier' | 'owner' = 'cashier') {
  const own = page();
  await own.client.setup.complete({ storeName: 'S', terminal: '01', dayCut: '04:00', language: 'en', pins: PINS });
  await own.client.session.signIn({ person, pin: PINS[person] });
  return own;
}

function payments(): number {
  return till.core.payments.recent(100).length;
}

/** One call, whatever its form. */
function raw(path: string, input: string): string {
  return `{"i":"77","p":{"u":"${path}","b":{"json":${input}}}}`;
}

test.each([
  ['a float', '{"key":"0190a5b0-7c5d-7f11-8e60-93d5d1f0a001","amount":{"minor":12.5,"currency":"CNY"}}'],
  ['a negative amount', '{"key":"0190a5b0-7c5d-7f11-8e60-93d5d1f0a001","amount":{"minor":-1,"currency":"CNY"}}'],
  ['NaN', '{"key":"0190a5b0-7c5d-7f11-8e60-93d5d1f0a001","amount":{"minor":null,"currency":"CNY"}}'],
  ['above 2^53', '{"key":"0190a5b0-7c5d-7f11-8e60-93d5d1f0a001","amount":{"minor":9007199254740993,"currency":"CNY"}}'],
  [
    'an extra field',
    '{"key":"0190a5b0-7c5d-7f11-8e60-93d5d1f0a001","amount":{"minor":1,"currency":"CNY"},"role":"owner"}',
  ],
  [
    '__proto__',
    '{"key":"0190a5b0-7c5d-7f11-8e60-93d5d1f0a001","amount":{"minor":1,"currency":"CNY"},"__proto__":{"x":1}}',
  ],
  ['nothing', 'null'],
])('a charge with %s is refused for its form and opens nothing', async (_, input) => {
  const { port } = await signedIn();
  const answer = nextOn(port);
  port.postMessage(raw('/sale/charge', input));
  expect(JSON.parse(await answer)).toMatchObject({ p: { s: 400, b: { json: { code: 'BAD_REQUEST' } } } });
  expect(payments()).toBe(0);
  expect(Object.hasOwn(Object.prototype, 'x')).toBe(false);
});

test('a call that is not in the contract is not found', async () => {
  const { port } = await signedIn();
  const answer = nextOn(port);
  port.postMessage(raw('/book/commit', '{}'));
  expect(JSON.parse(await answer)).toMatchObject({ p: { s: 404 } });
});

test('a message of five megabytes is answered with its refusal and read by nobody', async () => {
  const { client } = await signedIn();
  expect(await codeOf(client.sale.scanned({ text: 'x'.repeat(5 << 20) }))).toBe('message-too-long');
  expect(await codeOf(client.payments.list({ limit: 1 }))).toBe('done');
});

test('twenty messages without sense in a minute sign the person out, and the record says so', async () => {
  const { client, port } = await signedIn();
  for (let n = 0; n < 19; n += 1) port.postMessage('nonsense');
  await delivered();
  expect(await codeOf(client.payments.list({ limit: 1 }))).toBe('done');
  port.postMessage(new Uint8Array(8));
  await delivered();
  expect(await codeOf(client.payments.list({ limit: 1 }))).toBe('not-signed-in');
  const [last] = till.core.book.db
    .prepare<[], { body: string }>("SELECT body FROM entry WHERE kind = 'session' ORDER BY seq DESC LIMIT 1")
    .all();
  expect(last?.body).toContain('locked-misuse');
});

test('nineteen in one minute and one in the next are forgiven', async () => {
  const { client, port } = await signedIn();
  for (let n = 0; n < 19; n += 1) port.postMessage('nonsense');
  await delivered();
  await around.clock.advance(61_000);
  port.postMessage('nonsense');
  await delivered();
  expect(await codeOf(client.payments.list({ limit: 1 }))).toBe('done');
});

test('a page that is loaded anew has nobody signed in, the old one reaches nothing, and the payment goes on', async () => {
  const old = await signedIn();
  const charged = await old.client.sale.charge({ key: newKey(), amount: money(700, 'CNY') });
  const anew = page();
  expect(await codeOf(anew.client.payments.list({ limit: 1 }))).toBe('not-signed-in');
  old.port.postMessage(raw('/payments/list', '{"limit":1}'));
  await delivered();
  expect(till.core.payments.get(charged.id).state).toBe('opened');
  expect(till.core.counter.waiting).toBe(charged.id);
  await anew.client.session.signIn({ person: 'cashier', pin: PINS.cashier });
  expect(await codeOf(anew.client.payments.list({ limit: 1 }))).toBe('done');
});

test('a flood is turned away, and the other window sells meanwhile', async () => {
  const flooding = page('customer');
  const { client } = await signedIn();
  const flood = Array.from({ length: 5_000 }, () => codeOf(flooding.client.session.signOut({})));
  const sold = await client.sale.cash({ key: newKey(), amount: money(1_280, 'CNY') });
  expect(sold.state).toBe('approved');
  const answers = new Set(await Promise.all(flood));
  expect(answers.has('too-many-requests')).toBe(true);
  expect(answers.has('done')).toBe(false);
});

test('more sales in ten seconds than hands can make are refused, and later ones are taken', async () => {
  const { client } = await signedIn();
  const codes: string[] = [];
  for (let n = 0; n < 22; n += 1)
    codes.push(await codeOf(client.sale.cash({ key: newKey(), amount: money(1, 'CNY') })));
  expect(codes.filter((code) => code === 'too-many-requests')).toHaveLength(2);
  await around.clock.advance(10_001);
  expect(await codeOf(client.sale.cash({ key: newKey(), amount: money(1, 'CNY') }))).toBe('done');
});

test('what is refused while an answer comes in pieces is a refusal with its code, no fault of the program', async () => {
  const { client } = await signedIn('owner');
  const exported = async (): Promise<void> => {
    for await (const _ of await client.reconciliation.export({ statement: 99, as: 'csv' })) break;
  };
  expect(await codeOf(exported())).toBe('statement-not-found');
  till.link.setLine(false);
  const closing = async (): Promise<void> => {
    for await (const _ of await client.day.close({ key: newKey() })) break;
  };
  expect(await codeOf(closing())).toBe('bank-offline');
  expect(till.fatal).toEqual([]);
});

test('a call that stumbles over a store that has failed is told that, and not of a fault of the program', async () => {
  const { client } = await signedIn('owner');
  till.core.book.commit = () => {
    throw new Error('an earlier commit failed; the book must be opened again');
  };
  till.core.fatal(new Error('SQLITE_IOERR'));
  expect(await codeOf(client.drawer.kick({}))).toBe('store-failed');
});

test('streams end and make room: a page may watch again and again', async () => {
  const { client } = await signedIn();
  for (let n = 0; n < 70; n += 1) {
    const stop = new AbortController();
    const stream = await client.counter.watch({}, { signal: stop.signal });
    await stream.next();
    stop.abort();
    await delivered();
    if (n % 35 === 34) await around.clock.advance(1_001);
  }
  expect(await codeOf(client.payments.list({ limit: 1 }))).toBe('done');
});

test('whatever is posted, nothing is thrown, nothing is sold, and the terminal goes on', async () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => {
    unhandled.push(error);
  };
  process.on('unhandledRejection', note);
  const frame = fc.oneof(
    fc.string(),
    fc.json(),
    fc.string({ maxLength: LONGEST_MESSAGE }).map((text) => raw('/sale/charge', JSON.stringify(text))),
    fc.record({ i: fc.anything(), t: fc.anything(), p: fc.anything() }).map((value) => safeJson(value)),
    fc.tuple(fc.webPath(), fc.json()).map(([path, input]) => raw(path, input)),
    fc
      .record({ json: fc.anything(), meta: fc.anything(), maps: fc.anything() })
      .map((body) => `{"i":"9","p":{"u":"/sale/cash","b":${safeJson(body)}}}`),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(frame, { minLength: 1, maxLength: 40 }), async (messages) => {
      const { port } = page();
      for (const message of messages) port.postMessage(message);
      await delivered();
    }),
    { numRuns: 120 },
  );
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
  expect(till.fatal).toEqual([]);
  expect(payments()).toBe(0);
  expect(await codeOf((await signedIn()).client.payments.list({ limit: 1 }))).toBe('done');
});

function safeJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'null';
  } catch {
    return '{}';
  }
}
