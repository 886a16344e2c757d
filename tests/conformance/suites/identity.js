/**
 * Who the page's reader is: users by token, visitors without.
 *
 * @module
 */

import { assert } from 'chai';
import { Frame } from '../page/frames.js';
import { hands } from '../page/hands.js';
import { rejection } from '../page/outcomes.js';
import { it } from '../page/runner.js';
import { sentFrames, sockets } from '../page/sockets.js';
import { Calls, until } from '../page/waiting.js';

it('is the user that the token names: sub is the id that publishes and permissions speak of', async ({
  realtime,
  channel,
}) => {
  realtime.configure({ token: await hands.signToken({ sub: 'anna' }) });
  const calls = new Calls();
  await realtime.subscribe({ name: 'only-anna' }, () => {});
  await realtime.subscribe(channel, calls.handler);
  await hands.publish(channel, 'for ben', { users: ['ben'] });
  await hands.publish(channel, 'for anna', { users: ['anna'] });
  await calls.until(1);
  assert.deepEqual(calls.payloads, ['for anna']);
});

it('has the type that the token says in any case, and is a Member when it says none', async ({ another }) => {
  const types = { Admin: 'admins', ADMIN: 'admins', admin: 'admins', mEmBeR: 'members', VISITOR: undefined };
  for (const [type, room] of Object.entries(types)) {
    const page = await another();
    page.configure({ token: await hands.signToken({ sub: 'anna', type }) });
    for (const name of ['admins', 'members']) {
      const subscribing = page.subscribe({ name }, () => {});
      if (name === room) await subscribing;
      else assert.equal((await rejection(subscribing)).errorCode, 2, `${type} in ${name}`);
    }
  }
  const page = await another();
  page.configure({ token: await hands.signToken({ sub: 'anna' }) });
  await page.subscribe({ name: 'members' }, () => {});
});

it('is told in the first frame, never in the address', async ({ realtime, channel }) => {
  const token = await hands.signToken({ sub: 'anna' });
  realtime.configure({ token });
  await realtime.subscribe(channel, () => {});
  const [socket] = sockets();
  assert.deepEqual(JSON.parse(socket?.sent[0] ?? ''), { type: 'hello', token });
  assert.equal(new URL(socket?.url ?? '').search, '');
  for (const { name } of performance.getEntriesByType('resource')) assert.notInclude(name, token);
});

it('is asked of getToken for the first connection, and not for one that was merely lost', async ({
  realtime,
  channel,
  link,
}) => {
  let asked = 0;
  const connected = new Calls();
  realtime.onConnected(connected.handler);
  realtime.configure({
    getToken: async () => {
      asked += 1;
      return hands.signToken({ sub: `user-${asked}` });
    },
  });
  assert.equal(asked, 0);
  await realtime.subscribe(channel, () => {});
  await link.cut();
  await connected.until(2);
  assert.equal(asked, 1);
  const subs = sentFrames('hello').map(({ token }) => JSON.parse(atob(token.split('.')[1])).sub);
  assert.deepEqual(subs, ['user-1', 'user-1']);
});

it('makes one connection at the most while getToken fails, and another one when there is a token', async ({
  realtime,
  channel,
  link,
}) => {
  let asked = 0;
  realtime.configure({
    async getToken() {
      asked += 1;
      if (asked < 5) throw new Error('no token yet');
      return hands.signToken({ sub: 'anna' });
    },
  });
  const live = new Calls();
  realtime.subscriber.subscribe(channel, () => {}, { onSubscribed: live.handler });
  await live.until(1);
  assert.deepEqual([asked, sockets().length], [5, 2]);
  assert.isAtMost(await link.connections(), 2);
});

it('is asked of getToken before a token ends, which the connection outlives', async ({
  realtime,
  channel,
}) => {
  const { connected, messages } = await visiting(realtime, channel);
  /** @type {number[]} */
  const ends = [];
  const getToken = () => {
    ends.push(nowInSeconds() + (ends.length > 0 ? 3600 : 8));
    return hands.signToken({ sub: 'anna', exp: ends.at(-1) });
  };
  realtime.configure({ getToken });
  await connected.until(2);
  // Most of the time passes at once for the page, whose clock is put forward; the relay's goes on as it did.
  const { now } = Date;
  Date.now = () => now() + 6_500;
  try {
    dispatchEvent(new Event('online'));
    await until(() => sentFrames('refresh').length === 1, 'the token is replaced');
  } finally {
    Date.now = now;
  }
  const [end = 0] = ends;
  await until(() => nowInSeconds() > end, 'the first token is over');
  await hands.publish(channel, 'still here');
  await messages.until(1);
  assert.equal(connected.count, 2);
  assert.equal(sockets().length, 2);
});

it('ends with a token that cannot be replaced, and the page is told by code 1', async ({
  realtime,
  channel,
}) => {
  const { connected, errors } = await visiting(realtime, channel);
  realtime.configure({ token: await hands.signToken({ sub: 'anna', exp: nowInSeconds() + 4 }) });
  await connected.until(2);
  await errors.until(1);
  const [error] = errors.firsts;
  assert.deepEqual([error.errorCode, error.recoverable], [1, false]);
  assert.match(error.message, /the token has expired/);
  realtime.configure({ token: await hands.signToken({ sub: 'anna' }) });
  await until(() => sockets().length === 3, 'it comes back with another one');
});

it('is a visitor without a token, another one in each browser', async ({ link, another, channel }) => {
  const first = await Frame.open({ relay: link.url });
  await first.realtime.subscribe(channel, () => {});
  const { id, type } = await first.subscriber();
  assert.equal(type, 'Visitor');
  assert.match(id, /^[\w-]{8,}$/);
  localStorage.clear();
  const second = await Frame.open({ relay: link.url });
  await second.realtime.subscribe(channel, () => {});
  assert.notEqual((await second.subscriber()).id, id);
  const page = await another();
  assert.equal((await rejection(page.subscribe({ name: 'members' }, () => {}))).errorCode, 2);
  first.close();
  second.close();
});

it('stays the same visitor over a reload of the page, and over lost connections', async ({
  link,
  channel,
}) => {
  const frame = await Frame.open({ relay: link.url });
  await frame.realtime.subscribe(channel, () => {});
  const before = await frame.subscriber();
  await link.cut();
  assert.deepEqual(await frame.subscriber(2), before);
  await frame.reload();
  const calls = new Calls();
  await frame.realtime.subscribe(channel, calls.handler);
  assert.deepEqual(await frame.subscriber(), before);
  await hands.publish(channel, 'for this visitor', { users: [before.id] });
  await calls.until(1);
  frame.close();
});

/**
 * Subscribes as a visitor, so that what comes then is not held up by all that a first subscription needs.
 *
 * @param {import('../page/sdk.js').Sdk} realtime
 * @param {import('../page/context.js').Channel} channel
 */
async function visiting(realtime, channel) {
  const [connected, errors, messages] = [new Calls(), new Calls(), new Calls()];
  realtime.onConnected(connected.handler);
  realtime.onError(errors.handler);
  await realtime.subscribe(channel, messages.handler);
  return { connected, errors, messages };
}

/** As tokens count. */
const nowInSeconds = () => Math.floor(Date.now() / 1000);
