/**
 * Which address does what: the site's files, and below `/_realtime/` what the host adds to them.
 *
 * @module
 */

import { readFile } from 'node:fs/promises';
import { PATH as PERMISSIONS_PATH } from '../endpoint/answer.js';
import { jsonReply, methodNotAllowed, Problem } from '../replies.js';
import { fileReply } from './files.js';
import { OWN_PATH } from './import-map.js';
import { pageReply } from './page.js';
import { CALL_SOURCE, SERVER_ONLY_SOURCE, SETUP_SOURCE } from './page-modules.js';
import { scriptReply } from './replies.js';
import { isSecure, parsePath, readJsonObject, requireLoopbackName, requireSameOrigin } from './requests.js';

/** @typedef {import('node:http').IncomingMessage} IncomingMessage */
/** @typedef {import('./files.js').PublicFiles} PublicFiles */
/** @typedef {import('../replies.js').Reply} Reply */
/** @typedef {import('./sessions.js').Session} Session */

/**
 * @typedef {object} Parts
 * @property {PublicFiles} siteFiles
 * @property {PublicFiles} sdkFiles
 * @property {import('./sessions.js').Sessions} sessions
 * @property {import('./web-methods.js').WebMethods} webMethods
 * @property {((request: IncomingMessage) => Promise<Reply>) | undefined} permissions answers the relay's questions
 * @property {import('./page.js').PageSetup} pageSetup
 * @property {boolean} isProxyTrusted
 * @property {boolean} isLocal whether only this machine is served
 */

/** @type {Record<string, string>} */
const SCRIPTS = { 'call.js': CALL_SOURCE, 'server-only.js': SERVER_ONLY_SOURCE, 'setup.js': SETUP_SOURCE };

/**
 * Answers requests; rejects with a Problem for what cannot be answered.
 *
 * @param {Parts} parts
 * @returns {(request: IncomingMessage) => Promise<Reply>}
 */
export function createRoutes(parts) {
  const { siteFiles, sdkFiles, webMethods, isProxyTrusted } = parts;

  return async (request) => {
    if (parts.isLocal) requireLoopbackName(request);
    const [path = ''] = (request.url ?? '').split('?');
    const segments = parsePath(path);
    if (!segments) throw new Problem('not_found', 'there is no such address');
    if (path.startsWith(OWN_PATH)) return answerOwn(request, segments.slice(1));
    if (parts.permissions && path === PERMISSIONS_PATH) return parts.permissions(request);
    requireRead(request);
    return answerSite(request, segments);
  };

  /**
   * @param {IncomingMessage} request
   * @param {readonly string[]} segments below OWN_PATH
   */
  function answerOwn(request, [area = '', ...rest]) {
    const path = rest.join('/');
    if (area === 'backend' && isRead(request)) return webMethods.pageModule(path);
    if (area === 'backend') return callWebMethod(request, rest);
    if (area === 'session' && path === '') return applySession(request);
    requireRead(request);
    if (area === 'sdk') return answerSdk(request, rest);
    if (area === 'token' && path === '') return relayToken(request);
    const script = path === '' && Object.hasOwn(SCRIPTS, area) ? SCRIPTS[area] : undefined;
    if (script === undefined) throw new Problem('not_found', 'there is no such address');
    return scriptReply(script);
  }

  /**
   * @param {IncomingMessage} request
   * @param {readonly string[]} segments
   * @returns {Promise<Reply>}
   */
  async function answerSite(request, segments) {
    const found = (await siteFiles.find(segments)) ?? (await siteFiles.find(withJs(segments)));
    if (found === undefined) throw new Problem('not_found', 'there is no such file');
    if (found === 'folder') return redirectInto(segments);
    if (found.type.startsWith('text/html')) return answerPage(request, found.file);
    return fileReply(found, request.headers['if-none-match']);
  }

  /**
   * @param {IncomingMessage} request
   * @param {readonly string[]} segments
   */
  async function answerSdk(request, segments) {
    const found = await sdkFiles.find(segments);
    if (found === undefined || found === 'folder') throw new Problem('not_found', 'there is no such file');
    return fileReply(found, request.headers['if-none-match']);
  }

  /**
   * @param {IncomingMessage} request
   * @param {string} file
   */
  async function answerPage(request, file) {
    const reply = pageReply(await readFile(file, 'utf8'), parts.pageSetup);
    return withSession(request, reply, parts.sessions.of(request));
  }

  /** @param {IncomingMessage} request */
  function relayToken(request) {
    requireSameOrigin(request, isProxyTrusted);
    const session = parts.sessions.of(request);
    return withSession(request, jsonReply({ token: parts.sessions.relayToken(session) }), session);
  }

  /** @param {IncomingMessage} request */
  async function applySession(request) {
    if (request.method !== 'POST') throw methodNotAllowed('POST');
    requireSameOrigin(request, isProxyTrusted);
    const { token } = await readJsonObject(request);
    const session = token === null ? parts.sessions.newVisitor() : parts.sessions.apply(token);
    return withSession(request, jsonReply(session.identity), session);
  }

  /**
   * @param {IncomingMessage} request
   * @param {readonly string[]} segments the web module's path and the function's name
   */
  async function callWebMethod(request, segments) {
    if (request.method !== 'POST') throw methodNotAllowed('GET, HEAD, POST');
    requireSameOrigin(request, isProxyTrusted);
    const body = await readJsonObject(request);
    const session = parts.sessions.of(request);
    const path = segments.slice(0, -1).join('/');
    const reply = await webMethods.call(path, segments.at(-1) ?? '', body, session.identity);
    return withSession(request, reply, session);
  }

  /**
   * @param {IncomingMessage} request
   * @param {Reply} reply
   * @param {Session} session
   * @returns {Reply}
   */
  function withSession(request, reply, session) {
    const headers = parts.sessions.headers(session, isSecure(request, isProxyTrusted));
    return { ...reply, headers: { ...reply.headers, ...headers } };
  }
}

/**
 * The extension of a shared module may be left out, as in the backend. An import map sees to it for names; this is
 * for addresses such as `./channels` in one of them.
 *
 * @param {readonly string[]} segments
 */
function withJs(segments) {
  const last = segments.at(-1);
  return segments[0] === 'public' && last ? [...segments.slice(0, -1), `${last}.js`] : segments;
}

/**
 * To the same folder with a slash at the end, so that its page's relative addresses work.
 *
 * @param {readonly string[]} segments
 * @returns {Reply}
 */
function redirectInto(segments) {
  return { status: 308, headers: { location: `/${segments.map(encodeURIComponent).join('/')}/` } };
}

/** @param {IncomingMessage} request */
function isRead({ method }) {
  return method === 'GET' || method === 'HEAD';
}

/** @param {IncomingMessage} request */
function requireRead(request) {
  if (!isRead(request)) throw methodNotAllowed('GET, HEAD');
}
