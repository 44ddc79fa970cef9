import { createHash, createHmac, generateKeyPairSync, hkdfSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer as createHttps, type Server } from 'node:https';
import { type AddressInfo, createServer as createTcp } from 'node:net';
import { createServer as createTls } from 'node:tls';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { money } from '../../contract/money.ts';
import { frame } from '../../main/core/bank/frame.ts';
import { type AcquirerLink, alarmed, type BankRequest, type LinkFault } from '../../main/core/bank/link.ts';
import { openCmac } from '../../main/core/bank/mac.ts';
import { openLink } from '../../main/core/bank/open.ts';
import { readBundle } from '../../main/core/bank/parameters.ts';
import { AcquirerProfile, readProfile } from '../../main/core/bank/profile.ts';
import { type Authority, makeAuthority, type Pair } from '../../main/core/bank/test/certificates.ts';
import { type Host, isEcho, startHost } from '../../main/core/bank/test/host.ts';
import { profileContent, signProfile } from '../../main/core/bank/test/profile.ts';
import { openNetwork } from '../../main/core/world/network.ts';
import { realClock } from '../../main/core/world/real.ts';

/**
 * Every kind of bad input on the bank's line, a test each: what is not an answer leaves the payment unknown, never declined and
 * never approved; what may be meddling is counted and alarms; what is not the bank is not spoken to.
 */

const MASTER = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');

let authority: Authority;
let client: Pair;
let content: Record<string, unknown>;
let link: AcquirerLink;

beforeAll(async () => {
  authority = await makeAuthority('Bank CA');
  client = await authority.issue('T0000001', 'client');
  content = profileContent({ ca: authority.cert, client });
});

function profileOf(change: object): AcquirerProfile {
  const timers = { ...(content['timers'] as object), responseMs: 400, connectMs: 2000, reconnectMs: [20] };
  return AcquirerProfile.parse({ ...content, timers, ...change });
}

function open(change: object): void {
  const world = { clock: realClock(), network: openNetwork(), random: (length: number) => randomBytes(length) };
  link = openLink(world, profileOf(change), 'Asia/Shanghai');
  link.start();
}

const online = () => expect.poll(() => link.state.status, { timeout: 10_000 }).toBe('online');

let stan = 0;
function purchase(): BankRequest {
  stan += 1;
  const trace = { stan, rrn: String(stan).padStart(12, '0'), at: 1_795_294_500_000, batch: 1, attempt: 0 };
  const presented = { kind: 'code', scheme: 'alipay', code: '28763443825664394' } as const;
  return { type: 'purchase', trace, amount: money(1280, 'CNY'), presented };
}

describe('ISO 8583', () => {
  let host: Host;

  beforeEach(async () => {
    host = await startHost(authority, MASTER);
    open({ port: host.port });
    await online();
  });

  afterEach(async () => {
    await link.close();
    host.close();
  });

  const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex');

  test.each([
    ['a length of more than any message has', bytes('FFFF 0210'), /impossible length/],
    ['a message of no bytes', bytes('0000'), /length|unreadable/],
    ['an MTI that is no digits', frame(bytes('0A10 2000000000000000 000000')), /unreadable/],
    ['a bitmap with a field that is not declared', frame(bytes('0210 4000000000000000 00')), /DE 2|unreadable/],
    ['a field cut short', frame(bytes('0210 1000000000000000 0000')), /unreadable/],
    ['a variable field longer than it may be', frame(bytes('0210 0000000000000200 0999 31')), /unreadable/],
    ['letters in a field of digits', frame(bytes('0210 2000000000000000 00000A')), /unreadable/],
    ['a second bitmap that is announced and absent', frame(bytes('0210 A000000000000000 000000')), /unreadable/],
    ['bytes after the last field', frame(bytes('0210 2000000000000000 000000 00')), /unreadable/],
    ['text', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), /length|unreadable/],
  ])('%s: the connection is closed, the payment unknown', async (_name, garbage, detail) => {
    let told = '';
    link.onChange(() => {
      if (link.state.status === 'offline' && told === '') told = `${link.state.reason}: ${link.state.detail}`;
    });
    host.script = (turn) => turn.raw(garbage);
    expect(await link.exchange(purchase())).toMatchObject({ kind: 'no-answer' });
    expect(told).toMatch(/^protocol: /);
    expect(told).toMatch(detail);
    host.script = (turn) => turn.answer();
    await online();
    expect((await link.exchange(purchase())).kind).toBe('approved');
  });

  const stranger = openCmac(new Uint8Array(16).fill(9));
  test.each<[string, (turn: Parameters<Host['script']>[0]) => void, string]>([
    ['MAC', (turn) => turn.answer({}, { key: stranger }), 'MAC'],
    ['STAN', (turn) => turn.answer({ 11: '999999' }), 'answers nothing of ours'],
    ['RRN', (turn) => turn.answer({ 37: '999999999999' }), 'answers nothing of ours'],
    ['amount', (turn) => turn.answer({ 4: '000000001281' }), 'DE 4'],
    ['currency', (turn) => turn.answer({ 49: '840' }), 'DE 49'],
    ['terminal', (turn) => turn.answer({ 41: 'T0000002' }), 'DE 41'],
    ['merchant', (turn) => turn.answer({ 42: 'M00000000000002' }), 'DE 42'],
    ['MTI', (turn) => turn.answer({}, { mti: '0230' }), 'MTI'],
  ])('an answer with another %s: dropped and counted, an alarm at the third', async (_name, wrong, doubt) => {
    host.script = (turn) => (isEcho(turn.request) ? turn.answer() : wrong(turn));
    for (let n = 1; n <= 3; n++) {
      expect(await link.exchange(purchase())).toMatchObject({ kind: 'no-answer' });
      expect(link.counters).toMatchObject({ dropped: n, answered: 0, lastDropped: doubt });
      expect(alarmed(link.counters)).toBe(n === 3);
    }
  });

  test('an answer that comes twice: counted, and nothing more', async () => {
    host.script = (turn) => {
      turn.answer({ 38: 'ONE   ' });
      turn.answer({ 38: 'TWO   ' });
    };
    expect(await link.exchange(purchase())).toMatchObject({ kind: 'approved', authCode: 'ONE' });
    await expect.poll(() => link.counters.late).toBe(1);
    expect(alarmed(link.counters)).toBe(false);
  });

  test.each<[string, (turn: Parameters<Host['script']>[0]) => void]>([
    [
      'an answer cut short and the line closed',
      (turn) => {
        turn.raw(bytes('0040 0210'));
        turn.reset();
      },
    ],
    ['a reset after the request', (turn) => turn.reset()],
    ['a line that is open and dead', () => undefined],
  ])('%s: unknown', async (_name, trouble) => {
    host.script = trouble;
    expect(await link.exchange(purchase())).toMatchObject({ kind: 'no-answer' });
  });
});

describe('TLS', () => {
  afterEach(() => link.close());

  async function never(reason: LinkFault, change: object): Promise<void> {
    open(change);
    await expect.poll(() => link.state, { timeout: 10_000 }).toMatchObject({ status: 'offline', reason });
    expect(await link.exchange(purchase())).toMatchObject({ kind: 'not-sent' });
  }

  test.each(['iso8583', 'https'])('a host of another authority is not spoken to (%s)', async (speech) => {
    const stranger = await makeAuthority('Other CA');
    const host = await startHost(stranger, MASTER);
    await never('untrusted-host', { port: host.port, link: speech });
    expect([host.signOns, host.requests]).toEqual([0, []]);
    host.close();
  });

  test('nor one of another name', async () => {
    const host = await startHost(authority, MASTER, 'countertap', 'elsewhere.test');
    await never('untrusted-host', { port: host.port });
    expect(host.signOns).toBe(0);
    host.close();
  });

  test('nor one that speaks an older TLS only', async () => {
    const pair = await authority.issue('acquirer.test', 'server');
    const server = createTls({ ...pair, maxVersion: 'TLSv1.2' }).listen(0, '127.0.0.1');
    server.on('tlsClientError', () => undefined);
    await once(server, 'listening');
    open({ port: (server.address() as AddressInfo).port });
    await expect.poll(() => link.state.status, { timeout: 10_000 }).toBe('offline');
    expect(await link.exchange(purchase())).toMatchObject({ kind: 'not-sent' });
    server.close();
  });

  test('nothing is ever sent in the clear', async () => {
    const heard: Buffer[] = [];
    const server = createTcp((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => heard.push(chunk));
      socket.write('220 ready\r\n');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    open({ port: (server.address() as AddressInfo).port });
    await expect.poll(() => link.state.status, { timeout: 10_000 }).toBe('offline');
    expect(await link.exchange(purchase())).toMatchObject({ kind: 'not-sent' });
    expect(Buffer.concat(heard).includes('T0000001')).toBe(false);
    server.close();
  });
});

describe('HTTP', () => {
  let server: Server;
  /** The whole response to a payment, or what to do instead. */
  let respond: (signed: (status: number, body: string) => string, request: IncomingMessage) => string | undefined;

  const key = Buffer.from(hkdfSync('sha256', MASTER, '', 'countertap https host', 32));

  /** A response as the bank would sign it. */
  function signer(request: IncomingMessage): (status: number, body: string) => string {
    const own = (request.headers.authorization ?? '').split(' ').at(-1) ?? '';
    return (status, body) => {
      const sum = createHash('sha256').update(body).digest('hex');
      const signature = createHmac('sha256', key)
        .update([String(status), own, sum].join('\n'))
        .digest('hex');
      return plain(status, body, `Signature: ${signature}\r\n`);
    };
  }

  function plain(status: number, body: string, more = ''): string {
    return `HTTP/1.1 ${status} X\r\n${more}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
  }

  beforeEach(async () => {
    const pair = await authority.issue('acquirer.test', 'server');
    server = createHttps({ ...pair, ca: authority.cert, requestCert: true, rejectUnauthorized: true });
    server.on('request', (request) => {
      request.resume();
      request.on('end', () => {
        const signed = signer(request);
        const text = request.url === '/v1/echo' ? signed(200, '{}') : respond(signed, request);
        if (text !== undefined) request.socket.write(text, 'latin1');
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    open({ port: (server.address() as AddressInfo).port, link: 'https' });
    await online();
  });

  afterEach(async () => {
    await link.close();
    server.closeAllConnections();
    server.close();
  });

  const approval = () =>
    JSON.stringify({
      code: '00',
      terminal: 'T0000001',
      merchant: 'M00000000000001',
      stan,
      rrn: String(stan).padStart(12, '0'),
      batch: 1,
      currency: 'CNY',
      amount: 1280,
    });

  test('a right answer is believed, also in chunks', async () => {
    respond = (signed) => {
      const whole = signed(200, approval());
      const [head = '', body = ''] = whole.split('\r\n\r\n');
      const chunked = head.replace(/Content-Length: \d+/, 'Transfer-Encoding: chunked');
      return `${chunked}\r\n\r\n5\r\n${body.slice(0, 5)}\r\n${body.slice(5).length.toString(16)}\r\n${body.slice(5)}\r\n0\r\n\r\n`;
    };
    expect(await link.exchange(purchase())).toEqual({ kind: 'approved', code: '00' });
  });

  test.each<[string, typeof respond]>([
    ['a 500', () => plain(500, 'oops')],
    ['a 503', () => plain(503, '')],
    ['a 429', () => plain(429, 'slow down')],
    ['a 302', () => plain(302, '', 'Location: https://elsewhere.test/\r\n')],
    ['a 401', () => plain(401, '{}')],
    ['a 400 of the bank', (signed) => signed(400, '{"error": "request"}')],
    ['a page in HTML', () => plain(200, '<html>Please log in</html>', 'Content-Type: text/html\r\n')],
    ['a 200 with JSON that cannot be read', (signed) => signed(200, '{"code": "00"')],
    ['a 200 with other JSON', (signed) => signed(200, '[1, 2]')],
    ['a 200 without a code', (signed) => signed(200, approval().replace('"code":"00",', ''))],
    ['a 200 with a member that is not known', (signed) => signed(200, approval().replace('{', '{"more":1,'))],
    ['a 200 without a signature', () => plain(200, approval())],
    ['a 200 with a signature that is not right', () => plain(200, approval(), `Signature: ${'0'.repeat(64)}\r\n`)],
    ['another amount', (signed) => signed(200, approval().replace('1280', '1281'))],
    ['another STAN', (signed) => signed(200, approval().replace(`"stan":${stan}`, '"stan":999999'))],
    ['another RRN', (signed) => signed(200, approval().replace(/"rrn":"\d+"/, '"rrn":"999999999999"'))],
    ['another terminal', (signed) => signed(200, approval().replace('T0000001', 'T0000002'))],
    ['another merchant', (signed) => signed(200, approval().replace('M00000000000001', 'M00000000000002'))],
    ['another currency', (signed) => signed(200, approval().replace('CNY', 'USD'))],
    ['no HTTP', () => 'SSH-2.0-x\r\n\r\n'],
    [
      'two lengths',
      (signed) => signed(200, approval()).replace('Content-Length', 'Content-Length: 1\r\nContent-Length'),
    ],
    [
      'a length and chunks',
      (signed) => signed(200, approval()).replace('Content-Length', 'Transfer-Encoding: chunked\r\nContent-Length'),
    ],
    [
      'a body that never ends',
      (signed) => signed(200, approval()).replace(/Content-Length: \d+/, 'Content-Length: 5000'),
    ],
    ['a head that never ends', () => `HTTP/1.1 200 OK\r\n${'X: y\r\n'.repeat(5000)}`],
    ['a body of gigabytes', () => 'HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n'],
    ['silence', () => undefined],
    [
      'a reset',
      (_signed, request) => {
        request.socket.destroy();
        return undefined;
      },
    ],
  ])('%s: unknown, never declined', async (_name, answer) => {
    respond = answer;
    expect(await link.exchange(purchase())).toMatchObject({ kind: 'no-answer' });
    respond = (signed) => signed(200, approval());
    await online();
    await expect.poll(async () => (await link.exchange(purchase())).kind, { timeout: 10_000 }).toBe('approved');
  });

  test('the same key with another body: an alarm at once, unknown, and no new key', async () => {
    const keys: unknown[] = [];
    respond = (signed, request) => {
      keys.push(request.headers['idempotency-key']);
      return signed(409, '{"error": "body-differs"}');
    };
    const request = purchase();
    expect(await link.exchange(request)).toMatchObject({ kind: 'no-answer' });
    expect(link.counters).toMatchObject({ conflicts: 1 });
    expect(alarmed(link.counters)).toBe(true);
    await link.exchange({ ...request, trace: { ...request.trace, attempt: 1 } });
    expect(new Set(keys).size).toBe(1);
  });

  test('a repeat is byte for byte the same, under the same key', async () => {
    const bodies: string[] = [];
    server.removeAllListeners('request');
    server.on('request', (request) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        if (request.url !== '/v1/echo') bodies.push(`${request.headers['idempotency-key']} ${body}`);
        request.socket.write(request.url === '/v1/echo' ? signer(request)(200, '{}') : plain(503, ''));
      });
    });
    const request = purchase();
    for (let attempt = 0; attempt < 3; attempt++) {
      await online();
      await link.exchange({ ...request, trace: { ...request.trace, attempt } });
    }
    expect(bodies).toHaveLength(3);
    expect(new Set(bodies).size).toBe(1);
  });
});

describe('configuration', () => {
  const signing = generateKeyPairSync('ed25519').privateKey;
  const other = generateKeyPairSync('ed25519').privateKey;
  const file = (change: object = {}, key = signing) => signProfile({ ...content, ...change }, key);
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('utf8');
  const signer = () => {
    const read = readProfile(file());
    return read.ok ? read.signer : '';
  };

  test.each<[string, () => Uint8Array, string]>([
    ['that is no JSON', () => Buffer.from('version: 1'), 'profile-damaged'],
    ['without a signature', () => Buffer.from(JSON.stringify({ profile: content })), 'profile-unsigned'],
    ['with a bad signature', () => Buffer.from(text(file()).replace('Virtual Bank', 'Virtual Tank')), 'profile-forged'],
    ['of another signer', () => file({}, other), 'profile-foreign'],
    ['of an older version', () => file({ version: 4 }), 'profile-older'],
    ['with a member that is not known', () => file({ version: 5, more: true }), 'profile-invalid'],
    ['with a value out of range', () => file({ version: 5, port: 70_000 }), 'profile-invalid'],
  ])('a profile %s is refused', (_name, bytes, code) => {
    expect(readProfile(bytes(), { signer: signer(), version: 5 })).toMatchObject({ ok: false, code });
  });

  const parameters = (change: object = {}, key = signing): Uint8Array => {
    const signed = JSON.parse(text(signProfile({ version: 5, id: 'virtual-bank', ...change }, key))) as object;
    const { profile, ...rest } = signed as { readonly profile: object };
    return Buffer.from(JSON.stringify({ parameters: profile, ...rest }));
  };

  test.each<[string, () => Uint8Array, string]>([
    ['that are no JSON', () => Buffer.from('{'), 'parameters-damaged'],
    [
      'with a bad signature',
      () => Buffer.from(text(parameters()).replace('"version":5', '"version":6')),
      'parameters-forged',
    ],
    ['of another signer', () => parameters({}, other), 'parameters-foreign'],
    ['of an older version', () => parameters({ version: 4 }), 'parameters-older'],
    ['with a member that is not known', () => parameters({ host: 'elsewhere.test' }), 'parameters-invalid'],
    ['for another acquirer', () => parameters({ id: 'other-bank' }), 'parameters-invalid'],
    [
      'with a card number for a token',
      () => parameters({ blocked: { version: 5, tokens: ['6210948000000011'] } }),
      'parameters-invalid',
    ],
  ])('parameters %s are refused', (_name, bytes, code) => {
    const known = { signer: signer(), id: 'virtual-bank', least: 5 };
    expect(readBundle(parameters(), known)).toMatchObject({ ok: true });
    expect(readBundle(bytes(), known)).toMatchObject({ ok: false, code });
  });
});
