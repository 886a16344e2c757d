/**
 * `onConnected`, `onDisconnected` and `onError`: registering, and who is told what.
 *
 * @module
 */

import { assert } from 'chai';
import { newChannel } from '../page/context.js';
import { hands } from '../page/hands.js';
import { rejection, thrownBy } from '../page/outcomes.js';
import { it } from '../page/runner.js';
import { Calls, until } from '../page/waiting.js';

it('are refused synchronously, with code 3, when the handler is no function', async ({ realtime }) => {
  for (const register of [realtime.onConnected, realtime.onDisconnected, realtime.onError]) {
    for (const wrong of [undefined, null, 'handler', 7, {}, []]) {
      const error = thrownBy(() => register(/** @type {any} */ (wrong)));
      assert.isTrue(error instanceof Error);
      assert.equal(error.errorCode, 3);
      assert.match(error.message, /is a function, not/);
    }
    assert.isUndefined(register(() => {}));
  }
});

it('add up, and are called in the order of their coming', async ({ realtime, channel, link }) => {
  /** @type {string[]} */
  const called = [];
  for (const name of ['a', 'b']) {
    realtime.onConnected(() => called.push(`connected ${name}`));
    realtime.onDisconnected(() => called.push(`disconnected ${name}`));
  }
  await realtime.subscribe(channel, () => {});
  await link.cut();
  await until(() => called.length >= 6, 'it is connected again');
  const once = ['connected a', 'connected b'];
  assert.deepEqual(called, [...once, 'disconnected a', 'disconnected b', ...once]);
});

it('may be registered before any subscribe, which is what connects', async ({ realtime, channel, link }) => {
  const connected = new Calls();
  realtime.onConnected(connected.handler);
  assert.equal(await link.connections(), 0);
  await realtime.subscribe(channel, () => {});
  assert.equal(connected.count, 1);
});

it('that throw are reported and disturb no other', async ({ realtime, channel, link, complaints }) => {
  const [connected, disconnected] = [new Calls(), new Calls()];
  const broken = () => {
    throw new Error('a broken event handler');
  };
  realtime.onConnected(broken);
  realtime.onConnected(connected.handler);
  realtime.onDisconnected(broken);
  realtime.onDisconnected(disconnected.handler);
  await realtime.subscribe(channel, () => {});
  await link.cut();
  await Promise.all([disconnected.until(1), connected.until(2)]);
  realtime.close();
  const reports = complaints.splice(0).filter((report) => report.includes('a broken event handler'));
  assert.equal(reports.length, 4);
});

it('tell onConnected the first connection and every one after, and onDisconnected each loss', async ({
  realtime,
  channel,
  link,
}) => {
  const [connected, disconnected] = [new Calls(), new Calls()];
  realtime.onConnected(connected.handler);
  realtime.onDisconnected(disconnected.handler);
  await realtime.subscribe(channel, () => {});
  await realtime.subscribe(newChannel(), () => {});
  assert.deepEqual([connected.count, disconnected.count], [1, 0]);
  for (const round of [1, 2]) {
    await link.cut();
    await disconnected.until(round);
    await connected.until(round + 1);
  }
  assert.deepEqual([connected.count, disconnected.count], [3, 2]);
});

it('tell onError nothing of a first subscribe that is refused, whoever else is subscribed', async ({
  realtime,
  channel,
}) => {
  const errors = new Calls();
  realtime.onError(errors.handler);
  await realtime.subscribe(channel, () => {});
  for (const name of ['refused', 'throws', 'members', 'no:name']) {
    await rejection(realtime.subscribe({ name }, () => {}));
  }
  const calls = new Calls();
  await realtime.subscribe(channel, calls.handler);
  await hands.publish(channel, 'later');
  await calls.until(1);
  assert.deepEqual(errors.all, []);
});

it('tell onError of a subscription that is refused when it is made again, with code 2 and its channel', async ({
  realtime,
  channel,
}) => {
  const members = { name: 'members', resourceId: 'x' };
  realtime.configure({ token: await hands.signToken({ sub: 'anna', type: 'Member' }) });
  const [errors, calls] = [new Calls(), new Calls()];
  realtime.onError(errors.handler);
  await realtime.subscribe(members, calls.handler);
  await realtime.subscribe(channel, calls.handler);
  realtime.configure({ token: await hands.signToken({ sub: 'anna', type: 'Visitor' }) });
  await errors.until(1);
  const [error] = errors.firsts;
  assert.isTrue(error instanceof Error);
  assert.equal(error.errorCode, 2);
  assert.deepEqual(error.channel, members);
  await hands.publish(members, 'not for visitors');
  await hands.publish(channel, 'for all');
  await calls.until(1);
  assert.deepEqual(calls.payloads, ['for all']);
  assert.equal(errors.count, 1);
});

it('tell onError once, with code 1, that a lost connection cannot be made again, and go on trying', async ({
  realtime,
  channel,
  link,
}) => {
  const [errors, connected, calls] = [new Calls(), new Calls(), new Calls()];
  realtime.onError(errors.handler);
  realtime.onConnected(connected.handler);
  await realtime.subscribe(channel, calls.handler);
  await link.bar();
  await link.cut();
  await errors.until(1);
  const [error] = errors.firsts;
  assert.isTrue(error instanceof Error);
  assert.equal(error.errorCode, 1);
  const attempts = await link.connections();
  await until(async () => (await link.connections()) > attempts, 'it has tried again');
  await link.mend();
  await connected.until(2);
  await hands.publish(channel, 'back');
  await calls.until(1);
  assert.equal(errors.count, 1);
});
