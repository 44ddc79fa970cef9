import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Authority, makeAuthority, type Pair } from '../bank/test/certificates.ts';
import { failureOf, openNetwork } from './network.ts';
import type { Connected, Line, LineFault, LineTarget } from './world.ts';

const network = openNetwork();
const closing: (() => void)[] = [];
let authority: Authority;
let stranger: Authority;
let server: Pair;
let client: Pair;

beforeAll(async () => {
  authority = await makeAuthority('Bank CA');
  stranger = await makeAuthority('Other CA');
  server = await authority.issue('acquirer.test', 'server');
  client = await authority.issue('T0000001', 'client');
});

afterEach(() => {
  for (const close of closing.splice(0)) close();
});

function listen(host: Server): Promise<number> {
  const sockets = new Set<Socket>();
  host.on('connection', (socket: Socket) => sockets.add(socket));
  closing.push(() => {
    host.close();
    for (const socket of sockets) socket.destroy();
  });
  return new Promise((resolve) => host.listen(0, '127.0.0.1', () => resolve((host.address() as AddressInfo).port)));
}

function tlsHost(options: TlsOptions, serve: (socket: Socket) => void): Promise<number> {
  const host = createTlsServer(
    { requestCert: true, ca: authority.cert, minVersion: 'TLSv1.3', ...options },
    (socket) => {
      socket.on('error', () => socket.destroy());
      serve(socket);
    },
  );
  return listen(host);
}

function target(port: number, tls: Partial<NonNullable<LineTarget['tls']>> = {}): LineTarget {
  return { host: '127.0.0.1', port, tls: { ca: authority.cert, ...client, serverName: 'acquirer.test', ...tls } };
}

async function lineTo(to: LineTarget): Promise<Line> {
  const connected = await network.connect(to, 2_000);
  if (!connected.ok) throw new Error(connected.detail);
  closing.push(() => connected.line.close());
  return connected.line;
}

const closed = (line: Line): Promise<LineFault> => new Promise((resolve) => line.onClose(resolve));
const fault = (connected: Connected): string => (connected.ok ? 'connected' : connected.fault);
const bytesOf = (line: Line): Promise<string> => {
  return new Promise((resolve) => line.onBytes((bytes) => resolve(Buffer.from(bytes).toString())));
};

describe('a line that stands', () => {
  test('carries bytes both ways over TLS 1.3 with our certificate', async () => {
    const port = await tlsHost({ ...server }, (socket) => {
      socket.pipe(socket);
    });
    const line = await lineTo(target(port));
    expect(line.send(Buffer.from('hello'))).toBe(true);
    expect(await bytesOf(line)).toBe('hello');
  });

  test('carries bytes without TLS where the target has none', async () => {
    const port = await listen(createServer((socket) => socket.pipe(socket)));
    const line = await lineTo({ host: '127.0.0.1', port });
    expect(line.send(Buffer.from('plain'))).toBe(true);
    expect(await bytesOf(line)).toBe('plain');
  });

  test('loses nothing that arrives before anybody listens', async () => {
    const port = await tlsHost({ ...server }, (socket) => socket.end('early'));
    const line = await lineTo(target(port));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await bytesOf(line)).toBe('early');
  });

  test('says that it was closed, and then takes no byte', async () => {
    const port = await tlsHost({ ...server }, (socket) => {
      socket.once('data', () => socket.end());
    });
    const line = await lineTo(target(port));
    line.onBytes(() => undefined);
    const ending = closed(line);
    expect(line.send(Buffer.from('x'))).toBe(true);
    expect(await ending).toBe('closed');
    expect(line.send(Buffer.from('x'))).toBe(false);
    expect(await closed(line)).toBe('closed');
  });

  test('says so when it is reset', async () => {
    const port = await listen(createServer((socket) => socket.once('data', () => socket.resetAndDestroy())));
    const line = await lineTo({ host: '127.0.0.1', port });
    line.onBytes(() => undefined);
    line.send(Buffer.from('x'));
    expect(await closed(line)).toBe('closed');
  });

  test('closed by us takes no byte', async () => {
    const port = await listen(createServer((socket) => socket.resume()));
    const line = await lineTo({ host: '127.0.0.1', port });
    line.close();
    expect(line.send(Buffer.from('x'))).toBe(false);
    expect(await closed(line)).toBe('closed');
  });
});

describe('no line', () => {
  test('where nobody listens: refused', async () => {
    const host = createServer();
    const port = await listen(host);
    await new Promise((resolve) => host.close(resolve));
    expect(fault(await network.connect(target(port), 2_000))).toBe('refused');
  });

  test('to a name that does not exist: unreachable', async () => {
    expect(fault(await network.connect({ host: 'nowhere.invalid', port: 1 }, 10_000))).toBe('unreachable');
  });

  test('to a host that says nothing: timed-out', async () => {
    const port = await listen(createServer((socket) => socket.resume()));
    expect(fault(await network.connect(target(port), 100))).toBe('timed-out');
  });

  test('to a host that hangs up in the handshake: closed', async () => {
    const port = await listen(createServer((socket) => socket.destroy()));
    expect(fault(await network.connect(target(port), 2_000))).toBe('closed');
  });

  test.each<[string, () => Promise<TlsOptions>]>([
    ['of another authority', () => stranger.issue('acquirer.test', 'server')],
    ['of another name', () => authority.issue('other.test', 'server')],
    ['that has run out', () => authority.issue('acquirer.test', 'server', -1)],
    ['of a client', () => authority.issue('acquirer.test', 'client')],
    ['over TLS 1.2', () => Promise.resolve({ ...server, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' })],
  ])('to a host with a certificate %s: untrusted-host', async (_name, options) => {
    let reached = false;
    const port = await tlsHost(await options(), (socket) => socket.once('data', () => (reached = true)));
    expect(fault(await network.connect(target(port), 2_000))).toBe('untrusted-host');
    expect(reached).toBe(false);
  });

  test('to a host without TLS: untrusted-host', async () => {
    const port = await listen(createServer((socket) => socket.end('220 hello\r\n')));
    expect(fault(await network.connect(target(port), 2_000))).toBe('untrusted-host');
  });

  test('with a certificate that cannot be read: client-refused, and nothing thrown', async () => {
    expect(fault(await network.connect(target(1, { cert: 'x' }), 2_000))).toBe('client-refused');
  });
});

describe('our certificate refused', () => {
  test('by the alert of a real OpenSSL server: client-refused', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'network-'));
    const files = { ca: stranger.cert, cert: server.cert, key: server.key };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
    const port = await freePort();
    const verify = ['-Verify', '1', '-verify_return_error', '-CAfile', join(dir, 'ca')];
    const own = ['-cert', join(dir, 'cert'), '-key', join(dir, 'key')];
    const openssl = spawn('openssl', ['s_server', '-accept', `127.0.0.1:${port}`, '-tls1_3', ...verify, ...own]);
    closing.push(() => {
      openssl.kill();
      rmSync(dir, { recursive: true });
    });
    await new Promise<void>((resolve) => {
      openssl.stdout.on('data', (bytes: Buffer) => {
        if (bytes.includes('ACCEPT')) resolve();
      });
    });
    const line = await lineTo(target(port));
    line.onBytes(() => undefined);
    expect(await closed(line)).toBe('client-refused');
  });

  // Codes and messages as OpenSSL (Node) and BoringSSL (Electron) give them for the alerts of RFC 8446 clause 6.2.
  test.each([
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'tlsv13 alert certificate required'],
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'tlsv1 alert unknown ca'],
    ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', 'sslv3 alert bad certificate'],
    ['ERR_SSL_TLSV1_ALERT_ACCESS_DENIED', 'tlsv1 alert access denied'],
    ['ERR_SSL_TLSV1_CERTIFICATE_REQUIRED', '10000000:error:TLSV1_CERTIFICATE_REQUIRED'],
    ['EPROTO', 'SSL routines:OPENSSL_internal:SSLV3_ALERT_CERTIFICATE_UNKNOWN'],
  ])('%s', (code, message) => {
    expect(failureOf(Object.assign(new Error(message), { code }), new Socket()).fault).toBe('client-refused');
  });
});

async function freePort(): Promise<number> {
  const probe = createServer();
  const port = await new Promise<number>((resolve) => {
    probe.listen(0, '127.0.0.1', () => resolve((probe.address() as AddressInfo).port));
  });
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
