/** What one check of `npm test` came to. */
export interface Count {
  readonly passed: number;
  readonly failed: number;
}

export const onePassed: Count = { passed: 1, failed: 0 };
export const oneFailed: Count = { passed: 0, failed: 1 };

export function add(counts: readonly Count[]): Count {
  return counts.reduce((sum, next) => ({ passed: sum.passed + next.passed, failed: sum.failed + next.failed }), {
    passed: 0,
    failed: 0,
  });
}

/** The closing line that CI reads. */
export function closing(count: Count): string {
  return `${count.passed} passed, ${count.failed} failed`;
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/**
 * Counts vitest's JSON report. A file that could not be loaded has no tests, so it counts as one failure; a report
 * without a single test, or of a run that failed without a failed test, does too.
 */
export function countVitest(report: unknown, exitCode: number): Count {
  const top = record(report);
  const passed = Number(top['numPassedTests'] ?? 0);
  const broken = list(top['testResults']).filter((file) => {
    const { status, assertionResults } = record(file);
    return status === 'failed' && !list(assertionResults).some((result) => record(result)['status'] === 'failed');
  }).length;
  const failed = Number(top['numFailedTests'] ?? 0) + broken;
  return { passed, failed: failed === 0 && (exitCode !== 0 || passed === 0) ? 1 : failed };
}

/** The names of vitest's failed tests with their first line of reason. */
export function vitestFailures(report: unknown): string[] {
  return list(record(report)['testResults']).flatMap((file) => {
    const { name, message, assertionResults, status } = record(file);
    const bad = list(assertionResults)
      .map(record)
      .filter((result) => result['status'] === 'failed');
    if (bad.length === 0)
      return status === 'failed'
        ? [`${String(name)}: ${String(message).split('\n')[0] || 'did not come to its end'}`]
        : [];
    return bad.map(
      (result) => `${String(result['fullName'])}: ${String(list(result['failureMessages'])[0]).split('\n')[0]}`,
    );
  });
}

/** Counts Playwright's JSON report; a run that failed without a failed test counts as one failure. */
export function countPlaywright(report: unknown, exitCode: number): Count {
  const { expected, unexpected, flaky } = record(record(report)['stats']);
  const passed = Number(expected ?? 0) + Number(flaky ?? 0);
  const failed = Number(unexpected ?? 0);
  return { passed, failed: failed === 0 && (exitCode !== 0 || passed === 0) ? 1 : failed };
}
