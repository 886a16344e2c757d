/**
 * Users' tokens, signed as a site's backend would sign them.
 *
 * @module
 */

import { createHmac } from 'node:crypto';
import { TOKEN_SECRET } from './relay.mjs';

/**
 * A JWT (RFC 7519) by HS256.
 *
 * @param {Record<string, unknown>} claims
 * @param {string} [secret]
 * @returns {string}
 */
export function signToken(claims, secret = TOKEN_SECRET) {
  const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

/** @param {unknown} value */
const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
