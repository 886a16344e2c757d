/**
 * Channels and resources: what names them, and that they are separate streams.
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

it('keeps a channel and each of its resources apart', async ({ realtime, channel }) => {
  const streams = [channel, { ...channel, resourceId: '1' }, { ...channel, resourceId: '2' }];
  const all = streams.map(() => new Calls());
  for (const [index, stream] of streams.entries()) await realtime.subscribe(stream, at(all, index).handler);
  // Two rounds: had anything of the first gone astray, it would be there before the second.
  for (const round of ['first', 'second']) {
    for (const [index, stream] of streams.entries()) await hands.publish(stream, `${round} to ${index}`);
  }
  for (const [index, calls] of all.entries()) {
    await calls.until(2);
    assert.deepEqual(calls.payloads, [`first to ${index}`, `second to ${index}`]);
  }
});

it('takes names of 1 to 140 letters, digits, underscores and hyphens', async ({ realtime }) => {
  const unique = crypto.randomUUID();
  const names = ['a', 'Z', '7', '_', '-', `prefix_${unique}`, unique, 'x'.repeat(140)];
  for (const name of names) {
    const calls = new Calls();
    await realtime.subscribe({ name }, calls.handler);
    await hands.publish({ name }, name);
    await calls.until(1);
    assert.deepEqual(calls.payloads, [name]);
  }
});

it('refuses other names with code 3, quotes the character and says what is allowed', async ({ realtime }) => {
  for (const character of [':', '.', '/', ' ', '@', '"', '&', 'ü', '\u0430', '漢', '😀']) {
    for (const name of [`room${character}7`, character]) {
      const error = await rejection(realtime.subscribe({ name }, () => {}));
      assert.equal(error.errorCode, 3, name);
      assert.deepEqual(error.channel, { name });
      assert.include(error.message, `"${character}"`);
      assert.match(error.message, /A-Z, a-z, 0-9, "_" and "-"/);
    }
  }
  for (const [character, number] of Object.entries({
    '\n': 'U+000A',
    '\u0000': 'U+0000',
    '\u007f': 'U+007F',
  })) {
    const error = await rejection(realtime.subscribe({ name: `room${character}7` }, () => {}));
    assert.equal(error.errorCode, 3);
    assert.include(error.message, `channel name has ${number} at position 5`);
  }
  for (const name of ['', 'x'.repeat(141)]) {
    const error = await rejection(realtime.subscribe({ name }, () => {}));
    assert.equal(error.errorCode, 3);
    assert.match(error.message, /140/);
  }
  assert.deepEqual(sockets(), []);
});

it('refuses a name with a leading @', async ({ realtime }) => {
  const error = await rejection(realtime.subscribe({ name: '@system' }, () => {}));
  assert.equal(error.errorCode, 3);
  assert.include(error.message, '"@"');
});

it('takes resource ids of 1 to 1000 characters of any script', async ({ realtime, channel }) => {
  for (const resourceId of ['1', 'a/b:c.d@e', ' ', 'Zürich 東京', 'x'.repeat(1000), '😀'.repeat(1000)]) {
    const calls = new Calls();
    await realtime.subscribe({ ...channel, resourceId }, calls.handler);
    await hands.publish({ ...channel, resourceId }, resourceId);
    await calls.until(1);
    assert.deepEqual(calls.payloads, [resourceId]);
  }
});

it('refuses longer resource ids and control characters in them with code 3', async ({
  realtime,
  channel,
}) => {
  for (const resourceId of ['x'.repeat(1001), 'a\nb', '\u0000', '\u007f', '\u0085']) {
    const error = await rejection(realtime.subscribe({ ...channel, resourceId }, () => {}));
    assert.equal(error.errorCode, 3, JSON.stringify(resourceId));
    assert.match(error.message, /resourceId/);
    assert.deepEqual(error.channel, { ...channel, resourceId });
  }
});

it('takes an empty or missing resource id for the channel itself', async ({ realtime, channel }) => {
  const calls = new Calls();
  for (const resourceId of ['', undefined, /** @type {any} */ (null)]) {
    await realtime.subscribe({ ...channel, resourceId }, calls.handler);
  }
  await hands.publish(channel, 'to the channel');
  await hands.publish({ ...channel, resourceId: '' }, 'and again');
  await calls.until(6);
  assert.deepEqual(new Set(calls.payloads), new Set(['to the channel', 'and again']));
});

it('takes a resource id from String(), and asks who gives a number whether that was meant', async ({
  realtime,
  channel,
}) => {
  const room = 7;
  const calls = new Calls();
  await realtime.subscribe({ ...channel, resourceId: String(room) }, calls.handler);
  await hands.publish({ ...channel, resourceId: '7' }, 'room 7');
  await calls.until(1);
  const error = await rejection(
    realtime.subscribe({ ...channel, resourceId: /** @type {any} */ (room) }, () => {}),
  );
  assert.equal(error.errorCode, 3);
  assert.include(error.message, 'did you mean "7"?');
});

it('says on the console that a misspelt resourceId is not read, and takes the rest as it is', async ({
  realtime,
  channel,
  complaints,
}) => {
  const calls = new Calls();
  const written = { ...channel, resourceID: '7', color: 'blue' };
  await realtime.subscribe(written, calls.handler);
  assert.deepEqual(complaints.splice(0), ['channel: resourceID is not read; did you mean resourceId?']);
  await hands.publish(channel, 'to the channel');
  await calls.until(1);
  assert.deepEqual(calls.all, [[{ payload: 'to the channel' }, written]]);
});

it('lets a refused channel have an open resource, and an open one inherit nothing but permissions', async ({
  realtime,
}) => {
  const open = { name: 'refused', resourceId: 'but-open' };
  const calls = new Calls();
  await realtime.subscribe(open, calls.handler);
  for (const refused of [{ name: 'refused' }, { name: 'refused', resourceId: 'other' }]) {
    assert.equal((await rejection(realtime.subscribe(refused, () => {}))).errorCode, 2);
    await hands.publish(refused, 'astray');
  }
  await hands.publish(open, 'right');
  await calls.until(1);
  assert.deepEqual(calls.payloads, ['right']);
});

it('takes a channel that came as JSON from a file shared with the backend', async ({ realtime }) => {
  const channels = JSON.parse(
    JSON.stringify({ orders: newChannel(), chat: { ...newChannel(), resourceId: '1' } }),
  );
  const calls = new Calls();
  await realtime.subscribe(channels.orders, calls.handler);
  await realtime.subscribe(channels.chat, calls.handler);
  await hands.publish(channels.orders, 1);
  await calls.until(1);
  await hands.publish(channels.chat, 2);
  await calls.until(2);
  assert.deepEqual(calls.payloads, [1, 2]);
});

/**
 * @template T
 * @param {T[]} list
 * @param {number} index
 */
const at = (list, index) => /** @type {T} */ (list[index]);
