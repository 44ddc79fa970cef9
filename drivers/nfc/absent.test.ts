import { expect, it, vi } from 'vitest';
import { openPcscReaders } from './pcsc.ts';

// In a process of its own: one that had the service once goes on watching it.
it('says that the PC/SC service is missing, and goes on', async () => {
  process.env['PCSCLITE_CSOCK_NAME'] = '/nonexistent';
  const readers = openPcscReaders();
  await vi.waitFor(() => expect(readers.state.status).toBe('no-daemon'), { timeout: 15_000 });
  expect(readers.list()).toEqual([]);
  expect(await readers.nextCard(AbortSignal.timeout(50))).toBeUndefined();
  await readers.close();
});
