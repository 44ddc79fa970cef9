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
  }, 10_000);
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
            timeout: 3_000,
          });
          await readers.close();
        },
      };
    },
    { collision: false, unplug: false, daemon: true, emptyAnswer: false, patienceMs: 5_000 },
  );

  it('leaves virtual readers alone unless they are allowed', async () => {
    const readers = openPcscReaders({});
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(readers.list()).toEqual([]);
    expect(readers.state).toEqual({ status: 'none' });
    await readers.close();
  });

  it('shares a reader with a second program, one dialogue at a time', async () => {
    const both = [openPcscReaders({ allowVirtual: true }), openPcscReaders({ allowVirtual: true })];
    const placed = await insert(daemon.port, testCard());
    const [mine, other] = await Promise.all(
      both.map((readers) => readers.nextCard(AbortSignal.timeout(5_000), READER)),
    );
    const select = Uint8Array.of(0x00, 0xa4, 0x04, 0x00, 0x00);
    expect(await mine?.transmit(select, 2_000)).toMatchObject({ ok: true });
    let served = false;
    const second = other?.transmit(select, 5_000).then((answer) => {
      served = true;
      return answer;
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(served).toBe(false);
    mine?.release();
    expect(await second).toMatchObject({ ok: true });
    placed.remove();
    await Promise.all(both.map((readers) => readers.close()));
  }, 15_000);
});
