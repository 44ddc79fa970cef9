import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runDemo } from './demo.ts';
import { planDay } from './plan.ts';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'demo-'));
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

test('a day is the same for the same seed, and has as many sales as asked for', () => {
  expect(planDay(200, 7)).toEqual(planDay(200, 7));
  expect(planDay(200, 7)).not.toEqual(planDay(200, 8));
  expect(planDay(200, 7).flatMap((part) => part.sales)).toHaveLength(200);
});

test('a small day: every kind of sale has its end, and the four books are equal', { timeout: 120_000 }, async () => {
  const said: string[] = [];
  const { summary, problems } = await runDemo({ dir, sales: 45, seed: 3, say: (line) => said.push(line) });
  expect(problems).toEqual([]);
  expect(summary).toMatchObject({ equal: true, panFound: 0, verify: { ok: true, firstBreak: null } });
  const { approved, declined, lateDeclined, reversed, cancelled, abandoned, voided } = summary;
  expect(approved + declined + lateDeclined + reversed + cancelled + abandoned + voided).toBe(summary.sales);
  for (const count of [declined, reversed, cancelled, abandoned, voided, summary.cash, summary.forwarded]) {
    expect(count).toBeGreaterThan(0);
  }
  expect(lateDeclined).toBe(1);
  expect(summary.receipts.duplicates).toBe(2);
  expect(readFileSync(join(dir, 'settlement.txt'), 'utf8')).toContain('Z 报表 1');
  expect(JSON.parse(readFileSync(join(dir, 'summary.json'), 'utf8'))).toEqual(summary);
  expect(readdirSync(join(dir, 'paper')).filter((name) => name.endsWith('.txt'))).toHaveLength(summary.receipts.paper);
  expect(said.length).toBeGreaterThan(8);
});

test('the whole demo as a program: more than 200 sales, and everything about them on the disk', {
  timeout: 180_000,
}, async () => {
  const program = spawn(process.execPath, [join(import.meta.dirname, '../demo.ts'), '--dir', join(dir, 'out')], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [program.stdout, program.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8');
    });
  }
  const [code] = await once(program, 'exit');
  expect(code, output).toBe(0);
  const summary = JSON.parse(readFileSync(join(dir, 'out/summary.json'), 'utf8'));
  expect(summary.sales).toBeGreaterThanOrEqual(200);
  expect(summary).toMatchObject({ equal: true, panFound: 0 });
  for (const file of [
    'settlement.json',
    'settlement.txt',
    'reconciliation.json',
    'reconciliation.txt',
    'paper/0001.png',
  ]) {
    expect(existsSync(join(dir, 'out', file)), file).toBe(true);
  }
});
