import { useCallback, useEffect, useState } from 'react';
import type { Refused, TerminalClient } from '../core.ts';
import { useAct } from './frame.tsx';

export interface Asked<T> {
  readonly value: T | undefined;
  readonly refused: Refused | undefined;
  readonly pending: boolean;
  readonly again: () => void;
}

/**
 * Asks the core when shown, again whenever `on` changes, and when told to. `ask` must not change from one render to the
 * next unless the question does.
 */
export function useAsk<T>(ask: (client: TerminalClient) => Promise<T>, on: unknown): Asked<T> {
  const { run, refused, pending } = useAct();
  const [value, setValue] = useState<T>();
  const load = useCallback(async () => {
    const answer = await run(ask);
    if (answer !== undefined) setValue(answer);
  }, [run, ask]);
  useEffect(() => {
    void on;
    void load();
  }, [load, on]);
  return { value, refused, pending, again: () => void load() };
}
