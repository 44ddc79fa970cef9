import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';

const Ready = z.strictObject({
  ready: z.literal(true),
  profile: z.string(),
  virtual: z.string(),
  printer: z.string(),
  acquirer: z.string(),
});

let dir: string;
let counter: ChildProcessByStdio<Writable, Readable, null>;
let ready: z.infer<typeof Ready>;

async function start(): Promise<void> {
  counter = spawn(process.execPath, [join(import.meta.dirname, 'counter.ts'), '--dir', dir], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface({ input: counter.stdout }), 'line');
  ready = Ready.parse(JSON.parse(line));
}

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'counter-'));
  await start();
});

afterEach(async () => {
  if (counter.exitCode === null && counter.signalCode === null) {
    counter.kill('SIGKILL');
    await once(counter, 'exit');
  }
  rmSync(dir, { recursive: true, force: true });
});

function door(text: string): { readonly host: string; readonly port: number } {
  return { host: '127.0.0.1', port: Number(text.split(':')[1]) };
}

async function ask(input: object): Promise<Record<string, unknown>> {
  const socket = connect(door(ready.virtual));
  socket.write(`${JSON.stringify({ id: 1, ...input })}\n`);
  const [line] = await once(createInterface({ input: socket }), 'line');
  socket.destroy();
  return JSON.parse(line);
}

test('one command brings bank, cards and printer, and says where they are', async () => {
  const { profile } = JSON.parse(readFileSync(ready.profile, 'utf8'));
  expect(profile.port).toBe(door(ready.acquirer).port);
  const rids = profile.cards.caKeys.map((key: { rid: string }) => key.rid);
  expect(new Set(rids)).toEqual(new Set(['A000000003', 'A000000333', 'A000000004']));
  expect(profile.closedLoop).toMatchObject({ aid: 'F043545057414C01', issuers: [{ alg: 'EdDSA' }, { alg: 'ES256' }] });
  expect(await ask({ do: 'status' })).toEqual({
    id: 1,
    ok: true,
    line: true,
    bank: true,
    printer: 'none',
    ports: { acquirer: profile.port, printer: door(ready.printer).port },
  });
  expect(await ask({ do: 'cards' })).toMatchObject({ ok: true, cards: expect.arrayContaining([expect.anything()]) });
  expect(await ask({ do: 'tap', card: 'unionpay-ok', reader: 'nowhere' })).toMatchObject({ ok: false });
});

test('a card is put into the field of a reader', async () => {
  const reader = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.write(Buffer.from('0001010014' + '00A404000E325041592E5359532E444446303100', 'hex'));
    socket.once('data', () => socket.destroy());
  });
  reader.listen(0, '127.0.0.1');
  await once(reader, 'listening');
  const where = reader.address();
  const port = typeof where === 'object' ? where?.port : 0;
  const answer = await ask({ do: 'tap', card: 'unionpay-ok', reader: `127.0.0.1:${port}` });
  expect(answer).toMatchObject({ ok: true, exchanges: expect.any(Number) });
  reader.close();
});

test('what is printed can be read, and the printer can be in trouble', async () => {
  const socket = connect(door(ready.printer));
  socket.end(Buffer.from(`1B40${Buffer.from('THANK YOU\n').toString('hex')}1B700019FA1D564200`, 'hex'));
  await expect.poll(async () => ((await ask({ do: 'paper' }))['receipts'] as unknown[]).length).toBe(1);
  const paper = await ask({ do: 'paper', since: 0 });
  expect(paper).toMatchObject({ receipts: [{ n: 1, text: expect.stringContaining('THANK YOU') }] });
  const [receipt] = paper['receipts'] as { png: string }[];
  expect(existsSync(receipt?.png ?? '')).toBe(true);
  expect(await ask({ do: 'paper', since: 1 })).toMatchObject({ receipts: [] });
  expect(await ask({ do: 'drawer' })).toMatchObject({ opened: 1 });
  expect(await ask({ do: 'printer', trouble: 'paper-end' })).toMatchObject({ ok: true });
  expect(await ask({ do: 'status' })).toMatchObject({ printer: 'paper-end' });
});

test('it ends with SIGTERM, and the next start has the same ports and keys', async () => {
  const before = ready;
  const profile = readFileSync(ready.profile, 'utf8');
  counter.kill('SIGTERM');
  expect(await once(counter, 'exit')).toEqual([0, null]);
  await start();
  expect({ ...ready, virtual: '' }).toEqual({ ...before, virtual: '' });
  expect(readFileSync(ready.profile, 'utf8')).toBe(profile);
});

test('it ends when its stdin does', async () => {
  counter.stdin.end();
  expect(await once(counter, 'exit')).toEqual([0, null]);
});
