/** What the runners print, as they print it, and what is read out of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cargoCounts, nodeCounts, shortfall } from '../lib/counts.mjs';

test('the results of several Rust test programs and of documentation examples are added up', () => {
  const output = `
running 3 tests
test a ... ok
test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.02s

     Running tests/wire.rs
test result: FAILED. 4 passed; 1 failed; 2 ignored; 0 measured; 5 filtered out; finished in 1.10s

   Doc-tests realtime_protocol
test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s`;
  assert.deepEqual(cargoCounts(output), { passed: 8, failed: 1, skipped: 7 });
});

test('the result line of the wasm test runner, which measures nothing, is understood', () => {
  const output = '    test result: ok. 17 passed; 0 failed; 1 ignored; 0 filtered out; finished in 0.42s\n';
  assert.deepEqual(cargoCounts(output), { passed: 17, failed: 0, skipped: 1 });
});

test('the totals of Node are read in its spec form, colours or not', () => {
  const output =
    '\u001b[34mℹ tests 9\u001b[39m\nℹ suites 0\nℹ pass 5\nℹ fail 1\nℹ cancelled 1\nℹ skipped 1\nℹ todo 1\n';
  assert.deepEqual(nodeCounts(output), { passed: 5, failed: 1, skipped: 3 });
});

test('the totals of Node are read in its TAP form', () => {
  const output = '# tests 2\n# suites 0\n# pass 2\n# fail 0\n# cancelled 0\n# skipped 0\n# todo 0\n';
  assert.deepEqual(nodeCounts(output), { passed: 2, failed: 0, skipped: 0 });
});

test('only the totals at the end count, not a line of a test that looks like them', () => {
  const output = 'ℹ pass 100\nℹ tests 1\nℹ pass 1\nℹ fail 0\nℹ cancelled 0\nℹ skipped 0\nℹ todo 0\n';
  assert.equal(nodeCounts(output).passed, 1);
});

test('output without any result counts nothing, which is a shortfall', () => {
  assert.equal(shortfall(cargoCounts('error: could not compile')), 'no test ran');
  assert.equal(shortfall(nodeCounts('')), 'no test ran');
});

test('a suite falls short when a test failed or did not run, and not otherwise', () => {
  assert.equal(shortfall({ passed: 5, failed: 2, skipped: 1 }), '2 failed');
  assert.equal(shortfall({ passed: 5, failed: 0, skipped: 1 }), '1 did not run');
  assert.equal(shortfall({ passed: 5, failed: 0, skipped: 0 }), undefined);
});
