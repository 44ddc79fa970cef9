import { expect, it } from 'vitest';
import { describeReaders } from './contract.ts';
import { openFakeReaders } from './fake.ts';
import { testCard } from './scripted.ts';

describeReaders(
  'fake',
  async () => {
    const readers = openFakeReaders({ names: ['One'] });
    return {
      readers,
      reader: 'One',
      put: (card) => readers.put(card),
      unplug: () => readers.unplug('One'),
      plug: () => void readers.plug('One'),
      stopDaemon: () => readers.daemon('stopped'),
      startDaemon: () => {
        readers.daemon(undefined);
        readers.plug('One');
      },
      close: () => readers.close(),
    };
  },
  { collision: true, unplug: true, daemon: true, emptyAnswer: true, patienceMs: 500 },
);

it('waits at the reader that is meant, named by a part of its name', async () => {
  const readers = openFakeReaders({ names: ['Counter One', 'Counter Two'] });
  const waiting = readers.nextCard(AbortSignal.timeout(200), 'Two');
  readers.put(testCard(), 'Counter One');
  readers.put(testCard({ atr: Uint8Array.of(0x3b, 0x81, 0x80, 0x01, 0x55, 0x55) }), 'Counter Two');
  expect((await waiting)?.atr.length).toBe(6);
  expect((await readers.nextCard(AbortSignal.timeout(200)))?.atr.length).toBe(5);
  await readers.close();
});
