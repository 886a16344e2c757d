/**
 * What the host reads from a request, and what it requires of one that does something.
 *
 * @module
 */

import { readNodeBody } from '../node-body.js';
import { Problem } from '../replies.js';
import { isLoopback } from '../settings.js';

/** @typedef {import('node:http').IncomingMessage} IncomingMessage */

/** The largest body that a page may send: arguments of a web method. */
const MAX_BODY_BYTES = 1024 * 1024;

/**
 * The path's segments, decoded; undefined when one of them cannot be decoded or could be taken for several, so that
 * nobody behind this needs to think of dots, slashes and percent signs.
 *
 * @param {string} path without query, as it stood in the request
 * @returns {string[] | undefined}
 */
export function parsePath(path) {
  if (!path.startsWith('/')) return undefined;
  try {
    const segments = path.slice(1).split('/').map(decodeURIComponent);
    const isPlain = segments.every(
      (segment, index) =>
        (segment !== '' || index === segments.length - 1) && !/[/\\\0]|^\.\.?$/.test(segment),
    );
    return isPlain ? segments : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Refuses a request that reached a host of this machine under a foreign name: another site's page gets here when its
 * name is made to mean this machine, and browsers would then take it for a page of this site.
 *
 * @param {IncomingMessage} request
 */
export function requireLoopbackName({ headers }) {
  const name = (headers.host ?? '').replace(/:\d+$/, '');
  if (isLoopback(name)) return;
  const hint = 'behind a proxy, start the host with --trust-proxy';
  throw new Problem('forbidden', `this host serves this machine only, not ${JSON.stringify(name)}; ${hint}`);
}

/**
 * Refuses what another site's page sent. Browsers say where a request comes from by Sec-Fetch-Site, older ones by
 * Origin with every POST; a request with neither is not a browser's, and brings no cookie that it should not have.
 *
 * @param {IncomingMessage} request
 * @param {boolean} isProxyTrusted
 */
export function requireSameOrigin({ headers }, isProxyTrusted) {
  const site = headers['sec-fetch-site'];
  const isOwn =
    site === undefined ? isOwnOrigin(headers, isProxyTrusted) : site === 'same-origin' || site === 'none';
  if (!isOwn) throw new Problem('forbidden', 'only pages of this site may ask this');
}

/**
 * @param {import('node:http').IncomingHttpHeaders} headers
 * @param {boolean} isProxyTrusted
 */
function isOwnOrigin(headers, isProxyTrusted) {
  const { origin } = headers;
  if (origin === undefined) return true;
  const forwarded = isProxyTrusted ? headers['x-forwarded-host'] : undefined;
  return URL.canParse(origin) && new URL(origin).host === (forwarded ?? headers.host);
}

/**
 * Whether the browser's connection is encrypted: ours never is, but that of a proxy in front may be.
 *
 * @param {IncomingMessage} request
 * @param {boolean} isProxyTrusted
 */
export function isSecure({ headers }, isProxyTrusted) {
  return isProxyTrusted && headers['x-forwarded-proto'] === 'https';
}

/**
 * The body of a JSON request. A form cannot send this media type to another site, which is why it is required.
 *
 * @param {IncomingMessage} request
 * @returns {Promise<Record<string, unknown>>}
 */
export async function readJsonObject(request) {
  const [mediaType = ''] = (request.headers['content-type'] ?? '').split(';');
  if (mediaType.trim().toLowerCase() !== 'application/json') {
    throw new Problem('unsupported_media_type', 'the body must be application/json');
  }
  const value = parseJson((await readNodeBody(request, MAX_BODY_BYTES)).toString());
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new Problem('bad_input', 'the body must be a JSON object');
}

/** @param {string} text */
function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Problem('bad_input', 'the body is not JSON');
  }
}
