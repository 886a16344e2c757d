import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as sdk from '../src/index.js';
import { StubRelay } from './stub-relay.js';

test('site has the very router and publish of the package', async (t) => {
  assert.equal(sdk.site.permissionsRouter, sdk.permissionsRouter);
  assert.deepEqual(Object.keys(sdk.site), ['permissionsRouter', 'publish']);
  const relay = await new StubRelay().start();
  t.after(() => relay.stop());
  sdk.configure({ url: relay.url, apiKey: 'key' });
  await sdk.site.publish({ name: 'room' }, 'any value', { users: ['anna'] });
  await sdk.publisher.publish({ name: 'room' }, { an: 'object' });
  assert.deepEqual(relay.payloads('room'), ['any value', { an: 'object' }]);
});

/** A module's exports as a tree of names, with `function` where something can be called. @param {any} value @returns {any} */
function shapeOf(value) {
  if (typeof value !== 'object' || value === null) return typeof value;
  const entries = Object.entries(value).map(([key, member]) => [key, shapeOf(member)]);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The module that the relay gives to a permissions file for this package, with the router left as a name. */
async function insideTheRelay() {
  const file = new URL('../../relay/src/permission/script/js/backend.js', import.meta.url);
  const router = `const permissionsRouter = { add() {}, default() {}, check() {}, resolve() {} };`;
  const source = readFileSync(file, 'utf8').replace(/^import .* from 'relay:router';$/m, router);
  return import(`data:text/javascript,${encodeURIComponent(source)}`);
}

test('inside the relay the package has the same names, to the last member', async () => {
  const inside = await insideTheRelay();
  assert.deepEqual(shapeOf({ ...inside }), shapeOf({ ...sdk }));
});

test('inside the relay what needs a network says so and works nowhere else than it can', async () => {
  const inside = await insideTheRelay();
  for (const name of [
    'publish',
    'recheckPermissions',
    'disconnect',
    'permissionsEndpoint',
    'createSessionToken',
  ]) {
    assert.throws(() => inside[name](), { message: new RegExp(`^${name}\\(\\) is not available here`) });
  }
  assert.throws(() => inside.site.publish(), { message: /^site\.publish\(\) is not available here/ });
  assert.equal(inside.site.permissionsRouter, inside.permissionsRouter);
});
