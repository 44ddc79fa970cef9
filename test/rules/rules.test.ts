import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { mutants } from '../simulation/mutants.ts';
import { bugs } from './bugs.ts';

// docs/rules.md names files, functions, tests and bugs: each must be there, and each bug must fit its place.

const root = join(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/rules.md'), 'utf8');

interface Cell {
  readonly rule: string;
  readonly column: string;
  readonly text: string;
}

/** The cells of every table of the page. */
function cellsOf(text: string): Cell[] {
  const split = (line: string): string[] =>
    line
      .slice(1, -1)
      .split('|')
      .map((one) => one.trim());
  let columns: string[] = [];
  return text.split('\n').flatMap((line, n, lines) => {
    if (!line.startsWith('|')) return [];
    if (lines[n + 1]?.startsWith('| ---')) columns = split(line);
    if (lines[n + 1]?.startsWith('| ---') || line.startsWith('| ---')) return [];
    const cells = split(line);
    expect(cells, line).toHaveLength(columns.length);
    return cells.map((cell, column) => ({ rule: cells[0] ?? '', column: columns[column] ?? '', text: cell }));
  });
}

const cells = cellsOf(page);

/** The items of the columns of this name, with the rule that each is for. */
function items(...columns: string[]): (readonly [rule: string, item: string])[] {
  return cells
    .filter(({ column, text }) => columns.includes(column) && text !== '–')
    .flatMap(({ rule, text }) => text.split('<br>').map((item) => [rule, item] as const));
}

function sourceOf(path: string): string {
  const file = join(root, path);
  expect(existsSync(file), path).toBe(true);
  return readFileSync(file, 'utf8');
}

const inCode = (item: string): string[] => [...item.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');

test('the page has a row for every rule', () => {
  const rules = cells.filter(({ column }) => column === 'rule').map(({ text }) => text);
  const series = (letter: string, last: number): string[] =>
    Array.from({ length: last }, (_, n) => `${letter}${n + 1}`);
  expect(rules).toEqual([...series('I', 23), 'drawn', ...series('R', 10), ...series('B', 8)]);
});

test('everything that the page says of the code is in it', () => {
  for (const [rule, item] of items('kept by', 'asserted in production')) {
    const [path = '', ...names] = inCode(item);
    const source = sourceOf(path);
    for (const name of names) expect(source.includes(name), `${rule}: ${name} in ${path}`).toBe(true);
  }
});

test('every test that the page names is there', () => {
  const named = items('shown by');
  expect(named.length).toBeGreaterThan(100);
  for (const [rule, item] of named) {
    const [path = '', name = ''] = [inCode(item)[0], item.slice(item.indexOf(': ') + 2)];
    expect(path, item).toMatch(/\.(test|spec)\.ts$/);
    expect(sourceOf(path).includes(name), `${rule}: “${name}” in ${path}`).toBe(true);
  }
});

test('every bug that the page names can be planted, and every rule has a test', () => {
  const known = new Set([...mutants, ...bugs].map(({ name }) => name));
  const named = items('planted bug').flatMap(([, item]) => inCode(item));
  for (const name of named) expect(known.has(name), name).toBe(true);
  for (const { name } of bugs) expect(named, 'of the bugs that tests find').toContain(name);
  const shown = new Set(items('shown by').map(([rule]) => rule));
  for (const { rule } of cells) expect(shown.has(rule), `a test for ${rule}`).toBe(true);
});

describe('a bug that a test must find', () => {
  test('has a name of its own', () => {
    const names = [...mutants, ...bugs].map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  test.each(bugs)('$name fits its file', ({ file, from, test: by }) => {
    expect(sourceOf(file).split(from)).toHaveLength(2);
    expect(sourceOf(by).length).toBeGreaterThan(0);
  });
});
