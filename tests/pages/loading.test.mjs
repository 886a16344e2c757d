/**
 * How the browser SDK loads: under security policies, from servers that do not serve it well, and in a worker.
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

/** @type {Record<string, string>} */
const TYPES = { '.js': 'text/javascript', '.wasm': 'application/wasm' };

describe('the browser SDK loads', () => {
  /** @type {Service} */
  let relay;
  /** @type {import('playwright-core').Browser} */
  let browser;
  /** @type {string} */
  let sdk;
  /** @type {import('node:http').Server | undefined} */
  let server;
  /** How the server of the running test behaves. */
  const behaviour = { policy: '', wasmStatus: 200, wasmType: 'application/wasm' };

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
    Object.assign(behaviour, { policy: '', wasmStatus: 200, wasmType: 'application/wasm' });
  });

  /** Opens a page of a server that behaves so. */
  async function open() {
    server = createServer(({ url = '/' }, response) => void answer(url, response));
    await new Promise((resolve) => server?.listen(0, '127.0.0.1', () => resolve(undefined)));
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
    const person = await newPerson(browser);
    const page = await person.newPage();
    await page.goto(`http://127.0.0.1:${port}/`);
    await page.waitForFunction(() => 'attempt' in globalThis);
    return page;
  }

  /**
   * @param {string} url
   * @param {import('node:http').ServerResponse} response
   */
  async function answer(url, response) {
    const isWasm = url.endsWith('.wasm');
    const head = { 'Content-Type': isWasm ? behaviour.wasmType : (TYPES[extname(url)] ?? 'text/html') };
    const policy = behaviour.policy && { 'Content-Security-Policy': behaviour.policy };
    try {
      const body = await contentOf(url);
      response.writeHead(isWasm ? behaviour.wasmStatus : 200, { ...head, ...policy }).end(body);
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

  it('from a server that knows no type for wasm', async () => {
    behaviour.wasmType = 'application/octet-stream';
    assert.match((await subscribe(await open())).id ?? '', UUID);
  });

  it('not from a server that lacks the wasm, says so, and loads when it is there', async () => {
    behaviour.wasmStatus = 404;
    const page = await open();
    const { name, errorCode, message, recoverable } = await subscribe(page);
    assert.deepEqual(
      { name, errorCode, recoverable },
      { name: 'RealtimeError', errorCode: 1, recoverable: true },
    );
    assert.match(message ?? '', /cannot load .*\.wasm: HTTP status 404\..*serve the package's whole folder/);
    behaviour.wasmStatus = 200;
    assert.match((await subscribe(page)).id ?? '', UUID);
  });

  it('not under a policy that forbids WebAssembly, and says what allows it', async () => {
    behaviour.policy = "default-src 'self'; connect-src 'self' ws:";
    const { errorCode, message } = await subscribe(await open());
    assert.equal(errorCode, 1);
    assert.match(message ?? '', /script-src 'wasm-unsafe-eval'/);
  });

  it('not under a policy that forbids to fetch it, and says what allows it', async () => {
    behaviour.policy = "script-src 'self' 'wasm-unsafe-eval'; connect-src ws:";
    const { errorCode, message } = await subscribe(await open());
    assert.equal(errorCode, 1);
    assert.match(message ?? '', /allow it in the page's connect-src/);
  });

  it("under the policy of the package's README", async () => {
    const readme = await readFile(join(sdk, 'README.md'), 'utf8');
    const policy = /^script-src .*connect-src .*$/m.exec(readme)?.[0];
    assert.ok(policy, 'the README has a policy');
    behaviour.policy = policy.replace('wss://relay.example.com', relay.url.replace('http', 'ws'));
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
