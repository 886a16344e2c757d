/**
 * Many subscriptions and many messages.
 *
 * @module
 */

import { assert } from 'chai';
import { hands } from '../page/hands.js';
import { it } from '../page/runner.js';
import { sentFrames, sockets } from '../page/sockets.js';
import { Calls, until } from '../page/waiting.js';

it('thousands of subscriptions are made, served, made again after a loss, and removed', async ({
  realtime,
  channel,
  link,
}) => {
  const channels = Array.from({ length: 1_000 }, (_, index) => ({ ...channel, resourceId: String(index) }));
  const [calls, connected] = [new Calls(), new Calls()];
  realtime.onConnected(connected.handler);
  const ids = await Promise.all(
    [...channels, ...channels, ...channels].map((each) => realtime.subscribe(each, calls.handler)),
  );
  assert.equal(new Set(ids).size, 3_000);
  assert.equal(sentFrames('subscribe').length, 1_000);
  const some = channels.filter((_, index) => index % 50 === 0);
  await Promise.all(some.map((each) => hands.publish(each, 1)));
  await calls.until(3 * some.length);
  await link.cut();
  await connected.until(2);
  await Promise.all(some.map((each) => hands.publish(each, 2)));
  await calls.until(6 * some.length);
  await Promise.all(ids.slice(0, 2_000).map((subscriptionId) => realtime.unsubscribe({ subscriptionId })));
  assert.deepEqual(sentFrames('unsubscribe'), []);
  await Promise.all(channels.map((each) => realtime.unsubscribe({ channel: each })));
  await until(() => sentFrames('unsubscribe').length === 1_000, 'the relay is told of each channel');
  assert.equal(calls.count, 6 * some.length);
});

it('many handlers of one channel are all called, in their order', async ({ realtime, channel }) => {
  /** @type {number[]} */
  const called = [];
  const numbers = Array.from({ length: 2_000 }, (_, index) => index);
  await Promise.all(numbers.map((number) => realtime.subscribe(channel, () => called.push(number))));
  await hands.publish(channel, 'to all');
  await until(() => called.length === numbers.length, 'all are called');
  assert.deepEqual(called, numbers);
});

it('a tiny signal reaches many pages, each by a connection of its own', async ({ another, channel }) => {
  const pages = await Promise.all(
    Array.from({ length: 6 }, async () => {
      const calls = new Calls();
      await (await another()).subscribe(channel, calls.handler);
      return calls;
    }),
  );
  await hands.publishAll(channel, [{ changed: true }, { changed: false }]);
  for (const calls of pages) {
    await calls.until(2);
    assert.deepEqual(calls.payloads, [{ changed: true }, { changed: false }]);
  }
  assert.equal(sockets().length, 6);
});
