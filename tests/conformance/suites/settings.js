/**
 * `configure` and `close`, and how a page says where the relay is.
 *
 * @module
 */

import { assert } from 'chai';
import { newChannel } from '../page/context.js';
import { Frame } from '../page/frames.js';
import { hands } from '../page/hands.js';
import { rejection, thrownBy } from '../page/outcomes.js';
import { it } from '../page/runner.js';
import { sockets } from '../page/sockets.js';
import { Calls, until } from '../page/waiting.js';

it('without configure the relay is where the page’s meta element says', async ({ channel, link }) => {
  const frame = await Frame.open({ relay: link.url });
  const calls = new Calls();
  await frame.realtime.subscribe(channel, calls.handler);
  assert.equal(frame.sockets[0]?.url, `${link.url.replace('http', 'ws')}/v1/realtime`);
  await hands.publish(channel, 1);
  await calls.until(1);
  frame.close();
});

it('without a meta element the relay is on the page’s own origin', async ({ channel }) => {
  const frame = await Frame.open({});
  const refused = rejection(frame.realtime.subscribe(channel, () => {}));
  await until(() => frame.sockets.length > 0, 'the page connects');
  assert.equal(frame.sockets[0]?.url, `${location.origin.replace('http', 'ws')}/v1/realtime`);
  frame.realtime.close();
  await refused;
  frame.close();
});

it('configure counts more than the meta element', async ({ channel, link }) => {
  const frame = await Frame.open({ relay: 'http://127.0.0.1:9' });
  frame.realtime.configure({ url: link.url });
  await frame.realtime.subscribe(channel, () => {});
  frame.close();
});

it('configure refuses what it does not know, synchronously and with code 3', async ({ realtime }) => {
  for (const wrong of [{ url: 'ftp://x' }, { token: 7 }, { getToken: 'x' }, { tokn: 'x' }]) {
    const error = thrownBy(() => realtime.configure(/** @type {any} */ (wrong)));
    assert.isTrue(error instanceof Error);
    assert.include([1, 3], error.errorCode);
  }
});

it('configure with another user connects anew, and subscriptions stay', async ({ realtime, channel }) => {
  const calls = new Calls();
  const id = await realtime.subscribe(channel, calls.handler);
  realtime.configure({ token: await hands.signToken({ sub: 'anna' }) });
  await realtime.subscribe({ name: 'only-anna' }, calls.handler);
  await hands.publish(channel, 'for anna', { users: ['anna'] });
  await calls.until(1);
  assert.equal(sockets().length, 2);
  await realtime.unsubscribe({ channel, subscriptionId: id });
});

it('close ends all subscriptions and the connection, and a later subscribe connects again', async ({
  realtime,
  channel,
}) => {
  const [calls, later, disconnected] = [new Calls(), new Calls(), new Calls()];
  realtime.onDisconnected(disconnected.handler);
  const id = await realtime.subscribe(channel, calls.handler);
  await realtime.subscribe(newChannel(), calls.handler);
  realtime.close();
  await until(() => sockets()[0]?.readyState === WebSocket.CLOSED, 'the connection is closed');
  await hands.publish(channel, 'nobody is there');
  assert.isUndefined(await realtime.unsubscribe({ subscriptionId: id }));
  await realtime.subscribe(channel, later.handler);
  await hands.publish(channel, 'there again');
  await later.until(1);
  assert.deepEqual([calls.payloads, later.payloads], [[], ['there again']]);
  assert.equal(sockets().length, 2);
});
