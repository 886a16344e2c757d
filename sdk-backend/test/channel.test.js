import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mock, test } from 'node:test';
import { channelKey, parseChannel } from '../src/channel.js';
import { publish, recheckPermissions } from '../src/index.js';

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

/** What is warned of meanwhile. @param {() => unknown} call */
async function warnings(call) {
  const warn = mock.method(console, 'warn', () => {});
  try {
    await call();
    return warn.mock.calls.map(({ arguments: words }) => words.join(' '));
  } finally {
    warn.mock.restore();
  }
}

test('a key in the wrong spelling is warned of, once for each spelling, and is allowed', async () => {
  for (const key of ['resourceID', 'resourceid', 'resource_id', 'ResourceId']) {
    const channel = { name: 'chat', [key]: '7' };
    assert.deepEqual(await warnings(() => assert.deepEqual(parseChannel(channel), { name: 'chat' })), [
      `channel: ${key} is not read; did you mean resourceId?`,
    ]);
    assert.deepEqual(await warnings(() => parseChannel(channel)), []);
  }
  assert.deepEqual(await warnings(() => messageFor({ Name: 'chat' })), [
    'channel: Name is not read; did you mean name?',
  ]);
});

test('a warning comes from whatever takes a channel', async () => {
  const publishing = () =>
    publish(/** @type {any} */ ({ name: 'chat', RESOURCEID: '7' }), undefined).catch(() => {});
  assert.deepEqual(await warnings(publishing), ['channel: RESOURCEID is not read; did you mean resourceId?']);
  const channel = /** @type {any} */ ({ name: 'chat', 'resource-id': '7' });
  const rechecking = () => recheckPermissions({ channel, user: '' }).catch(() => {});
  assert.deepEqual(await warnings(rechecking), [
    'channel: resource-id is not read; did you mean resourceId?',
  ]);
});

test('other keys, and a wrong spelling beside the right one, are nothing to warn of', async () => {
  const channels = [
    { name: 'chat', appId: 'x', id: '7', resource: 'y', displayName: 'Chat' },
    { name: 'chat', NAME: 'Chat', resourceId: '7', resourceiD: '7' },
    { name: 'chat' },
  ];
  for (const channel of channels) assert.deepEqual(await warnings(() => parseChannel(channel)), []);
});

test('a program that makes up spellings does not fill the log', async () => {
  const spellings = Array.from({ length: 64 }, (_, n) =>
    [...'resourceid'].map((letter, at) => ((n >> at) & 1 ? letter.toUpperCase() : letter)).join(''),
  );
  const said = await warnings(() => {
    for (const key of spellings) parseChannel({ name: 'chat', [key]: '7' });
  });
  assert.ok(said.length < 10, `${said.length} warnings`);
});
