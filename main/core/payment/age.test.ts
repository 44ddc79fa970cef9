import { expect, test } from 'vitest';
import { openManualClock } from '../test/clock.ts';
import { Ages } from './age.ts';

const DAY = 86_400_000;

test('a stamp grows old by the time that passed, whatever somebody sets the clock to (I20)', async () => {
  for (const set of [-DAY, 0, DAY]) {
    const clock = openManualClock();
    const ages = new Ages(clock);
    const stamp = clock.now();
    ages.mark('p', stamp);
    await clock.advance(5_000);
    clock.setWall(clock.now() + set);
    await clock.advance(5_000);
    expect(ages.atLeast('p', stamp)).toBe(10_000);
    expect(ages.about('p', stamp)).toBe(10_000);
  }
});

test('a stamp from before the start is at least as old as the start, and about as old as the clock said then', async () => {
  const clock = openManualClock();
  await clock.advance(1_000);
  const ages = new Ages(clock);
  const stamp = clock.now() - 60_000;
  await clock.advance(2_000);
  clock.setWall(clock.now() + DAY);
  expect(ages.atLeast('p', stamp)).toBe(2_000);
  expect(ages.about('p', stamp)).toBe(62_000);
  expect(ages.about('p', clock.now() + DAY), 'a stamp of the future is new').toBe(2_000);
});

test('what is forgotten counts as from before the start', async () => {
  const clock = openManualClock();
  const ages = new Ages(clock);
  await clock.advance(3_000);
  const stamp = clock.now();
  ages.mark('p', stamp);
  ages.forget('p');
  expect(ages.atLeast('p', stamp)).toBe(3_000);
});
