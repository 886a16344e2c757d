/**
 * What callers pass to the browser SDK: both packages of this project refuse the same things in the same words.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parseChannel as parseInBackend } from '../../sdk-backend/src/channel.js';
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
  it('is refused in the words of the backend package when it is no channel at all', () => {
    const values = [
      'chat',
      'a "quoted" one',
      undefined,
      null,
      7,
      true,
      [],
      ['chat'],
      () => {},
      {},
      { name: 7 },
      { name: null },
      { name: ['a'] },
      { name: 'chat', resourceId: 7 },
      { name: 'chat', resourceId: {} },
      { name: 'chat', resourceId: false },
    ];
    for (const value of values) {
      const error = thrownBy(() => parseChannel(value));
      assert.ok(error instanceof Error, JSON.stringify(value));
      assert.equal(error.message, thrownBy(() => parseInBackend(value)).message);
      assert.equal(/** @type {any} */ (error).errorCode, 3);
    }
  });

  it('keeps what the caller wrote, in a copy of its own', () => {
    const channel = Object.freeze({ name: 'chat', resourceId: '', color: 'blue' });
    const { name, resourceId, written } = parseChannel(channel);
    assert.deepEqual({ name, resourceId, written }, { name: 'chat', resourceId: '', written: channel });
    assert.notEqual(written, channel);
  });

  it('has no resource when the resource id is missing', () => {
    for (const channel of [
      { name: 'a' },
      { name: 'a', resourceId: undefined },
      { name: 'a', resourceId: null },
    ]) {
      assert.equal(parseChannel(channel).resourceId, undefined);
    }
  });

  it('of the golden file has the right shape, whether its name is legal or not', () => {
    const file = new URL('../../protocol/fixtures/channels.json', import.meta.url);
    const examples = JSON.parse(readFileSync(file, 'utf8'));
    for (const { channel } of examples) assert.equal(parseChannel(channel).name, channel.name);
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
