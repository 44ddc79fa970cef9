import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { describeReaders } from './contract.ts';
import { type Daemon, daemonMissing, openDaemon } from './daemon.ts';
import { openPcscReaders } from './pcsc.ts';
import { insert, testCard } from './scripted.ts';

const READER = 'Virtual PCD 00 00';
const missing = daemonMissing();
if (missing) process.stderr.write(`SKIPPED: readers on a real PC/SC service were not tried, since ${missing}.\n`);

describe.skipIf(missing)(`PC/SC service${missing ? ` (not tried: ${missing})` : ''}`, () => {
  let daemon: Daemon;
  beforeAll(async () => {
    daemon = await openDaemon();
    process.env['PCSCLITE_CSOCK_NAME'] = daemon.socket;
    await daemon.start();
    // Without its reader each test would only wait in vain.
    const readers = openPcscReaders({ allowVirtual: true, only: READER });
    await vi.waitFor(() => expect(readers.list()).toHaveLength(1), { timeout: 20_000 });
    await readers.close();
  }, 40_000);
  afterAll(() => daemon.remove());

  describeReaders(
    'PC/SC',
    async () => {
      const readers = openPcscReaders({ allowVirtual: true, only: READER });
      const placed: { remove(): void }[] = [];
      let stopped = false;
      return {
        readers,
        reader: READER,
        put: async (card) => {
          const one = await insert(daemon.port, card);
          placed.push(one);
          return one;
        },
        stopDaemon: async () => {
          stopped = true;
          await daemon.stop();
        },
        startDaemon: async () => {
          stopped = false;
          await daemon.start();
        },
        close: async () => {
          if (stopped) await daemon.start();
          for (const one of placed) one.remove();
          await vi.waitFor(() => expect(['ready', 'unplugged']).toContain(readers.list()[0]?.state.status), {
            timeout: 10_000,
          });
          await readers.close();
        },
      };
    },
    { collision: false, unplug: false, daemon: true, emptyAnswer: false, patienceMs: 15_000 },
  );

  it('leaves virtual readers alone unless they are allowed', async () => {
    const readers = openPcscReaders({});
    const allowed = openPcscReaders({ allowVirtual: true });
    await vi.waitFor(() => expect(allowed.list()).toHaveLength(2), { timeout: 10_000 });
    expect(readers.list()).toEqual([]);
    expect(readers.state).toEqual({ status: 'none' });
    await Promise.all([readers.close(), allowed.close()]);
  });

  it('closes at once, as often as it is opened, whatever cards and the service do meanwhile', async () => {
    const select = Uint8Array.of(0x00, 0xa4, 0x04, 0x00, 0x00);
    let placed: { remove(): void } | undefined;
    let slowest = 0;
    for (let cycle = 0; cycle < 24; cycle++) {
      if (cycle % 4 === 0) placed = await insert(daemon.port, testCard());
      const readers = openPcscReaders({ allowVirtual: true, only: READER });
      const seen = new Promise<void>((resolve) => readers.onChange(resolve));
      // Closed before it started, when its readers show, when a card does, and in the middle of an exchange.
      if (cycle % 4 !== 0) await Promise.race([seen, new Promise((resolve) => setTimeout(resolve, 100))]);
      if (cycle % 4 === 3) {
        const card = await readers.nextCard(AbortSignal.timeout(2_000));
        void card?.transmit(select, 2_000);
        placed?.remove();
      }
      const restarted = cycle === 12 ? daemon.stop().then(() => daemon.start()) : undefined;
      const began = performance.now();
      await readers.close();
      slowest = Math.max(slowest, performance.now() - began);
      await restarted;
    }
    expect(slowest).toBeLessThan(1_000);
    const readers = openPcscReaders({ allowVirtual: true, only: READER });
    // The service takes a moment to see that the last card went: until then the next one is torn with it.
    await vi.waitFor(
      async () => {
        placed = await insert(daemon.port, testCard());
        const card = await readers.nextCard(AbortSignal.timeout(5_000));
        const answer = await card?.transmit(select, 5_000);
        placed.remove();
        expect(answer).toMatchObject({ ok: true });
      },
      { timeout: 30_000, interval: 500 },
    );
    await vi.waitFor(() => expect(readers.list()[0]?.state.status).toBe('ready'), { timeout: 10_000 });
    await readers.close();
  }, 60_000);

  it('shares a reader with a second program, one dialogue at a time', async () => {
    const both = [openPcscReaders({ allowVirtual: true }), openPcscReaders({ allowVirtual: true })];
    const placed = await insert(daemon.port, testCard());
    const [mine, other] = await Promise.all(
      both.map((readers) => readers.nextCard(AbortSignal.timeout(15_000), READER)),
    );
    const select = Uint8Array.of(0x00, 0xa4, 0x04, 0x00, 0x00);
    expect(await mine?.transmit(select, 10_000)).toMatchObject({ ok: true });
    let served = false;
    const second = other?.transmit(select, 10_000).then((answer) => {
      served = true;
      return answer;
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(served).toBe(false);
    mine?.release();
    expect(await second).toMatchObject({ ok: true });
    placed.remove();
    await Promise.all(both.map((readers) => readers.close()));
  }, 40_000);
});
