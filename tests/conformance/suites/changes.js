/**
 * What the operator and the backend change while pages are connected: permissions, and who may stay.
 *
 * @module
 */

import { assert } from 'chai';
import { newChannel } from '../page/context.js';
import { hands } from '../page/hands.js';
import { rejection } from '../page/outcomes.js';
import { it } from '../page/runner.js';
import { sockets } from '../page/sockets.js';
import { Calls } from '../page/waiting.js';

/**
 * A permissions file that lets nobody read one channel or its resources.
 *
 * @param {{ name: string }} channel
 */
const closing = ({ name }) => `
  import { permissionsRouter } from 'wix-realtime-backend';
  permissionsRouter.add({ name: ${JSON.stringify(name)} }, () => ({ read: false }));
  export const realtime_check_permission = permissionsRouter.check;
`;

it('a changed permissions file ends what it no longer allows, tells so with code 2, and leaves the rest', async ({
  realtime,
  channel,
}) => {
  const closed = { ...newChannel(), resourceId: '7' };
  const [calls, errors, disconnected] = [new Calls(), new Calls(), new Calls()];
  const [newer, newerErrors, subscribed] = [new Calls(), new Calls(), new Calls()];
  realtime.onError(errors.handler);
  realtime.onDisconnected(disconnected.handler);
  const id = await realtime.subscribe(closed, calls.handler);
  await realtime.subscribe(channel, calls.handler);
  const newerId = realtime.subscriber.subscribe(closed, newer.handler, {
    onSubscribed: subscribed.handler,
    onSubscriptionError: newerErrors.handler,
  });
  await subscribed.until(1);
  try {
    await hands.changePermissions(closing(closed));
    await Promise.all([errors.until(1), newerErrors.until(1)]);
    const [error] = errors.firsts;
    assert.isTrue(error instanceof Error);
    assert.deepEqual([error.errorCode, error.channel], [2, closed]);
    const [newerError, ofId] = newerErrors.all[0] ?? [];
    assert.equal(ofId, newerId);
    assert.deepEqual(
      [newerError.errorCode, newerError.status, newerError.recoverable, newerError.channel],
      ['SUBSCRIPTION_FAILED', 403, false, closed],
    );
    await hands.publish(closed, 'nobody');
    await hands.publish(channel, 'still here');
    await calls.until(1);
    assert.isUndefined(await realtime.unsubscribe({ subscriptionId: id }));
    assert.equal((await rejection(realtime.subscribe(closed, () => {}))).errorCode, 2);
  } finally {
    await hands.restorePermissions();
  }
  // What has ended has ended, also when it is allowed again.
  await realtime.subscribe(newChannel(), () => {});
  await hands.publish(closed, 'later');
  await hands.publish(channel, 'end');
  await calls.until(2);
  assert.deepEqual([calls.payloads, newer.payloads], [['still here', 'end'], []]);
  assert.deepEqual([errors.count, newerErrors.count, disconnected.count, sockets().length], [1, 1, 0, 1]);
});

it('a changed permissions file that does not load changes nothing', async ({ realtime, channel }) => {
  const [calls, errors] = [new Calls(), new Calls()];
  realtime.onError(errors.handler);
  await realtime.subscribe(channel, calls.handler);
  try {
    await hands.changePermissions('export const broken = ;');
    await hands.publish(channel, 'still here');
    await calls.until(1);
    await realtime.subscribe(newChannel(), () => {});
    assert.equal((await rejection(realtime.subscribe({ name: 'refused' }, () => {}))).errorCode, 2);
    assert.deepEqual(errors.all, []);
  } finally {
    await hands.restorePermissions();
  }
});

it('a user that the backend disconnects stays away, and onError tells why with code 1', async ({
  realtime,
  another,
  channel,
  link,
}) => {
  const sub = `user_${crypto.randomUUID()}`;
  realtime.configure({ token: await hands.signToken({ sub }) });
  const other = await another();
  const [calls, errors, disconnected, connected] = [new Calls(), new Calls(), new Calls(), new Calls()];
  realtime.onError(errors.handler);
  realtime.onDisconnected(disconnected.handler);
  await realtime.subscribe(channel, calls.handler);
  other.onDisconnected(connected.handler);
  await other.subscribe(channel, calls.handler);
  const connections = await link.connections();
  assert.deepEqual(await hands.disconnect(sub, { reason: 'your subscription was cancelled' }), {
    sessions: 1,
  });
  await errors.until(1);
  const [error] = errors.firsts;
  assert.equal(error.errorCode, 1);
  assert.include(error.message, 'your subscription was cancelled');
  assert.equal(disconnected.count, 1);
  await hands.publish(channel, 'for those who are there');
  await calls.until(1);
  assert.deepEqual([calls.count, connected.count], [1, 0]);
  assert.equal(await link.connections(), connections);
});

it('a user that the backend asks to come back does so with a new token, and misses nothing', async ({
  realtime,
  channel,
}) => {
  const sub = `user_${crypto.randomUUID()}`;
  let asked = 0;
  realtime.configure({
    getToken() {
      asked += 1;
      return hands.signToken({ sub });
    },
  });
  const [calls, errors, connected] = [new Calls(), new Calls(), new Calls()];
  realtime.onError(errors.handler);
  realtime.onConnected(connected.handler);
  await realtime.subscribe(channel, calls.handler);
  await hands.disconnect(sub, { comeBack: true });
  await hands.publish(channel, 'meanwhile');
  await connected.until(2);
  await calls.until(1);
  await hands.publish(channel, 'later');
  await calls.until(2);
  assert.deepEqual([calls.payloads, errors.count, asked], [['meanwhile', 'later'], 0, 2]);
});
