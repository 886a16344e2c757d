import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { configure, disconnect, recheckPermissions } from '../src/index.js';
import { problem, StubRelay } from './stub-relay.js';

const relay = new StubRelay();
const room = { name: 'room', resourceId: '7' };

/** What the relay answers when nothing is wrong. */
const ANSWERS = {
  '/v1/permissions/recheck': { status: 202, json: { subscriptions: 3 } },
  '/v1/disconnect': { status: 200, json: { sessions: 2 } },
};

before(() => relay.start());
after(() => relay.stop());
beforeEach(() => {
  configure({ url: relay.url, apiKey: 'key', retry: { deadlineMs: 240_000, minDelayMs: 5, maxDelayMs: 20 } });
  relay.requests = [];
  relay.misbehave = ({ path }) => ANSWERS[/** @type {keyof typeof ANSWERS} */ (path)];
});

/** What the relay was asked, as path and body. */
const asked = () => relay.requests.map(({ path, body }) => [path, JSON.parse(body)]);

test('a recheck is asked for a channel, a user, both or all, and tells how many subscriptions there are', async () => {
  /** @type {[any, any][]} */
  const rows = [
    [undefined, {}],
    [null, {}],
    [{}, {}],
    [{ channel: null, user: undefined }, {}],
    [{ channel: { name: 'room' } }, { channel: { name: 'room' } }],
    [{ channel: { name: 'room', resourceId: '', extra: 1 } }, { channel: { name: 'room' } }],
    [
      { channel: room, user: 'anna' },
      { channel: room, user: 'anna' },
    ],
    [{ user: 'anna' }, { user: 'anna' }],
  ];
  for (const [options, body] of rows) {
    relay.requests = [];
    assert.deepEqual(await recheckPermissions(options), { subscriptions: 3 });
    assert.deepEqual(asked(), [['/v1/permissions/recheck', body]]);
  }
  assert.equal(relay.requests[0]?.headers.authorization, 'Bearer key');
});

test('a user is disconnected for good, or until the pages come back, with a reason if there is one', async () => {
  /** @type {[any, any][]} */
  const rows = [
    [undefined, { user: 'anna' }],
    [null, { user: 'anna' }],
    [{ comeBack: true }, { user: 'anna', comeBack: true }],
    [
      { comeBack: false, reason: 'signed out' },
      { user: 'anna', comeBack: false, reason: 'signed out' },
    ],
    [{ reason: '🙂'.repeat(100) }, { user: 'anna', reason: '🙂'.repeat(100) }],
  ];
  for (const [options, body] of rows) {
    relay.requests = [];
    assert.deepEqual(await disconnect('anna', options), { sessions: 2 });
    assert.deepEqual(asked(), [['/v1/disconnect', body]]);
  }
});

test('a relay that is busy or away is asked again until the deadline', async () => {
  let failures = 0;
  relay.misbehave = ({ path }) => {
    failures += 1;
    if (failures === 1) return 'cut';
    if (failures === 2) return { status: 503, json: problem(503, 'unavailable', 'draining') };
    return ANSWERS[/** @type {keyof typeof ANSWERS} */ (path)];
  };
  assert.deepEqual(await recheckPermissions({ user: 'anna' }), { subscriptions: 3 });
  assert.equal(relay.requests.length, 3);
});

test('at the deadline the error is what the relay said last, not that the last attempt was cut short', async () => {
  let attempts = 0;
  /** @type {typeof fetch} */
  const busyThenSilent = (_url, { signal } = {}) => {
    attempts += 1;
    if (attempts === 1)
      return Promise.resolve(Response.json(problem(503, 'unavailable', 'draining'), { status: 503 }));
    return new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
  };
  configure({ fetch: busyThenSilent, retry: { deadlineMs: 100 } });
  try {
    await assert.rejects(disconnect('anna'), { errorCode: 1, message: /answered 503: draining/ });
  } finally {
    configure({ fetch });
  }
});

test('what the relay refuses is not asked again', async () => {
  relay.misbehave = () => ({ status: 401, json: problem(401, 'unauthorized', 'no such key') });
  await assert.rejects(recheckPermissions(), { errorCode: 1, message: /401: no such key .*RELAY_API_KEY/ });
  relay.misbehave = () => ({ status: 400, json: problem(400, 'bad_input', 'user: too long') });
  await assert.rejects(disconnect('anna'), { errorCode: 3, message: 'user: too long' });
  assert.equal(relay.requests.length, 2);
  // Whoever answers a recheck with 200 is not the relay.
  relay.misbehave = () => ({ status: 200, json: { subscriptions: 3 } });
  await assert.rejects(recheckPermissions(), { errorCode: 1, message: /answered 200/ });
});

describe('bad input rejects with code 3 and asks the relay nothing', () => {
  /** @type {[string, () => Promise<unknown>, RegExp][]} */
  const rows = [
    [
      'a string to recheck',
      () => wrong(recheckPermissions)('room'),
      /takes an object such as { channel, user }/,
    ],
    [
      'a string as channel',
      () => wrong(recheckPermissions)({ channel: 'room' }),
      /did you mean { name: "room" }/,
    ],
    [
      'a channel that there cannot be',
      () => recheckPermissions({ channel: { name: 'a:b' } }),
      /":" at position 2/,
    ],
    ['a user of another kind', () => wrong(recheckPermissions)({ user: 7 }), /not a number/],
    ['an empty user', () => recheckPermissions({ user: '' }), /not empty/],
    ['nobody to disconnect', () => wrong(disconnect)(), /disconnect\(userId\): .* not undefined/],
    ['an empty user to disconnect', () => disconnect(''), /not empty/],
    [
      'a reason as options',
      () => wrong(disconnect)('anna', 'bye'),
      /takes an object such as { comeBack, reason }/,
    ],
    [
      'a comeBack of another kind',
      () => wrong(disconnect)('anna', { comeBack: 1 }),
      /true or false, not a number/,
    ],
    [
      'a reason beyond all measure',
      () => disconnect('anna', { reason: 'x'.repeat(101) }),
      /at most 100 char/,
    ],
  ];
  for (const [name, call, message] of rows) {
    test(name, async () => {
      await assert.rejects(call(), { errorCode: 3, message });
      assert.deepEqual(relay.requests, []);
    });
  }
});

/** @param {any} fn @returns {any} */
function wrong(fn) {
  return fn;
}
