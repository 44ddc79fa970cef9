import { expect, test } from 'vitest';
import { type Clocks, watchWake } from './wake.ts';

function stand(): Clocks & { pass(wall: number, mono: number): void; stopped: boolean } {
  let [wall, mono] = [1_000_000, 5];
  let look: () => void = () => undefined;
  const clocks = {
    stopped: false,
    now: () => wall,
    monotonic: () => mono,
    every: (_ms: number, call: () => void) => {
      look = call;
      return () => {
        clocks.stopped = true;
      };
    },
    pass(more: number, monoMore: number) {
      wall += more;
      mono += monoMore;
      look();
    },
  };
  return clocks;
}

test.each<[string, number, number, number]>([
  ['time that passes', 200, 200, 0],
  ['a busy second', 1_200, 1_200, 0],
  ['a clock set back', -3_600_000, 200, 0],
  ['a process that was stopped', 9_000, 9_000, 1],
  ['a machine that slept, with its monotonic clock', 30_000, 200, 1],
])('%s', (_name, wall, mono, woken) => {
  const clocks = stand();
  let told = 0;
  const undo = watchWake(() => {
    told += 1;
  }, clocks);
  clocks.pass(200, 200);
  clocks.pass(wall, mono);
  clocks.pass(200, 200);
  expect(told).toBe(woken);
  undo();
  expect(clocks.stopped).toBe(true);
});
