/**
 * What the browser brings and what the client hears of it, without the client: sockets that open early, and the frames of
 * messages, which the client never sees whole.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { beforeEach, describe, it } from 'node:test';
import { closeEarly, open, openEarly } from '../npm/src/browser.js';

const ADDRESS = 'ws://relay.test/v1/realtime';

class Socket extends EventTarget {
  static CONNECTING = 0;
  static OPEN = 1;
  static CLOSED = 3;
  readyState = Socket.CONNECTING;

  /** @param {string} url */
  constructor(url) {
    super();
    this.url = url;
    made.push(this);
  }

  open() {
    this.readyState = Socket.OPEN;
    this.dispatchEvent(new Event('open'));
  }

  close() {
    this.readyState = Socket.CLOSED;
  }

  /** @param {string} data */
  hear(data) {
    this.dispatchEvent(new MessageEvent('message', { data }));
  }
}

/** @type {Socket[]} */
let made = [];

/** @type {any[][]} */
let told = [];

/** @type {number[]} how many subscriptions each message of the next frame has */
let audience = [];

const note =
  (/** @type {string} */ name) =>
  (/** @type {any[]} */ ...args) => {
    told.push([name, ...args]);
  };

const client = {
  ...Object.fromEntries(
    ['opened', 'lost', 'notice', 'timer', 'wake', 'suspend'].map((name) => [name, note(name)]),
  ),
  heard: () => true,
  accept: (/** @type {any} */ ...address) => {
    told.push(['accept', ...address]);
    return (audience.shift() ?? 0) > 0 ? 1 : 0;
  },
  following: () => 0,
};

const connect = (address = ADDRESS) =>
  /** @type {any} */ (open(/** @type {any} */ (client), note('deliver'), () => address, 5));

beforeEach(() => {
  closeEarly();
  [made, told, audience] = [[], [], []];
  /** @type {any} */ (globalThis).WebSocket = Socket;
});

describe('a socket that is opened early', () => {
  it('is the first connection’s, which hears of its opening', () => {
    openEarly(ADDRESS);
    const socket = connect();
    assert.deepEqual(made, [socket]);
    socket.open();
    assert.deepEqual(told, [['opened', 5]]);
  });

  it('is no less heard of when it was open before it was taken, though not before it is taken', async () => {
    openEarly(ADDRESS);
    made[0]?.open();
    const socket = connect();
    assert.deepEqual([made, told], [[socket], []]);
    await Promise.resolve();
    assert.deepEqual(told, [['opened', 5]]);
  });

  it('is no use once it has ended', () => {
    openEarly(ADDRESS);
    made[0]?.close();
    assert.equal(connect(), made[1]);
  });

  it('is closed when the connection is to go elsewhere, and when nobody takes it', () => {
    openEarly(ADDRESS);
    assert.equal(connect('ws://other.test/'), made[1]);
    assert.equal(made[0]?.readyState, Socket.CLOSED);
    openEarly(ADDRESS);
    closeEarly();
    assert.equal(made[2]?.readyState, Socket.CLOSED);
  });

  it('serves one connection', () => {
    openEarly(ADDRESS);
    assert.notEqual(connect(), connect());
  });
});

describe('a connection that is lost', () => {
  /** @param {Socket} socket */
  const end = (socket, reason = '') =>
    socket.dispatchEvent(Object.assign(new Event('close'), { code: 1006, reason }));

  it('before it was there is told with what to look at, since browsers say nothing', () => {
    /** @type {any} */ (globalThis).location = new URL('https://site.example/page');
    end(connect());
    delete (/** @type {any} */ (globalThis).location);
    const words = 'does a relay run there, and does it allow pages of https://site.example?';
    assert.deepEqual(told, [['lost', 5, 1006, `no connection to ${ADDRESS}: ${words}`]]);
  });

  it('later, or with a reason, is told as it is', () => {
    const socket = connect();
    socket.open();
    end(socket);
    end(connect(), 'going away');
    const lost = [`no connection to ${ADDRESS}`, 'going away'].map((why) => ['lost', 5, 1006, why]);
    assert.deepEqual(told, [['opened', 5], ...lost]);
  });
});

describe('a frame of messages', () => {
  for (const name of ['messages', 'messages-one']) {
    it(`hands the client number and offset of each, and the message itself to who wants it (${name})`, () => {
      const text = readFileSync(
        new URL(`../../protocol/fixtures/relay/${name}.json`, import.meta.url),
        'utf8',
      );
      const entries = JSON.parse(text);
      audience = [1, 0, ...entries.map(() => 1)];
      connect().hear(text);
      const expected = entries.flatMap((/** @type {any[]} */ entry, /** @type {number} */ index) => {
        const asked = ['accept', entry[0], entry[1]];
        return index === 1 ? [asked] : [asked, ['deliver', 1, entry]];
      });
      assert.deepEqual(told, expected);
    });
  }
});
