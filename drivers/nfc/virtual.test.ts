import { createServer } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { describeReaders } from './contract.ts';
import { insert, testCard } from './scripted.ts';
import { openVirtualReader, type VirtualReader } from './virtual.ts';

describeReaders(
  'virtual',
  async () => {
    const readers = await openVirtualReader({ port: 0 });
    return {
      readers,
      reader: 'Virtual counter',
      put: (card) => insert(readers.port, card),
      close: () => readers.close(),
    };
  },
  { collision: true, unplug: false, daemon: false, emptyAnswer: true, patienceMs: 2_000 },
);

describe('virtual reader', () => {
  let reader: VirtualReader | undefined;
  afterEach(() => reader?.close());

  it('says that its port is in use and takes it when it is free again', async () => {
    const squatter = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => squatter.once('listening', resolve));
    const address = squatter.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    reader = await openVirtualReader({ port });
    expect(reader.list()[0]?.state).toEqual({
      status: 'unresponsive',
      reason: `port ${port} cannot be had: EADDRINUSE`,
    });
    await new Promise((resolve) => squatter.close(resolve));
    await vi.waitFor(() => expect(reader?.list()[0]?.state.status).toBe('ready'), { timeout: 3_000 });
    expect(reader.port).toBe(port);
  });

  it.each([
    ['no answer to reset', new Uint8Array()],
    ['an answer to reset longer than ISO/IEC 7816-3 allows', new Uint8Array(34)],
  ])('calls a card with %s unresponsive until it leaves', async (_name, atr) => {
    reader = await openVirtualReader({ port: 0 });
    const placed = await insert(reader.port, testCard({ atr }));
    await vi.waitFor(() => expect(reader?.list()[0]?.state.status).toBe('unresponsive'), { timeout: 3_000 });
    placed.remove();
    await vi.waitFor(() => expect(reader?.list()[0]?.state.status).toBe('ready'));
  });
});
