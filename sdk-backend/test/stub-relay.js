/**
 * A small relay for tests: speaks the HTTP contract, remembers what was published, and misbehaves on request.
 *
 * @module
 */

import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { freePort } from '../../scripts/lib/ports.mjs';

/**
 * @typedef {{ channel: { name: string, resourceId?: string }, payload: any, options?: any, publisher?: any, id: string }} Message
 * @typedef {{ path: string, headers: import('node:http').IncomingHttpHeaders, body: string, messages: Message[] }} Seen
 * @typedef {{ status: number, json?: any, headers?: Record<string, string> }} Answer
 * @typedef {(seen: Seen, relay: StubRelay) => Answer | 'cut' | undefined | Promise<Answer | 'cut' | undefined>} Misbehaviour
 */

export class StubRelay {
  /** What was accepted, each id once, in order. @type {Message[]} */
  accepted = [];
  /** Every request. @type {Seen[]} */
  requests = [];
  /** Decides instead of the relay when it returns something. @type {Misbehaviour | undefined} */
  misbehave;
  url = '';
  #offsets = new Map();
  #port = 0;
  /** @type {import('node:http').Server | undefined} */
  #server;

  /** Listens on a free port the first time and on the same one later, which nobody else is given meanwhile. */
  async start() {
    this.#port ||= await freePort();
    const server = createServer((request, response) => void this.#serve(request, response));
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.url = `http://127.0.0.1:${this.#port}`;
    this.#server = server;
    return this;
  }

  /** Drops all connections and stops listening. */
  async stop() {
    const server = this.#server;
    if (!server?.listening) return;
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  }

  /** @param {Message} message */
  accept(message) {
    if (!this.#offsets.has(message.id)) {
      this.accepted.push(message);
      this.#offsets.set(message.id, this.accepted.length);
    }
    return { epoch: 'e', offset: this.#offsets.get(message.id) };
  }

  /** Payloads that were accepted on a channel. @param {string} name */
  payloads(name) {
    return this.accepted.filter(({ channel }) => channel.name === name).map(({ payload }) => payload);
  }

  /**
   * @param {import('node:http').IncomingMessage} request
   * @param {import('node:http').ServerResponse} response
   */
  async #serve(request, response) {
    const body = await text(request).catch(() => undefined);
    if (body === undefined) return; // the sender gave up
    const json = JSON.parse(body);
    const path = request.url ?? '';
    const seen = { path, headers: request.headers, body, messages: json.messages ?? [json] };
    this.requests.push(seen);
    const answer = (await this.misbehave?.(seen, this)) ?? this.#answer(seen);
    if (answer === 'cut') {
      response.destroy();
      return;
    }
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
    response.end(JSON.stringify(answer.json ?? {}));
  }

  /** @param {Seen} seen @returns {Answer} */
  #answer({ path, messages }) {
    const results = messages.map((message) => this.accept(message));
    return { status: 200, json: path === '/v1/publish/batch' ? { results } : results[0] };
  }
}

/**
 * A problem as the relay writes it.
 *
 * @param {number} status
 * @param {string} code
 * @param {string} detail
 */
export function problem(status, code, detail) {
  return { type: `urn:realtime-relay:problem:${code}`, title: code, status, code, detail };
}
