/**
 * Session tokens: JWTs signed with the secret that backend and relay share (HS256), which say who a browser is.
 * Source of the format: RFC 7519 and RFC 7515; `sub` is the user's id, `type` is Admin, Member or Visitor.
 *
 * @module
 */

import { createHmac, timingSafeEqual } from 'node:crypto';
import { badInput } from './errors.js';
import { parseIdentity } from './identity.js';

/** @typedef {import('./identity.js').Identity} Identity */
/** @typedef {Identity & { expiresAt: number }} Session `expiresAt` in seconds since 1970 */

const DEFAULT_TTL_SECONDS = 24 * 60 * 60;

/** A year: a token cannot be taken back, so it must not live for ever. */
const MAX_TTL_SECONDS = 366 * 24 * 60 * 60;

/** Far more than any token of ours; a longer one is not worth a hash. */
const MAX_TOKEN_CHARS = 4096;

const HEADER = encode({ alg: 'HS256', typ: 'JWT' });

/**
 * A token for a user whom the backend has recognised, to be given to the page, which hands it to the host
 * (`POST /_realtime/session`) or to the frontend SDK (`configure({ token })`).
 *
 * `ttlSeconds` is how long it is good for, a day when missing, a year at most. Throws a bad-input error; also when
 * RELAY_TOKEN_SECRET is not set.
 *
 * @param {{ id: string, type?: string | undefined, ttlSeconds?: number | undefined }} user
 * @returns {string}
 */
export function createSessionToken(user) {
  const secret = process.env.RELAY_TOKEN_SECRET;
  if (!secret)
    throw badInput('createSessionToken needs RELAY_TOKEN_SECRET, the secret shared with the relay');
  return signSession(user, secret);
}

/**
 * Who a token of `createSessionToken` speaks of; undefined when it is not genuine or no longer good. Throws a
 * bad-input error when RELAY_TOKEN_SECRET is not set.
 *
 * @param {string} token
 * @returns {Identity | undefined}
 */
export function verifySessionToken(token) {
  const secret = process.env.RELAY_TOKEN_SECRET;
  if (!secret)
    throw badInput('verifySessionToken needs RELAY_TOKEN_SECRET, the secret shared with the relay');
  const session = readSession(token, secret);
  return session && { id: session.id, type: session.type };
}

/**
 * @param {{ id: string, type?: string | undefined, ttlSeconds?: number | undefined }} user
 * @param {string} secret
 * @param {number} [now] in seconds since 1970
 */
export function signSession(user, secret, now = nowSeconds()) {
  const { id, type } = parseIdentity(user);
  const { ttlSeconds = DEFAULT_TTL_SECONDS } = user;
  if (!Number.isInteger(ttlSeconds) || ttlSeconds < 1 || ttlSeconds > MAX_TTL_SECONDS) {
    throw badInput(`ttlSeconds must be a whole number of seconds from 1 to ${MAX_TTL_SECONDS}`);
  }
  const signed = `${HEADER}.${encode({ sub: id, type, iat: now, exp: now + ttlSeconds })}`;
  return `${signed}.${signatureOf(signed, secret).toString('base64url')}`;
}

/**
 * The session that a token stands for; undefined unless it is signed by HS256 with this secret and not expired.
 *
 * @param {unknown} token
 * @param {string} secret
 * @param {number} [now] in seconds since 1970
 * @returns {Session | undefined}
 */
export function readSession(token, secret, now = nowSeconds()) {
  if (typeof token !== 'string' || token.length > MAX_TOKEN_CHARS) return undefined;
  const [header, claims, signature, ...more] = token.split('.');
  if (!header || !claims || !signature || more.length > 0) return undefined;
  if (!isSignedBy(`${header}.${claims}`, signature, secret)) return undefined;
  if (decode(header)?.alg !== 'HS256') return undefined;
  return sessionOf(decode(claims), now);
}

/**
 * @param {Record<string, unknown> | undefined} claims
 * @param {number} now
 * @returns {Session | undefined}
 */
function sessionOf(claims, now) {
  if (!claims || typeof claims.exp !== 'number' || claims.exp <= now) return undefined;
  try {
    return { ...parseIdentity({ id: claims.sub, type: claims.type }), expiresAt: claims.exp };
  } catch {
    return undefined;
  }
}

/**
 * @param {string} signed
 * @param {string} signature
 * @param {string} secret
 */
function isSignedBy(signed, signature, secret) {
  const expected = signatureOf(signed, secret);
  const given = Buffer.from(signature, 'base64url');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/**
 * @param {string} signed
 * @param {string} secret
 */
function signatureOf(signed, secret) {
  return createHmac('sha256', secret).update(signed).digest();
}

/** @param {unknown} value */
function encode(value) {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/**
 * @param {string} text
 * @returns {Record<string, unknown> | undefined}
 */
function decode(text) {
  try {
    const value = JSON.parse(Buffer.from(text, 'base64url').toString());
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function nowSeconds() {
  return Math.floor(Date.now() / 1000);
}
