/**
 * Reading what a request of Node's HTTP server carries, no more of it than the limit.
 *
 * @module
 */

import { Problem } from './replies.js';

/**
 * The body whole. Rejects with a problem (413) as soon as more than `maxBytes` have come.
 *
 * @param {import('node:http').IncomingMessage} request
 * @param {number} maxBytes
 * @returns {Promise<Buffer>}
 */
export async function readNodeBody(request, maxBytes) {
  const chunks = [];
  let bytes = 0;
  // Left open, so that the refusal of a large body still reaches the sender.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** @param {number} maxBytes */
export function tooLarge(maxBytes) {
  const detail = `the body may have at most ${maxBytes} bytes`;
  return new Problem('payload_too_large', detail, { connection: 'close' });
}
