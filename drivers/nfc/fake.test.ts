import { describeReaders } from './contract.ts';
import { openFakeReaders } from './fake.ts';

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
