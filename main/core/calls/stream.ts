import type { Core } from '../core.ts';

/**
 * What the core shows, now and after every change, until the port closes. Changes that come while a view is on its way
 * are told together by the next one.
 */
export async function* watch<View>(
  core: Core,
  signals: readonly (AbortSignal | undefined)[],
  view: () => View,
): AsyncGenerator<View> {
  let seen = -1;
  let wake: () => void = () => undefined;
  const undo = core.onChange(() => wake());
  const stop = (): void => wake();
  for (const signal of signals) signal?.addEventListener('abort', stop);
  try {
    while (!signals.some((signal) => signal?.aborted)) {
      if (seen === core.seq) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      seen = core.seq;
      yield view();
    }
  } finally {
    undo();
    for (const signal of signals) signal?.removeEventListener('abort', stop);
  }
}
