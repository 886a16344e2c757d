import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { pauseBefore } from '../src/backoff.js';
import { configure, publish } from '../src/index.js';
import { problem } from './stub-relay.js';
import { virtualTime } from './virtual-time.js';

const room = { name: 'room' };
const DEFAULT_RETRY = { deadlineMs: 30_000, minDelayMs: 50, maxDelayMs: 2_000 };

/** The ids of the messages of each request. @type {string[][]} */
let requests = [];

beforeEach(() => {
  requests = [];
  configure({ url: 'http://relay.example', apiKey: 'key', retry: DEFAULT_RETRY });
});

/** What a relay answers that is well. */
const accepted = () => Response.json({ epoch: 'e', offset: 1 });

/** @param {number} status @param {Record<string, string>} [headers] */
const busy = (status = 503, headers = {}) =>
  Response.json(problem(status, 'unavailable', 'draining'), { status, headers });

/** No answer, for as long as it is waited for. @param {AbortSignal} signal @returns {Promise<Response>} */
const silence = (signal) =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

/**
 * Answers instead of a relay, in no time.
 *
 * @param {(attempt: number, signal: AbortSignal) => Response | Promise<Response>} answer attempts count from 1
 */
function answerBy(answer) {
  configure({
    fetch: async (_url, { body, signal } = {}) => {
      const json = JSON.parse(String(body));
      requests.push((json.messages ?? [json]).map((/** @type {any} */ { id }) => id));
      return answer(requests.length, /** @type {AbortSignal} */ (signal));
    },
  });
}

test('Retry-After is waited for', async (t) => {
  const time = virtualTime(t);
  answerBy((attempt) => (attempt === 1 ? busy(429, { 'retry-after': '3' }) : accepted()));
  await time.settled(publish(room, 1));
  assert.equal(time.passed(), 3_000);
});

test('at the deadline the promise rejects with code 1 and the last reason', async (t) => {
  const time = virtualTime(t);
  configure({ retry: { deadlineMs: 150 } });
  answerBy(() => busy());
  const calls = [1, 2, 3].map((n) => publish(room, n));
  await time.settled(Promise.allSettled(calls));
  for (const call of calls) {
    await assert.rejects(call, {
      errorCode: 1,
      channel: room,
      message: /gave up publishing: .* 503: draining/,
    });
  }
  assert.equal(time.passed(), 150);
});

test('a Retry-After beyond the deadline does not hold the caller longer than that', async (t) => {
  const time = virtualTime(t);
  configure({ retry: { deadlineMs: 100 } });
  answerBy((attempt) => (attempt === 1 ? busy(503, { 'retry-after': '60' }) : accepted()));
  await assert.rejects(time.settled(publish(room, 1)), { errorCode: 1 });
  assert.equal(time.passed(), 100);
  await time.settled(publish(room, 2));
  assert.equal(time.passed(), 100);
});

test('a relay that never answers is given up at the deadline, and later publishes work', async (t) => {
  const time = virtualTime(t);
  configure({ retry: { deadlineMs: 150 } });
  answerBy((attempt, signal) => (attempt === 1 ? silence(signal) : accepted()));
  await assert.rejects(time.settled(publish(room, 1)), { errorCode: 1, message: /no answer in 150 ms/ });
  assert.equal(time.passed(), 150);
  await time.settled(publish(room, 2));
});

test('a relay that does not answer once is asked again after ten seconds, under the same id', async (t) => {
  const time = virtualTime(t);
  answerBy((attempt, signal) => (attempt === 1 ? silence(signal) : accepted()));
  await time.settled(publish(room, 1));
  assert.ok(time.passed() >= 10_000 && time.passed() <= 10_051, `${time.passed()} ms`);
  assert.deepEqual(requests[0], requests[1]);
});

test('a message whose deadline came does not take those with it that are younger', async (t) => {
  const time = virtualTime(t);
  configure({ retry: { deadlineMs: 1_000 } });
  answerBy((attempt, signal) => {
    if (attempt === 1) return busy(503, { 'retry-after': '0.7' });
    if (attempt === 2) return silence(signal);
    return accepted();
  });
  const first = publish(room, 1);
  await time.settled(new Promise((resolve) => setTimeout(resolve, 600)));
  const second = publish(room, 2);
  await assert.rejects(time.settled(first), { errorCode: 1, message: /503: draining/ });
  assert.equal(time.passed(), 1_000);
  await time.settled(second);
  const [one, two] = requests[1] ?? [];
  assert.deepEqual(requests, [[one], [one, two], [two]]);
});

test('a pause has a length after any number of failures, also without a bound of its own', () => {
  for (const failures of [0, 1, 30, 1_023, 1_024, 1_000_000]) {
    assert.equal(pauseBefore(failures, 0, { minDelayMs: 0, maxDelayMs: 2_000 }), 0);
    const pauseMs = pauseBefore(failures, 0, { minDelayMs: 50, maxDelayMs: 2_000 });
    assert.ok(pauseMs >= 0 && pauseMs <= 2_000, `${pauseMs}`);
    assert.equal(pauseBefore(failures, 5_000, { minDelayMs: 0, maxDelayMs: 0 }), 5_000);
  }
});

test('what was sent before the machine slept for long is not sent again: the relay has forgotten its id', async (t) => {
  const time = virtualTime(t);
  answerBy((attempt, signal) => {
    if (attempt > 1) return accepted();
    time.sleep(3_600_000);
    return silence(signal);
  });
  const sent = publish(room, 1);
  // Not sent yet when the machine sleeps, so it cannot come twice.
  await Promise.resolve();
  const waiting = time.settled(new Promise((resolve) => setTimeout(resolve, 1))).then(() => publish(room, 2));
  await assert.rejects(time.settled(sent), {
    errorCode: 1,
    channel: room,
    message: /gave up publishing: 60 minutes have passed .*slept.*: .* no answer in 10000 ms/,
  });
  await time.settled(waiting);
  assert.equal(requests.length, 2);
  assert.notDeepEqual(requests[0], requests[1]);
});

test('a short sleep between two attempts is no reason to give up', async (t) => {
  const time = virtualTime(t);
  answerBy((attempt) => {
    if (attempt > 1) return accepted();
    time.sleep(60_000);
    return busy();
  });
  await time.settled(publish(room, 1));
  assert.deepEqual(requests[0], requests[1]);
});

test('a success that is no relay’s is none: a page that answers everything has no message', async (t) => {
  const time = virtualTime(t);
  configure({ retry: { deadlineMs: 1_000 } });
  for (const body of ['<!doctype html><title>Sign in</title>', '{}', 'null', '{"ok":true}']) {
    answerBy(() => new Response(body, { status: 200 }));
    await assert.rejects(time.settled(publish(room, 1)), {
      errorCode: 1,
      message: /gave up publishing: cannot reach the relay at http:\/\/relay\.example: .* is no relay's/,
    });
    assert.ok(requests.length > 1, 'it is asked again');
    requests = [];
  }
});

test('what carries the requests may reject with anything', async (t) => {
  const time = virtualTime(t);
  for (const thrown of [Object.create(null), undefined, Symbol('none'), 'a text']) {
    requests = [];
    answerBy((attempt) => (attempt === 1 ? Promise.reject(thrown) : accepted()));
    await time.settled(publish(room, 1));
    assert.equal(requests.length, 2);
  }
});
