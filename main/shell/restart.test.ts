import { describe, expect, it } from 'vitest';
import { afterCrash } from './restart.ts';

describe('after a crash of the core', () => {
  it('starts it again, later the second time', () => {
    expect(afterCrash([1_000], false)).toEqual({ do: 'restart', afterMs: 100, safe: false });
    expect(afterCrash([1_000, 2_000], false)).toEqual({ do: 'restart', afterMs: 500, safe: false });
  });

  it('takes the third within a minute for a loop, and tries safe mode once', () => {
    expect(afterCrash([1_000, 2_000, 60_999], false)).toEqual({ do: 'restart', afterMs: 100, safe: true });
    expect(afterCrash([1_000, 2_000, 60_999, 61_500], true)).toEqual({ do: 'give-up' });
  });

  it('forgets crashes older than a minute', () => {
    expect(afterCrash([1_000, 2_000, 62_001], false)).toEqual({ do: 'restart', afterMs: 100, safe: false });
  });
});
