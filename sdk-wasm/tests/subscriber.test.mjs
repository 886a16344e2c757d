/**
 * `subscriber`: the id at once, and what becomes of a subscription by callbacks. The whole package in Node, with its real
 * client.
 */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { leavePage, openPage, pass, relay, until, watchConsole } from './support/page.mjs';

const CHAT = { name: 'chat' };
const UUID_4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** @type {import('./support/page.mjs').Package} */
let page;

afterEach(leavePage);
beforeEach(async () => {
  page = await openPage();
});

/**
 * Subscribes, and notes everything that comes of it.
 *
 * @param {any} [channel]
 */
function listen(channel = CHAT) {
  /** @type {any[]} */
  const told = [];
  const id = page.subscriber.subscribe(channel, ({ payload }) => told.push(payload), {
    onSubscribed: (subscriptionId, isSynced) => told.push(['live', subscriptionId, isSynced]),
    onSubscriptionError: (error, subscriptionId) => told.push([error, subscriptionId]),
  });
  return { id, told };
}

/**
 * The errors among what a subscription was told, by what a page looks at.
 *
 * @param {any[]} told
 */
const errorsOf = (told) =>
  told
    .filter((entry) => entry?.[0] instanceof Error)
    .map(([{ errorCode, recoverable, status }]) => ({
      errorCode,
      recoverable,
      ...(status === undefined ? {} : { status }),
    }));

describe('subscriber.subscribe', () => {
  it('gives the id at once, and calls nothing before the caller has it', async () => {
    const { id, told } = listen();
    assert.match(id, UUID_4);
    assert.deepEqual(told, []);
    await until(() => told.length > 0);
    assert.deepEqual(told, [['live', id, false]]);
    const joined = listen();
    assert.deepEqual(joined.told, [], 'not even where the channel is live already');
    await until(() => joined.told.length > 0);
    assert.deepEqual(joined.told, [['live', joined.id, false]]);
    relay.publish('chat', ['1']);
    assert.deepEqual([told.at(-1), joined.told.at(-1)], [1, 1]);
  });

  it('takes an appId, and hands it on with the channel as it was written', async () => {
    /** @type {any[]} */
    const channels = [];
    let isLive = false;
    const channel = { name: 'chat', resourceId: '7', appId: 'app' };
    page.subscriber.subscribe(channel, (_message, given) => channels.push(given), {
      onSubscribed: () => {
        isLive = true;
      },
    });
    await until(() => isLive);
    relay.publish('chat/7', ['1']);
    assert.deepEqual(channels, [channel]);
    const asked = relay.sent_frames().find((frame) => frame.includes('"subscribe"')) ?? '';
    assert.deepEqual(JSON.parse(asked).channel, { name: 'chat', resourceId: '7' });
  });

  it('throws what is wrong with the call at once', () => {
    /** @type {[any[], RegExp][]} */
    const wrong = [
      [[], /a channel is an object/],
      [['chat', () => {}], /did you mean \{ name: "chat" \}/],
      [[{ name: 'a:b' }, () => {}], /":" at position 2/],
      [[CHAT], /handler is a function, not undefined/],
      [[CHAT, () => {}, { onSubscribed: 'x' }], /onSubscribed is a function, not a string/],
      [[CHAT, () => {}, { onSubscriptionError: {} }], /onSubscriptionError is a function, not an object/],
    ];
    for (const [args, message] of wrong) {
      const call = () => /** @type {any} */ (page.subscriber.subscribe)(...args);
      assert.throws(call, { name: 'RealtimeError', errorCode: 'BAD_INPUT', message });
      assert.throws(call, page.RealtimeError);
    }
    assert.equal(relay.connections(), 0);
  });

  it('needs no options, and no callback in them', async () => {
    /** @type {any[]} */
    const got = [];
    for (const options of [undefined, null, {}, { onSubscribed: undefined, onSubscriptionError: null }]) {
      page.subscriber.subscribe(CHAT, ({ payload }) => got.push(payload), /** @type {any} */ (options));
    }
    // One more, which says when all are live.
    let isLive = false;
    page.subscriber.subscribe(CHAT, () => {}, {
      onSubscribed: () => {
        isLive = true;
      },
    });
    await until(() => isLive);
    relay.publish('chat', ['1']);
    assert.deepEqual(got, [1, 1, 1, 1]);
  });
});

describe('a subscription', () => {
  it('that is refused is told so with the status, and is over', async () => {
    relay.refuse('staff');
    const channel = Object.freeze({ name: 'staff', appId: 'app' });
    const { id, told } = listen(channel);
    await until(() => told.length > 0);
    const [[error, told_id]] = told;
    assert.ok(error instanceof page.RealtimeError);
    assert.deepEqual(errorsOf(told), [{ errorCode: 'SUBSCRIPTION_FAILED', recoverable: false, status: 403 }]);
    assert.deepEqual([error.channel, told_id], [channel, id]);
    relay.cut(1006, '');
    await pass(100);
    assert.equal(told.length, 1);
    assert.equal(relay.connections(), 0, 'nothing is left to connect for');
  });

  it('that is refused for the moment is asked for again by itself', async () => {
    relay.refuse('busy', 503);
    const { id, told } = listen({ name: 'busy' });
    await until(() => told.length > 0);
    assert.deepEqual(errorsOf(told), [{ errorCode: 'SUBSCRIPTION_FAILED', recoverable: true, status: 503 }]);
    relay.allow('busy');
    await until(() => told.length > 1);
    assert.deepEqual(told.at(-1), ['live', id, false]);
  });

  it('is told of a lost connection, and at its return whether it has missed anything', async () => {
    const { id, told } = listen();
    await until(() => told.length === 1);
    relay.cut(1006, '');
    relay.publish('chat', ['1']);
    await until(() => told.length === 3);
    assert.deepEqual(errorsOf(told), [{ errorCode: 'DISCONNECTED', recoverable: true }]);
    assert.deepEqual(told[2], ['live', id, true]);
    relay.forget();
    relay.cut(1006, '');
    await until(() => told.length === 5);
    assert.deepEqual(told[4], ['live', id, false]);
    relay.publish('chat', ['2']);
    assert.equal(told.at(-1), 2);
  });

  it('whose permissions have changed when it returns is over', async () => {
    const { told } = listen();
    await until(() => told.length === 1);
    relay.refuse('chat');
    relay.cut(1006, '');
    await until(() => told.length === 3);
    assert.deepEqual(errorsOf(told), [
      { errorCode: 'DISCONNECTED', recoverable: true },
      { errorCode: 'SUBSCRIPTION_FAILED', recoverable: false, status: 403 },
    ]);
  });

  it('is told once that the relay wants no return, and comes back with a new identity', async () => {
    const { id, told } = listen();
    await until(() => told.length === 1);
    relay.cut(4503, 'signed out');
    await until(() => told.length === 2);
    await pass(100);
    assert.deepEqual(errorsOf(told), [{ errorCode: 'DISCONNECTED', recoverable: false }]);
    page.configure({ token: null });
    await until(() => told.length === 3);
    assert.deepEqual(told.at(-1), ['live', id, true]);
  });

  it('that has not been live is told when the relay does not want this client', async () => {
    relay.refuse_connections(4501);
    const { told } = listen();
    await until(() => told.length > 0);
    assert.deepEqual(errorsOf(told), [{ errorCode: 'CONNECTION_ERROR', recoverable: false }]);
  });

  it('without an answer in 10 s is told so once, and goes on trying', async () => {
    relay.refuse_connections(1006);
    const { id, told } = listen();
    const seconds = await until(() => told.length > 0);
    assert.ok(seconds >= 10 && seconds < 11, `${seconds} s`);
    assert.deepEqual(errorsOf(told), [{ errorCode: 'CONNECTION_ERROR', recoverable: true }]);
    await pass(30_000);
    assert.equal(told.length, 1);
    relay.refuse_connections(0);
    await until(() => told.length > 1);
    assert.deepEqual(told.at(-1), ['live', id, false]);
  });

  it('is over when the client cannot be loaded, and says what helps', async (context) => {
    const { DecompressionStream } = globalThis;
    context.after(() => Object.assign(globalThis, { DecompressionStream }));
    Object.assign(globalThis, { DecompressionStream: undefined });
    const { told } = listen();
    const ended = listen();
    page.subscriber.unsubscribe({ subscriptionId: ended.id });
    await until(() => told.length > 0);
    assert.deepEqual(errorsOf(told), [{ errorCode: 'CONNECTION_ERROR', recoverable: false }]);
    assert.match(told[0][0].message, /What helps: .*'wasm-unsafe-eval'.*a browser of 2023/);
    await pass(30_000);
    assert.deepEqual([told.length, ended.told.length], [1, 0]);
  });

  it('without a callback for errors has what is final shown on the console', async (context) => {
    const shown = watchConsole(context);
    relay.refuse('staff');
    page.subscriber.subscribe({ name: 'staff' }, () => {});
    await until(() => shown().length > 0);
    assert.equal(shown()[0].errorCode, 'SUBSCRIPTION_FAILED');
  });

  it('whose callbacks throw is none the worse for it', async (context) => {
    const shown = watchConsole(context);
    /** @type {any[]} */
    const got = [];
    const throwing = () => {
      throw new Error('thrown');
    };
    const options = { onSubscribed: throwing, onSubscriptionError: async () => throwing() };
    page.subscriber.subscribe(CHAT, ({ payload }) => got.push(payload), options);
    await until(() => shown().length === 1);
    relay.cut(1006, '');
    await until(() => shown().length === 3);
    relay.publish('chat', ['1']);
    assert.deepEqual(got, [1]);
  });
});

describe('subscriber.unsubscribe', () => {
  it('ends one, or all of exactly one channel, and nothing of them is told afterwards', async () => {
    const [one, two, three] = [listen(), listen(), listen({ name: 'chat', resourceId: '7' })];
    await until(() => three.told.length > 0);
    page.subscriber.unsubscribe({ subscriptionId: one.id });
    relay.publish('chat', ['1']);
    page.subscriber.unsubscribe({ channel: CHAT });
    relay.publish('chat', ['2']);
    relay.publish('chat/7', ['3']);
    relay.cut(1006, '');
    await pass(100);
    assert.equal(one.told.length, 1);
    assert.deepEqual(two.told.slice(1), [1]);
    assert.equal(three.told[1], 3);
    assert.equal(errorsOf(three.told).length, 1);
  });

  it('before the answer is no error', async () => {
    const { id, told } = listen();
    page.subscriber.unsubscribe({ subscriptionId: id });
    await pass(100);
    relay.refuse_connections(1006);
    const other = listen();
    await pass(1_000);
    page.subscriber.unsubscribe({ channel: CHAT });
    await pass(10_000);
    assert.deepEqual([told, other.told], [[], []]);
  });

  it('may be called by a callback, for others too', async () => {
    const others = listen();
    await until(() => others.told.length > 0);
    const id = page.subscriber.subscribe(CHAT, () => {}, {
      onSubscribed: () => {
        for (const subscriptionId of [id, others.id]) page.subscriber.unsubscribe({ subscriptionId });
      },
    });
    await until(() => relay.connections() === 0);
    assert.deepEqual(errorsOf(others.told), []);
  });

  it('of the last subscription closes the connection after a moment', async () => {
    const { id, told } = listen();
    await until(() => told.length > 0);
    page.subscriber.unsubscribe({ subscriptionId: id });
    await until(() => relay.connections() === 0);
    assert.equal(told.length, 1);
  });

  it('throws what is wrong with the call, and ignores what is unknown', async () => {
    const { id, told } = listen();
    const wrong = [
      undefined,
      {},
      { subscriptionId: 7 },
      { channel: 'chat' },
      { subscriptionId: id, channel: { name: 'b' } },
    ];
    for (const options of wrong) {
      assert.throws(() => page.subscriber.unsubscribe(/** @type {any} */ (options)), {
        errorCode: 'BAD_INPUT',
      });
    }
    page.subscriber.unsubscribe({ subscriptionId: 'unknown' });
    page.subscriber.unsubscribe({ channel: { name: 'unknown' } });
    await until(() => told.length > 0);
  });
});

describe('close', () => {
  it('ends subscriptions of subscriber without a word', async () => {
    const { told } = listen();
    await until(() => told.length > 0);
    const pending = listen({ name: 'other' });
    page.close();
    await pass(100);
    assert.deepEqual([told.length, pending.told.length], [1, 0]);
  });
});
