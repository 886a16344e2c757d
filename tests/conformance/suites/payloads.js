/**
 * Messages: what a payload may be, how it arrives, and who sees its publisher.
 *
 * @module
 */

import { assert } from 'chai';
import { hands } from '../page/hands.js';
import { rejection } from '../page/outcomes.js';
import { it } from '../page/runner.js';
import { sockets } from '../page/sockets.js';
import { Calls } from '../page/waiting.js';

/** What the relay takes by default, counted in bytes of JSON. */
const MAX_BYTES = 65_536;

/** One value of each kind, the ones that code tends to take for nothing first. */
const VALUES = [
  null,
  false,
  0,
  '',
  [],
  {},
  true,
  -1.5,
  1e21,
  Number.MAX_SAFE_INTEGER,
  'a text, "quoted",\nwith a line break',
  ['a', 1, null, [[]]],
  { author: { id: 'anna', tags: ['x', {}] }, text: null },
  { constructor: 1, toString: 2, length: 3, payload: { payload: 4 } },
  Array.from({ length: 200 }).reduce((inner) => ({ inner }), 'deep'),
];

it('delivers every JSON value as it was published', async ({ realtime, channel }) => {
  const calls = new Calls();
  await realtime.subscribe(channel, calls.handler);
  await hands.publishAll(channel, VALUES);
  await calls.until(VALUES.length);
  assert.deepEqual(calls.payloads, VALUES);
});

it('keeps numbers, the order of keys and Unicode byte for byte on their way', async ({
  realtime,
  channel,
}) => {
  const texts = [
    '1e400',
    '12345678901234567890',
    '[1.0,-0,0.10,1E+2]',
    '{"b":1,"a":{"d":2,"c":3},"10":4}',
    '"\\u00e4\\/\\ud83c\\udf3b"',
    '"ä🌻 漢字 \u2028\u2029 e\u0301"',
    '{"b":1,"a":2,"b":3}',
  ];
  const calls = new Calls();
  await realtime.subscribe(channel, calls.handler);
  for (const text of texts) assert.equal(await hands.publishJson(channel, text), 200);
  await calls.until(texts.length);
  assert.deepEqual(
    calls.payloads,
    texts.map((text) => JSON.parse(text)),
  );
  const wire = sockets()
    .flatMap(({ received }) => received)
    .join('\n');
  for (const text of texts) assert.include(wire, `,${text}]`);
});

it('keeps the order in which an object has its keys', async ({ realtime, channel }) => {
  const calls = new Calls();
  await realtime.subscribe(channel, calls.handler);
  const published = { zebra: 1, apple: { y: 1, x: 2 }, Mango: 3, _: 4 };
  await hands.publish(channel, published);
  await calls.until(1);
  assert.equal(JSON.stringify(calls.payloads[0]), JSON.stringify(published));
});

it('delivers a payload of 64 KiB and refuses one of a byte more with code 3', async ({
  realtime,
  channel,
}) => {
  const calls = new Calls();
  await realtime.subscribe(channel, calls.handler);
  const largest = 'x'.repeat(MAX_BYTES - 2);
  const inBytes = 'ü'.repeat((MAX_BYTES - 2) / 2);
  await hands.publish(channel, largest);
  await hands.publish(channel, inBytes);
  for (const tooLarge of [`${largest}x`, `${inBytes}x`]) {
    const refusal = await rejection(hands.publish(channel, tooLarge));
    assert.match(refusal.message, /"errorCode":3/);
    assert.match(refusal.message, /65536/);
  }
  await hands.publish(channel, 'next');
  await calls.until(3);
  assert.isTrue(calls.payloads[0] === largest && calls.payloads[1] === inBytes);
  assert.equal(calls.payloads[2], 'next');
});

it('makes messages that survive structuredClone and postMessage', async ({ realtime, channel }) => {
  const calls = new Calls();
  await realtime.subscribe(channel, calls.handler);
  await hands.publish(channel, { deep: [{ text: 'ä🌻' }, null] }, { includePublisher: true }, 'anna');
  await calls.until(1);
  const [message, from] = calls.all[0] ?? [];
  const expected = { payload: { deep: [{ text: 'ä🌻' }, null] }, publisher: { id: 'anna' } };
  assert.deepEqual(message, expected);
  assert.deepEqual(structuredClone(message), expected);
  assert.deepEqual(structuredClone(from), channel);
  const { port1, port2 } = new MessageChannel();
  const posted = new Promise((resolve) => {
    port2.onmessage = ({ data }) => resolve(data);
  });
  port1.postMessage({ message, from });
  assert.deepEqual(await posted, { message: expected, from: channel });
});

it('gives each handler a message of its own, with nothing in it but payload and publisher', async ({
  realtime,
  channel,
}) => {
  const calls = new Calls();
  await realtime.subscribe(channel, calls.handler);
  await realtime.subscribe(channel, calls.handler);
  await hands.publish(channel, 1);
  await calls.until(2);
  const [first, second] = calls.firsts;
  assert.deepEqual(Object.keys(first), ['payload']);
  assert.notEqual(first, second);
});

it('shows publisher.id where the publisher asked for it, and nowhere else', async ({ realtime, channel }) => {
  const calls = new Calls();
  await realtime.subscribe(channel, calls.handler);
  await hands.publish(channel, 'shown', { includePublisher: true }, 'anna');
  await hands.publish(channel, 'not asked for', {}, 'anna');
  await hands.publish(channel, 'not wanted', { includePublisher: false }, 'anna');
  await hands.publish(channel, 'nobody', { includePublisher: true });
  await calls.until(4);
  assert.deepEqual(calls.firsts, [
    { payload: 'shown', publisher: { id: 'anna' } },
    { payload: 'not asked for' },
    { payload: 'not wanted' },
    { payload: 'nobody' },
  ]);
});

it('brings a publisher’s own page its own message', async ({ realtime, channel }) => {
  realtime.configure({ token: await hands.signToken({ sub: 'anna' }) });
  const calls = new Calls();
  await realtime.subscribe(channel, calls.handler);
  await hands.publish(channel, 'mine', { includePublisher: true }, 'anna');
  await calls.until(1);
  assert.deepEqual(calls.firsts, [{ payload: 'mine', publisher: { id: 'anna' } }]);
});

it('brings a message for some users to all pages of those, and to nobody else', async ({
  another,
  channel,
}) => {
  const users = ['anna', 'anna', 'ben', 'cleo'];
  const pages = await Promise.all(
    users.map(async (sub) => {
      const page = await another();
      page.configure({ token: await hands.signToken({ sub }) });
      const calls = new Calls();
      await page.subscribe(channel, calls.handler);
      return { sub, calls };
    }),
  );
  await hands.publish(channel, 'for anna and ben', { users: ['anna', 'ben', 'somebody-else'] });
  await hands.publish(channel, 'for nobody', { users: [] });
  await hands.publish(channel, 'for all');
  for (const { sub, calls } of pages) {
    const expected = sub === 'cleo' ? ['for all'] : ['for anna and ben', 'for all'];
    await calls.until(expected.length);
    assert.deepEqual(calls.payloads, expected, sub);
  }
});

it('uses one space of ids for publisher.id and users: who published can be answered', async ({
  another,
  channel,
}) => {
  const [anna, ben] = [await another(), await another()];
  anna.configure({ token: await hands.signToken({ sub: 'anna' }) });
  const [annas, bens] = [new Calls(), new Calls()];
  await anna.subscribe(channel, annas.handler);
  await ben.subscribe(channel, bens.handler);
  await hands.publish(channel, 'question', { includePublisher: true }, 'anna');
  await bens.until(1);
  await hands.publish(channel, 'answer', { users: [bens.firsts[0].publisher.id] });
  await hands.publish(channel, 'end');
  await Promise.all([annas.until(3), bens.until(2)]);
  assert.deepEqual(annas.payloads, ['question', 'answer', 'end']);
  assert.deepEqual(bens.payloads, ['question', 'end']);
});

it('delivers what a backend publishes without waiting in the order of its calls', async ({
  realtime,
  channel,
}) => {
  const calls = new Calls();
  await realtime.subscribe(channel, calls.handler);
  const tokens = Array.from({ length: 500 }, (_, index) => `token ${index}`);
  await hands.publishAll(channel, tokens);
  await calls.until(tokens.length);
  assert.deepEqual(calls.payloads, tokens);
});

it('delivers objects that were published by the newer surface', async ({ realtime, channel }) => {
  const calls = new Calls();
  await realtime.subscribe(channel, calls.handler);
  await hands.publisherPublish(channel, { status: 'sent' });
  await calls.until(1);
  assert.deepEqual(calls.payloads, [{ status: 'sent' }]);
});
