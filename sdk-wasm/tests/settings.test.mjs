/**
 * Where the relay is, and who the user is: outside of a browser, with only what these rules look at.
 */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { change, identity, keepVisitorToken, relayAddress } from '../npm/src/settings.js';

/** @type {any} */
const globals = globalThis;

beforeEach(() => {
  globals.location = new URL('https://site.example/shop/page.html');
});
afterEach(() => {
  for (const name of ['location', 'document', 'localStorage']) delete globals[name];
  change({ url: 'https://relay.example', token: null });
});

/** @param {string | null} content */
function metaIs(content) {
  globals.document = { querySelector: () => ({ getAttribute: () => content }) };
}

// First, because no test may have configured anything yet.
describe('without settings', () => {
  it('the relay is on the origin of the page, unless the page says otherwise', () => {
    assert.equal(relayAddress(), 'wss://site.example/v1/realtime');
    metaIs('');
    assert.equal(relayAddress(), 'wss://site.example/v1/realtime');
    metaIs('http://127.0.0.1:8787');
    assert.equal(relayAddress(), 'ws://127.0.0.1:8787/v1/realtime');
    metaIs(null);
    // A page without an origin is told how to say it.
    globals.location = { href: 'file:///page.html', origin: 'null' };
    assert.throws(relayAddress, /^RealtimeError: no relay at "null".*configure\(\{ url/);
  });
});

describe('the address', () => {
  it('may be given in every usual form', () => {
    const forms = {
      'https://relay.example': 'wss://relay.example/v1/realtime',
      'http://localhost:81/': 'ws://localhost:81/v1/realtime',
      'wss://relay.example/v1/realtime': 'wss://relay.example/v1/realtime',
      'https://relay.example/v1/realtime/': 'wss://relay.example/v1/realtime',
      'https://site.example/relay': 'wss://site.example/relay/v1/realtime',
      'https://site.example/relay//#x': 'wss://site.example/relay/v1/realtime',
      '/relay': 'wss://site.example/relay/v1/realtime',
      '//relay.example': 'wss://relay.example/v1/realtime',
    };
    for (const [url, address] of Object.entries(forms)) {
      change({ url });
      assert.equal(relayAddress(), address, url);
    }
  });

  it('is refused when it cannot be one, and the earlier one stays', () => {
    change({ url: 'https://relay.example' });
    for (const url of ['https://', 'ftp://relay.example', 'mailto:a@b']) {
      assert.throws(() => change({ url }), { name: 'RealtimeError' }, url);
    }
    assert.equal(relayAddress(), 'wss://relay.example/v1/realtime');
  });
});

describe('an address without encryption', () => {
  const forms = [
    'http://relay.example',
    'ws://relay.example:81/x',
    'http://127.example',
    'http://localhost.example',
  ];

  it('is refused on a page of https, from which no browser connects there', () => {
    for (const url of forms) {
      const message = new RegExp(
        `^no relay at "${url}" for a page of https, which needs https: say where it is, by configure`,
      );
      assert.throws(() => change({ url }), { name: 'RealtimeError', errorCode: 1, message });
      metaIs(url);
      change({ url: '' });
      assert.throws(relayAddress, { errorCode: 1, message });
    }
  });

  it('is taken on a page of http, and on every page for the machine that the page is on', () => {
    for (const url of ['http://localhost', 'http://dev.localhost:1', 'http://127.1.2.3', 'ws://[::1]:81']) {
      change({ url });
      assert.match(relayAddress(), /^ws:/, url);
    }
    globals.location = new URL('http://site.example/page.html');
    for (const url of forms) {
      change({ url });
      assert.match(relayAddress(), /^ws:/, url);
    }
  });
});

describe('an address without a scheme', () => {
  it('is refused with what is missing, and never taken for a path beside the page', () => {
    for (const url of ['relay.example.com', '127.0.0.1:8787', 'localhost:8787', 'relay']) {
      const message = new RegExp(
        `^no relay at "${url}": say where it is, by configure\\(\\{ url: "https://…" \\}\\)`,
      );
      assert.throws(() => change({ url }), { name: 'RealtimeError', message });
      metaIs(url);
      change({ url: '' });
      assert.throws(relayAddress, { message });
    }
  });

  it('that is empty, as an unset variable is, is none', () => {
    change({ url: '' });
    assert.equal(relayAddress(), 'wss://site.example/v1/realtime');
    metaIs('https://relay.example');
    assert.equal(relayAddress(), 'wss://relay.example/v1/realtime');
  });
});

describe('settings', () => {
  it('of the wrong kind are refused, and so are unknown ones', () => {
    /** @type {[any, RegExp][]} */
    const wrong = [
      [{ token: 7 }, /token is a string, not a number/],
      [{ getToken: 'x' }, /getToken is a function/],
      [{ tokn: 'x' }, /not "tokn"/],
      [
        'https://relay.example',
        /^configure wants an object, not a string: configure\(\{ url: 'https:\/\/…' \}\)$/,
      ],
    ];
    for (const [settings, message] of wrong) {
      assert.throws(() => change(settings), { errorCode: 3, message });
    }
  });

  it('that are not given stay as they were', async () => {
    change({ url: 'https://relay.example', token: 'a' });
    change({});
    change({ url: 'https://other.example' });
    assert.deepEqual(await identity(true), { token: 'a', isRenewable: false });
    assert.equal(relayAddress(), 'wss://other.example/v1/realtime');
  });
});

describe('the identity', () => {
  it('is the token, or what getToken gives; the later setting counts', async () => {
    let count = 0;
    const getToken = async () => `token ${++count}`;
    change({ token: 'fixed' });
    change({ getToken });
    assert.deepEqual(await identity(true), { token: 'token 1', isRenewable: true });
    assert.deepEqual(await identity(false), { token: 'token 1', isRenewable: true }, 'the same again');
    assert.deepEqual(await identity(true), { token: 'token 2', isRenewable: true });
    change({ getToken });
    assert.deepEqual(await identity(false), { token: 'token 3', isRenewable: true }, 'nothing is kept');
    change({ token: 'fixed' });
    assert.deepEqual(await identity(true), { token: 'fixed', isRenewable: false });
  });

  it('is asked for by one call at a time', async () => {
    let running = 0;
    let most = 0;
    const getToken = async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 5));
      running -= 1;
      return 'slow';
    };
    change({ getToken });
    const identities = await Promise.all([identity(true), identity(true), identity(false)]);
    assert.deepEqual(new Set(identities.map(({ token }) => token)), new Set(['slow']));
    assert.equal(most, 1);
  });

  it('is a visitor without a token, the same one as before where the page may keep something', async () => {
    change({ url: 'https://relay.example' });
    /** @type {Record<string, string>} */
    const kept = {};
    globals.localStorage = {
      /** @param {string} key */
      getItem: (key) => kept[key] ?? null,
      /** @param {string} key @param {string} value */
      setItem: (key, value) => {
        kept[key] = value;
      },
    };
    for (const none of [null, undefined, '']) {
      change({ getToken: () => none });
      assert.deepEqual(await identity(true), { visitorToken: undefined, isRenewable: true });
    }
    keepVisitorToken('v');
    assert.equal((await identity(false)).visitorToken, 'v');
    change({ url: 'https://other.example' });
    assert.equal((await identity(true)).visitorToken, undefined, 'another relay knows another visitor');
  });

  it('is the same visitor while the page lives where it may keep nothing', async () => {
    change({ url: 'https://strict.example' });
    Object.defineProperty(globals, 'localStorage', {
      configurable: true,
      get() {
        throw new Error('denied');
      },
    });
    keepVisitorToken('v');
    assert.equal((await identity(true)).visitorToken, 'v');
  });

  it('is none when getToken fails or gives something else', async () => {
    change({
      getToken: async () => {
        throw new Error('500');
      },
    });
    await assert.rejects(identity(true), /500/);
    change({ getToken: /** @type {any} */ (() => ({ token: 'x' })) });
    await assert.rejects(identity(true), /it gave an object, not a string/);
  });
});
