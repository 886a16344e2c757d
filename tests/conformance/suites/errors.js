/**
 * The error codes: 1 for the connection, 2 for subscriptions, 3 for bad input.
 *
 * @module
 */

import { assert } from 'chai';
import { hands } from '../page/hands.js';
import { rejection } from '../page/outcomes.js';
import { it } from '../page/runner.js';
import { sockets } from '../page/sockets.js';
import { Calls } from '../page/waiting.js';

/** How long a first subscribe waits for its answer. */
const PATIENCE_MS = 10_000;

it('is 3 for a channel that is missing or no channel, and says what one looks like', async ({ realtime }) => {
  for (const wrong of [undefined, null, 7, true, [], () => {}, {}, { name: 7 }, { resourceId: 'x' }]) {
    const error = await rejection(realtime.subscribe(/** @type {any} */ (wrong), () => {}));
    assert.isTrue(error instanceof Error);
    assert.equal(error.errorCode, 3, String(wrong));
    assert.match(
      error.message,
      /^(a channel is an object such as \{ name: "chat" \}|channel name is a string)/,
    );
  }
  assert.deepEqual(sockets(), []);
});

it('is 3 for a bare string, and asks whether { name } was meant', async ({ realtime }) => {
  for (const wrong of ['chat', 'a "quoted" one']) {
    const error = await rejection(realtime.subscribe(/** @type {any} */ (wrong), () => {}));
    assert.equal(error.errorCode, 3);
    assert.include(error.message, `did you mean { name: ${JSON.stringify(wrong)} }?`);
  }
});

it('is 3 for a handler that is no function', async ({ realtime, channel }) => {
  for (const wrong of [undefined, null, 'handler', {}, Promise.resolve(() => {})]) {
    const error = await rejection(realtime.subscribe(channel, /** @type {any} */ (wrong)));
    assert.isTrue(error instanceof Error);
    assert.equal(error.errorCode, 3);
    assert.match(error.message, /handler is a function, not/);
  }
  assert.deepEqual(sockets(), []);
});

it('is 3 for the id that subscribe gave, where unsubscribe wants to know what it is', async ({
  realtime,
  channel,
}) => {
  const id = await realtime.subscribe(channel, () => {});
  // @ts-expect-error: an id is a text and no function that unsubscribes.
  assert.throws(() => id(), TypeError);
  // @ts-expect-error: it wants to know what the text is.
  const error = await rejection(realtime.unsubscribe(id));
  assert.equal(error.errorCode, 3);
  assert.include(error.message, 'unsubscribe({ subscriptionId })');
});

it('is 2 with the channel for a subscription that is refused, for whatever reason, which is not told', async ({
  realtime,
}) => {
  for (const name of ['refused', 'throws', 'members', 'admins']) {
    const error = await rejection(realtime.subscribe({ name, resourceId: 'ü' }, () => {}));
    assert.isTrue(error instanceof Error);
    assert.equal(error.errorCode, 2, name);
    assert.deepEqual(error.channel, { name, resourceId: 'ü' });
    assert.notInclude(error.message, 'a secret detail');
  }
  const calls = new Calls();
  await realtime.subscribe({ name: 'silent' }, calls.handler);
  await realtime.subscribe({ name: 'chatty' }, calls.handler);
});

it('is 1 for a relay that turns the client away', async ({ realtime, channel }) => {
  realtime.configure({ token: `${await hands.signToken({ sub: 'anna' })}forged` });
  const errors = new Calls();
  realtime.onError(errors.handler);
  const error = await rejection(realtime.subscribe(channel, () => {}));
  assert.isTrue(error instanceof Error);
  assert.equal(error.errorCode, 1);
});

it('is 1 after 10 seconds for a relay that cannot be reached, and for one that does not answer', async ({
  realtime,
  another,
  channel,
  link,
}) => {
  const silent = await another();
  await silent.subscribe(channel, () => {});
  await link.silence();
  await link.bar();
  const since = performance.now();
  const errors = await Promise.all(
    [realtime, silent].map(async (page) => {
      const error = await rejection(page.subscribe({ ...channel, resourceId: '7' }, () => {}));
      return { error, waitedMs: performance.now() - since };
    }),
  );
  for (const { error, waitedMs } of errors) {
    assert.isTrue(error instanceof Error);
    assert.equal(error.errorCode, 1);
    assert.isTrue(error.recoverable);
    assert.deepEqual(error.channel, { ...channel, resourceId: '7' });
    assert.isAtLeast(waitedMs, PATIENCE_MS - 100);
  }
});
