import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configure } from '../src/index.js';
import { mergeOptions, resolveSettings } from '../src/settings.js';

/** @param {import('../src/settings.js').Options} options @param {Record<string, string>} [env] */
const settings = (options, env = {}) => resolveSettings(mergeOptions({}, options), env);

test('without any setting the relay is the one on this machine, with its key', () => {
  const { url, apiKey, retry, fetch } = settings({});
  assert.equal(url, 'http://127.0.0.1:8787');
  assert.equal(apiKey, 'dev');
  assert.equal(retry.deadlineMs, 30_000);
  assert.equal(fetch, globalThis.fetch);
});

test('the environment names relay and key, and configure overrides it', () => {
  const env = { RELAY_URL: 'https://relay.example.com/rt/', RELAY_API_KEY: ' one , two' };
  assert.equal(settings({}, env).url, 'https://relay.example.com/rt');
  assert.equal(settings({}, env).apiKey, 'one');
  const { url, apiKey } = settings({ url: 'http://10.0.0.1:1', apiKey: 'mine' }, env);
  assert.deepEqual([url, apiKey], ['http://10.0.0.1:1', 'mine']);
});

test('the key dev is for loopback only', () => {
  for (const url of ['http://localhost:1', 'http://[::1]:1', 'http://127.0.0.9:1']) {
    assert.equal(settings({ url }).apiKey, 'dev');
  }
  for (const url of ['http://10.0.0.1', 'https://127.0.0.1.example.com', 'http://localhost.example.com']) {
    assert.throws(() => settings({ url }), { errorCode: 1, message: /set RELAY_API_KEY/ });
  }
});

test('an address in the environment that is none is a connection error', () => {
  assert.throws(() => settings({}, { RELAY_URL: 'relay:8787' }), {
    errorCode: 1,
    message: /RELAY_URL must be/,
  });
});

test('configure keeps what it is not given', () => {
  const first = mergeOptions({}, { url: 'http://127.0.0.1:1', retry: { deadlineMs: 1000 } });
  const { url, apiKey, retry } = resolveSettings(
    mergeOptions(first, { apiKey: 'k', retry: { minDelayMs: 7 } }),
    {},
  );
  assert.deepEqual([url, apiKey], ['http://127.0.0.1:1', 'k']);
  assert.deepEqual(retry, { deadlineMs: 1000, minDelayMs: 7, maxDelayMs: 2000 });
});

test('configure refuses wrong settings by name', () => {
  const wrong = /** @type {any} */ (configure);
  /** @type {[unknown, RegExp][]} */
  const rows = [
    ['http://127.0.0.1:1', /configure takes an object/],
    [undefined, /configure takes an object/],
    [{ url: 'ws://127.0.0.1' }, /url must be an address such as http.* not "ws:\/\/127\.0\.0\.1"/],
    [{ url: 7 }, /url must be an address/],
    [{ url: 'http://user:password@127.0.0.1' }, /must not contain a user name/],
    [{ apiKey: '' }, /apiKey must be/],
    [{ apiKey: 'with space' }, /apiKey must be/],
    [{ retry: 5 }, /retry must be an object/],
    [{ retry: { deadlineMs: '5 s' } }, /retry\.deadlineMs must be a number of milliseconds/],
    [{ retry: { deadlineMs: 600_000 } }, /retry\.deadlineMs must be .* to 240000/],
    [{ fetch: 'http' }, /fetch must be a function/],
  ];
  for (const [options, message] of rows) assert.throws(() => wrong(options), { errorCode: 3, message });
});

test('a fetch of the caller carries the requests', async () => {
  const { sendToRelay } = await import('../src/relay-client.js');
  const { createPublication } = await import('../src/publication.js');
  /** @type {string[]} */
  const asked = [];
  /** @type {typeof globalThis.fetch} */
  const fetch = async (input) => {
    asked.push(String(input));
    return Response.json({ epoch: 'e', offset: 1 });
  };
  const own = settings({ url: 'https://relay.example.com/rt', apiKey: 'k', fetch });
  const outcomes = await sendToRelay(own, [createPublication({ name: 'room' }, 1, undefined)], 1000);
  assert.deepEqual(outcomes, [{ kind: 'accepted' }]);
  assert.deepEqual(asked, ['https://relay.example.com/rt/v1/publish']);
});
