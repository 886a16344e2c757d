/**
 * The web server of the visitors' pages: their code, the packed browser SDK, and tokens for those who sign in.
 *
 * @module
 */

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { close, listen, urlOf } from '../../../scripts/lib/loopback.mjs';
import { signToken } from '../../conformance/harness/token.mjs';

const visitorScript = fileURLToPath(new URL('../page/visitor.js', import.meta.url));

/** The SDK's one file under one of many addresses: each is another copy of the SDK to a browser. */
const SDK_COPY = /^\/sdk\/[^/]+\/index\.js$/;

export class PageServer {
  #server = createServer((request, response) => void this.#answer(request, response));
  #sdk;

  /** @param {string} sdk the folder of the unpacked browser SDK */
  constructor(sdk) {
    this.#sdk = sdk;
  }

  /** @param {string} sdk */
  static async start(sdk) {
    const server = new PageServer(sdk);
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
   * @param {import('node:http').IncomingMessage} request
   * @param {import('node:http').ServerResponse} response
   */
  async #answer({ url = '/' }, response) {
    const { pathname, searchParams } = new URL(url, 'http://localhost');
    if (pathname === '/')
      send(response, 'text/html', page('<script type="module" src="/visitor.js"></script>'));
    else if (pathname === '/elsewhere') send(response, 'text/html', page('Elsewhere'));
    else if (pathname === '/visitor.js') send(response, 'text/javascript', await readFile(visitorScript));
    else if (SDK_COPY.test(pathname)) {
      send(response, 'text/javascript', await readFile(join(this.#sdk, 'dist', 'index.js')));
    } else if (pathname === '/token')
      send(response, 'text/plain', tokenFor(Number(searchParams.get('seconds'))));
    else response.writeHead(404).end();
  }
}

/** @param {string} body */
const page = (body) => `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>World</title>
<link rel="icon" href="data:,"></head><body>${body}</body></html>`;

/** @param {number} seconds for how long it holds */
const tokenFor = (seconds) =>
  signToken({ sub: 'anna', exp: Math.floor(Date.now() / 1000) + seconds, type: 'Member' });

/**
 * @param {import('node:http').ServerResponse} response
 * @param {string} type
 * @param {string | Buffer} body
 */
const send = (response, type, body) =>
  response.writeHead(200, { 'Content-Type': `${type}; charset=utf-8` }).end(body);
