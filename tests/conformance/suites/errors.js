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

it('is 3 for a handler that is no function, and carries the channel', async ({ realtime, channel }) => {
  for (const wrong of [undefined, null, 'handler', {}, Promise.resolve(() => {})]) {
    const error = await rejection(realtime.subscribe(channel, /** @type {any} */ (wrong)));
    assert.isTrue(error instanceof Error);
    assert.equal(error.errorCode, 3);
    assert.match(error.message, /handler is a function, not/);
    assert.deepEqual(error.channel, channel);
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

it('is told after 10 seconds without an answer: 1 by subscribe, CONNECTION_ERROR by subscriber, which goes on trying', async ({
  realtime,
  another,
  channel,
  link,
}) => {
  const resource = { ...channel, resourceId: '7' };
  const silent = await another();
  await silent.subscribe(channel, () => {});
  await link.silence();
  await link.bar();
  const since = performance.now();
  const lasting = new Lasting(await another(), resource);
  const errors = await Promise.all(
    [realtime, silent].map(async (page) => {
      const error = await rejection(page.subscribe(resource, () => {}));
      return { error, waitedMs: performance.now() - since };
    }),
  );
  for (const { error, waitedMs } of errors) {
    assert.isTrue(error instanceof Error);
    assert.equal(error.errorCode, 1);
    assert.isTrue(error.recoverable);
    assert.deepEqual(error.channel, resource);
    assert.isAtLeast(waitedMs, PATIENCE_MS - 100);
  }
  // The newer surface waits for as long, says so, and goes on trying.
  await lasting.errors.until(1);
  assert.isAtLeast(performance.now() - since, PATIENCE_MS - 100);
  const [error, id] = lasting.errors.all[0] ?? [];
  assert.deepEqual([error.errorCode, error.recoverable, id], ['CONNECTION_ERROR', true, lasting.id]);
  assert.deepEqual(error.channel, resource);
  await link.mend();
  // As a browser tells that it has a network again: no need to wait for the next attempt.
  dispatchEvent(new Event('online'));
  await lasting.subscribed.until(1);
  assert.deepEqual(lasting.subscribed.all, [[lasting.id, false]]);
  await hands.publish(resource, 1);
  await lasting.messages.until(1);
});

/** A subscription by the newer surface. */
class Lasting {
  messages = new Calls();
  subscribed = new Calls();
  errors = new Calls();

  /**
   * @param {import('../page/sdk.js').Sdk} realtime
   * @param {import('../page/context.js').Channel} channel
   */
  constructor({ subscriber }, channel) {
    this.id = subscriber.subscribe(channel, this.messages.handler, {
      onSubscribed: this.subscribed.handler,
      onSubscriptionError: this.errors.handler,
    });
  }
}
