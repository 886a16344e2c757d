/**
 * A lost connection: what comes back by itself, and what the page is told.
 *
 * @module
 */

import { assert } from 'chai';
import { hands } from '../page/hands.js';
import { it } from '../page/runner.js';
import { sockets } from '../page/sockets.js';
import { Calls, until } from '../page/waiting.js';

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

it('calls onConnected at the first connection and at every one after', async ({
  realtime,
  channel,
  link,
}) => {
  const connected = new Calls();
  const disconnected = new Calls();
  realtime.onConnected(connected.handler);
  realtime.onDisconnected(disconnected.handler);
  await realtime.subscribe(channel, () => {});
  assert.deepEqual([connected.count, disconnected.count], [1, 0]);
  for (const round of [1, 2]) {
    await link.cut();
    await until(() => disconnected.count === round, `onDisconnected is called ${round} times`);
    await connected.until(round + 1);
  }
  assert.deepEqual([connected.count, disconnected.count], [3, 2]);
});
