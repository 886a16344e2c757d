/**
 * Handlers of messages: what they are called with, and what they may do.
 *
 * @module
 */

import { assert } from 'chai';
import { newChannel } from '../page/context.js';
import { hands } from '../page/hands.js';
import { it } from '../page/runner.js';
import { sockets } from '../page/sockets.js';
import { Calls, until } from '../page/waiting.js';

it('get the channel as the caller wrote it', async ({ realtime, channel }) => {
  const written = [
    channel,
    { ...channel, resourceId: '' },
    { ...channel, resourceId: undefined },
    { resourceId: 'ü 1', ...channel },
    { ...channel, color: 'blue', nested: { a: [1] } },
  ];
  for (const each of written) {
    const calls = new Calls();
    await realtime.subscribe(each, calls.handler);
    await hands.publish(each, 1);
    await calls.until(1);
    const [, from] = calls.all[0] ?? [];
    assert.deepEqual(from, each);
    assert.deepEqual(Object.keys(from), Object.keys(each));
  }
});

it('take a frozen channel', async ({ realtime, channel }) => {
  const calls = new Calls();
  const frozen = Object.freeze({ ...channel, resourceId: '7' });
  const id = await realtime.subscribe(frozen, calls.handler);
  await hands.publish(frozen, 1);
  await calls.until(1);
  assert.deepEqual(calls.all[0]?.[1], frozen);
  await realtime.unsubscribe({ channel: frozen, subscriptionId: id });
});

it('are not disturbed when the caller uses one channel object again and changes it', async ({ realtime }) => {
  const [first, second, third] = [newChannel(), newChannel(), newChannel()];
  const [firsts, seconds] = [new Calls(), new Calls()];
  /** @type {import('wix-realtime-frontend').Channel} */
  const reused = { ...first };
  const pending = realtime.subscribe(reused, firsts.handler);
  Object.assign(reused, second);
  await realtime.subscribe(reused, seconds.handler);
  await pending;
  Object.assign(reused, third);
  reused.resourceId = 'x';
  await hands.publish(first, 1);
  await hands.publish(second, 2);
  await Promise.all([firsts.until(1), seconds.until(1)]);
  assert.deepEqual(firsts.all, [[{ payload: 1 }, first]]);
  assert.deepEqual(seconds.all, [[{ payload: 2 }, second]]);
});

it('may change the channel that they are given without harm to the next', async ({ realtime, channel }) => {
  const calls = new Calls();
  await realtime.subscribe(channel, (_message, from) => {
    from.name = 'changed';
  });
  await realtime.subscribe(channel, calls.handler);
  await hands.publish(channel, 1);
  await hands.publish(channel, 2);
  await calls.until(2);
  assert.deepEqual(
    calls.all.map(([, from]) => from),
    [channel, channel],
  );
});

it('that throw are reported to the console and disturb neither the others nor the connection', async ({
  realtime,
  channel,
  complaints,
}) => {
  const calls = new Calls();
  for (const thrown of [new Error('a broken handler'), 'a text', undefined, null]) {
    await realtime.subscribe(channel, () => {
      throw thrown;
    });
  }
  await realtime.subscribe(channel, calls.handler);
  await hands.publish(channel, 1);
  await calls.until(1);
  await hands.publish(channel, 2);
  await calls.until(2);
  assert.deepEqual(calls.payloads, [1, 2]);
  assert.equal(sockets().length, 1);
  const reports = complaints.splice(0);
  assert.equal(reports.length, 8);
  assert.include(String(reports[0]), 'a broken handler');
});

it('that reject are reported and disturb nobody', async ({ realtime, channel, complaints }) => {
  const calls = new Calls();
  await realtime.subscribe(channel, async () => {
    throw new Error('a rejected handler');
  });
  await realtime.subscribe(channel, calls.handler);
  await hands.publish(channel, 1);
  await hands.publish(channel, 2);
  await calls.until(2);
  await until(() => complaints.length === 2, 'both rejections are reported');
  for (const report of complaints.splice(0)) assert.include(report, 'a rejected handler');
  assert.equal(sockets().length, 1);
});

it('may subscribe, and what they subscribed gets the messages after', async ({ realtime, channel }) => {
  const late = new Calls();
  /** @type {Promise<string>[]} */
  const subscribing = [];
  await realtime.subscribe(channel, ({ payload }) => {
    if (payload === 1) subscribing.push(realtime.subscribe(channel, late.handler));
    if (payload === 1) subscribing.push(realtime.subscribe({ ...channel, resourceId: 'new' }, late.handler));
  });
  await hands.publish(channel, 1);
  await until(() => subscribing.length === 2, 'the handler is called');
  await Promise.all(subscribing);
  await hands.publish(channel, 2);
  await late.until(1);
  await hands.publish({ ...channel, resourceId: 'new' }, 3);
  await late.until(2);
  assert.deepEqual(late.payloads, [2, 3]);
});

it('may take longer than the next message takes to come', async ({ realtime, channel }) => {
  const calls = new Calls();
  await realtime.subscribe(channel, async (message, from) => {
    await until(() => calls.count >= 0, 'a moment has passed');
    calls.handler(message, from);
  });
  await hands.publishAll(channel, [1, 2, 3]);
  await calls.until(3);
  assert.deepEqual(calls.payloads, [1, 2, 3]);
});

it('may announce their page right after subscribe has resolved, and hear their own announcement', async ({
  realtime,
  channel,
}) => {
  const calls = new Calls();
  await realtime.subscribe(channel, calls.handler);
  await hands.publish(channel, { type: 'joined', who: 'me' });
  await calls.until(1);
  assert.deepEqual(calls.payloads, [{ type: 'joined', who: 'me' }]);
});
