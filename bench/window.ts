import { join } from 'node:path';
import { type Figure, percentile } from './figure.ts';
import { besideEmpty, opened } from './packed.ts';

const TIMES = 7;

/**
 * From the start of the packed terminal until the cashier can sign in and the core is ready, against an empty window of
 * the same Electron. No figures where there is no packed terminal.
 */
export function measureWindow(dir: string): Promise<Figure[]> {
  return besideEmpty(dir, { data: join(dir, 'terminal') }, async ({ terminal, empty }) => {
    const found = { terminal: [] as number[], empty: [] as number[] };
    const time = (ms: number): number => ms;
    await opened(terminal, time);
    await opened(empty, time);
    for (let n = 0; n < TIMES; n += 1) {
      found.terminal.push(await opened(terminal, time));
      found.empty.push(await opened(empty, time));
    }
    return figures(percentile(found.terminal, 0.5), percentile(found.empty, 0.5));
  });
}

function figures(terminal: number, window: number): Figure[] {
  return [
    { name: 'start', what: 'program start to sign-in page', value: terminal, unit: 'ms', samples: TIMES },
    { name: 'start-empty', what: 'an empty window of the same Electron', value: window, unit: 'ms', samples: TIMES },
    {
      name: 'start-ratio',
      what: 'start against the empty window',
      value: terminal / window,
      unit: '×',
      budget: { most: 1.5 },
      samples: TIMES,
    },
  ];
}
