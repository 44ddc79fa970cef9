import { useCallback, useEffect, useRef, useState } from 'react';
import type { Refused, TerminalClient } from '../core.ts';
import { useAct } from './frame.tsx';

export interface Asked<T> {
  readonly value: T | undefined;
  readonly refused: Refused | undefined;
  readonly pending: boolean;
  readonly again: () => void;
}

/** At rush hour much changes: nobody reads sums that change more often than this. */
const REST_MS = 1_500;

/**
 * Asks the core when shown, again some time after `on` has changed, and when told to. `ask` must not change from one render to the
 * next unless the question does.
 */
export function useAsk<T>(ask: (client: TerminalClient) => Promise<T>, on: unknown): Asked<T> {
  const { run, refused, pending } = useAct();
  const [value, setValue] = useState<T>();
  const last = useRef(Number.NEGATIVE_INFINITY);
  const load = useCallback(async () => {
    last.current = performance.now();
    const answer = await run(ask);
    if (answer !== undefined) setValue(answer);
  }, [run, ask]);
  useEffect(() => {
    void on;
    const wait = Math.max(0, last.current + REST_MS - performance.now());
    const timer = setTimeout(() => void load(), wait);
    return () => clearTimeout(timer);
  }, [load, on]);
  return { value, refused, pending, again: () => void load() };
}
