import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { Summary, summarize } from './summary.ts';

const Report = z.strictObject({
  commit: z.string(),
  summary: Summary,
  parts: z.array(z.looseObject({ part: z.string(), ok: z.boolean() })),
});

test('npm run chaos -- --json FILE reports every promise', { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'countertap-report-'));
  try {
    const file = join(folder, 'out.json');
    execFileSync(process.execPath, ['test/chaos.ts', '--seeds', '200', '--mutants', '1', '--json', file], {
      cwd: join(import.meta.dirname, '../..'),
      stdio: 'ignore',
    });
    const { summary, parts } = Report.parse(JSON.parse(readFileSync(file, 'utf8')));
    expect(parts.map(({ part, ok }) => `${part} ${ok}`)).toEqual(['simulation true', 'mutants true']);
    expect(summary).toMatchObject({ seeds: 200, lost: 0, doubleCharges: 0, orphanCharges: 0, differences: 0 });
    expect(summary).toMatchObject({ unknownFinalPercent: 100, mutantsPlanted: 1, mutantsKilled: 1, kills: null });
    expect(summary.unknownOutcomes).toBeGreaterThan(10);
    expect(summary.seedsPerSecond).toBeGreaterThan(0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('what is broken is counted by its kind, and a share is rounded down', () => {
  const failure = (what: string) => ({ what, replay: '' });
  const summary = summarize([
    {
      part: 'simulation',
      ok: false,
      figures: { seeds: 3, unknownOutcomes: 30_000, unknownFinal: 29_999 },
      failures: [
        failure('seed 1 breaks P3: double charge: x'),
        failure('seed 2 breaks P3: orphan charge: y'),
        failure('seed 3 breaks P5: batch 1: terminal {}'),
      ],
    },
    {
      part: 'kills',
      ok: false,
      figures: { kills: 20 },
      failures: [failure('seed 4: P1: z was told approved and is lost')],
    },
    {
      part: 'rot',
      ok: true,
      figures: { bitsFlipped: 9, refused: 5, rebuilt: 4, notFound: 0 },
      failures: [],
      skipped: [{ what: 'a', why: 'b', count: 1 }],
    },
  ]);
  expect(summary).toMatchObject({
    lost: 1,
    doubleCharges: 1,
    orphanCharges: 1,
    differences: 1,
    failures: 4,
    skipped: 1,
  });
  expect(summary).toMatchObject({ unknownFinalPercent: 99.99, damageFoundPercent: 100, mutantsKilled: null });
});
