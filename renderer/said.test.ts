import { expect, test } from 'vitest';
import { createWords } from './words/words.ts';

const sources = import.meta.glob<string>('./**/*.{ts,tsx}', { query: '?raw', import: 'default', eager: true });

test('every word that a screen names is in the catalogues', () => {
  const words = createWords('en');
  const missing = Object.entries(sources).flatMap(([name, source]) =>
    [...source.matchAll(/\bt\(\s*'([\w.-]+)'/g)]
      .map((match) => match[1] ?? '')
      .filter((key) => !words.exists(key) && !words.exists(key, { count: 2 }))
      .map((key) => `${name}: ${key}`),
  );
  expect(Object.keys(sources).length).toBeGreaterThan(10);
  expect(missing).toEqual([]);
});
