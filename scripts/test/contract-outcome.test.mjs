import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readOutcome } from '../lib/contract-outcome.mjs';

const event = (/** @type {unknown} */ checks) =>
  JSON.stringify({ ScenarioFinished: { recorder: { checks } } });
const events = [
  '{"Initialize":{}}',
  event({ a: [{ name: 'ignored_auth' }, { name: 'not_a_server_error' }], b: [{ name: 'ignored_auth' }] }),
  '{"ScenarioFinished":{"recorder":{"label":"GET /healthz"}}}',
].join('\n');

/** @param {object} [changes] */
const report = (changes) =>
  JSON.stringify({
    operations: { total: 5, tested: 5 },
    test_cases: { generated: 390, with_failures: 0, errored: 0 },
    failures: [],
    warnings: { missing_auth: [] },
    ...changes,
  });

test('a run counts its cases, and says how many checks of how many kinds were made', () => {
  const { counts, lines } = readOutcome(report(), events);
  assert.deepEqual(counts, { passed: 390, failed: 0, skipped: 0 });
  assert.deepEqual(lines, ['5 of 5 operations, 390 cases, 3 checks of 2 kinds']);
});

test('failed cases, errors, warnings and operations that were not tested are told', () => {
  const failures = [{ code: 'ST202', title: 'Rejected', count: 2, operations: ['GET /a', 'POST /b'] }];
  const { counts, lines } = readOutcome(
    report({
      operations: { total: 5, tested: 4 },
      test_cases: { generated: 10, with_failures: 2, errored: 1 },
      failures,
      warnings: { missing_auth: ['GET /a'] },
    }),
    events,
  );
  assert.deepEqual(counts, { passed: 7, failed: 3, skipped: 1 });
  assert.deepEqual(lines.slice(1), ['ST202 Rejected: 2, GET /a, POST /b', 'warning missing_auth: 1']);
});
