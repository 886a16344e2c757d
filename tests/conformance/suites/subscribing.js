/**
 * `subscribe`: what it resolves to and when, what handlers are called with, and what it refuses.
 *
 * @module
 */

import { assert } from 'chai';
import { newChannel } from '../page/context.js';
import { hands } from '../page/hands.js';
import { rejection } from '../page/outcomes.js';
import { it } from '../page/runner.js';
import { sentFrames, sockets } from '../page/sockets.js';
import { Calls } from '../page/waiting.js';

const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

it('resolves to a UUID of version 4, another one for each subscription', async ({ realtime, channel }) => {
  const ids = await Promise.all(
    [channel, channel, newChannel()].map((each) => realtime.subscribe(each, () => {})),
  );
  for (const id of ids) assert.match(id, UUID_V4);
  assert.equal(new Set(ids).size, 3);
});

it('has resolved only once every later message is sure to come', async ({ realtime }) => {
  // Were it not so, some of these would be published too early.
  for (let round = 0; round < 20; round += 1) {
    const channel = newChannel();
    const calls = new Calls();
    await realtime.subscribe(channel, calls.handler);
    await hands.publish(channel, round);
    await calls.until(1);
    assert.deepEqual(calls.payloads, [round]);
  }
});

it('has not resolved as long as the relay has not answered', async ({ realtime, channel, link }) => {
  await realtime.subscribe(newChannel(), () => {});
  await link.silence();
  const calls = new Calls();
  let hasResolved = false;
  const subscribing = realtime.subscribe(channel, calls.handler).then(() => {
    hasResolved = true;
  });
  await hands.publish(channel, 'too early to be received');
  assert.isFalse(hasResolved);
  await link.mend();
  await subscribing;
  await hands.publish(channel, 'live');
  await calls.until(1);
  assert.deepEqual(calls.payloads, ['live']);
});

it('opens one connection, at the first subscribe and not before', async ({ realtime, channel, link }) => {
  realtime.onConnected(() => {});
  assert.equal(await link.connections(), 0);
  await Promise.all([channel, newChannel(), newChannel()].map((each) => realtime.subscribe(each, () => {})));
  await realtime.subscribe(newChannel(), () => {});
  assert.equal(await link.connections(), 1);
  assert.equal(sockets().length, 1);
});

it('calls every handler of a channel for each message, in the order of their coming', async ({
  realtime,
  channel,
}) => {
  /** @type {string[]} */
  const called = [];
  for (const name of ['first', 'second', 'third']) {
    await realtime.subscribe(channel, ({ payload }) => called.push(`${name} ${payload}`));
  }
  const last = new Calls();
  await realtime.subscribe(channel, last.handler);
  await hands.publishAll(channel, [1, 2]);
  await last.until(2);
  assert.deepEqual(called, ['first 1', 'second 1', 'third 1', 'first 2', 'second 2', 'third 2']);
});

it('takes the same handler twice: two ids, called twice for each message', async ({ realtime, channel }) => {
  const calls = new Calls();
  const first = await realtime.subscribe(channel, calls.handler);
  const second = await realtime.subscribe(channel, calls.handler);
  assert.notEqual(first, second);
  await hands.publish(channel, 'both');
  await calls.until(2);
  await realtime.unsubscribe({ subscriptionId: first });
  await hands.publish(channel, 'one');
  await calls.until(3);
  await hands.publish(channel, 'end');
  await calls.until(4);
  assert.deepEqual(calls.payloads, ['both', 'both', 'one', 'end']);
});

it('asks the relay once for a channel, however many handlers it has', async ({ realtime, channel }) => {
  await Promise.all(Array.from({ length: 5 }, () => realtime.subscribe(channel, () => {})));
  assert.equal(sentFrames('subscribe').length, 1);
});

it('rejects with code 2 and the channel when the permissions refuse, and tells onError nothing', async ({
  realtime,
}) => {
  const errors = new Calls();
  realtime.onError(errors.handler);
  const error = await rejection(realtime.subscribe({ name: 'refused', resourceId: 'x' }, () => {}));
  assert.isTrue(error instanceof Error);
  assert.equal(error.errorCode, 2);
  assert.deepEqual(error.channel, { name: 'refused', resourceId: 'x' });
  assert.isNotEmpty(error.message);
  // One that is let in, so that whatever the refusal led to has come as well.
  await realtime.subscribe(newChannel(), () => {});
  assert.deepEqual(errors.all, []);
});

it('lets one handler serve several channels, and tells them apart by its second argument', async ({
  realtime,
}) => {
  const calls = new Calls();
  const channels = [newChannel(), { ...newChannel(), resourceId: '7' }];
  for (const channel of channels) await realtime.subscribe(channel, calls.handler);
  for (const [index, channel] of channels.entries()) {
    await hands.publish(channel, index);
    await calls.until(index + 1);
  }
  assert.deepEqual(
    calls.all.map(([{ payload }, channel]) => [payload, channel]),
    [...channels.entries()],
  );
});
