import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from '@playwright/test';

// COUNTERTAP_APP: the packed terminal's program. COUNTERTAP_ARTEFACTS: where pictures, traces and results go.
const artefacts = process.env['COUNTERTAP_ARTEFACTS'] ?? join(tmpdir(), 'countertap-e2e');

export default defineConfig({
  testDir: import.meta.dirname,
  testMatch: '**/*.spec.ts',
  outputDir: join(artefacts, 'runs'),
  // One virtual card reader and one daemon: one test at a time.
  workers: 1,
  fullyParallel: false,
  retries: 0,
  forbidOnly: true,
  timeout: 120_000,
  expect: { timeout: 10_000 },
  globalTimeout: 15 * 60_000,
  reporter: [['list'], ['json', { outputFile: join(artefacts, 'results.json') }]],
});
