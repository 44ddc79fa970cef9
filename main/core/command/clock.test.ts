import { expect, test } from 'vitest';
import { around, till } from '../test/counter.ts';
import { showClock } from './clock.ts';

const DAY = 86_400_000;

async function shown(by?: string): Promise<{ readonly exit: number; readonly clock: unknown }> {
  const { body, exit } = await showClock(till.core, by);
  return { exit, clock: body['clock'] };
}

test('of a bank that tells no time a named person ends the doubt, and the journal has the name', async () => {
  const { clock } = around;
  clock.setWall(clock.now() + DAY);
  await clock.advance(31_000);
  expect(await shown()).toMatchObject({ exit: 0, clock: { suspect: true, bank: null, shows: clock.now() } });
  expect(await shown('Wang Li')).toMatchObject({ exit: 0, clock: { suspect: false } });
  const said = "SELECT json_extract(body, '$.by') FROM entry WHERE body LIKE '%\"clock-right\"%'";
  expect(till.core.book.db.prepare(said).pluck().all()).toEqual(['Wang Li']);
});

test('where the bank’s time is known nobody ends a doubt that it does not', async () => {
  const { clock } = around;
  till.link.tell(clock.now());
  clock.setWall(clock.now() + DAY);
  await clock.advance(31_000);
  expect(await shown('Wang Li')).toMatchObject({ exit: 1, clock: { suspect: true, bank: clock.now() - DAY } });
});
