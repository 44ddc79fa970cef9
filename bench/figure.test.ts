import { expect, test } from 'vitest';
import { budgetText, type Figure, percentile, times, valueText, verdict } from './figure.ts';

const figure: Figure = { name: 'a', what: 'a', value: 10, unit: 'ms', samples: 1 };

test.each([
  [[5, 1, 4, 2, 3], 0.5, 3],
  [Array.from({ length: 100 }, (_, at) => at + 1), 0.95, 95],
  [[7], 0.95, 7],
])('percentile %#', (values, share, wanted) => {
  expect(percentile(values, share)).toBe(wanted);
});

test.each([
  [undefined, null],
  [{ most: 10 }, 'pass'],
  [{ most: 9.99 }, 'over'],
  [{ least: 10 }, 'pass'],
  [{ least: 10.01 }, 'over'],
])('verdict %#', (budget, wanted) => {
  expect(verdict(budget === undefined ? figure : { ...figure, budget })).toBe(wanted);
});

test('no number is no pass', () => {
  expect(verdict({ ...figure, value: Number.NaN, budget: { most: 10 } })).toBe('over');
});

test('times are told by median and 95th percentile', () => {
  const [p50, p95] = times('tap', 'a tap', [1, 2, 3], 30);
  expect(p50).toMatchObject({ name: 'tap-p50', value: 2 });
  expect(p95).toMatchObject({ name: 'tap-p95', value: 3, budget: { most: 30 }, samples: 3 });
});

test('figures read well', () => {
  expect(valueText({ ...figure, value: 12345.6, unit: '/s' })).toBe('12,346 /s');
  expect(valueText({ ...figure, value: 0.012345 })).toBe('0.0123 ms');
  expect(budgetText({ ...figure, budget: { least: 0.8 }, unit: '×' })).toBe('≥ 0.8 ×');
});
