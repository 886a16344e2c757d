/**
 * What the host answers: replies as values, problems (RFC 9457) as errors that turn into replies, and how both are
 * written to a connection.
 *
 * @module
 */

import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';

/**
 * @typedef {object} Reply
 * @property {number} status
 * @property {Record<string, string>} headers
 * @property {string | { file: string, bytes: number } | undefined} [body]
 */

/** Sent with everything: types are as declared, and what is ours is not embedded by other sites. */
const COMMON_HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

/** @type {Record<string, [status: number, title: string]>} */
const PROBLEMS = {
  bad_input: [400, 'Bad input'],
  unauthorized: [401, 'Unauthorized'],
  forbidden: [403, 'Forbidden'],
  not_found: [404, 'Not found'],
  method_not_allowed: [405, 'Method not allowed'],
  payload_too_large: [413, 'Payload too large'],
  unsupported_media_type: [415, 'Unsupported media type'],
  internal: [500, 'Internal error'],
  web_method_failed: [500, 'The web method failed'],
  unavailable: [503, 'Unavailable'],
};

/** An answer that says what is wrong, thrown from wherever it is noticed. */
export class Problem extends Error {
  /**
   * @param {keyof typeof PROBLEMS & string} code stable, for programs
   * @param {string} detail a sentence, for people
   * @param {Record<string, string>} [headers]
   */
  constructor(code, detail, headers = {}) {
    super(detail);
    this.code = code;
    this.headers = headers;
  }

  /** @returns {Reply} */
  toReply() {
    const [status, title] = PROBLEMS[this.code] ?? [500, 'Internal error'];
    const type = `urn:realtime-relay:problem:${this.code}`;
    const reply = jsonReply({ type, title, status, detail: this.message, code: this.code }, status);
    return {
      ...reply,
      headers: { ...reply.headers, ...this.headers, 'content-type': 'application/problem+json' },
    };
  }
}

/**
 * @param {unknown} value
 * @param {number} [status]
 * @returns {Reply}
 */
export function jsonReply(value, status = 200) {
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
  return { status, headers, body: JSON.stringify(value) };
}

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
 * The problem to throw for any other method than these.
 *
 * @param {string} allowed as in the Allow header
 */
export function methodNotAllowed(allowed) {
  return new Problem('method_not_allowed', `this address takes ${allowed}`, { allow: allowed });
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
