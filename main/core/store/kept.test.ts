import { expect, test } from 'vitest';
import { Kept } from './kept.ts';

test('an answer is kept until something is written, and then all are asked for again', () => {
  let writes = 0;
  let asked = 0;
  const kept = new Kept(() => writes);
  const ask = (): number => kept.of('one', () => (asked += 1));
  expect([ask(), ask()]).toEqual([1, 1]);
  writes += 1;
  expect([ask(), ask()]).toEqual([2, 2]);
});

test('each question has its own answer, and what is not there is asked for each time', () => {
  const kept = new Kept(() => 0);
  let asked = 0;
  const nothing = (): string | undefined => {
    asked += 1;
    return undefined;
  };
  expect(kept.of('one', () => 1)).toBe(1);
  expect(kept.of('two', () => 2)).toBe(2);
  expect(kept.of('one', () => 3)).toBe(1);
  expect([kept.of('none', nothing), kept.of('none', nothing)]).toEqual([undefined, undefined]);
  expect(asked).toBe(2);
});

test('of ten thousand questions without a write no more than a few hundred answers are kept', () => {
  const kept = new Kept(() => 0);
  let asked = 0;
  const ask = (n: number): number =>
    kept.of(`${n}`, () => {
      asked += 1;
      return n;
    });
  for (let n = 0; n < 10_000; n += 1) expect(ask(n)).toBe(n);
  expect(ask(0)).toBe(0);
  expect(asked).toBe(10_001);
});
