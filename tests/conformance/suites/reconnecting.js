/**
 * A lost connection: what comes back by itself, and what has been missed.
 *
 * @module
 */

import { assert } from 'chai';
import { newChannel } from '../page/context.js';
import { hands } from '../page/hands.js';
import { it } from '../page/runner.js';
import { sentFrames, sockets } from '../page/sockets.js';
import { Calls, pause, until } from '../page/waiting.js';

it('brings what was missed, in order and once each', async ({ realtime, channel, link }) => {
  const calls = new Calls();
  await realtime.subscribe(channel, calls.handler);
  await hands.publishAll(channel, [1, 2, 3]);
  await calls.until(3);
  await link.bar();
  await link.cut();
  await hands.publishAll(channel, [4, 5, 6]);
  await link.mend();
  await calls.until(6);
  await hands.publish(channel, 7);
  await calls.until(7);
  assert.deepEqual(calls.payloads, [1, 2, 3, 4, 5, 6, 7]);
  assert.isAtLeast(sockets().length, 2);
});

it('loses and doubles nothing of a stream that goes on while the line is cut again and again', async ({
  realtime,
  channel,
  link,
}) => {
  const resource = { ...channel, resourceId: 'r' };
  const [calls, others] = [new Calls(), new Calls()];
  await realtime.subscribe(channel, calls.handler);
  await realtime.subscribe(resource, others.handler);
  let isOver = false;
  const cutting = (async () => {
    for (let cut = 0; cut < 3; cut += 1) {
      const seen = calls.count;
      await link.cut();
      await until(() => calls.count > seen || isOver, 'messages come again');
      await pause(10 * Math.random());
    }
  })();
  const total = 300;
  for (let from = 0; from < total; from += 20) {
    const numbers = Array.from({ length: 20 }, (_, index) => from + index);
    await Promise.all([hands.publishAll(channel, numbers), hands.publishAll(resource, numbers)]);
    await until(() => calls.count > from, 'the stream goes on');
  }
  isOver = true;
  await cutting;
  await Promise.all([calls.until(total), others.until(total)]);
  const expected = Array.from({ length: total }, (_, index) => index);
  assert.deepEqual(calls.payloads, expected);
  assert.deepEqual(others.payloads, expected);
});

it('keeps ids valid: one that was given before a loss unsubscribes after it', async ({
  realtime,
  channel,
  link,
}) => {
  const [gone, stays, connected] = [new Calls(), new Calls(), new Calls()];
  realtime.onConnected(connected.handler);
  const id = await realtime.subscribe(channel, gone.handler);
  await realtime.subscribe(channel, stays.handler);
  for (const round of [1, 2]) {
    await link.cut();
    await connected.until(round + 1);
    await hands.publish(channel, round);
    await Promise.all([gone.until(round), stays.until(round)]);
  }
  await realtime.unsubscribe({ subscriptionId: id });
  await hands.publish(channel, 3);
  await stays.until(3);
  assert.deepEqual(
    [gone.payloads, stays.payloads],
    [
      [1, 2],
      [1, 2, 3],
    ],
  );
});

it('subscribes again to everything, asking once for each channel', async ({ realtime, channel, link }) => {
  const channels = [channel, { ...channel, resourceId: '7' }, newChannel()];
  const connected = new Calls();
  realtime.onConnected(connected.handler);
  const all = await Promise.all(
    [...channels, ...channels].map(async (each) => {
      const calls = new Calls();
      await realtime.subscribe(each, calls.handler);
      return calls;
    }),
  );
  await link.cut();
  await connected.until(2);
  for (const [index, each] of channels.entries()) await hands.publish(each, index);
  for (const [index, calls] of all.entries()) {
    await calls.until(1);
    assert.deepEqual(calls.payloads, [index % channels.length]);
  }
  assert.equal(sentFrames('subscribe').length, 2 * channels.length);
});

it('leaves alone what was unsubscribed while the connection was away', async ({
  realtime,
  channel,
  link,
}) => {
  const [gone, stays] = [new Calls(), new Calls()];
  const id = await realtime.subscribe(channel, gone.handler);
  const other = newChannel();
  await realtime.subscribe(other, stays.handler);
  await link.bar();
  await link.cut();
  await realtime.unsubscribe({ subscriptionId: id });
  await hands.publish(channel, 'missed');
  await link.mend();
  await hands.publish(other, 'here');
  await stays.until(1);
  await hands.publish(channel, 'later');
  await hands.publish(other, 'end');
  await stays.until(2);
  assert.deepEqual([gone.payloads, stays.payloads], [[], ['here', 'end']]);
});

it('takes a subscribe while the connection is away, and is live when it resolves', async ({
  realtime,
  channel,
  link,
}) => {
  const disconnected = new Calls();
  realtime.onDisconnected(disconnected.handler);
  await realtime.subscribe(newChannel(), () => {});
  await link.bar();
  await link.cut();
  await disconnected.until(1);
  const calls = new Calls();
  const subscribing = realtime.subscribe(channel, calls.handler);
  await link.mend();
  await subscribing;
  await hands.publish(channel, 'live');
  await calls.until(1);
});

it('comes back to a relay that was restarted, killed or stopped in good order', async ({
  realtime,
  channel,
}) => {
  const [calls, connected, disconnected] = [new Calls(), new Calls(), new Calls()];
  realtime.onConnected(connected.handler);
  realtime.onDisconnected(disconnected.handler);
  const id = await realtime.subscribe(channel, calls.handler);
  for (const [index, how] of /** @type {const} */ (['kill', 'stop']).entries()) {
    await hands.restartRelay({ how });
    await connected.until(index + 2);
    await hands.publish(channel, how);
    await calls.until(index + 1);
  }
  assert.deepEqual(calls.payloads, ['kill', 'stop']);
  assert.equal(disconnected.count, 2);
  await realtime.unsubscribe({ channel, subscriptionId: id });
});

it('is refused what the permissions refuse meanwhile, and told so by onError', async ({
  realtime,
  channel,
}) => {
  const closing = newChannel();
  const [calls, errors, connected] = [new Calls(), new Calls(), new Calls()];
  realtime.onError(errors.handler);
  realtime.onConnected(connected.handler);
  const id = await realtime.subscribe(closing, calls.handler);
  await realtime.subscribe(channel, calls.handler);
  const permissions = `
    import { permissionsRouter } from 'wix-realtime-backend';
    permissionsRouter.add({ name: ${JSON.stringify(closing.name)} }, () => ({ read: false }));
    export const realtime_check_permission = (channel, subscriber) => permissionsRouter.check(channel, subscriber);
  `;
  await hands.changePermissions(permissions, { restart: true });
  try {
    // Of code 1 there may be some, while there is no relay; what passes is told as well.
    const refusals = () =>
      errors.firsts.filter(({ errorCode, recoverable }) => errorCode === 2 && !recoverable);
    await until(() => refusals().length === 1, 'onError is told of the refusal');
    assert.deepEqual(refusals()[0].channel, closing);
    await hands.publish(closing, 'refused');
    await hands.publish(channel, 'open');
    await calls.until(1);
    assert.deepEqual(calls.payloads, ['open']);
    assert.isUndefined(await realtime.unsubscribe({ subscriptionId: id }));
    assert.equal(refusals().length, 1);
  } finally {
    await hands.restorePermissions();
  }
});
