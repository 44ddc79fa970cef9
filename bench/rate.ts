import { percentile } from './figure.ts';

/** Rounds that count, and how long each one is. */
export const ROUNDS = 9;
const ROUND_MS = 200;

/** Calls a second: the median of several rounds, after one that does not count. */
export function rate(work: () => unknown): number {
  const round = (): number => {
    const from = performance.now();
    let calls = 0;
    while (performance.now() - from < ROUND_MS) {
      work();
      calls += 1;
    }
    return (calls * 1000) / (performance.now() - from);
  };
  round();
  return percentile(
    Array.from({ length: ROUNDS }, () => round()),
    0.5,
  );
}
