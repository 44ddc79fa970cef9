import { expect, it } from 'vitest';
import { describeReaders } from './contract.ts';
import { openFakeReaders } from './fake.ts';
import { joinReaders } from './join.ts';
import { testCard } from './scripted.ts';

describeReaders(
  'joined',
  async () => {
    const first = openFakeReaders({ names: [] });
    const second = openFakeReaders({ names: ['Two'] });
    const readers = joinReaders([first, second]);
    return {
      readers,
      reader: 'Two',
      put: (card) => second.put(card),
      unplug: () => second.unplug('Two'),
      plug: () => void second.plug('Two'),
      close: () => readers.close(),
    };
  },
  { collision: true, unplug: true, daemon: false, emptyAnswer: true, patienceMs: 500 },
);

it('keeps the card of the second reader when two are tapped at once', async () => {
  const families = [openFakeReaders({ names: ['One'] }), openFakeReaders({ names: ['Two'] })];
  const readers = joinReaders(families);
  const waiting = readers.nextCard(AbortSignal.timeout(500));
  for (const family of families) family.put(testCard());
  expect(await waiting).toBeDefined();
  const other = await readers.nextCard(AbortSignal.timeout(500));
  expect((await other?.transmit(Uint8Array.of(0, 0xa4, 4, 0, 0), 500))?.ok).toBe(true);
  expect(await readers.nextCard(AbortSignal.timeout(50))).toBeUndefined();
});

it('is ready when one family is, and passes on why there is none', () => {
  const plugged = openFakeReaders({ names: ['One'] });
  const without = openFakeReaders({ names: [] });
  const readers = joinReaders([without, plugged]);
  expect(readers.state).toEqual({ status: 'ready' });
  plugged.unplug('One');
  expect(readers.state).toEqual({ status: 'none' });
  without.daemon('stopped');
  expect(readers.state).toEqual({ status: 'no-daemon', detail: 'stopped' });
});
