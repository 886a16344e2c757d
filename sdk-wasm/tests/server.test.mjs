/**
 * The browser SDK where there is no browser: it may be imported and called, and does nothing.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import byDefault, * as realtime from '../npm/src/index.js';

describe('on a server', () => {
  it('subscribe resolves to an empty id, and unsubscribe to nothing', async () => {
    const id = await realtime.subscribe({ name: 'chat' }, () => {});
    assert.equal(id, '');
    assert.equal(await realtime.unsubscribe({ subscriptionId: id }), undefined);
    realtime.close();
  });

  it('subscriber gives an empty id, calls nothing, and unsubscribes nothing', () => {
    const { subscriber } = realtime;
    const fail = () => assert.fail('nothing happens');
    const id = subscriber.subscribe({ name: 'chat' }, fail, {
      onSubscribed: fail,
      onSubscriptionError: fail,
    });
    assert.equal(id, '');
    subscriber.unsubscribe({ subscriptionId: id });
    assert.throws(() => subscriber.unsubscribe(/** @type {any} */ ({})), { errorCode: 'BAD_INPUT' });
  });

  it('handlers may be registered, and are checked', () => {
    for (const register of [realtime.onConnected, realtime.onDisconnected, realtime.onError]) {
      register(() => {});
      assert.throws(() => register(/** @type {any} */ ('x')), { errorCode: 3, message: /not a string/ });
    }
  });

  it('unsubscribe still says what is wrong with its arguments', async () => {
    await assert.rejects(realtime.unsubscribe({}), { name: 'RealtimeError', errorCode: 3 });
  });
});

describe('the imports', () => {
  it('have everything by name and in the default object, without a need for this', () => {
    const { default: _, ...named } = realtime;
    assert.deepEqual({ ...byDefault }, named);
    const { onError } = byDefault;
    onError(() => {});
  });

  it('have a publish that says where it belongs', () => {
    assert.throws(realtime.publish, { errorCode: 3, message: /wix-realtime-backend/ });
  });
});
