import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import * as namespace from '../src/index.js';
import sdk, { configure, publish, publisher, runAs } from '../src/index.js';
import { problem, StubRelay } from './stub-relay.js';

const relay = new StubRelay();
const room = { name: 'room' };

before(async () => {
  await relay.start();
  configure({ url: relay.url, apiKey: 'key', retry: { deadlineMs: 240_000, minDelayMs: 5, maxDelayMs: 20 } });
});
after(() => relay.stop());
beforeEach(() => {
  relay.accepted = [];
  relay.requests = [];
  relay.misbehave = undefined;
});

/** The error that a call of `publish` rejects with. @param {any[]} args @returns {Promise<any>} */
async function refusal(...args) {
  const call = /** @type {any} */ (publish);
  return call(...args).then(
    () => assert.fail('it resolved'),
    (/** @type {unknown} */ error) => error,
  );
}

test('publish posts channel, payload and an id with the key, and resolves to nothing', async () => {
  assert.equal(await publish({ name: 'room', resourceId: '7' }, { text: 'hi' }), undefined);
  const request = /** @type {import('./stub-relay.js').Seen} */ (relay.requests[0]);
  assert.equal(request.path, '/v1/publish');
  assert.equal(request.headers.authorization, 'Bearer key');
  assert.equal(request.headers['content-type'], 'application/json');
  const { id, ...message } = /** @type {any} */ (request.messages[0]);
  assert.deepEqual(message, { channel: { name: 'room', resourceId: '7' }, payload: { text: 'hi' } });
  assert.match(id, /^[\x21-\x7e]{1,128}$/);
});

test('default, named and namespace imports are the same functions', () => {
  assert.equal(sdk.publish, publish);
  assert.equal(namespace.publish, publish);
  assert.equal(namespace.default.permissionsRouter, namespace.permissionsRouter);
  assert.deepEqual(
    Object.keys(sdk).sort(),
    Object.keys(namespace)
      .filter((key) => key !== 'default')
      .sort(),
  );
});

test('every JSON value arrives as it was', async () => {
  const values = [null, false, 0, '', -1.5e300, 'ünïcødé 😀 \u2028', [], {}, { z: 1, a: [{ b: null }] }];
  for (const value of values) await publish(room, value);
  assert.deepEqual(relay.payloads('room'), values);
  assert.ok(relay.requests.some(({ body }) => body.includes('"payload":{"z":1,"a":[{"b":null}]}')));
});

test('the payload is what it was at the call, whatever happens to it afterwards', async () => {
  const payload = { n: 1 };
  const published = publish(room, payload);
  payload.n = 2;
  await published;
  assert.deepEqual(relay.payloads('room'), [{ n: 1 }]);
});

test('users are passed on, an empty list too', async () => {
  await publish(room, 1, { users: ['ann', 'bob'] });
  await publish(room, 1, { users: [] });
  await publish(room, 1, {});
  assert.deepEqual(
    relay.accepted.map(({ options }) => options),
    [{ users: ['ann', 'bob'] }, { users: [] }, undefined],
  );
});

test('includePublisher sends the id of the user on whose behalf the backend acts', async () => {
  await runAs({ id: 'ann', type: 'Member' }, async () => {
    await Promise.resolve();
    await publish(room, 1, { includePublisher: true });
    await publish(room, 2);
  });
  assert.deepEqual(
    relay.accepted.map(({ options, publisher: by }) => [options, by]),
    [
      [{ includePublisher: true }, { id: 'ann' }],
      [undefined, undefined],
    ],
  );
});

test('includePublisher in a job that no user started delivers without a publisher', async () => {
  await publish(room, 1, { includePublisher: true });
  assert.equal(relay.accepted.length, 1);
  assert.equal(relay.accepted[0]?.publisher, undefined);
  assert.equal(relay.accepted[0]?.options?.includePublisher, undefined);
});

test('publisher.publish sends objects and refuses all else', async () => {
  await publisher.publish(room, { a: 1 });
  assert.deepEqual(relay.payloads('room'), [{ a: 1 }]);
  for (const payload of ['text', 1, null, [], undefined]) {
    const call = publisher.publish(room, /** @type {any} */ (payload));
    await assert.rejects(call, { errorCode: 3, channel: room, message: /publisher\.publish sends objects/ });
  }
});

describe('bad input rejects with code 3 and asks the relay nothing', () => {
  /** @type {any} */
  const cyclic = { a: {} };
  cyclic.a.b = cyclic;
  const throwing = {
    toJSON() {
      throw new Error('no JSON today');
    },
  };
  /** @type {[string, any[], RegExp][]} */
  const rows = [
    ['no arguments', [], /a channel is an object/],
    ['a string as channel', ['room', 1], /did you mean \{ name: "room" \}\?/],
    ['an illegal name', [{ name: 'a:b' }, 1], /channel name has ":" at position 2/],
    ['an illegal resource id', [{ name: 'a', resourceId: '\n' }, 1], /resourceId has U\+000A/],
    ['no payload', [room], /must be a JSON value, not undefined; to send no value, publish null/],
    ['a function', [room, () => 1], /must be a JSON value, not a function/],
    ['a symbol', [room, Symbol('s')], /must be a JSON value, not a symbol/],
    ['a cyclic payload', [room, cyclic], /contains itself/],
    ['a BigInt', [room, { n: 1n }], /send a BigInt as a string/],
    ['a payload whose toJSON throws', [room, throwing], /cannot be sent as JSON: no JSON today/],
    ['options that are no object', [room, 1, 'all'], /options must be an object .* not a string/],
    [
      'users that are no array',
      [room, 1, { users: 'ann' }],
      /users must be an array of user ids, not a string/,
    ],
    ['a user that is no string', [room, 1, { users: ['ann', 7] }], /users\[1\] must be .* but is a number/],
    ['an empty user id', [room, 1, { users: [''] }], /users\[0\] must be .* but is empty/],
    ['too many users', [room, 1, { users: Array(1001).fill('u') }], /has 1001 ids: at most 1000/],
    ['a publisher flag that is no boolean', [room, 1, { includePublisher: 'yes' }], /must be true or false/],
  ];
  for (const [name, args, expected] of rows) {
    test(name, async () => {
      const error = await refusal(...args);
      assert.ok(error instanceof Error);
      assert.equal(/** @type {any} */ (error).errorCode, 3);
      assert.match(error.message, expected);
      assert.doesNotMatch(error.message, /\n/);
      if (typeof args[0] === 'object') assert.equal(/** @type {any} */ (error).channel, args[0]);
      assert.equal(relay.requests.length, 0);
    });
  }
});

test('up to a thousand users are allowed', async () => {
  await publish(room, 1, { users: Array.from({ length: 1000 }, (_, n) => `u${n}`) });
  assert.equal(relay.accepted[0]?.options.users.length, 1000);
});

describe('what the relay refuses is not tried again', () => {
  /** @type {[string, number, string, number][]} */
  const rows = [
    ['a payload that is too large', 413, 'payload_too_large', 3],
    ['a channel that the relay does not like', 400, 'bad_channel', 3],
    ['an id that is another message’s', 422, 'id_taken', 1],
    ['a wrong key', 401, 'unauthorized', 1],
    ['an address that is no relay', 404, 'not_found', 1],
  ];
  for (const [name, status, code, errorCode] of rows) {
    test(name, async () => {
      relay.misbehave = () => ({ status, json: problem(status, code, 'the reason') });
      const error = await refusal(room, 1);
      assert.equal(error.errorCode, errorCode);
      assert.match(error.message, /the reason/);
      assert.equal(error.channel, room);
      assert.equal(relay.requests.length, 1);
    });
  }
});

test('a refused key names the setting to look at', async () => {
  relay.misbehave = () => ({ status: 401, json: problem(401, 'unauthorized', 'unknown key') });
  assert.match((await refusal(room, 1)).message, /RELAY_API_KEY/);
});

test('the key does not follow a redirect', async () => {
  relay.misbehave = () => ({ status: 307, headers: { location: `${relay.url}/elsewhere` } });
  assert.equal((await refusal(room, 1)).errorCode, 1);
  assert.deepEqual(
    relay.requests.map(({ path }) => path),
    ['/v1/publish'],
  );
});
