/** The clocks by which a standstill is seen. Sleep of the machine may show on the one that is set by hand alone. */
export interface Clocks {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds that only grow; on Linux they stand still while the machine sleeps. */
  monotonic(): number;
  /** Calls again and again until the undo is called. */
  every(ms: number, call: () => void): () => void;
}

const LOOK_MS = 200;
/** Less is a busy process, more is one that stood still. */
const STANDSTILL_MS = 2_500;

function realClocks(): Clocks {
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    every: (ms, call) => {
      const timer = setInterval(call, ms);
      timer.unref();
      return () => clearInterval(timer);
    },
  };
}

/** Calls `woken` whenever this process has stood still: the machine slept, or was stopped and goes on. Returns the undo. */
export function watchWake(woken: () => void, clocks: Clocks = realClocks()): () => void {
  let [wall, mono] = [clocks.now(), clocks.monotonic()];
  return clocks.every(LOOK_MS, () => {
    const gap = Math.max(clocks.now() - wall, clocks.monotonic() - mono);
    [wall, mono] = [clocks.now(), clocks.monotonic()];
    if (gap > STANDSTILL_MS) woken();
  });
}
