import type { Clock } from '../world/world.ts';

/** A clock that stands still until it is told to go on. */
export interface ManualClock extends Clock {
  /** Lets `ms` pass; whoever sleeps is woken in order, and has run when this resolves. */
  advance(ms: number): Promise<void>;
  /** Moves the wall clock alone, as somebody who sets it does. */
  setWall(at: number): void;
}

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

export function openManualClock(start = Date.UTC(2026, 7, 1, 2, 0, 0)): ManualClock {
  let monotonic = 0;
  let offset = start;
  const sleepers = new Set<Sleeper>();
  return {
    now: () => monotonic + offset,
    monotonic: () => monotonic,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const sleeper = { at: monotonic + Math.max(0, ms), wake: done };
        function done(): void {
          sleepers.delete(sleeper);
          signal?.removeEventListener('abort', done);
          resolve();
        }
        sleepers.add(sleeper);
        signal?.addEventListener('abort', done);
      }),
    async advance(ms) {
      const until = monotonic + ms;
      for (;;) {
        await settled();
        const next = [...sleepers].sort((a, b) => a.at - b.at)[0];
        if (!next || next.at > until) break;
        monotonic = Math.max(monotonic, next.at);
        next.wake();
      }
      monotonic = until;
      await settled();
    },
    setWall: (at) => {
      offset = at - monotonic;
    },
  };
}

/** Lets everything that waits for promises alone run. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 40; turn += 1) await Promise.resolve();
}
