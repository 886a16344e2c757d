import assert from 'node:assert/strict';
import { test } from 'node:test';
import { permissionsEndpoint, permissionsRouter } from '../src/index.js';
import servicePlugins, { realtimePermissionsProvider } from '../src/service-plugins.js';
import { bodyOf, PATH, posting, SECRET } from './questions.js';

/** @type {string[]} */
const log = [];

/** @param {any} channel @param {any} [subscriber] @param {any} [options] */
async function ask(channel, subscriber, options = {}) {
  const { fetch } = permissionsEndpoint({ secret: SECRET, log: (line) => log.push(line), ...options });
  const question = posting(bodyOf(channel, subscriber));
  const response = await fetch(new Request(`http://backend.example${PATH}`, question));
  return { status: response.status, json: /** @type {any} */ (await response.json()) };
}

test('a handler of the service plugin answers, in its own words, instead of the router', async () => {
  permissionsRouter.default(() => ({ read: false }));
  assert.deepEqual((await ask({ name: 'open' })).json, { read: false, decidedBy: 'default' });
  /** @type {any[]} */
  const seen = [];
  realtimePermissionsProvider.provideHandlers({
    checkSubscriberPermissions: async (payload) => {
      seen.push(payload);
      return { read: payload.request.subscriber.type !== 'VISITOR' };
    },
  });
  assert.deepEqual((await ask({ name: 'open', resourceId: '7' })).json, { read: true });
  assert.deepEqual((await ask({ name: 'open' }, { id: 'v', type: 'Visitor' })).json, { read: false });
  assert.deepEqual(seen[0], {
    request: {
      channel: { name: 'open', resourceId: '7' },
      subscriber: { id: 'anna', _id: 'anna', type: 'MEMBER' },
      requestingAppId: '',
    },
    metadata: { requestId: 'r-1', identity: { identityType: 'MEMBER', memberId: 'anna' } },
  });
});

test('a hook that the endpoint was given counts more than the service plugin', async () => {
  realtimePermissionsProvider.provideHandlers({ checkSubscriberPermissions: () => ({ read: false }) });
  assert.deepEqual((await ask({ name: 'a' }, undefined, { check: () => ({}) })).json, { read: true });
});

test('what the handler throws, and what is neither yes nor no, is no decision', async () => {
  for (const [handler, reason] of /** @type {[any, RegExp][]} */ ([
    [() => assert.fail('no database'), /no database/],
    [() => Promise.reject(new Error('later')), /later/],
    [() => ({}), /must answer { read: true } or { read: false }/],
    [() => ({ read: 'yes' }), /must answer/],
    [() => undefined, /must answer/],
  ])) {
    log.length = 0;
    realtimePermissionsProvider.provideHandlers({ checkSubscriberPermissions: handler });
    const { status, json } = await ask({ name: 'a' });
    assert.deepEqual([status, json.code], [500, 'internal']);
    assert.match(log.join('\n'), reason);
    assert.doesNotMatch(json.detail, reason);
  }
});

test('handlers that are none are refused when they are provided', () => {
  const provide = /** @type {any} */ (realtimePermissionsProvider.provideHandlers);
  for (const handlers of [undefined, {}, { checkSubscriberPermissions: { read: true } }]) {
    assert.throws(() => provide(handlers), {
      name: 'TypeError',
      message: /checkSubscriberPermissions is a function/,
    });
  }
  assert.equal(servicePlugins.realtimePermissionsProvider, realtimePermissionsProvider);
});
