/** How a test run is summed up. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestsFailed } from '../lib/failure.mjs';
import { Ledger } from '../lib/ledger.mjs';

test('a good run lists each suite and closes with the totals', () => {
  const ledger = new Ledger();
  ledger.ran('Rust tests', { passed: 120, failed: 0, skipped: 0 });
  ledger.ran('wasm tests in Firefox', { passed: 17, failed: 0, skipped: 0 });
  assert.deepEqual(ledger.summary(), [
    'Rust tests               120 run and passed',
    'wasm tests in Firefox     17 run and passed',
    '',
    '137 passed, 0 failed',
  ]);
  assert.equal(ledger.failures, 0);
});

test('failed tests are counted as such, and what came after them is named', () => {
  const ledger = new Ledger();
  ledger.failed('Rust tests', new TestsFailed('2 failed', { counts: { passed: 3, failed: 2, skipped: 0 } }));
  ledger.notReached('page tests');
  assert.deepEqual(ledger.summary(), [
    'Rust tests      3 run and passed, 2 failed',
    'not run: page tests',
    '',
    '3 passed, 2 failed',
  ]);
});

test('a failed step that is no suite counts as one failure', () => {
  const ledger = new Ledger();
  ledger.ran('Node tests', { passed: 4, failed: 0, skipped: 0 });
  ledger.failed('Rust lints', new Error('unused variable'));
  assert.equal(ledger.failures, 1);
  assert.equal(ledger.summary().at(-1), '4 passed, 1 failed');
  assert.ok(ledger.summary().includes('failed: Rust lints'));
});

test('a suite that ran nothing, or skipped a test, is a failure although no test of it failed', () => {
  for (const counts of [
    { passed: 0, failed: 0, skipped: 0 },
    { passed: 9, failed: 0, skipped: 1 },
  ]) {
    const ledger = new Ledger();
    ledger.failed('wasm tests in Chromium', new TestsFailed('falls short', { counts }));
    assert.equal(ledger.failures, 1);
    assert.equal(ledger.summary().at(-1), `${counts.passed} passed, 1 failed`);
  }
});
