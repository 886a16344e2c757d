/**
 * What callers pass to the browser SDK: what is refused, and in which words.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parseChannel, parseTarget, requireFunction } from '../npm/src/arguments.js';

/**
 * @param {() => unknown} action
 * @returns {any} what it throws
 */
function thrownBy(action) {
  try {
    action();
  } catch (thrown) {
    return thrown;
  }
  return undefined;
}

describe('a channel', () => {
  it('that is no channel at all is refused, and the error says what was given', () => {
    /** @type {[unknown, RegExp][]} */
    const values = [
      ['chat', /not a string: did you mean \{ name: "chat" \}\?$/],
      [undefined, /not undefined$/],
      [null, /not null$/],
      [7, /not a number$/],
      [['chat'], /not an array$/],
      [() => {}, /not a function$/],
      [{}, /^channel name is a string, not undefined$/],
      [{ name: ['a'] }, /^channel name is a string, not an array$/],
      [{ name: 'chat', resourceId: 7 }, /^resourceId is a string, not a number: did you mean "7"\?$/],
      [{ name: 'chat', resourceId: false }, /^resourceId is a string, not a boolean$/],
    ];
    for (const [value, message] of values) {
      assert.throws(() => parseChannel(value), { name: 'RealtimeError', errorCode: 3, message });
    }
  });

  it('is refused in the words of the golden file, and carried by the error as it was written', () => {
    const file = new URL('../../protocol/fixtures/channels.json', import.meta.url);
    for (const { channel, error } of JSON.parse(readFileSync(file, 'utf8'))) {
      const thrown = thrownBy(() => parseChannel(channel));
      assert.equal(thrown?.message ?? null, error, JSON.stringify(channel));
      if (thrown) assert.deepEqual(thrown.channel, channel);
    }
  });

  it('with half a surrogate pair is refused, since it is no text and would become another resource', () => {
    const resourceIds = { 'a\ud83d': 2, '\ude00b': 1, '😀\ud83d😀': 2 };
    for (const [resourceId, position] of Object.entries(resourceIds)) {
      const { message } = thrownBy(() => parseChannel({ name: 'chat', resourceId }));
      assert.match(
        message,
        new RegExp(`^resourceId has U\\+D.{3} at position ${position}: half a surrogate pair`),
      );
    }
    assert.equal(parseChannel({ name: 'chat', resourceId: '😀' }).resourceId, '😀');
  });

  it('keeps what the caller wrote, in a copy of its own', () => {
    const channel = Object.freeze({ name: 'chat', resourceId: '', color: 'blue' });
    const { name, resourceId, written } = parseChannel(channel);
    assert.deepEqual(
      { name, resourceId, written },
      { name: 'chat', resourceId: undefined, written: channel },
    );
    assert.notEqual(written, channel);
  });

  it('with a misspelt resourceId is taken as it is, and the console says so', (context) => {
    const warn = context.mock.method(console, 'warn', () => {});
    for (const misspelt of ['resourceID', 'resourceid', 'ResourceId']) {
      assert.equal(parseChannel({ name: 'a', [misspelt]: '7', color: 'blue' }).resourceId, undefined);
      const [text] = warn.mock.calls.at(-1)?.arguments ?? [];
      assert.equal(text, `channel: ${misspelt} is not read; did you mean resourceId?`);
    }
    parseChannel({ name: 'a', resourceId: '7', resource: '8' });
    assert.equal(warn.mock.callCount(), 3);
  });

  it('has no resource when the resource id is missing or empty', () => {
    for (const channel of [
      { name: 'a' },
      { name: 'a', resourceId: undefined },
      { name: 'a', resourceId: null },
      { name: 'a', resourceId: '' },
    ]) {
      assert.equal(parseChannel(channel).resourceId, undefined);
    }
  });
});

describe('what to unsubscribe', () => {
  it('is an id, a channel, or both', () => {
    assert.deepEqual(parseTarget({ subscriptionId: 'x' }), { subscriptionId: 'x', channel: undefined });
    assert.equal(parseTarget({ channel: { name: 'a' } }).channel?.name, 'a');
    assert.equal(parseTarget({ subscriptionId: 'x', channel: { name: 'a' } }).subscriptionId, 'x');
  });

  it('must be said', () => {
    for (const options of [undefined, null, {}, 'id', 7, { subscriptionId: undefined }]) {
      assert.match(thrownBy(() => parseTarget(options)).message, /^say what to unsubscribe/);
    }
    assert.match(thrownBy(() => parseTarget({ subscriptionId: 7 })).message, /not a number$/);
    assert.equal(thrownBy(() => parseTarget({ channel: 'chat' })).errorCode, 3);
  });
});

describe('a handler', () => {
  it('is a function, and the error shows a right call', () => {
    requireFunction('handler', () => {}, 'f(() => { … })');
    const error = thrownBy(() => requireFunction('handler', undefined, 'f(() => { … })'));
    assert.equal(error.message, 'handler is a function, not undefined: f(() => { … })');
    assert.equal(error.errorCode, 3);
  });
});
