/**
 * How the package is imported.
 *
 * @module
 */

import { assert } from 'chai';
import * as alias from 'wix-realtime';
import wixRealtimeFrontend, * as realtime from 'wix-realtime-frontend';
import { subscribe, unsubscribe } from 'wix-realtime-frontend';
import { hands } from '../page/hands.js';
import { thrownBy } from '../page/outcomes.js';
import { it } from '../page/runner.js';
import { Calls } from '../page/waiting.js';

const FUNCTIONS = [
  'subscribe',
  'unsubscribe',
  'onConnected',
  'onDisconnected',
  'onError',
  'configure',
  'close',
];

it('gives the same functions by default, by name and as a namespace', async ({ channel, link }) => {
  const { default: _, ...named } = realtime;
  assert.containsAllKeys(named, FUNCTIONS);
  assert.deepEqual({ ...wixRealtimeFrontend }, named);
  assert.equal(subscribe, realtime.subscribe);
  wixRealtimeFrontend.configure({ url: link.url });
  const calls = new Calls();
  await wixRealtimeFrontend.subscribe(channel, calls.handler);
  await subscribe(channel, calls.handler);
  await realtime.subscribe(channel, calls.handler);
  await hands.publish(channel, 'to all three');
  await calls.until(3);
  await unsubscribe({ channel });
  wixRealtimeFrontend.close();
});

it('is the same package under its older name', async () => {
  assert.deepEqual({ ...alias }, { ...realtime });
  assert.equal(alias.default, wixRealtimeFrontend);
});

it('has functions that do not depend on this', async ({ realtime: fresh, channel }) => {
  const { subscribe, unsubscribe, onConnected, onDisconnected, onError, close } = fresh.default;
  const connected = new Calls();
  const calls = new Calls();
  onConnected(connected.handler);
  onDisconnected.call(undefined, () => {});
  onError.call(null, () => {});
  const ids = [
    await subscribe(channel, calls.handler),
    await subscribe.call(undefined, channel, calls.handler),
    await subscribe.call({}, channel, calls.handler),
  ];
  await hands.publish(channel, 1);
  await calls.until(3);
  for (const subscriptionId of ids) await unsubscribe.call(null, { subscriptionId });
  close.call(undefined);
  assert.equal(connected.count, 1);
});

it('asks the network for nothing when it is imported', async ({ another, link }) => {
  const before = performance.getEntriesByType('resource').length;
  await another();
  const asked = performance.getEntriesByType('resource').slice(before);
  assert.deepEqual(
    asked.filter(({ name }) => !name.endsWith('.js')),
    [],
  );
  assert.equal(await link.connections(), 0);
});

it('tells who imports publish where it belongs', async ({ realtime: fresh }) => {
  const error = thrownBy(() => fresh.publish({ name: 'chat' }, 'hello'));
  assert.equal(error.errorCode, 3);
  assert.match(error.message, /wix-realtime-backend/);
});
