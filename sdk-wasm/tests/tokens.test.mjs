/**
 * Tokens that end, as a page sees it: when `getToken` is called, and what its failures lead to. The whole package in Node,
 * with its real client.
 */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { leavePage, openPage, pass, relay, until } from './support/page.mjs';

const CHAT = { name: 'chat' };

/** @type {import('./support/page.mjs').Package} */
let page;

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
 * A backend that gives tokens, and notes how it is asked.
 *
 * @param {(call: number) => unknown} give
 */
function tokens(give) {
  const asked = { calls: 0, running: 0, most: 0 };
  const getToken = async () => {
    asked.calls += 1;
    asked.running += 1;
    asked.most = Math.max(asked.most, asked.running);
    try {
      return /** @type {any} */ (await give(asked.calls));
    } finally {
      asked.running -= 1;
    }
  };
  page.configure({ getToken });
  return asked;
}

/**
 * What was sent, of one kind.
 *
 * @param {string} kind
 */
const sent = (kind) =>
  relay
    .sent_frames()
    .map((frame) => JSON.parse(frame))
    .filter(({ type }) => type === kind);

/** @returns {string[]} */
const errors = () => events.filter((event) => event instanceof Error).map(({ message }) => message);

describe('getToken', () => {
  it('is called for the first connection, and again before the token ends, on the same connection', async () => {
    relay.take_tokens_for(20_000);
    const asked = tokens((call) => `token ${call}`);
    await page.subscribe(CHAT, () => {});
    assert.deepEqual(sent('hello'), [{ type: 'hello', token: 'token 1' }]);
    await pass(60_000);
    assert.ok(asked.calls >= 4 && asked.calls <= 5, `${asked.calls} calls in a minute`);
    assert.deepEqual(sent('refresh')[0], { type: 'refresh', token: 'token 2' });
    assert.deepEqual(events, ['connected']);
  });

  it('is not called for a connection that was merely lost', async () => {
    relay.take_tokens_for(3_600_000);
    const asked = tokens((call) => `token ${call}`);
    await page.subscribe(CHAT, () => {});
    relay.cut(1006, '');
    await until(() => events.length === 3);
    assert.deepEqual(
      sent('hello').map(({ token }) => token),
      ['token 1', 'token 1'],
    );
    assert.equal(asked.calls, 1);
  });

  it('is called again after close(), since somebody else may have signed in', async () => {
    const asked = tokens((call) => `token ${call}`);
    await page.subscribe(CHAT, () => {});
    page.close();
    await page.subscribe(CHAT, () => {});
    assert.deepEqual(
      sent('hello').map(({ token }) => token),
      ['token 1', 'token 2'],
    );
    assert.equal(asked.calls, 2);
  });

  it('is called when the relay says that the token has expired, which costs no wait', async () => {
    const asked = tokens((call) => `token ${call}`);
    await page.subscribe(CHAT, () => {});
    relay.cut(4006, 'the token has expired');
    const seconds = await until(() => events.length === 3);
    assert.ok(seconds < 0.3, `${seconds} s`);
    assert.deepEqual(
      sent('hello').map(({ token }) => token),
      ['token 1', 'token 2'],
    );
    assert.equal(asked.calls, 2);
    assert.deepEqual(errors(), []);
  });

  it('is called a few times only while it gives tokens that have expired, and the outage is told once', async () => {
    const asked = tokens((call) => (call > 1 && call < 9 ? relay.EXPIRED_TOKEN : `token ${call}`));
    await page.subscribe(CHAT, () => {});
    relay.cut(4006, 'the token has expired');
    const seconds = await until(() => asked.calls === 9);
    assert.ok(seconds > 10, `${seconds} s`);
    await until(() => events.at(-1) === 'connected');
    assert.deepEqual(errors(), ['cannot connect to the relay, trying again: the token has expired']);
  });

  it('is called a few times only while it fails, and its reason is told once', async () => {
    const asked = tokens((call) => {
      if (call > 1 && call < 9) throw new Error('HTTP status 500');
      return `token ${call}`;
    });
    await page.subscribe(CHAT, () => {});
    relay.cut(4006, 'the token has expired');
    const seconds = await until(() => asked.calls === 9);
    assert.ok(seconds > 10, `${seconds} s`);
    await until(() => events.at(-1) === 'connected');
    assert.deepEqual(errors(), [
      'cannot connect to the relay, trying again: getToken has failed: HTTP status 500',
    ]);
  });

  it('that fails makes one connection at the most: the next is made when there is a token', async () => {
    const asked = tokens((call) => {
      if (call < 6) throw new Error('HTTP status 500');
      return `token ${call}`;
    });
    /** @type {unknown[]} */
    const told = [];
    page.subscriber.subscribe(CHAT, () => {}, { onSubscribed: () => told.push('live') });
    await until(() => asked.calls === 5);
    assert.equal(relay.connections(), 0);
    assert.equal(relay.attempts(), 1);
    await until(() => told.length === 1);
    assert.equal(relay.attempts(), 2);
    assert.deepEqual(
      sent('hello').map(({ token }) => token),
      ['token 6'],
    );
  });

  it('that fails for as long as subscribe waits is why it rejects', async () => {
    tokens(() => {
      throw new Error('HTTP status 500');
    });
    const began = Date.now();
    await assert.rejects(
      page.subscribe(CHAT, () => {}),
      {
        errorCode: 1,
        message: 'cannot connect to the relay: getToken has failed: HTTP status 500',
      },
    );
    assert.ok(Date.now() - began >= 9_900);
    assert.equal(relay.attempts(), 1);
  });

  it('is never called twice at a time, and its answer counts however many attempts it has outlived', async () => {
    const asked = tokens((call) => new Promise((resolve) => setTimeout(resolve, 25_000, `token ${call}`)));
    /** @type {unknown[]} */
    const live = [];
    page.subscriber.subscribe(CHAT, () => {}, { onSubscribed: (id) => live.push(id) });
    await until(() => live.length === 1);
    assert.deepEqual(asked, { calls: 1, running: 0, most: 1 });
  });

  it('is given up after 30 s without an answer', async () => {
    const asked = tokens((call) => (call === 1 ? new Promise(() => {}) : `token ${call}`));
    /** @type {unknown[]} */
    const told = [];
    page.subscriber.subscribe(CHAT, () => {}, {
      onSubscribed: () => told.push('live'),
      onSubscriptionError: ({ message }) => told.push(message),
    });
    const seconds = await until(() => told.length === 2);
    assert.deepEqual(told, ['cannot connect to the relay: who the user is was not known in time', 'live']);
    assert.ok(seconds > 29, `${seconds} s`);
    assert.equal(asked.calls, 2);
  });

  it('that gives nothing makes the user a visitor, also of a connection that is made', async () => {
    relay.take_tokens_for(20_000);
    tokens((call) => (call === 1 ? 'token 1' : null));
    await page.subscribe(CHAT, () => {});
    await until(() => events.length === 3);
    assert.deepEqual(events, ['connected', 'disconnected', 'connected']);
    assert.deepEqual(
      sent('hello').map(({ token }) => token),
      ['token 1', undefined],
    );
    assert.deepEqual(sent('refresh'), []);
  });
});

describe('a token that is fixed', () => {
  it('ends the connection for good when it has expired, which is an error that says so', async () => {
    relay.take_tokens_for(20_000);
    page.configure({ token: 'fixed' });
    await page.subscribe(CHAT, () => {});
    await until(() => errors().length > 0);
    const [, disconnected, { errorCode, recoverable, message }] = events;
    assert.equal(disconnected, 'disconnected');
    assert.deepEqual([errorCode, recoverable], [1, false]);
    assert.match(message, /the token has expired \(4006\)/);
    await pass(30_000);
    assert.equal(relay.connections(), 0);
    page.configure({ token: 'another' });
    await until(() => events.at(-1) === 'connected');
    assert.deepEqual(sent('refresh'), []);
  });
});
