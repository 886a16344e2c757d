/**
 * What a page's own functions are called with, and what they may do: the whole package in Node, with its real client.
 */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { leavePage, openPage, pass, relay, until, watchConsole } from './support/page.mjs';

const CHAT = { name: 'chat' };
const UUID_4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** @type {import('./support/page.mjs').Package} */
let page;

/** Everything that the handlers of the connection were told. */
/** @type {any[]} */
let events = [];

afterEach(leavePage);
beforeEach(async () => {
  page = await openPage();
  events = [];
  page.onConnected(() => events.push('connected'));
  page.onDisconnected(() => events.push('disconnected'));
  page.onError((error) => events.push(error));
});

/**
 * Publishes values to a channel.
 *
 * @param {string} key
 * @param {...unknown} payloads
 */
const publish = (key, ...payloads) =>
  relay.publish(
    key,
    payloads.map((payload) => JSON.stringify(payload)),
  );

/**
 * A handler that collects the payloads.
 *
 * @returns {{ got: any[], handler: (message: any) => void }}
 */
function collector() {
  /** @type {any[]} */
  const got = [];
  return { got, handler: ({ payload }) => got.push(payload) };
}

describe('a handler', () => {
  it('that is subscribed twice is called twice, and once when one of the two ids is gone', async () => {
    const { got, handler } = collector();
    const first = await page.subscribe(CHAT, handler);
    const second = await page.subscribe(CHAT, handler);
    assert.notEqual(first, second);
    publish('chat', 1);
    assert.deepEqual(got, [1, 1]);
    await page.unsubscribe({ subscriptionId: first });
    publish('chat', 2);
    assert.deepEqual(got, [1, 1, 2]);
  });

  it('gets the channel as it was written, whatever becomes of the object that was given', async () => {
    /** @type {any[]} */
    const channels = [];
    const handler = (/** @type {any} */ _message, /** @type {any} */ channel) => channels.push(channel);
    const reused = { name: 'chat', resourceId: '7', color: 'blue' };
    await page.subscribe(reused, handler);
    reused.resourceId = '8';
    reused.color = 'red';
    await page.subscribe(reused, handler);
    await page.subscribe(Object.freeze({ name: 'chat', resourceId: '' }), handler);
    publish('chat/7', 1);
    publish('chat/8', 1);
    publish('chat', 1);
    assert.deepEqual(channels, [
      { name: 'chat', resourceId: '7', color: 'blue' },
      { name: 'chat', resourceId: '8', color: 'red' },
      { name: 'chat', resourceId: '' },
    ]);
  });

  it('gets a plain message of its own that can be cloned, with the publisher where there is one', async () => {
    /** @type {any[]} */
    const messages = [];
    for (let times = 0; times < 2; times += 1)
      await page.subscribe(CHAT, (message) => messages.push(message));
    publish('chat', { a: [1] });
    relay.publish_as('chat', '2', 'user-1');
    assert.deepEqual(messages[0], { payload: { a: [1] } });
    assert.deepEqual(messages[2], { payload: 2, publisher: { id: 'user-1' } });
    assert.notEqual(messages[0], messages[1]);
    for (const message of messages) assert.deepEqual(structuredClone(message), message);
  });

  it('gets payloads of every kind as they were published', async () => {
    const { got, handler } = collector();
    await page.subscribe(CHAT, handler);
    const payloads = [null, false, true, 0, -1.5, '', 'ünïcødé 😀', [], {}, { b: [1, { a: null }], a: '' }];
    publish('chat', ...payloads);
    assert.deepEqual(got, payloads);
    assert.deepEqual(Object.keys(got.at(-1)), ['b', 'a']);
  });

  it('that throws, or whose promise is rejected, is shown on the console and disturbs nobody', async (context) => {
    const shown = watchConsole(context);
    const unhandled = context.mock.fn();
    process.on('unhandledRejection', unhandled);
    const { got, handler } = collector();
    await page.subscribe(CHAT, () => {
      throw new Error('thrown');
    });
    await page.subscribe(CHAT, async () => {
      throw new Error('rejected');
    });
    await page.subscribe(CHAT, handler);
    publish('chat', 1, 2);
    await pass(100);
    process.off('unhandledRejection', unhandled);
    assert.deepEqual(got, [1, 2]);
    const messages = shown().map(({ message }) => message);
    assert.deepEqual(messages, ['thrown', 'thrown', 'rejected', 'rejected']);
    assert.equal(unhandled.mock.callCount(), 0);
  });

  it('may unsubscribe itself and others, which get nothing more of the same message', async () => {
    /** @type {string[]} */
    const calls = [];
    /** @type {string[]} */
    const ids = [];
    ids.push(
      await page.subscribe(CHAT, () => {
        calls.push('remover');
        for (const subscriptionId of ids) void page.unsubscribe({ subscriptionId });
      }),
    );
    ids.push(await page.subscribe(CHAT, () => calls.push('removed')));
    await page.subscribe(CHAT, () => calls.push('stays'));
    publish('chat', 1, 2);
    assert.deepEqual(calls, ['remover', 'stays', 'stays']);
  });

  it('may subscribe, and the new one gets what comes after its promise has resolved', async () => {
    const { got, handler } = collector();
    /** @type {Promise<string> | undefined} */
    let late;
    await page.subscribe(CHAT, () => {
      late ??= page.subscribe(CHAT, handler);
    });
    publish('chat', 1, 2);
    await late;
    publish('chat', 3);
    assert.deepEqual(got, [3]);
  });

  it('may close everything in the middle of a frame', async () => {
    const { got, handler } = collector();
    await page.subscribe(CHAT, () => page.close());
    await page.subscribe(CHAT, handler);
    publish('chat', 1, 2);
    assert.deepEqual(got, []);
    assert.equal(relay.connections(), 0);
    assert.deepEqual(events, ['connected', 'disconnected']);
  });

  it('is called without this', async () => {
    /** @type {unknown[]} */
    const seen = [];
    await page.subscribe(CHAT, function handler() {
      // @ts-expect-error: what it is, is the question
      seen.push(this);
    });
    publish('chat', 1);
    assert.deepEqual(seen, [undefined]);
  });
});

describe('subscribe', () => {
  it('resolves to a UUID of version 4, another one each time', async () => {
    const ids = await Promise.all(Array.from({ length: 50 }, () => page.subscribe(CHAT, () => {})));
    for (const id of ids) assert.match(id, UUID_4);
    assert.equal(new Set(ids).size, 50);
    assert.ok(new Set(ids.map((id) => id[19])).size > 1, 'the variant has two free bits');
  });

  it('serves thousands of subscriptions, which come and go', async () => {
    const { got, handler } = collector();
    const ids = await Promise.all(
      Array.from({ length: 3_000 }, (_, at) =>
        page.subscribe({ name: 'chat', resourceId: String(at % 1_000) }, handler),
      ),
    );
    publish('chat/999', 'x');
    assert.deepEqual(got, ['x', 'x', 'x']);
    for (const subscriptionId of ids.slice(0, 2_000)) await page.unsubscribe({ subscriptionId });
    publish('chat/999', 'y');
    assert.deepEqual(got.slice(3), ['y']);
  });

  it('that is refused rejects with code, status and the channel as it was written, and no event tells of it', async () => {
    relay.refuse('staff');
    const channel = Object.freeze({ name: 'staff', note: 'mine' });
    const error = await page.subscribe(channel, () => {}).catch((thrown) => thrown);
    assert.ok(error instanceof Error);
    const { errorCode, status, recoverable, message } = /** @type {any} */ (error);
    assert.deepEqual(
      { errorCode, status, recoverable, message },
      { errorCode: 2, status: 403, recoverable: false, message: 'not allowed to read channel staff' },
    );
    assert.deepEqual(/** @type {any} */ (error).channel, channel);
    assert.deepEqual(events, ['connected']);
  });

  it('rejects before it asks anyone when the channel or the handler is wrong', async () => {
    /** @type {[any, any, RegExp][]} */
    const wrong = [
      ['chat', () => {}, /did you mean \{ name: "chat" \}/],
      [{ name: 'a.b' }, () => {}, /"\." at position 2.*resourceId/],
      [{ name: 'a', resourceId: 'half \ud83d' }, () => {}, /half a surrogate pair/],
      [CHAT, undefined, /handler is a function, not undefined/],
    ];
    for (const [channel, handler, message] of wrong) {
      await assert.rejects(page.subscribe(channel, handler), { errorCode: 3, message });
    }
    assert.equal(relay.connections(), 0);
  });

  it('that is unsubscribed, or closed, before its answer rejects and says so', async () => {
    const first = page.subscribe(CHAT, () => {});
    const second = page.subscribe({ name: 'other' }, () => {});
    await page.unsubscribe({ channel: CHAT });
    await assert.rejects(first, { errorCode: 2, message: /unsubscribed before/ });
    page.close();
    await assert.rejects(second, { errorCode: 1, message: 'closed by close()' });
  });
});

describe('unsubscribe', () => {
  it('takes all of exactly one channel, and leaves its resources', async () => {
    const { got, handler } = collector();
    for (const resourceId of [undefined, '', '7'])
      await page.subscribe({ name: 'chat', resourceId }, handler);
    await page.unsubscribe({ channel: { name: 'chat' } });
    publish('chat', 1);
    publish('chat/7', 2);
    assert.deepEqual(got, [2]);
  });

  it('ignores what is unknown, and refuses an id and a channel that do not belong together', async () => {
    const { got, handler } = collector();
    const subscriptionId = await page.subscribe(CHAT, handler);
    await page.unsubscribe({ subscriptionId: 'unknown' });
    await page.unsubscribe({ subscriptionId: 'unknown', channel: { name: 'other' } });
    await page.unsubscribe({ channel: { name: 'other' } });
    for (const channel of [{ name: 'other' }, { name: 'chat', resourceId: '7' }]) {
      await assert.rejects(page.unsubscribe({ subscriptionId, channel }), { errorCode: 3 });
    }
    publish('chat', 1);
    assert.deepEqual(got, [1]);
    await page.unsubscribe({ subscriptionId, channel: { name: 'chat', resourceId: '' } });
    publish('chat', 2);
    assert.deepEqual(got, [1]);
  });

  it('of the last subscription lets the connection go after a moment, and not if another one comes', async () => {
    const first = await page.subscribe(CHAT, () => {});
    await page.unsubscribe({ subscriptionId: first });
    const second = await page.subscribe(CHAT, () => {});
    assert.deepEqual(events, ['connected']);
    await page.unsubscribe({ subscriptionId: second });
    await until(() => relay.connections() === 0);
    assert.deepEqual(events, ['connected', 'disconnected']);
  });
});

describe('a subscription that was live', () => {
  it('comes back with its id after a lost connection, and a refusal then is an event, once for all handlers', async () => {
    const { got, handler } = collector();
    await page.subscribe(CHAT, handler);
    await page.subscribe(CHAT, handler);
    relay.cut(1006, '');
    await until(() => events.length === 3);
    assert.deepEqual(events, ['connected', 'disconnected', 'connected']);
    await pass(100);
    publish('chat', 1);
    assert.deepEqual(got, [1, 1]);
    relay.refuse('chat');
    relay.cut(1006, '');
    await until(() => events.some((event) => event instanceof Error));
    const errors = events.filter((event) => event instanceof Error);
    assert.deepEqual(
      errors.map(({ errorCode, status, channel }) => ({ errorCode, status, channel })),
      [{ errorCode: 2, status: 403, channel: CHAT }],
    );
  });

  it('is over when the relay ends it, which is an event for one way to subscribe and a callback for the other', async () => {
    const { got, handler } = collector();
    /** @type {any[]} */
    const told = [];
    await page.subscribe(CHAT, handler);
    page.subscriber.subscribe(CHAT, handler, {
      onSubscribed: () => told.push('live'),
      onSubscriptionError: (error) => told.push(error),
    });
    await until(() => told.length > 0);
    relay.send_raw('{"type":"ended","number":1,"status":403,"message":"no longer allowed"}');
    publish('chat', 1);
    await until(() => events.length > 1 && told.length > 1);
    const [, event] = events;
    assert.deepEqual([event.errorCode, event.status, event.channel], [2, 403, CHAT]);
    assert.equal(event.message, 'no longer allowed');
    assert.deepEqual([told[1].errorCode, told[1].recoverable], ['SUBSCRIPTION_FAILED', false]);
    assert.deepEqual(got, []);
    await until(() => relay.connections() === 0);
  });

  it('is told about by an event when the relay wants no return', async () => {
    await page.subscribe(CHAT, () => {});
    relay.cut(4503, 'signed out');
    await until(() => events.length === 3);
    const [, disconnected, error] = events;
    assert.equal(disconnected, 'disconnected');
    assert.deepEqual({ ...error }, { name: 'RealtimeError', errorCode: 1, recoverable: false });
    assert.match(error.message, /signed out \(4503\)/);
  });
});

describe('a connection', () => {
  it('is kept by messages alone, and given up 35 s after the last thing that came', async () => {
    await page.subscribe(CHAT, () => {});
    for (let round = 0; round < 8; round += 1) {
      await pass(4_500);
      publish('chat', round);
      await pass(500);
      publish('chat', round);
    }
    assert.deepEqual(events, ['connected']);
    const seconds = await until(() => events.includes('disconnected'));
    assert.ok(seconds > 33 && seconds < 37, `${seconds} s`);
  });
});

describe('both ways to subscribe', () => {
  it('share one connection and its messages, and end their own subscriptions of a channel', async () => {
    const classic = collector();
    const newer = collector();
    /** @type {string[]} */
    const live = [];
    await page.subscribe(CHAT, classic.handler);
    const id = page.subscriber.subscribe(CHAT, newer.handler, {
      onSubscribed: (subscribed) => live.push(subscribed),
    });
    await until(() => live.length > 0);
    assert.equal(relay.connections(), 1);
    publish('chat', 1);
    await page.unsubscribe({ channel: CHAT });
    publish('chat', 2);
    assert.deepEqual([classic.got, newer.got], [[1], [1, 2]]);
    await page.unsubscribe({ subscriptionId: id });
    publish('chat', 3);
    assert.deepEqual(newer.got, [1, 2], 'an id is one, wherever it came from');
  });
});
