/**
 * Reads what schemathesis reports of a run.
 */

/** @typedef {import('./counts.mjs').Counts} Counts */

/**
 * @typedef {object} Report the parts that matter here of schemathesis' JSON report
 * @property {{ tested: number; total: number }} operations
 * @property {{ generated: number; with_failures: number; errored: number }} test_cases
 * @property {{ code: string; title: string; count: number; operations: string[] }[]} failures
 * @property {Record<string, unknown[]>} warnings
 */

/**
 * The counts of a run, and the lines that sum it up. An operation that was not tested fails.
 *
 * @param {string} report the JSON report
 * @param {string} events the NDJSON report
 * @returns {{ counts: Counts; lines: string[] }}
 */
export function readOutcome(report, events) {
  /** @type {Report} */
  const { operations, test_cases: cases, failures, warnings } = JSON.parse(report);
  const failed = cases.with_failures + cases.errored;
  const checks = checksIn(events);
  const made = [...checks.values()].reduce((sum, count) => sum + count, 0);
  const warned = Object.entries(warnings).filter(([, found]) => found.length > 0);
  return {
    counts: { passed: cases.generated - failed, failed, skipped: operations.total - operations.tested },
    lines: [
      `${operations.tested} of ${operations.total} operations, ${cases.generated} cases, ${made} checks of ${checks.size} kinds`,
      ...failures.map(
        ({ code, title, count, operations: where }) => `${code} ${title}: ${count}, ${where.join(', ')}`,
      ),
      ...warned.map(([name, found]) => `warning ${name}: ${found.length}`),
    ],
  };
}

/**
 * How often each check was made.
 *
 * @param {string} events
 * @returns {Map<string, number>}
 */
function checksIn(events) {
  /** @type {Map<string, number>} */
  const made = new Map();
  for (const line of events.split('\n').filter((text) => text.startsWith('{"ScenarioFinished"'))) {
    /** @type {Record<string, { name: string }[]>} */
    const byCase = JSON.parse(line).ScenarioFinished.recorder.checks ?? {};
    for (const { name } of Object.values(byCase).flat()) made.set(name, (made.get(name) ?? 0) + 1);
  }
  return made;
}
