/**
 * Who a browser is: a cookie that holds a session token. A browser without one becomes a visitor with an id of its
 * own. The cookie is out of reach of scripts, and other sites' pages cannot have it sent with a POST.
 *
 * @module
 */

import { randomBytes, randomUUID } from 'node:crypto';
import { Problem } from '../replies.js';
import { readSession, signSession } from '../session-token.js';

/** @typedef {import('../identity.js').Identity} Identity */

/**
 * @typedef {object} Session
 * @property {Identity} identity
 * @property {number} expiresAt in seconds since 1970
 * @property {string} [newToken] to be set as cookie, when the browser does not have it yet
 */

const COOKIE = 'realtime_session';

/** How long a browser stays the same visitor. */
const VISITOR_TTL_SECONDS = 180 * 24 * 60 * 60;

/**
 * How long a token for the relay is good. The relay ends a connection when its token has expired, and the page's SDK
 * comes back with a new one: often enough that a session that was replaced ends, seldom enough that nobody notices.
 */
const RELAY_TOKEN_TTL_SECONDS = 60 * 60;

export class Sessions {
  #secret;
  /** Whether the relay knows the secret, so that pages can show it who they are. */
  isShared;

  /** @param {string | undefined} sharedSecret without it, cookies are good until the host stops */
  constructor(sharedSecret) {
    this.isShared = Boolean(sharedSecret);
    this.#secret = sharedSecret || randomBytes(32).toString('base64url');
  }

  /**
   * The session of the browser that sent this, a new visitor's if it has none that is good.
   *
   * @param {import('node:http').IncomingMessage} request
   * @returns {Session}
   */
  of({ headers }) {
    return this.#read(cookieIn(headers.cookie ?? '')) ?? this.newVisitor();
  }

  /** @returns {Session} */
  newVisitor() {
    const visitor = { id: randomUUID(), type: 'Visitor', ttlSeconds: VISITOR_TTL_SECONDS };
    return this.apply(signSession(visitor, this.#secret));
  }

  /**
   * The session that a token stands for, to be set as cookie. Throws a problem for a token that is not good.
   *
   * @param {unknown} token
   * @returns {Session}
   */
  apply(token) {
    const session = this.#read(token);
    if (!session) {
      throw new Problem('unauthorized', 'the session token is not genuine, or its time is up');
    }
    return { ...session, newToken: String(token) };
  }

  /**
   * A token that shows the relay who this is, for an hour at most and never longer than the session lasts.
   *
   * @param {Session} session
   */
  relayToken({ identity, expiresAt }) {
    if (!this.isShared) {
      throw new Problem(
        'unavailable',
        'the host has no RELAY_TOKEN_SECRET, so the relay would not know its tokens',
      );
    }
    const left = Math.ceil(expiresAt - Date.now() / 1000);
    return signSession({ ...identity, ttlSeconds: Math.min(left, RELAY_TOKEN_TTL_SECONDS) }, this.#secret);
  }

  /**
   * The headers that give the browser its session, if it does not have it yet.
   *
   * @param {Session} session
   * @param {boolean} isSecure
   * @returns {Record<string, string>}
   */
  headers({ newToken, expiresAt }, isSecure) {
    if (newToken === undefined) return {};
    const maxAge = Math.floor(expiresAt - Date.now() / 1000);
    const cookie = `${COOKIE}=${newToken}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${maxAge}`;
    return { 'set-cookie': isSecure ? `${cookie}; Secure` : cookie };
  }

  /**
   * @param {unknown} token
   * @returns {Session | undefined}
   */
  #read(token) {
    const session = readSession(token, this.#secret);
    if (!session) return undefined;
    return { identity: { id: session.id, type: session.type }, expiresAt: session.expiresAt };
  }
}

/** @param {string} cookies the Cookie header */
function cookieIn(cookies) {
  const pairs = cookies.split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${COOKIE}=`))?.slice(COOKIE.length + 1);
}
