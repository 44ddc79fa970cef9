import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { type Bug, bugs } from './bugs.ts';

// node test/rules/hunt.ts [NAME]: plants each bug of bugs.ts, or the one of that name, and runs the tests that must find it.

const root = join(import.meta.dirname, '../..');
const Report = z.object({
  numPassedTests: z.number(),
  testResults: z.array(z.object({ assertionResults: z.array(z.object({ status: z.string(), fullName: z.string() })) })),
});

/** The name of the test that fails with the bug; undefined when none does. */
function found(bug: Bug): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'countertap-hunt-'));
  const file = join(folder, 'report.json');
  const args = ['run', '--config', 'test/rules/vitest.config.ts', '--reporter=json', `--outputFile=${file}`];
  const env = { ...process.env, COUNTERTAP_BUG: bug.name };
  try {
    const { stderr } = spawnSync(join(root, 'node_modules/.bin/vitest'), args, { cwd: root, env, encoding: 'utf8' });
    const { testResults } = Report.parse(JSON.parse(readFileSync(file, 'utf8')));
    const all = testResults.flatMap(({ assertionResults }) => assertionResults);
    // A file that does not load has no test that fails: that finds nothing.
    if (all.length === 0) throw new Error(`bug ${bug.name}: ${bug.test} does not run: ${stderr}`);
    return all.find(({ status }) => status === 'failed')?.fullName;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const only = process.argv[2];
const hunted = only === undefined ? bugs : bugs.filter(({ name }) => name === only);
if (hunted.length === 0) throw new Error(`there is no bug "${only}"`);
let alive = 0;
process.stdout.write('| bug | breaks | found by |\n| --- | --- | --- |\n');
for (const bug of hunted) {
  const by = found(bug);
  if (by === undefined) alive += 1;
  process.stdout.write(`| ${bug.name} | ${bug.rule} | ${by ?? `NOTHING in ${bug.test}`} |\n`);
}
if (alive > 0) {
  process.stdout.write(`${alive} of ${hunted.length} live\n`);
  process.exitCode = 1;
}
