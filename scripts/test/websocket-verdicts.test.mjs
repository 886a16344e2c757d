import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CASES, judge } from '../lib/websocket-verdicts.mjs';

const ok = { behavior: 'OK', behaviorClose: 'OK' };

/** @param {[string, { behavior: string; behaviorClose: string }][]} changes */
function verdicts(changes) {
  const all = new Map(Array.from({ length: CASES - changes.length }, (_, index) => [`1.1.${index}`, ok]));
  for (const [id, verdict] of changes) all.set(id, verdict);
  return all;
}

test('a run in which every case is right passes', () => {
  const { counts, complaints } = judge(verdicts([]));
  assert.deepEqual(counts, { passed: CASES, failed: 0, skipped: 0 });
  assert.deepEqual(complaints, []);
});

test('a verdict that has a reason passes for its own case only', () => {
  const late = { behavior: 'NON-STRICT', behaviorClose: 'OK' };
  assert.equal(judge(verdicts([['6.4.1', late]])).counts.failed, 0);
  assert.deepEqual(judge(verdicts([['6.3.1', late]])).complaints, [
    'case 6.3.1: NON-STRICT, closing handshake OK',
  ]);
});

test('a closing handshake that is not clean fails its case', () => {
  const { counts } = judge(verdicts([['7.1.1', { behavior: 'OK', behaviorClose: 'UNCLEAN' }]]));
  assert.deepEqual(counts, { passed: CASES - 1, failed: 1, skipped: 0 });
});

test('a run that was cut short is told by the cases that it lacks', () => {
  assert.equal(judge(new Map([['1.1.1', ok]])).counts.skipped, CASES - 1);
});
