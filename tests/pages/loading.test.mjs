/**
 * How the browser SDK loads: from one file, under security policies, in old browsers, and in a worker.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { unpackedFrontend } from '../../scripts/lib/packages.mjs';
import { launchChromium, newPerson } from './harness/browser.mjs';
import { frontendTarball, startRelay } from './harness/site.mjs';

/** @typedef {import('../../scripts/lib/services.mjs').Service} Service */

/** A page that notes how its first subscribe ends. */
const PAGE = `
import { subscribe } from '/sdk/dist/index.js';
globalThis.attempt = () => subscribe({ name: 'news' }, () => {}).then(
  (id) => ({ id }),
  ({ name, errorCode, message, recoverable }) => ({ name, errorCode, message, recoverable }),
);
`;

const WORKER = `
import { configure, subscribe } from '/sdk/dist/index.js';
onmessage = ({ data }) => {
  configure({ url: data });
  subscribe({ name: 'news' }, () => {}).then((id) => postMessage(id), (error) => postMessage(error.message));
};
`;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Stands in for a browser that is too old. */
const WITHOUT_DECOMPRESSION =
  'globalThis.kept = globalThis.DecompressionStream; delete globalThis.DecompressionStream;';

describe('the browser SDK loads', () => {
  /** @type {Service} */
  let relay;
  /** @type {import('playwright-core').Browser} */
  let browser;
  /** @type {string} */
  let sdk;
  /** @type {import('node:http').Server | undefined} */
  let server;
  /** The security policy of the running test's page. */
  let policy = '';
  /** @type {string[]} what its server was asked for */
  let asked = [];

  before(async () => {
    [relay, browser] = await Promise.all([startRelay(), launchChromium()]);
    sdk = await unpackedFrontend(await frontendTarball());
  });
  after(async () => {
    await browser?.close();
    await relay?.stop();
  });
  afterEach(() => {
    server?.close();
    server?.closeAllConnections();
    policy = '';
    asked = [];
  });

  /**
   * Opens a page of a server with this policy.
   *
   * @param {string} [before] a script that runs before the page's own
   */
  async function open(before) {
    server = createServer(({ url = '/' }, response) => void answer(url, response));
    await new Promise((resolve) => server?.listen(0, '127.0.0.1', () => resolve(undefined)));
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
    const person = await newPerson(browser);
    const page = await person.newPage();
    if (before) await page.addInitScript(before);
    await page.goto(`http://127.0.0.1:${port}/`);
    await page.waitForFunction(() => 'attempt' in globalThis);
    return page;
  }

  /**
   * @param {string} url
   * @param {import('node:http').ServerResponse} response
   */
  async function answer(url, response) {
    asked.push(url);
    const type = extname(url) === '.js' ? 'text/javascript' : 'text/html';
    try {
      const body = await contentOf(url);
      response
        .writeHead(200, { 'Content-Type': type, ...(policy && { 'Content-Security-Policy': policy }) })
        .end(body);
    } catch {
      response.writeHead(404).end();
    }
  }

  /** @param {string} url */
  async function contentOf(url) {
    if (url.startsWith('/sdk/')) return readFile(join(sdk, url.replace('/sdk/', '')));
    if (url === '/page.js') return PAGE;
    if (url === '/worker.js') return WORKER;
    return `<!doctype html><meta name="realtime-relay" content="${relay.url}">
      <script type="module" src="/page.js"></script>`;
  }

  /**
   * @param {import('playwright-core').Page} page
   * @returns {Promise<{ id?: string, name?: string, errorCode?: number, message?: string, recoverable?: boolean }>}
   */
  const subscribe = (page) => page.evaluate(() => /** @type {any} */ (globalThis).attempt());

  it('from a single file', async () => {
    assert.match((await subscribe(await open())).id ?? '', UUID);
    assert.deepEqual(
      asked.filter((url) => url.startsWith('/sdk/')),
      ['/sdk/dist/index.js'],
    );
  });

  it('not under a policy that forbids WebAssembly, and says what allows it', async () => {
    policy = "default-src 'self'; connect-src 'self' ws:";
    const { name, errorCode, message, recoverable } = await subscribe(await open());
    assert.deepEqual(
      { name, errorCode, recoverable },
      { name: 'RealtimeError', errorCode: 1, recoverable: true },
    );
    assert.match(message ?? '', /cannot start the realtime client: .*script-src 'wasm-unsafe-eval'/);
  });

  it('not in a browser that is too old, says so, and tries again at the next call', async () => {
    const page = await open(WITHOUT_DECOMPRESSION);
    const { errorCode, message } = await subscribe(page);
    assert.equal(errorCode, 1);
    assert.match(message ?? '', /DecompressionStream is not defined.*a browser of 2023 or later/);
    await page.evaluate(() => {
      const global = /** @type {any} */ (globalThis);
      global.DecompressionStream = global.kept;
    });
    assert.match((await subscribe(page)).id ?? '', UUID);
  });

  it("under the policy of the package's README", async () => {
    const readme = await readFile(join(sdk, 'README.md'), 'utf8');
    const written = /^script-src .*connect-src .*$/m.exec(readme)?.[0];
    assert.ok(written, 'the README has a policy');
    policy = written.replace('wss://relay.example.com', relay.url.replace('http', 'ws'));
    assert.match((await subscribe(await open())).id ?? '', UUID);
  });

  it('in a worker', async () => {
    const page = await open();
    const answer = await page.evaluate((url) => {
      const worker = new Worker('/worker.js', { type: 'module' });
      return new Promise((resolve, reject) => {
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = ({ message }) => reject(new Error(message));
        worker.postMessage(url);
      });
    }, relay.url);
    assert.match(String(answer), UUID);
  });
});
