/**
 * What the page talks to: its own files, the SDKs as they are bundled, and a server of each SDK's protocol that does
 * nothing but answer a subscription and send what was encoded before.
 *
 * @module
 */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WebSocketServer } from 'ws';
import { close, listen, urlOf } from '../../../scripts/lib/loopback.mjs';
import { DIALECTS } from './dialects.mjs';
import { framesOf } from './frames.mjs';

/** @typedef {keyof typeof DIALECTS} DialectName */

/** @type {Record<string, string>} */
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.wasm': 'application/wasm' };

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Benchmarks of browser SDKs</title>
<link rel="icon" href="data:,">
<script type="module" src="/page/page.js"></script>
</html>`;

const folder = fileURLToPath(new URL('..', import.meta.url));

export class Stub {
  #files;
  #sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, handleProtocols: first });
  #server = createServer((request, response) => void this.#answer(request, response));

  /** The connection of each path that was made last: of each client, then. @type {Map<string, import('node:net').Socket>} */
  #connections = new Map();

  /** @param {Record<string, string | Buffer>} files contents by paths, besides the page's own */
  constructor(files) {
    this.#files = files;
    this.#server.on('upgrade', (request, socket, head) => this.#connect(request, socket, head));
  }

  /** @param {Record<string, string | Buffer>} files */
  static async start(files) {
    const stub = new Stub(files);
    await listen(stub.#server);
    return stub;
  }

  get url() {
    return urlOf(this.#server);
  }

  async stop() {
    for (const client of this.#sockets.clients) client.terminate();
    await close(this.#server);
  }

  /**
   * @param {import('node:http').IncomingMessage} request
   * @param {import('node:http').ServerResponse} response
   */
  async #answer(request, response) {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    try {
      if (pathname === '/feed') return await this.#feed(searchParams, response);
      const content = pathname === '/' ? PAGE : await this.#file(pathname);
      const type = TYPES[extname(pathname) || '.html'] ?? 'application/octet-stream';
      // Nothing is kept, so that every page begins as a first one does.
      response.writeHead(200, { 'Content-Type': type, 'Cache-Control': 'no-store' }).end(content);
    } catch (error) {
      response.writeHead(500, { 'Content-Type': 'text/plain' }).end(String(error));
    }
  }

  /**
   * @param {string} path paths come from the page alone
   */
  #file = (path) => this.#files[path] ?? readFile(`${folder}${path}`);

  /**
   * Encodes what was asked for, says so, and sends it.
   *
   * @param {URLSearchParams} wanted
   * @param {import('node:http').ServerResponse} response
   */
  async #feed(wanted, response) {
    const name = /** @type {DialectName} */ (wanted.get('dialect'));
    const [first = 0, count = 0, together = 1] = ['first', 'count', 'together'].map((key) =>
      Number(wanted.get(key)),
    );
    const path = wanted.get('path') ?? DIALECTS[name].path;
    const socket = this.#connections.get(path);
    if (!socket) throw new Error(`nobody is connected who speaks ${name} at ${path}`);
    const pieces = framesOf(name, { first, count, together });
    response.writeHead(204).end();
    for (const piece of pieces) {
      if (socket.destroyed) return;
      if (!socket.write(piece)) await drained(socket);
    }
  }

  /**
   * @param {import('node:http').IncomingMessage} request
   * @param {import('node:stream').Duplex} duplex
   * @param {Buffer} head
   */
  #connect(request, duplex, head) {
    const socket = /** @type {import('node:net').Socket} */ (duplex);
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    // What stands before a dialect's own path tells clients of one dialect apart.
    const found = Object.values(DIALECTS).find(({ path }) => pathname.endsWith(path));
    if (!found) {
      socket.destroy();
      return;
    }
    const { greeting, answer } = found;
    socket.setNoDelay(true);
    this.#sockets.handleUpgrade(request, socket, head, (client) => {
      this.#connections.set(pathname, socket);
      if (greeting) client.send(greeting);
      client.on('message', (data) => {
        for (const line of String(data).split('\n'))
          for (const text of answer(JSON.parse(line))) client.send(text);
      });
    });
  }
}

/**
 * Resolves when a socket takes more, or never will.
 *
 * @param {import('node:net').Socket} socket
 */
function drained(socket) {
  const over = new AbortController();
  const events = ['drain', 'close'].map((event) => once(socket, event, { signal: over.signal }));
  return Promise.race(events).finally(() => {
    for (const event of events) event.catch(() => {});
    over.abort();
  });
}

/** @param {Set<string>} offered sub-protocols */
const first = (offered) => [...offered][0] ?? false;
