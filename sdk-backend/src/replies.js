/**
 * What is answered over HTTP: replies as values, and problems (RFC 9457) as errors that turn into replies.
 *
 * @module
 */

/**
 * @typedef {object} Reply
 * @property {number} status
 * @property {Record<string, string>} headers
 * @property {string | { file: string, bytes: number } | undefined} [body]
 */

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
 * The problem to throw for any other method than these.
 *
 * @param {string} allowed as in the Allow header
 */
export function methodNotAllowed(allowed) {
  return new Problem('method_not_allowed', `this address takes ${allowed}`, { allow: allowed });
}
