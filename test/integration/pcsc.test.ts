import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { money } from '../../contract/money.ts';
import { type Daemon, daemonMissing, openDaemon } from '../../drivers/nfc/daemon.ts';
import { openPcscReaders } from '../../drivers/nfc/pcsc.ts';
import type { Card, CardReaders } from '../../drivers/nfc/reader.ts';
import { insert, testCard } from '../../drivers/nfc/scripted.ts';
import { CaKey, type CardConfig, CardLimits, CardRules } from '../../main/core/kernel/config.ts';
import { readCard } from '../../main/core/kernel/kernel.ts';
import { readTag } from '../../main/core/kernel/ndef/tag.ts';
import type { CardOutcome } from '../../main/core/kernel/outcome.ts';
import { ClosedLoop } from '../../main/core/kernel/token/config.ts';
import { askWallet } from '../../main/core/kernel/token/read.ts';
import { openVault } from '../../main/core/kernel/vault.ts';
import { type Deck, openDeck } from '../../simulators/card/deck.ts';

const missing = daemonMissing();
if (missing) process.stderr.write(`SKIPPED: cards on a real PC/SC service were not read, since ${missing}.\n`);

const READER = 'Virtual PCD 00 00';
const { x, y } = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });
const jwk = { kty: 'EC', crv: 'P-256', x: x ?? '', y: y ?? '' } as const;
const vault = openVault({ kid: 'test', jwk }, new Uint8Array(32).fill(1));
const clock = { monotonic: () => performance.now() };

describe.skipIf(missing)(`cards on a real PC/SC service${missing ? ` (not tried: ${missing})` : ''}`, () => {
  const dir = mkdtempSync(join(tmpdir(), 'pcsc-'));
  let daemon: Daemon;
  let readers: CardReaders;
  let deck: Deck;
  let config: CardConfig;

  beforeAll(async () => {
    deck = await openDeck({ dir });
    config = {
      cards: CardRules.parse({
        country: '156',
        ttq: '36004080',
        applications: [
          { aid: 'A000000333010101', kernel: 7, scheme: 'unionpay' },
          { aid: 'A0000000031010', kernel: 3, scheme: 'visa' },
          { aid: 'A0000000041010', kernel: 2, scheme: 'mastercard' },
        ],
        caKeys: deck.caKeys.map((key) => CaKey.parse(key)),
      }),
      limits: CardLimits.parse({ maxMinor: 5_000_000, contactlessMinor: 500_000, cvmMinor: 100_000 }),
    };
    daemon = await openDaemon();
    process.env['PCSCLITE_CSOCK_NAME'] = daemon.socket;
    await daemon.start();
    readers = openPcscReaders({ allowVirtual: true, only: READER });
    await ready();
  }, 60_000);
  afterAll(async () => {
    await readers?.close();
    await daemon?.remove();
    rmSync(dir, { recursive: true, force: true });
  });

  const ready = () =>
    vi.waitFor(() => expect(readers.list()[0]?.state.status).toBe('ready'), { timeout: 10_000, interval: 10 });

  /** Taps a card of the deck and lets `read` speak to it. */
  async function tapped<T>(id: string, read: (card: Card) => Promise<T>): Promise<T> {
    await ready();
    const next = readers.nextCard(AbortSignal.timeout(8_000), READER);
    const left = deck.tap({ card: id, reader: { host: '127.0.0.1', port: daemon.port }, timeoutMs: 8_000 });
    const card = await next;
    if (!card) throw new Error(`${id} was not found`);
    const result = await read(card);
    card.release();
    await left;
    return result;
  }

  function pay(card: Card): Promise<CardOutcome> {
    const request = {
      amount: money(1280, 'CNY'),
      transactionType: '00',
      date: '261121',
      time: '205500',
      unpredictableNumber: Uint8Array.of(0xa1, 0xb2, 0xc3, 0xd4),
      sequence: 42,
    } as const;
    const counters = { last: () => undefined, advance: () => undefined };
    const closedLoop = ClosedLoop.parse(deck.closedLoop);
    const wallet = { closedLoop, terminalId: 'T0000001', verifyFromMinor: 100_000, counters, vault };
    return readCard(
      card,
      request,
      config,
      vault,
      clock,
      () => card.release(),
      (channel) => askWallet(channel, request, wallet),
    );
  }

  test.each([
    ['unionpay-ok', 7, 'fdda'],
    ['visa-ok', 3, 'fdda'],
    ['mastercard-ok', 2, 'cda'],
    ['wallet', 0, 'token'],
    ['wallet-p256', 0, 'token'],
  ])('%s is read by kernel %i and authenticated by %s', async (id, kernel, method) => {
    expect(await tapped(id, pay)).toMatchObject({
      kind: 'online',
      deferrable: true,
      card: { kernel, oda: { method, result: 'passed' } },
    });
  });

  test.each([
    ['member', 'type-2', { kind: 'member', id: 'M-0012345' }],
    ['coupon', 'type-4', { kind: 'coupon', id: 'TEN-OFF-7' }],
  ])('the tag %s is read as %s', async (id, type, first) => {
    const limits = { exchangeMs: 2_000, dialogueMs: 5_000 };
    const outcome = await tapped(id, (card) => readTag(card, clock, limits));
    expect(outcome).toMatchObject({ kind: 'tag', type });
    expect(outcome.kind === 'tag' && outcome.records[0]).toEqual(first);
  });

  test('after the service was restarted the next tap works within a second of its being back', async () => {
    await daemon.stop();
    await vi.waitFor(() => expect(readers.state.status).toBe('no-daemon'), { timeout: 5_000 });
    await daemon.start();
    const back = performance.now();
    await ready();
    expect(performance.now() - back).toBeLessThan(1_000);
    expect((await tapped('unionpay-ok', pay)).kind).toBe('online');
  }, 20_000);

  /** How long an ordinary tap takes on this machine: a standstill may add one second to it. */
  async function ordinary(): Promise<number> {
    await ready();
    const from = performance.now();
    expect((await tapped('unionpay-ok', pay)).kind).toBe('online');
    return performance.now() - from;
  }

  test('after the service stood still the next tap works within a second', async () => {
    const usual = await ordinary();
    await ready();
    daemon.freeze();
    await pause(3_000);
    daemon.thaw();
    const back = performance.now();
    expect((await tapped('unionpay-ok', pay)).kind).toBe('online');
    expect(performance.now() - back).toBeLessThan(usual + 1_000);
  }, 20_000);

  test('after the whole terminal and the service stood still the next tap works within a second', async () => {
    const usual = await ordinary();
    await ready();
    const program = fileURLToPath(new URL('./waiting.ts', import.meta.url));
    const child = spawn(process.execPath, [program, READER], { stdio: ['ignore', 'pipe', 'inherit'] });
    const lines: string[] = [];
    child.stdout.setEncoding('utf8').on('data', (text: string) => lines.push(...text.split('\n').filter(Boolean)));
    const said = (line: string, ms: number) =>
      vi.waitFor(() => expect(lines).toContain(line), { timeout: ms, interval: 5 });
    try {
      await said('ready', 10_000);
      child.kill('SIGSTOP');
      daemon.freeze();
      await pause(3_500);
      lines.length = 0;
      daemon.thaw();
      child.kill('SIGCONT');
      const back = performance.now();
      const placed = await insert(daemon.port, testCard());
      await said('read', 5_000);
      expect(performance.now() - back).toBeLessThan(usual + 1_000);
      expect(lines).not.toContain('failed ');
      placed.remove();
    } finally {
      child.kill('SIGKILL');
    }
  }, 30_000);
});
