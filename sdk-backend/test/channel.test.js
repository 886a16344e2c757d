import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { channelKey, parseChannel } from '../src/channel.js';

/** @type {{ channel: { name: string, resourceId?: string | null }, error: string | null }[]} */
const golden = JSON.parse(
  readFileSync(new URL('../../protocol/fixtures/channels.json', import.meta.url), 'utf8'),
);

/** @param {unknown} channel */
function messageFor(channel) {
  try {
    parseChannel(channel);
    return null;
  } catch (error) {
    const { errorCode, message } = /** @type {any} */ (error);
    assert.equal(errorCode, 3);
    return message;
  }
}

test('the shared examples get the shared answers, word for word', () => {
  assert.ok(golden.length > 20);
  for (const { channel, error } of golden) {
    assert.equal(messageFor(channel), error, JSON.stringify(channel).slice(0, 80));
  }
});

test('an empty or missing resource id means the channel itself', () => {
  for (const resourceId of ['', null, undefined]) {
    assert.deepEqual(parseChannel({ name: 'chat', resourceId }), { name: 'chat' });
  }
});

test('other keys of the given object are not sent', () => {
  assert.deepEqual(parseChannel({ name: 'chat', resourceId: '7', appId: 'x' }), {
    name: 'chat',
    resourceId: '7',
  });
});

test('a string as channel is answered with the object that was meant', () => {
  assert.equal(messageFor('chat'), 'a channel is an object, not a string: did you mean { name: "chat" }?');
});

test('values that are no channel are refused by what they are', () => {
  assert.equal(messageFor(undefined), 'a channel is an object such as { name: "chat" }, not undefined');
  assert.equal(messageFor(null), 'a channel is an object such as { name: "chat" }, not null');
  assert.equal(messageFor([]), 'a channel is an object such as { name: "chat" }, not an array');
  assert.equal(messageFor({}), 'channel name is a string, not undefined');
  assert.equal(messageFor({ name: 7 }), 'channel name is a string, not a number');
  assert.equal(
    messageFor({ name: 'room', resourceId: 7 }),
    'resourceId is a string, not a number: did you mean "7"?',
  );
});

test('half a surrogate pair is refused, since it has no UTF-8', () => {
  assert.match(String(messageFor({ name: 'room', resourceId: 'a\ud83d' })), /U\+D83D at position 2/);
  assert.match(String(messageFor({ name: '\ud83d' })), /U\+D83D at position 1/);
});

test('keys tell every channel and resource apart', () => {
  const channels = [
    { name: 'a' },
    { name: 'a', resourceId: 'b' },
    { name: 'a', resourceId: 'b/c' },
    { name: 'a-b' },
  ];
  assert.equal(new Set(channels.map(channelKey)).size, channels.length);
});
