/** What to do about a core that ended without being asked to. */
export type Restart =
  | { readonly do: 'restart'; readonly afterMs: number; readonly safe: boolean }
  | { readonly do: 'give-up' };

const WINDOW_MS = 60_000;
const MOST = 3;
const FIRST_MS = 100;

/**
 * Decides after a crash, from the times of all crashes so far (ms of a monotonic clock, the newest last): again, later
 * each time within a minute; with the third within a minute one last time in safe mode; after that not any more.
 */
export function afterCrash(crashes: readonly number[], safe: boolean): Restart {
  if (safe) return { do: 'give-up' };
  const newest = crashes.at(-1) ?? 0;
  const recent = crashes.filter((at) => newest - at < WINDOW_MS).length;
  if (recent >= MOST) return { do: 'restart', afterMs: FIRST_MS, safe: true };
  return { do: 'restart', afterMs: FIRST_MS * 5 ** Math.max(0, recent - 1), safe: false };
}
