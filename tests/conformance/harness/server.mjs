/**
 * The web server of the tests' pages: their code, the packed browser SDK, and the hands outside of the page.
 *
 * @module
 */

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { extname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { LOOPBACK } from '../../../scripts/lib/ports.mjs';

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
    server.#server.listen(0, LOOPBACK);
    await once(server.#server, 'listening');
    return server;
  }

  get url() {
    const { port } = /** @type {import('node:net').AddressInfo} */ (this.#server.address());
    return `http://${LOOPBACK}:${port}`;
  }

  async stop() {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
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
      else if (pathname === '/') send(response, '.html', await this.#page(searchParams));
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
    return join(conformanceFolder, pathname);
  }

  /**
   * A page in which the SDK has its names by an import map, as its package describes itself, and which knows the
   * relay as pages do: by a `<meta>`.
   *
   * @param {URLSearchParams} parameters
   */
  async #page(parameters) {
    const { exports } = JSON.parse(await readFile(join(this.#sdk, 'package.json'), 'utf8'));
    /** @type {Record<string, string>} */
    const entries = {};
    for (const [entry, target] of Object.entries(exports)) {
      if (typeof target === 'object') entries[entry] = target.default;
    }
    const imports = {
      chai: '/chai.js',
      ...named('wix-realtime-frontend', entries),
      ...named('wix-realtime', entries),
    };
    const relay = parameters.get('relay');
    return `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <title>Conformance</title>
  <link rel="icon" href="data:,">
  ${relay ? `<meta name="realtime-relay" content="${relay}">` : ''}
  <script type="importmap">${JSON.stringify({ imports })}</script>
  <script id="entries" type="application/json">${JSON.stringify(entries)}</script>
  <script type="module" src="/page/${parameters.get('page') ?? 'page'}.js"></script>
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
 * The entries of the SDK's package under a name.
 *
 * @param {string} name
 * @param {Record<string, string>} entries
 */
function named(name, entries) {
  return Object.fromEntries(
    Object.entries(entries).map(([entry, file]) => [
      entry.replace('.', name),
      file.replace('.', '/sdk/imported'),
    ]),
  );
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
