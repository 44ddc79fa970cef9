/**
 * Runs what may wait long. Ctrl-C, or being asked to end, aborts the signal, so that the wait is given up and its end is told;
 * asked a second time the process ends at once, as it may at any time: what was under way is taken up by the next start.
 */
export async function untilInterrupted<T>(work: (stop: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const abort = (): void => stop.abort();
  process.once('SIGINT', abort).once('SIGTERM', abort);
  try {
    return await work(stop.signal);
  } finally {
    process.off('SIGINT', abort).off('SIGTERM', abort);
  }
}

/** The longest wait that can be asked for, in seconds: a day. */
const LONGEST_S = 86_400;

export const WAIT_SECONDS = `--wait takes seconds, 0 to ${LONGEST_S}`;

/** Milliseconds of a wait given in seconds; undefined when it is none. */
export function waitMs(text: string): number | undefined {
  const seconds = /^\d{1,5}(\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN;
  return seconds <= LONGEST_S ? seconds * 1000 : undefined;
}
