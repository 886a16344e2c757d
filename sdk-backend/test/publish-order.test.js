import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { configure, publish } from '../src/index.js';
import { problem, StubRelay } from './stub-relay.js';

const relay = new StubRelay();
const room = { name: 'room' };
/** What is retried here gets there in the end, however slow the machine is. */
const retry = { deadlineMs: 240_000, minDelayMs: 5, maxDelayMs: 40 };

before(async () => {
  await relay.start();
  configure({ url: relay.url, apiKey: 'key' });
});
after(() => relay.stop());
beforeEach(async () => {
  configure({ retry });
  relay.accepted = [];
  relay.requests = [];
  relay.misbehave = undefined;
});

/** @param {number} count */
const numbers = (count) => Array.from({ length: count }, (_, n) => n);

/**
 * Numbers from 0 to 1, the same for the same seed (mulberry32).
 *
 * @param {number} seed
 */
function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** @param {string} id */
const timesSent = (id) => relay.requests.filter(({ messages }) => messages.some((m) => m.id === id)).length;

test('un-awaited publishes arrive in the order of the calls, in few requests', async () => {
  relay.misbehave = async () => {
    await sleep(Math.random() * 5);
    return undefined;
  };
  const published = [];
  for (const n of numbers(500)) {
    published.push(publish(room, n));
    if (n % 50 === 0) await sleep(1);
  }
  await Promise.all(published);
  assert.deepEqual(relay.payloads('room'), numbers(500));
  assert.ok(relay.requests.length < 50, `${relay.requests.length} requests`);
});

test('a request holds at most 100 messages and about a megabyte', async () => {
  await Promise.all(numbers(350).map((n) => publish(room, n)));
  await Promise.all(numbers(40).map(() => publish(room, 'x'.repeat(60_000))));
  for (const { messages, body } of relay.requests) {
    assert.ok(messages.length <= 100);
    assert.ok(body.length <= 1024 * 1024);
  }
  assert.equal(relay.accepted.length, 390);
  assert.ok(relay.requests.length <= 12, `${relay.requests.length} requests`);
});

test('a message larger than a batch may be goes alone', async () => {
  await Promise.all([publish(room, 1), publish(room, 'x'.repeat(1_500_000)), publish(room, 3)]);
  assert.equal(relay.accepted.length, 3);
  assert.ok(relay.requests.some(({ path, body }) => path === '/v1/publish' && body.length > 1_500_000));
});

test('promises of one channel settle in order', async () => {
  /** @type {number[]} */
  const settled = [];
  await Promise.all(numbers(250).map((n) => publish(room, n).then(() => settled.push(n))));
  assert.deepEqual(settled, numbers(250));
});

test('a channel does not wait for another one that is stuck', async () => {
  const release = new EventTarget();
  relay.misbehave = async ({ messages }) => {
    if (messages[0]?.channel.name === 'stuck') await once(release, 'go');
    return undefined;
  };
  const stuck = publish({ name: 'stuck' }, 1);
  await publish(room, 1);
  await publish({ name: 'lobby' }, 1);
  assert.deepEqual(relay.payloads('stuck'), []);
  release.dispatchEvent(new Event('go'));
  await stuck;
  assert.deepEqual(relay.payloads('stuck'), [1]);
});

test('many channels at once share a few connections and keep each its order', async () => {
  let underWay = 0;
  let most = 0;
  const all = new EventTarget();
  const allAreThere = once(all, 'there');
  relay.misbehave = async () => {
    underWay += 1;
    most = Math.max(most, underWay);
    if (underWay === 8) all.dispatchEvent(new Event('there'));
    await allAreThere;
    await sleep(2);
    underWay -= 1;
    return undefined;
  };
  await Promise.all(numbers(1000).map((n) => publish({ name: `c${n % 100}` }, n)));
  for (const c of numbers(100)) {
    assert.deepEqual(
      relay.payloads(`c${c}`),
      numbers(10).map((k) => c + 100 * k),
    );
  }
  assert.equal(most, 8, 'requests at once');
});

test('a relay that goes away and comes back on its port gets every message once and in order', async () => {
  const published = [];
  for (const n of numbers(60)) {
    published.push(publish(room, n));
    if (n === 20) await relay.stop();
    if (n === 40) await relay.start();
    await sleep(2);
  }
  await Promise.all(published);
  assert.deepEqual(relay.payloads('room'), numbers(60));
});

test('an answer lost on the way is asked for again under the same id, and nothing doubles', async () => {
  let cuts = 0;
  relay.misbehave = ({ messages }) => {
    if (cuts === 3) return undefined;
    cuts += 1;
    for (const message of messages) relay.accept(message);
    return 'cut';
  };
  await Promise.all(numbers(150).map((n) => publish(room, n)));
  assert.deepEqual(relay.payloads('room'), numbers(150));
  assert.equal(timesSent(relay.accepted[0]?.id ?? ''), 4);
});

test('a batch that was taken in part is completed without doubles', async () => {
  let cut = false;
  relay.misbehave = ({ messages }) => {
    if (cut || messages.length < 10) return undefined;
    cut = true;
    for (const message of messages.slice(0, 5)) relay.accept(message);
    return 'cut';
  };
  await Promise.all(numbers(20).map((n) => publish(room, n)));
  assert.ok(cut);
  assert.deepEqual(relay.payloads('room'), numbers(20));
});

test('failures at random neither lose, double nor reorder', async (t) => {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
  t.diagnostic(`SEED=${seed}`);
  const random = randomFrom(seed);
  relay.misbehave = async ({ messages }) => {
    const dice = random();
    if (dice < 0.2) return 'cut';
    if (dice < 0.4) return { status: 503, json: problem(503, 'unavailable', 'later') };
    if (dice < 0.6) {
      for (const message of messages.slice(0, Math.ceil(messages.length * random()))) relay.accept(message);
      return 'cut';
    }
    await sleep(dice * 4);
    return undefined;
  };
  const published = [];
  for (const n of numbers(300)) {
    published.push(publish({ name: `c${n % 3}` }, n));
    if (n % 10 === 0) await sleep(1);
  }
  await Promise.all(published);
  for (const c of numbers(3)) {
    assert.deepEqual(
      relay.payloads(`c${c}`),
      numbers(100).map((k) => c + 3 * k),
    );
  }
});

test('a bad message in a batch rejects alone', async () => {
  relay.misbehave = ({ path, messages }) => {
    if (path === '/v1/publish') return undefined;
    const results = messages.map((message) =>
      message.payload === 'bad'
        ? { error: problem(413, 'payload_too_large', 'the payload has 70000 bytes') }
        : relay.accept(message),
    );
    return { status: 200, json: { results } };
  };
  const outcomes = await Promise.allSettled([1, 'bad', 3, 'bad', 5].map((payload) => publish(room, payload)));
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled'],
  );
  const { reason } = /** @type {PromiseRejectedResult} */ (outcomes[1]);
  assert.equal(reason.errorCode, 3);
  assert.match(reason.message, /70000 bytes/);
  assert.deepEqual(relay.payloads('room'), [1, 3, 5]);
});

test('a message that a batch put off is sent again, unless a later one of its channel went through', async () => {
  const busy = problem(429, 'too_many_requests', 'slow down');
  let first = true;
  relay.misbehave = ({ messages }) => {
    if (!first) return undefined;
    first = false;
    const results = messages.map((message) =>
      String(message.payload).startsWith('busy') ? { error: busy } : relay.accept(message),
    );
    return { status: 200, json: { results } };
  };
  const payloads = ['a', 'busy-overtaken', 'b', 'busy-last'];
  const outcomes = await Promise.allSettled(payloads.map((payload) => publish(room, payload)));
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
  );
  assert.match(/** @type {any} */ (outcomes[1]).reason.message, /later message of the channel went through/);
  assert.deepEqual(relay.payloads('room'), ['a', 'b', 'busy-last']);
});

test('an address where nothing listens rejects with the address and the reason', async (t) => {
  // Nobody was ever connected to it: a connection that is kept would fail in another way first.
  const nobody = await new StubRelay().start();
  await nobody.stop();
  t.after(() => configure({ url: relay.url, fetch }));
  // Each attempt has all the time it needs, also where that is longer than the deadline.
  const patient = (/** @type {any} */ url, /** @type {any} */ { signal: _, ...rest }) => fetch(url, rest);
  configure({ url: nobody.url, retry: { deadlineMs: 80 }, fetch: patient });
  await assert.rejects(publish(room, 1), {
    errorCode: 1,
    message: new RegExp(`cannot reach the relay at ${nobody.url}: .*ECONNREFUSED`),
  });
});

test('more than 64 MiB of waiting messages are refused', async () => {
  configure({ retry: { deadlineMs: 200 } });
  relay.misbehave = () => ({ status: 503, json: {} });
  const payload = 'x'.repeat(8 * 1024 * 1024);
  const calls = numbers(9).map((n) => publish({ name: `c${n}` }, payload));
  const outcomes = await Promise.allSettled(calls);
  const reasons = outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason.message : ''));
  assert.match(reasons[8], /64 MiB of messages already wait/);
  assert.doesNotMatch(reasons[0], /already wait/);
  relay.misbehave = undefined;
  configure({ retry });
  await publish(room, 'room again');
  assert.deepEqual(relay.payloads('room'), ['room again']);
});
