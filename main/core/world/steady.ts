import type { Clock } from './world.ts';

/** The clock that measures all waiting went back: no deadline and no age can be believed any more. The core stops. */
export class ClockWentBack extends Error {
  override name = 'ClockWentBack';
}

/** Until then days have ten characters, and a year more may be added to them. */
const LAST = Date.UTC(9998, 0, 1);

/**
 * The clock that the core works with. Its monotonic time is held to never going back (I20). Wall time is a label: one that no
 * calendar of ours can write, of before 1970 or from the year 9998 on, goes on from the nearest that it can, so that nothing
 * fails by it; that the clock was set is noticed as always.
 */
export function steadyClock(clock: Clock, fatal: (error: unknown) => void): Clock {
  let last = Number.NEGATIVE_INFINITY;
  let beyond: { readonly label: number; readonly from: number } | undefined;
  return {
    now() {
      const now = clock.now();
      if (now >= 0 && now < LAST) {
        beyond = undefined;
        return now;
      }
      const label = now < 0 ? 0 : LAST;
      if (beyond?.label !== label) beyond = { label, from: clock.monotonic() };
      return label + Math.round(clock.monotonic() - beyond.from);
    },
    monotonic() {
      const now = clock.monotonic();
      if (now < last) {
        const error = new ClockWentBack(`the monotonic clock went back from ${last} to ${now}`);
        fatal(error);
        throw error;
      }
      last = now;
      return now;
    },
    sleep: (ms, signal) => clock.sleep(ms, signal),
  };
}
