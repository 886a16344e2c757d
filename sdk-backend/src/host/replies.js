/**
 * What only the host answers, and how a reply is written to a connection.
 *
 * @module
 */

import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';

/** @typedef {import('../replies.js').Reply} Reply */

/** Sent with everything: types are as declared, and what is ours is not embedded by other sites. */
const COMMON_HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

/**
 * A module that the host generated. It may differ after the next start, so browsers ask each time.
 *
 * @param {string} source
 * @returns {Reply}
 */
export function scriptReply(source) {
  const headers = { 'content-type': 'text/javascript; charset=utf-8', 'cache-control': 'no-cache' };
  return { status: 200, headers, body: source };
}

/**
 * Writes a reply; to a HEAD request, all but its body.
 *
 * @param {import('node:http').ServerResponse} response
 * @param {Reply} reply
 */
export async function send(response, { status, headers, body }) {
  const length = status === 304 ? {} : lengthOf(body);
  response.writeHead(status, { ...COMMON_HEADERS, ...length, ...headers });
  if (body === undefined || typeof body === 'string' || response.req.method === 'HEAD') {
    response.end(response.req.method === 'HEAD' ? undefined : body);
    return;
  }
  await pipeline(createReadStream(body.file), response);
}

/**
 * @param {Reply['body']} body
 * @returns {Record<string, string>}
 */
function lengthOf(body) {
  if (body === undefined) return { 'content-length': '0' };
  const bytes = typeof body === 'string' ? Buffer.byteLength(body) : body.bytes;
  return { 'content-length': String(bytes) };
}
