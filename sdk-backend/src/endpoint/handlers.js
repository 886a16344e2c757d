/**
 * The endpoint as each kind of server takes it: Node's own, Express and what is like it, and servers by fetch.
 *
 * @module
 */

import { readNodeBody, tooLarge } from '../node-body.js';
import { Problem } from '../replies.js';
import { answer, isOurs, notOurs, unforeseen } from './answer.js';

/** @typedef {import('./answer.js').Rules & { log: (line: string) => void }} Rules */
/** @typedef {import('../replies.js').Reply} Reply */

/**
 * A request of Node, to which frameworks have added what they have read already.
 *
 * @typedef {import('node:http').IncomingMessage & { originalUrl?: string, body?: unknown, rawBody?: unknown }} NodeRequest
 */

/**
 * For Node's `http` and for Express: with `next`, what is not ours is left to it.
 *
 * @param {Rules} rules
 */
export function nodeHandler(rules) {
  /**
   * @param {NodeRequest} request
   * @param {import('node:http').ServerResponse} response
   * @param {(() => void) | undefined} [next]
   */
  return async (request, response, next) => {
    const [path = ''] = (request.originalUrl ?? request.url ?? '').split('?');
    if (!isOurs(path) && typeof next === 'function') return next();
    const reply = isOurs(path) ? await nodeReply(request, rules) : notOurs();
    if (response.headersSent || response.destroyed) return; // the relay gave up, or something else has answered
    response.writeHead(reply.status, { ...reply.headers, 'content-length': lengthOf(reply) });
    response.end(reply.body);
  };
}

/**
 * For servers that turn a Request into a Response.
 *
 * @param {Rules} rules
 */
export function fetchHandler(rules) {
  /** @param {Request} request */
  return async (request) => {
    const reply = isOurs(new URL(request.url).pathname) ? await fetchReply(request, rules) : notOurs();
    return new Response(/** @type {string} */ (reply.body), reply);
  };
}

/**
 * The answer to a question that came to a server of Node. Never rejects.
 *
 * @param {NodeRequest} request
 * @param {Rules} rules
 */
export function nodeReply(request, rules) {
  const header = (/** @type {string} */ name) => String(request.headers[name] ?? '');
  const body = (/** @type {number} */ maxBytes) => bodyOf(request, maxBytes);
  return answer({ method: request.method, header, body }, rules).catch((error) =>
    // One that breaks off is nobody's fault.
    unforeseen(error, request.destroyed ? () => {} : rules.log),
  );
}

/**
 * @param {Request} request
 * @param {Rules} rules
 */
function fetchReply(request, rules) {
  const header = (/** @type {string} */ name) => request.headers.get(name);
  const body = (/** @type {number} */ maxBytes) => fetchBody(request, maxBytes);
  return answer({ method: request.method, header, body }, rules).catch((error) =>
    unforeseen(error, rules.log),
  );
}

/**
 * The body as it came, or as whoever read it before us left it. Where only its value is left (`express.json()`), the
 * relay's text is written anew: it writes JSON as JSON.stringify does, so its signature still holds, and what is
 * checked is what is used.
 *
 * @param {NodeRequest} request
 * @param {number} maxBytes
 * @returns {Promise<Uint8Array>}
 */
async function bodyOf(request, maxBytes) {
  const { rawBody, body } = request;
  const left = [rawBody, body].find((value) => typeof value === 'string' || value instanceof Uint8Array);
  if (left !== undefined) return limited(Buffer.from(/** @type {any} */ (left)), maxBytes);
  if (!request.readableDidRead) return readNodeBody(request, maxBytes);
  if (typeof body === 'object' && body !== null) return limited(Buffer.from(JSON.stringify(body)), maxBytes);
  throw new Problem(
    'internal',
    'something has read the body before and left it neither in body nor in rawBody',
  );
}

/**
 * @param {Request} request
 * @param {number} maxBytes
 */
async function fetchBody(request, maxBytes) {
  if (request.bodyUsed) throw new Problem('internal', 'something has read the body before');
  /** @type {Uint8Array[]} */
  const chunks = [];
  let bytes = 0;
  for await (const chunk of request.body ?? []) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * @param {Buffer} body
 * @param {number} maxBytes
 */
function limited(body, maxBytes) {
  if (body.length > maxBytes) throw tooLarge(maxBytes);
  return body;
}

/** @param {Reply} reply */
function lengthOf({ body }) {
  return Buffer.byteLength(/** @type {string} */ (body));
}
