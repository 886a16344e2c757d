import assert from 'node:assert/strict';
import { test } from 'node:test';
import { namedServers } from '../lib/bench-peers.mjs';

test('the servers of a benchmark are those that --servers names', () => {
  assert.deepEqual(namedServers(['fanout', '--servers', 'relay, bun', '--rounds', '1']), ['relay', 'bun']);
  assert.deepEqual(namedServers(['--servers=nchan', 'compare']), ['nchan']);
  assert.deepEqual(namedServers(['compare']), []);
  assert.deepEqual(namedServers(['compare', '--servers']), []);
});
