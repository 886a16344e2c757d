/**
 * `unsubscribe`: what goes, what stays, and what the relay is told.
 *
 * @module
 */

import { assert } from 'chai';
import { newChannel } from '../page/context.js';
import { hands } from '../page/hands.js';
import { rejection } from '../page/outcomes.js';
import { it } from '../page/runner.js';
import { sentFrames } from '../page/sockets.js';
import { Calls, until } from '../page/waiting.js';

it('removes one subscription by its id, and leaves another one of the same channel', async ({
  realtime,
  channel,
}) => {
  const [gone, stays] = [new Calls(), new Calls()];
  const id = await realtime.subscribe(channel, gone.handler);
  await realtime.subscribe(channel, stays.handler);
  await hands.publish(channel, 1);
  await stays.until(1);
  assert.isUndefined(await realtime.unsubscribe({ subscriptionId: id }));
  await hands.publish(channel, 2);
  await stays.until(2);
  assert.deepEqual([gone.payloads, stays.payloads], [[1], [1, 2]]);
});

it('removes all subscriptions of a channel, and leaves its resources', async ({ realtime, channel }) => {
  const resource = { ...channel, resourceId: '7' };
  const [gone, stays] = [new Calls(), new Calls()];
  await realtime.subscribe(channel, gone.handler);
  await realtime.subscribe(channel, gone.handler);
  await realtime.subscribe(resource, stays.handler);
  await realtime.unsubscribe({ channel });
  await hands.publish(channel, 'gone');
  await hands.publish(resource, 'stays');
  await stays.until(1);
  const again = new Calls();
  await realtime.subscribe(channel, again.handler);
  await hands.publish(channel, 'again');
  await again.until(1);
  assert.deepEqual([gone.payloads, stays.payloads, again.payloads], [[], ['stays'], ['again']]);
});

it('removes all subscriptions of a resource, and leaves its channel and its siblings', async ({
  realtime,
  channel,
}) => {
  const [resource, sibling] = ['7', '8'].map((resourceId) => ({ ...channel, resourceId }));
  const [gone, stays] = [new Calls(), new Calls()];
  await realtime.subscribe(/** @type {typeof channel} */ (resource), gone.handler);
  await realtime.subscribe(/** @type {typeof channel} */ (sibling), stays.handler);
  await realtime.subscribe(channel, stays.handler);
  await realtime.unsubscribe({ channel: resource });
  for (const stream of [resource, sibling, channel]) await hands.publish(/** @type {any} */ (stream), 1);
  await stays.until(2);
  assert.equal(gone.count, 0);
});

it('resolves quietly for what is unknown, connected or not', async ({ realtime, channel, link }) => {
  const unknown = [
    { subscriptionId: crypto.randomUUID() },
    { subscriptionId: 'no id at all' },
    { subscriptionId: '' },
    { channel: newChannel() },
    { channel: newChannel(), subscriptionId: crypto.randomUUID() },
  ];
  for (const options of unknown) assert.isUndefined(await realtime.unsubscribe(options));
  assert.equal(await link.connections(), 0);
  const calls = new Calls();
  const id = await realtime.subscribe(channel, calls.handler);
  for (const options of unknown) assert.isUndefined(await realtime.unsubscribe(options));
  await hands.publish(channel, 1);
  await calls.until(1);
  await realtime.unsubscribe({ subscriptionId: id });
  assert.isUndefined(await realtime.unsubscribe({ subscriptionId: id }));
});

it('rejects with code 3 when neither a channel nor an id is given', async ({ realtime, channel }) => {
  const id = await realtime.subscribe(channel, () => {});
  for (const options of [
    undefined,
    null,
    {},
    { id },
    id,
    { subscriptionId: undefined, channel: undefined },
  ]) {
    const error = await rejection(realtime.unsubscribe(/** @type {any} */ (options)));
    assert.equal(error.errorCode, 3);
    assert.include(error.message, 'unsubscribe({ subscriptionId })');
    assert.isTrue(error instanceof Error);
  }
});

it('rejects with code 3 when channel and id are given and do not match, and removes nothing', async ({
  realtime,
  channel,
}) => {
  const other = newChannel();
  const calls = new Calls();
  const id = await realtime.subscribe(channel, calls.handler);
  await realtime.subscribe(other, calls.handler);
  for (const wrong of [other, { ...channel, resourceId: '7' }, newChannel()]) {
    const error = await rejection(realtime.unsubscribe({ channel: wrong, subscriptionId: id }));
    assert.equal(error.errorCode, 3);
    assert.deepEqual(error.channel, wrong);
  }
  await hands.publish(channel, 1);
  await calls.until(1);
  await hands.publish(other, 2);
  await calls.until(2);
});

it('removes that one when channel and id match, however the channel is written', async ({
  realtime,
  channel,
}) => {
  const [gone, stays] = [new Calls(), new Calls()];
  const ids = [
    await realtime.subscribe(channel, gone.handler),
    await realtime.subscribe(channel, gone.handler),
  ];
  await realtime.subscribe(channel, stays.handler);
  await realtime.unsubscribe({ channel: { ...channel }, subscriptionId: String(ids[0]) });
  await realtime.unsubscribe({ channel: { ...channel, resourceId: '' }, subscriptionId: String(ids[1]) });
  await hands.publish(channel, 1);
  await stays.until(1);
  assert.equal(gone.count, 0);
});

it('tells the relay when the last handler of a channel goes, and not before', async ({
  realtime,
  channel,
}) => {
  const ids = await Promise.all([1, 2, 3].map(() => realtime.subscribe(channel, () => {})));
  await realtime.subscribe({ ...channel, resourceId: '7' }, () => {});
  for (const subscriptionId of ids) {
    assert.deepEqual(sentFrames('unsubscribe'), []);
    await realtime.unsubscribe({ subscriptionId });
  }
  const [told, ...more] = sentFrames('unsubscribe');
  assert.deepEqual(told.channel, channel);
  assert.deepEqual(more, []);
});

it('may be called inside of a handler, for itself and for others: none of them is called again', async ({
  realtime,
  channel,
}) => {
  /** @type {string[]} */
  const called = [];
  /** @type {string[]} */
  const ids = [];
  const remover = () => {
    called.push('remover');
    for (const subscriptionId of ids) void realtime.unsubscribe({ subscriptionId });
  };
  ids.push(await realtime.subscribe(channel, remover));
  ids.push(await realtime.subscribe(channel, () => called.push('next')));
  await realtime.subscribe(channel, ({ payload }) => called.push(`stays ${payload}`));
  await hands.publishAll(channel, [1, 2, 3]);
  await until(() => called.includes('stays 3'), 'the last message is there');
  assert.equal(called.filter((name) => name === 'remover').length, 1);
  assert.notInclude(called.slice(called.indexOf('stays 1')), 'next');
  assert.deepEqual(
    called.filter((name) => name.startsWith('stays')),
    ['stays 1', 'stays 2', 'stays 3'],
  );
});

it('stops the handler at once, whatever is still on its way', async ({ realtime, channel }) => {
  const calls = new Calls();
  const fence = new Calls();
  const id = await realtime.subscribe(channel, calls.handler);
  const publishing = hands.publishAll(
    channel,
    Array.from({ length: 300 }, (_, index) => index),
  );
  await calls.until(1);
  const unsubscribed = realtime.unsubscribe({ subscriptionId: id });
  await unsubscribed;
  const seen = calls.count;
  await publishing;
  await realtime.subscribe(channel, fence.handler);
  await hands.publish(channel, 'end');
  await fence.until(1);
  assert.equal(calls.count, seen);
  assert.deepEqual(fence.payloads, ['end']);
});

it('undoes a subscribe again and again, and the last one counts', async ({ realtime, channel }) => {
  const calls = new Calls();
  for (let round = 0; round < 20; round += 1) {
    const id = await realtime.subscribe(channel, calls.handler);
    await realtime.unsubscribe({ subscriptionId: id });
  }
  await realtime.subscribe(channel, calls.handler);
  await hands.publish(channel, 'once');
  await hands.publish(channel, 'end');
  await calls.until(2);
  assert.deepEqual(calls.payloads, ['once', 'end']);
});
