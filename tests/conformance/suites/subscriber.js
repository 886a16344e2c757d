/**
 * `subscriber`: the newer surface, with the id at once and what becomes of the subscription by callbacks.
 *
 * @module
 */

import { assert } from 'chai';
import * as main from 'wix-realtime-frontend';
import * as own from 'wix-realtime-frontend/subscriber';
import { newChannel } from '../page/context.js';
import { hands } from '../page/hands.js';
import { thrownBy } from '../page/outcomes.js';
import { it } from '../page/runner.js';
import { sentFrames, sockets } from '../page/sockets.js';
import { Calls, until } from '../page/waiting.js';

const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** More than a channel keeps for those who come back. */
const TOO_MANY = 1_100;

it('comes with the package and by an entry of its own, and is the same', async () => {
  assert.equal(own.subscriber, main.subscriber);
  assert.equal(own.RealtimeError, main.RealtimeError);
  assert.equal(main.default.subscriber, main.subscriber);
});

it('returns the id at once, a UUID of version 4, before anything is called', async ({
  realtime,
  channel,
}) => {
  const { subscriber } = realtime;
  const [calls, subscribed] = [new Calls(), new Calls()];
  const id = subscriber.subscribe(channel, calls.handler, { onSubscribed: subscribed.handler });
  assert.match(id, UUID_V4);
  assert.equal(subscribed.count, 0);
  await subscribed.until(1);
  assert.deepEqual(subscribed.all, [[id, false]]);
  await hands.publish(channel, 1);
  await calls.until(1);
  assert.deepEqual(calls.all, [[{ payload: 1 }, channel]]);
});

it('needs no options', async ({ realtime, channel }) => {
  const calls = new Calls();
  const live = new Calls();
  realtime.subscriber.subscribe(channel, calls.handler);
  realtime.subscriber.subscribe(channel, () => {}, { onSubscribed: live.handler });
  await live.until(1);
  await hands.publish(channel, 1);
  await calls.until(1);
});

it('is live when onSubscribed runs', async ({ realtime }) => {
  for (let round = 0; round < 20; round += 1) {
    const channel = newChannel();
    const [calls, subscribed] = [new Calls(), new Calls()];
    realtime.subscriber.subscribe(channel, calls.handler, { onSubscribed: subscribed.handler });
    await subscribed.until(1);
    await hands.publish(channel, round);
    await calls.until(1);
  }
});

it('tells isSynced true after a loss in which nothing is missing: all that was missed comes', async ({
  realtime,
  channel,
  link,
}) => {
  const [calls, subscribed] = [new Calls(), new Calls()];
  const id = realtime.subscriber.subscribe(channel, calls.handler, { onSubscribed: subscribed.handler });
  await subscribed.until(1);
  for (const round of [1, 2]) {
    await link.bar();
    await link.cut();
    await hands.publishAll(channel, [`${round}a`, `${round}b`]);
    await link.mend();
    await subscribed.until(round + 1);
  }
  await calls.until(4);
  assert.deepEqual(subscribed.all, [
    [id, false],
    [id, true],
    [id, true],
  ]);
  assert.deepEqual(calls.payloads, ['1a', '1b', '2a', '2b']);
});

it('tells isSynced false when more was missed than the relay keeps, and brings no part of it', async ({
  realtime,
  channel,
  link,
}) => {
  const [calls, subscribed] = [new Calls(), new Calls()];
  const id = realtime.subscriber.subscribe(channel, calls.handler, { onSubscribed: subscribed.handler });
  await subscribed.until(1);
  await link.bar();
  await link.cut();
  const missed = Array.from({ length: TOO_MANY }, (_, index) => index);
  await hands.publishAll(channel, missed);
  await link.mend();
  await subscribed.until(2);
  assert.deepEqual(subscribed.all[1], [id, false]);
  await hands.publish(channel, 'later');
  await calls.until(1);
  assert.deepEqual(calls.payloads, ['later']);
});

it('tells isSynced false when the relay has lost its memory, and goes on', async ({ realtime, channel }) => {
  const [calls, subscribed] = [new Calls(), new Calls()];
  const id = realtime.subscriber.subscribe(channel, calls.handler, { onSubscribed: subscribed.handler });
  await subscribed.until(1);
  await hands.publish(channel, 'before');
  await calls.until(1);
  await hands.restartRelay();
  await subscribed.until(2);
  assert.deepEqual(subscribed.all[1], [id, false]);
  await hands.publish(channel, 'after');
  await calls.until(2);
  assert.deepEqual(calls.payloads, ['before', 'after']);
});

it('tells SUBSCRIPTION_FAILED with the status of a refusal, and the subscription is over', async ({
  realtime,
  another,
}) => {
  const refused = { name: 'refused', resourceId: '7' };
  const [calls, errors, classic] = [new Calls(), new Calls(), new Calls()];
  realtime.onError(classic.handler);
  const id = realtime.subscriber.subscribe(refused, calls.handler, { onSubscriptionError: errors.handler });
  await errors.until(1);
  const [error, ofId] = errors.all[0] ?? [];
  assert.equal(ofId, id);
  assert.isTrue(error instanceof realtime.RealtimeError && error instanceof Error);
  assert.deepEqual(
    { code: error.errorCode, status: error.status, recoverable: error.recoverable, channel: error.channel },
    { code: 'SUBSCRIPTION_FAILED', status: 403, recoverable: false, channel: refused },
  );
  assert.isNotEmpty(error.message);
  const witness = new Calls();
  const page = await another();
  await page.subscribe(newChannel(), witness.handler);
  await hands.publish(refused, 'nobody');
  assert.deepEqual([calls.count, errors.count, classic.count], [0, 1, 0]);
  realtime.subscriber.unsubscribe({ subscriptionId: id });
});

it('tells DISCONNECTED, recoverable, when a live subscription loses its connection', async ({
  realtime,
  channel,
  link,
}) => {
  const [subscribed, errors] = [new Calls(), new Calls()];
  const id = realtime.subscriber.subscribe(channel, () => {}, {
    onSubscribed: subscribed.handler,
    onSubscriptionError: errors.handler,
  });
  await subscribed.until(1);
  await link.cut();
  await subscribed.until(2);
  assert.equal(errors.count, 1);
  const [error, ofId] = errors.all[0] ?? [];
  assert.deepEqual([error.errorCode, error.recoverable, ofId], ['DISCONNECTED', true, id]);
});

it('throws BAD_INPUT for arguments that are wrong, and says what would be right', async ({
  realtime,
  channel,
}) => {
  const { subscriber, RealtimeError } = realtime;
  const noop = () => {};
  /** @type {[any[], RegExp][]} */
  const wrong = [
    [[undefined, noop], /a channel is an object/],
    [['chat', noop], /did you mean \{ name: "chat" \}\?/],
    [[{ name: 'room:7' }, noop], /":" at position 5/],
    [[channel], /handler is a function, not undefined/],
    [[channel, noop, { onSubscribed: 'x' }], /onSubscribed is a function/],
    [[channel, noop, { onSubscriptionError: 7 }], /onSubscriptionError is a function/],
  ];
  for (const [args, message] of wrong) {
    const error = thrownBy(() => /** @type {any} */ (subscriber.subscribe)(...args));
    assert.isTrue(error instanceof RealtimeError, String(error));
    assert.equal(error.errorCode, 'BAD_INPUT');
    assert.match(error.message, message);
  }
  assert.deepEqual(sockets(), []);
});

it('takes an appId along with the channel, and another app’s is the same channel', async ({
  realtime,
  channel,
}) => {
  const calls = new Calls();
  const subscribed = new Calls();
  const written = { ...channel, appId: 'a-b-c' };
  realtime.subscriber.subscribe(written, calls.handler, { onSubscribed: subscribed.handler });
  await subscribed.until(1);
  await hands.publish(channel, 1);
  await calls.until(1);
  assert.deepEqual(calls.all, [[{ payload: 1 }, written]]);
  assert.deepEqual(sentFrames('subscribe')[0].channel, channel);
});

it('unsubscribes by id and by channel, at once and quietly where there is nothing', async ({
  realtime,
  channel,
}) => {
  const { subscriber } = realtime;
  const [gone, stays, live] = [new Calls(), new Calls(), new Calls()];
  const first = subscriber.subscribe(channel, gone.handler);
  subscriber.subscribe({ ...channel, resourceId: '7' }, gone.handler);
  subscriber.subscribe({ ...channel, resourceId: '8' }, stays.handler);
  subscriber.subscribe(channel, stays.handler, { onSubscribed: live.handler });
  await live.until(1);
  assert.isUndefined(subscriber.unsubscribe({ subscriptionId: first }));
  assert.isUndefined(subscriber.unsubscribe({ channel: { ...channel, resourceId: '7' } }));
  subscriber.unsubscribe({ subscriptionId: first });
  subscriber.unsubscribe({ channel: newChannel() });
  for (const resourceId of ['', '7', '8']) await hands.publish({ ...channel, resourceId }, resourceId);
  await stays.until(2);
  assert.equal(gone.count, 0);
});

it('throws BAD_INPUT when it is not said what to unsubscribe, or id and channel do not match', async ({
  realtime,
  channel,
}) => {
  const { subscriber } = realtime;
  const id = subscriber.subscribe(channel, () => {});
  for (const options of [
    undefined,
    {},
    { channel: newChannel(), subscriptionId: id },
    { channel: 'chat' },
    id,
  ]) {
    const error = thrownBy(() => subscriber.unsubscribe(/** @type {any} */ (options)));
    assert.isTrue(error instanceof realtime.RealtimeError);
    assert.equal(error.errorCode, 'BAD_INPUT');
  }
});

it('closes the connection when the last subscription goes, and opens another when one comes', async ({
  realtime,
  channel,
  link,
}) => {
  const { subscriber } = realtime;
  const [first, second, third] = [new Calls(), new Calls(), new Calls()];
  const ids = [first, second].map(({ handler }) =>
    subscriber.subscribe(channel, () => {}, { onSubscribed: handler }),
  );
  await Promise.all([first.until(1), second.until(1)]);
  subscriber.unsubscribe({ subscriptionId: String(ids[0]) });
  assert.equal(sockets()[0]?.readyState, WebSocket.OPEN);
  subscriber.unsubscribe({ subscriptionId: String(ids[1]) });
  await until(() => sockets()[0]?.readyState === WebSocket.CLOSED, 'the connection is closed');
  assert.equal(await link.connections(), 1);
  subscriber.subscribe(channel, () => {}, { onSubscribed: third.handler });
  await third.until(1);
  assert.equal(await link.connections(), 2);
});

it('shares the connection with the other functions, and each removes only its own by channel', async ({
  realtime,
  channel,
}) => {
  const [newer, older, live] = [new Calls(), new Calls(), new Calls()];
  await realtime.subscribe(channel, older.handler);
  realtime.subscriber.subscribe(channel, newer.handler, { onSubscribed: live.handler });
  await live.until(1);
  assert.equal(sockets().length, 1);
  await hands.publish(channel, 1);
  await Promise.all([newer.until(1), older.until(1)]);
  await realtime.unsubscribe({ channel });
  await hands.publish(channel, 2);
  await newer.until(2);
  assert.deepEqual([older.payloads, newer.payloads], [[1], [1, 2]]);
});

it('calls handlers that may subscribe, unsubscribe and throw without harm', async ({
  realtime,
  channel,
  complaints,
}) => {
  const { subscriber } = realtime;
  const [late, stays, live, lateLive] = [new Calls(), new Calls(), new Calls(), new Calls()];
  const id = subscriber.subscribe(channel, () => {
    subscriber.unsubscribe({ subscriptionId: id });
    subscriber.subscribe(channel, late.handler, { onSubscribed: lateLive.handler });
    throw new Error('a broken handler');
  });
  subscriber.subscribe(channel, stays.handler, { onSubscribed: live.handler });
  await live.until(1);
  await hands.publish(channel, 1);
  await lateLive.until(1);
  await hands.publish(channel, 2);
  await Promise.all([late.until(1), stays.until(2)]);
  assert.deepEqual([late.payloads, stays.payloads], [[2], [1, 2]]);
  const reports = complaints.splice(0);
  assert.equal(reports.length, 1);
  assert.include(String(reports[0]), 'a broken handler');
});

it('reports callbacks that throw and goes on', async ({ realtime, channel, complaints }) => {
  const calls = new Calls();
  realtime.subscriber.subscribe(channel, calls.handler, {
    onSubscribed() {
      throw new Error('a broken callback');
    },
  });
  await until(() => complaints.length > 0, 'the callback is reported');
  assert.include(String(complaints.splice(0)[0]), 'a broken callback');
  await hands.publish(channel, 1);
  await calls.until(1);
});

it('has functions that do not depend on this', async ({ realtime, channel }) => {
  const { subscribe, unsubscribe } = realtime.subscriber;
  const live = new Calls();
  const id = subscribe.call(undefined, channel, () => {}, { onSubscribed: live.handler });
  await live.until(1);
  unsubscribe.call(null, { subscriptionId: id });
});
