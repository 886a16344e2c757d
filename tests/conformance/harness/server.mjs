/**
 * The web server of the tests' pages: their code, the packed browser SDK, and the hands outside of the page.
 *
 * @module
 */

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { extname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { close, listen, urlOf } from '../../../scripts/lib/loopback.mjs';
import { root } from '../../../scripts/lib/project.mjs';

/**
 * @typedef {import('node:http').IncomingMessage} IncomingMessage
 * @typedef {import('node:http').ServerResponse} ServerResponse
 * @typedef {import('./hands.mjs').Hands} Hands
 */

/** @type {Record<string, string>} */
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.wasm': 'application/wasm',
};

const conformanceFolder = fileURLToPath(new URL('..', import.meta.url));
const chai = createRequire(import.meta.url).resolve('chai');
const alias = join(root, 'sdk-wasm', 'npm-alias', 'index.js');

/** The SDK's folder under one of many addresses: each is another copy of the SDK to a browser, with its own state. */
const SDK_COPY = /^\/sdk\/[^/]+\/(?<path>.+)$/;

export class PageServer {
  #server = createServer((request, response) => void this.#answer(request, response));
  #sdk;
  #hands;

  /**
   * @param {string} sdk the folder of the unpacked browser SDK
   * @param {Hands} hands
   */
  constructor(sdk, hands) {
    this.#sdk = sdk;
    this.#hands = hands;
  }

  /**
   * @param {string} sdk
   * @param {Hands} hands
   */
  static async start(sdk, hands) {
    const server = new PageServer(sdk, hands);
    await listen(server.#server);
    return server;
  }

  get url() {
    return urlOf(this.#server);
  }

  async stop() {
    await close(this.#server);
  }

  /**
   * @param {IncomingMessage} request
   * @param {ServerResponse} response
   */
  async #answer(request, response) {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    try {
      if (pathname.startsWith('/hands/'))
        await this.#reach(pathname.replace('/hands/', ''), request, response);
      else if (pathname === '/framed') sendFramed(response, searchParams);
      else if (pathname === '/') send(response, '.html', await this.#page());
      else send(response, extname(pathname), await readFile(this.#file(pathname)));
    } catch (error) {
      response.writeHead(500, { 'Content-Type': 'text/plain; charset=utf-8' }).end(describe(error));
    }
  }

  /**
   * @param {string} pathname
   * @returns {string} the file behind it; paths come from the tests alone
   */
  #file(pathname) {
    const path = SDK_COPY.exec(pathname)?.groups?.path;
    if (path) return join(this.#sdk, path);
    if (pathname === '/chai.js') return chai;
    if (pathname === '/alias.js') return alias;
    return join(conformanceFolder, pathname);
  }

  /**
   * The page that tests run in, in which the SDK has its names by an import map, as its package describes itself.
   */
  async #page() {
    const { exports } = JSON.parse(await readFile(join(this.#sdk, 'package.json'), 'utf8'));
    /** @type {Record<string, string>} */
    const entries = {};
    /** @type {Record<string, string>} */
    const imports = { chai: '/chai.js', 'wix-realtime': '/alias.js' };
    for (const [entry, target] of Object.entries(exports)) {
      if (typeof target !== 'object') continue;
      entries[entry] = target.default;
      imports[entry.replace('.', 'wix-realtime-frontend')] = target.default.replace('.', '/sdk/imported');
    }
    return `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <title>Conformance</title>
  <link rel="icon" href="data:,">
  <script type="importmap">${JSON.stringify({ imports })}</script>
  <script id="entries" type="application/json">${JSON.stringify(entries)}</script>
  <script type="module" src="/page/page.js"></script>
</head>
<body></body>
</html>`;
  }

  /**
   * @param {string} name
   * @param {IncomingMessage} request
   * @param {ServerResponse} response
   */
  async #reach(name, request, response) {
    const args = JSON.parse(await text(request));
    const hand = /** @type {Record<string, (...args: unknown[]) => Promise<unknown>>} */ (
      /** @type {unknown} */ (this.#hands)
    )[name];
    if (!hand) throw new Error(`there is no hand for ${name}`);
    const result = await hand.apply(this.#hands, args);
    send(response, '.json', JSON.stringify(result ?? null));
  }
}

/**
 * A page inside the test's page: it knows the relay as pages do, by a `<meta>`, and may have a security policy.
 *
 * @param {ServerResponse} response
 * @param {URLSearchParams} parameters
 */
function sendFramed(response, parameters) {
  const relay = parameters.get('relay');
  const policy = parameters.get('policy');
  if (policy) response.setHeader('Content-Security-Policy', policy);
  const meta = relay ? `<meta name="realtime-relay" content="${relay}">` : '';
  const script = `<script type="module" src="/page/frame.js"></script>`;
  send(response, '.html', `<!doctype html><html lang="en"><meta charset="utf-8">${meta}${script}</html>`);
}

/**
 * @param {ServerResponse} response
 * @param {string} extension
 * @param {string | Buffer} body
 */
function send(response, extension, body) {
  response.writeHead(200, { 'Content-Type': TYPES[extension] ?? 'application/json' }).end(body);
}

/**
 * An error in words, with its code if it has one: what the backend package rejects with.
 *
 * @param {unknown} error
 */
function describe(error) {
  const { errorCode } = /** @type {{ errorCode?: number }} */ (error);
  return errorCode === undefined ? String(error) : `${error} ${JSON.stringify({ errorCode })}`;
}
