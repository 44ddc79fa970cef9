import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

const root = join(import.meta.dirname, '..');

export default defineConfig({
  root,
  test: {
    // By itself it takes one less than there are processors: of two, one.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        root,
        test: {
          name: 'node',
          environment: 'node',
          include: ['{contract,main,drivers,simulators,build,test,bench}/**/*.test.ts', 'renderer/words/**/*.test.ts'],
          testTimeout: 20_000,
        },
      },
      {
        root,
        test: {
          name: 'pages',
          environment: 'jsdom',
          include: ['renderer/**/*.test.{ts,tsx}'],
          exclude: ['renderer/words/**'],
          testTimeout: 20_000,
        },
      },
    ],
    coverage: {
      provider: 'v8',
      include: ['{contract,main,drivers,renderer}/**/*.{ts,tsx}'],
      reportsDirectory: 'out/coverage',
    },
  },
});
