import type { Core } from '../core.ts';
import type { Result } from './result.ts';
import { untilLine } from './sale.ts';

/**
 * What the clock shows beside the bank's time, and whether it is in doubt. With `by` a named person says that it is right:
 * exit 1 where the bank knows better.
 */
export async function showClock(core: Core, by: string | undefined): Promise<Result> {
  await untilLine(core);
  await core.link.echo();
  const { time, world } = core;
  const confirmed = by === undefined || time.confirm(by);
  const { bank, suspect, today } = time;
  const clock = {
    shows: Math.round(world.clock.now()),
    bank: bank === undefined ? null : Math.round(bank),
    suspect,
    today,
  };
  return { body: { clock }, exit: confirmed ? 0 : 1 };
}
